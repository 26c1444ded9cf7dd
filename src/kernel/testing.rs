//! For tests on the real kernel: a namespace, and somebody else who commits in it.

#[path = "../../tests/lab/isolation.rs"]
mod isolation;

use super::nfnetlink::{self, Header};
use super::uapi::{
    DELTABLE, NEWCHAIN, NEWTABLE, NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES,
    NFPROTO_IPV4, NFTA_CHAIN_NAME, NFTA_CHAIN_TABLE, NFTA_TABLE_NAME,
};
use crate::netlink::{self, Bus, NLM_F_CREATE, NLM_F_REQUEST, Socket, put_text};

/// Runs the body of a test, a closure of its own, in namespaces of its own.
pub(super) fn inside<F: FnOnce()>(body: F) {
    isolation::isolated(isolation::test_name::<F>(), "nft list tables", body);
}

/// Somebody who commits to a table of their own.
pub(super) struct Other {
    socket: Socket,
    family: u8,
    there: bool,
}

impl Other {
    pub(super) fn new() -> Self {
        Self::of_family(NFPROTO_IPV4)
    }

    /// Somebody whose table is of that family.
    pub(super) fn of_family(family: u8) -> Self {
        Self { socket: Socket::open(Bus::Netfilter).unwrap(), family, there: false }
    }

    /// Makes the table, or deletes it, and so moves the generation by one.
    pub(super) fn commit(&mut self) {
        self.commit_with_chains(0);
    }

    /// The same, but what is made has chains, and what is deleted need not be empty.
    pub(super) fn commit_with_chains(&mut self, chains: usize) {
        let first = self.socket.next_seq();
        let mut batch = Vec::new();
        let mut messages = 0;
        let mut push = |kind, family, resource, fill: &dyn Fn(&mut Vec<u8>)| {
            let (flags, seq) = (NLM_F_REQUEST | NLM_F_CREATE, first + messages);
            messages += 1;
            let start = nfnetlink::begin(&mut batch, Header { kind, flags, seq, family, resource });
            fill(&mut batch);
            netlink::end(&mut batch, start);
        };
        let table = |out: &mut Vec<u8>| put_text(out, NFTA_TABLE_NAME, "other");
        push(NFNL_MSG_BATCH_BEGIN, 0, NFNL_SUBSYS_NFTABLES, &|_| {});
        push(if self.there { DELTABLE } else { NEWTABLE }, self.family, 0, &table);
        for number in 0..chains {
            push(NEWCHAIN, self.family, 0, &|out| {
                put_text(out, NFTA_CHAIN_TABLE, "other");
                put_text(out, NFTA_CHAIN_NAME, &format!("c{number}"));
            });
        }
        push(NFNL_MSG_BATCH_END, 0, NFNL_SUBSYS_NFTABLES, &|_| {});
        self.there = !self.there;
        let verdicts = self.socket.transact(&batch, first, messages).unwrap();
        assert!(verdicts.iter().all(|verdict| verdict.errno == 0), "{verdicts:?}");
    }
}
