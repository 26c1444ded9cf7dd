//! The real kernel.

use std::time::Duration;
use std::{io, thread};

use super::batch::{Batch, Ending, Place};
use super::read::Interrupted;
use super::{Kernel, KernelError, read, refusal};
use crate::netlink::{Bus, Socket, Verdict};
use crate::plan::{Plan, Snapshot};
use crate::ruleset::Ruleset;

/// How often a read is tried before the ruleset counts as restless.
const TRIES: u32 = 30;

/// The pause after the first try; each next one is longer by as much.
const PAUSE: Duration = Duration::from_millis(2);

/// `nf_tables` of the network namespace that the process is in.
///
/// The socket stays in the namespace in which it was opened. It can neither be sent to nor shared
/// with another thread.
pub struct NfTables {
    pub(super) socket: Socket,
    /// The number of elements from which on a set is asked for those that are expected.
    large: usize,
}

impl NfTables {
    /// Opens a netlink socket.
    ///
    /// # Errors
    ///
    /// [`KernelError::NoNfTables`] or [`KernelError::Netlink`] if there is none to be had. Whether
    /// the process may use it, only the first request shows.
    pub fn open() -> Result<Self, KernelError> {
        Ok(Self { socket: Socket::open(Bus::Netfilter)?, large: read::LARGE })
    }

    /// The same, but taking a set for a large one ([`Kernel::snapshot_expecting`]) from so many
    /// elements on. Otherwise that is where asking for single elements begins to be faster.
    #[must_use]
    pub fn with_large_sets_from(self, elements: usize) -> Self {
        Self { large: elements, ..self }
    }

    /// The generation of the ruleset; any commit by anyone moves it.
    ///
    /// # Errors
    ///
    /// [`KernelError::Privileges`], or whatever else the kernel refused.
    pub fn generation(&mut self) -> Result<u32, KernelError> {
        self.retried(read::generation)
    }

    /// Calls `read` until nothing changes meanwhile.
    fn retried<T>(
        &mut self,
        mut read: impl FnMut(&mut Socket) -> Result<T, Interrupted>,
    ) -> Result<T, KernelError> {
        for attempt in 1..=TRIES {
            match read(&mut self.socket) {
                Ok(value) => return Ok(value),
                Err(Interrupted::Failed(error)) => return Err(error),
                Err(Interrupted::Again) => thread::sleep(PAUSE * attempt),
            }
        }
        Err(KernelError::Stale)
    }

    fn send(&mut self, plan: &Plan<'_>, ending: Ending) -> Result<(), KernelError> {
        if plan.ops.is_empty() {
            return Ok(());
        }
        let batch = Batch::new(plan, self.socket.next_seq(), ending)?;
        let verdicts = self.socket.transact(batch.bytes(), batch.messages())?;
        if let Some(verdict) = batch.first_error(&verdicts) {
            return Err(self.refused(plan, &batch, verdict));
        }
        // Before Linux 6.10 the end of a batch is not acknowledged, but every commit moves the
        // generation, and the guard saw to it that nobody else could have moved it before.
        let proven = ending == Ending::Validate
            || verdicts.iter().any(|verdict| batch.is_end(verdict))
            || self.generation()? != plan.generation;
        if proven {
            return Ok(());
        }
        let source = io::Error::other("no answer, and the ruleset is as it was");
        Err(KernelError::Netlink { action: "commit the batch", source })
    }

    /// The error of a verdict; EPERM for an operation can mean that the table has an owner.
    fn refused(&mut self, plan: &Plan<'_>, batch: &Batch, verdict: &Verdict) -> KernelError {
        let family = match batch.place(verdict) {
            Place::Op { op, .. } => plan.ops.get(op).map(|op| op.family),
            Place::Whole => None,
        };
        if let (libc::EPERM, Some(family)) = (verdict.errno, family) {
            return match self.retried(|socket| read::owner(socket, family)) {
                Ok(Some(owner)) => KernelError::Owned { family, owner },
                _ => KernelError::Privileges(io::Error::from_raw_os_error(verdict.errno)),
            };
        }
        refusal::refusal(plan, batch, verdict)
    }
}

/// The bytes that [`NfTables`] sends to commit `plan`, in one piece, its messages numbered from 1:
/// for whoever looks at a batch, or sends it over a `NETLINK_NETFILTER` socket of their own.
///
/// They hold for the plan's generation only (`NFNL_BATCH_GENID`).
///
/// # Errors
///
/// [`KernelError::Refused`] if a rule is to be written that hairnat can only read.
pub fn batch_bytes(plan: &Plan<'_>) -> Result<Vec<u8>, KernelError> {
    Ok(Batch::new(plan, 1, Ending::Commit)?.into_bytes())
}

impl Kernel for NfTables {
    fn snapshot(&mut self) -> Result<Snapshot, KernelError> {
        self.retried(|socket| read::snapshot(socket, None))
    }

    fn snapshot_expecting(&mut self, expected: &Ruleset) -> Result<Snapshot, KernelError> {
        let expected = read::Expected { ruleset: expected, large: self.large };
        self.retried(|socket| read::snapshot(socket, Some(expected)))
    }

    fn commit(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
        self.send(plan, Ending::Commit)
    }

    fn validate(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
        self.send(plan, Ending::Validate)
    }
}

#[cfg(test)]
mod tests;
