//! Listening to what others commit, from before a read until its plan is carried out.
//!
//! Every commit moves the generation, also one to a table that is not ours. Beside a program that
//! keeps committing to its own tables no read would come to its end at one generation, and no batch
//! would find the generation that it was planned for. But the kernel tells those who listen what each
//! commit has changed ([`Seen`]), so that one that leaves our tables alone need not matter.

mod seen;

use super::KernelError;
use super::read::{Interrupted, barrier, generation};
use super::uapi::NFNLGRP_NFTABLES;
use crate::netlink::{Bus, Queue, Socket};
use crate::ruleset::TableFamily;
use seen::Seen;

/// A socket that is told of every commit, and what it was told.
pub(super) struct Watch {
    socket: Socket,
    seen: Seen,
    /// The generation at which the read began.
    begun: u32,
}

impl Watch {
    /// Begins to listen (`CAP_NET_ADMIN` in the user namespace that owns the network namespace).
    ///
    /// The kernel makes a message for every element that anybody commits for as long as anybody
    /// listens.
    pub(super) fn open() -> Result<Self, KernelError> {
        let socket = Socket::open(Bus::Netfilter)?;
        socket.join(NFNLGRP_NFTABLES)?;
        Ok(Self { socket, seen: Seen::since(0), begun: 0 })
    }

    /// Begins anew: what is read by `requests` from now on must be of one state of our tables.
    ///
    /// The commit that made the current generation may be at work yet: it moves the generation first,
    /// and keeps `commit_mutex` to the end (`nf_tables_commit`). Later ones will be told of.
    pub(super) fn begin(&mut self, requests: &mut Socket) -> Result<(), Interrupted> {
        // Also whether anything was lost.
        self.socket.read_queued(|_| Ok(()))?;
        self.begun = generation(requests)?;
        barrier(requests)?;
        self.seen = Seen::since(self.begun);
        Ok(())
    }

    /// Hears what there is to hear, before the queue is full. Has it read again if our tables have
    /// changed since the read began.
    pub(super) fn keep_up(&mut self) -> Result<(), Interrupted> {
        self.hear()?;
        if self.seen.holds(self.begun) { Ok(()) } else { Err(Interrupted::Again) }
    }

    /// Makes sure that our tables have not changed since the read began, and gives a generation at
    /// which they are as they were read.
    pub(super) fn settle(&mut self, requests: &mut Socket) -> Result<u32, Interrupted> {
        self.keep_up()?;
        if generation(requests)? != self.seen.newest() {
            self.settled(requests)?;
        }
        Ok(self.seen.newest())
    }

    /// The same, when the generation has moved: the commit that moved it is at its end then.
    pub(super) fn settled(&mut self, requests: &mut Socket) -> Result<(), Interrupted> {
        barrier(requests)?;
        self.keep_up()
    }

    /// How often a chain, object or flowtable has come, gone or changed in the tables of `family`.
    pub(super) fn shifts(&self, family: TableFamily) -> usize {
        self.seen.shifts(family)
    }

    /// The newest generation that is known, if our tables are still as they were at `generation`.
    pub(super) fn newest_for(&mut self, generation: u32) -> Result<Option<u32>, KernelError> {
        self.hear()?;
        Ok(self.seen.holds(generation).then_some(self.seen.newest()))
    }

    /// Makes the queue of what is told as short as the kernel allows.
    #[cfg(test)]
    pub(super) fn shorten_queue(&self) {
        self.socket.shorten_receive_queue();
    }

    fn hear(&mut self) -> Result<(), KernelError> {
        match self.socket.read_queued(|message| self.seen.take(&message))? {
            Queue::Whole => {}
            Queue::Overrun => self.seen.miss(),
        }
        Ok(())
    }
}
