//! One at a time: the lock for all who change a network namespace.
//!
//! The lock lives in the names of abstract sockets (unix(7)). The kernel keeps these names for each
//! network namespace, whatever the mount and process namespaces are. They need no file system, and a
//! name vanishes with the last process that has its socket open. So a forked process holds the lock
//! too, and the lock is free when both are dead, however they died. A lock file has none of these
//! properties: containers that share the host's network have a `/run` of their own, or a read-only one.
//!
//! Any user can make a socket of any name. With one fixed name, another user could take the name and
//! keep the lock from us. So every claim has a name with a random ticket, and the kernel lists all
//! claims, each with the user who made it (sock\_diag(7), `UDIAG_SHOW_UID`). The claims of other users
//! are ignored. The name also says which process it is and when its trial ends, so the holder need not
//! answer: it may be stopped.
//!
//! A process shows its claim first and then looks for others, so of two processes at least one sees
//! the other. A process goes on only when it is alone. Of several claims the smallest ticket stays and
//! the others withdraw.
//!
//! The kernel shows users as our user namespace sees them. Processes of two user namespaces in one
//! network namespace (root of the host, and root of a container without privileges) ignore each other.

mod mark;
mod sockets;

use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::netlink;
use mark::Mark;
use sockets::{Shown, others};

/// How long another apply is waited for. Its trial is no part of that.
pub const ORDINARY_WAIT: Duration = Duration::from_secs(60);

/// How often the claims are looked at while there are others.
const LOOK: Duration = Duration::from_millis(20);

/// The right to change the network namespace that the process is in, until it is dropped; in a
/// process that was forked meanwhile, until both have ended.
#[derive(Debug)]
pub struct ChangeLock {
    mark: Mark,
    _claim: Shown,
    trial: Option<Shown>,
}

/// Who changes the network namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Holder {
    /// The process id; `None` if it is one of another process namespace, where it means nothing to
    /// us.
    pub process: Option<u32>,
    /// How long its changes are on trial still; `None` if they are being made.
    pub trial: Option<Duration>,
}

/// Why there is no lock.
#[derive(Debug, Error)]
pub enum LockError {
    /// Somebody else has it.
    #[error("somebody else has the lock")]
    Held(Holder),
    /// The kernel gives none.
    #[error(transparent)]
    Unavailable(#[from] netlink::Error),
}

impl ChangeLock {
    /// Takes the lock. Waits `trial_wait` for a trial, and at least [`ORDINARY_WAIT`] for changes that
    /// are being made. `waiting` is called if there is anything to wait for, and what it returns is
    /// dropped when that is over.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] when that time is over; [`LockError::Unavailable`] if the kernel has no
    /// abstract sockets for us or does not list them (`CONFIG_UNIX_DIAG`).
    pub fn take<W>(
        trial_wait: Duration,
        waiting: impl FnOnce(Holder) -> W,
    ) -> Result<Self, LockError> {
        let mark = Mark::new();
        let started = Instant::now();
        let mut waiting = Some(waiting);
        let mut waits = None;
        let mut claim = None;
        loop {
            let others = others(mark)?;
            let Some(holder) = Holder::of(&others) else {
                if let Some(claim) = claim {
                    drop(waits);
                    return Ok(Self { mark, _claim: claim, trial: None });
                }
                claim = Some(show(mark)?);
                continue;
            };
            if others.iter().any(|other| other.ticket < mark.ticket) {
                claim = None;
            }
            let wait = match holder.trial {
                Some(_) => trial_wait,
                None => trial_wait.max(ORDINARY_WAIT),
            };
            if started.elapsed() >= wait {
                return Err(LockError::Held(holder));
            }
            if let Some(waiting) = waiting.take() {
                waits = Some(waiting(holder));
            }
            thread::sleep(LOOK);
        }
    }

    /// Tells others that what was changed is on trial for `time` from now on.
    pub fn begin_trial(&mut self, time: Duration) {
        // Without it they see who changes the host, but not for how long.
        self.trial = show(self.mark.trial(time)).ok();
    }
}

impl Holder {
    /// The one that matters of `marks`: whose trial is on, else who goes first.
    fn of(marks: &[Mark]) -> Option<Self> {
        let mark = marks.iter().min_by_key(|mark| (mark.ends.is_none(), mark.ticket))?;
        let process = mark.is_of_our_processes().then_some(mark.process);
        Some(Self { process, trial: mark.time_left() })
    }
}

fn show(mark: Mark) -> Result<Shown, netlink::Error> {
    Shown::new(mark)
        .map_err(|source| netlink::Error::Io { action: "make an abstract socket", source })
}
