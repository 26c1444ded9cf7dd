//! The real kernel.

use std::ops::RangeInclusive;
use std::time::Duration;
use std::{io, thread};

use super::batch::{Batch, Ending, Place};
use super::read::Interrupted;
use super::watch::Watch;
use super::{Kernel, KernelError, read, refusal};
use crate::netlink::{Bus, Socket, Verdict};
use crate::plan::{Action, Plan, Snapshot};
use crate::ruleset::Ruleset;

/// How often a read is tried before the ruleset counts as restless.
const TRIES: u32 = 30;

/// The pause after the first try; each next one is longer by as much.
const PAUSE: Duration = Duration::from_millis(2);

/// How often a batch is sent when others are quicker time and again. Beside a loop of small commits
/// one in some hundred comes in time.
const SENDS: RangeInclusive<usize> = 20..=10_000;

/// How many bytes are sent for a batch, all in all, unless that are fewer times than [`SENDS`].
const SENT: usize = 256 << 20;

/// The most elements, or rules, that are committed while listening, for the kernel tells of each, which
/// takes some 4 µs. Before more are sent the listening ends, and a commit in between makes the plan
/// stale; then the next one is sent while listening, however long that takes.
const HEARD: usize = 1000;

/// `nf_tables` of the network namespace that the process is in.
///
/// The socket stays in the namespace in which it was opened. It can neither be sent to nor shared
/// with another thread.
pub struct NfTables {
    pub(super) socket: Socket,
    /// From a read on, until its plan is carried out.
    watch: Option<Watch>,
    /// The most elements that are committed while listening.
    heard: usize,
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
        let socket = Socket::open(Bus::Netfilter)?;
        Ok(Self { socket, watch: None, heard: HEARD, large: read::LARGE })
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
    pub(super) fn retried<T>(
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

    /// Reads our tables, and goes on to listen.
    fn read(&mut self, expected: Option<read::Expected<'_>>) -> Result<Snapshot, KernelError> {
        let mut watch = match self.watch.take() {
            Some(watch) => watch,
            None => Watch::open()?,
        };
        let live = self.retried(|socket| read::snapshot(socket, &mut watch, expected))?;
        self.watch = Some(watch);
        Ok(live)
    }

    /// Sends the batch of a plan; again for the newest generation when one is overtaken by commits
    /// that leave our tables alone.
    fn send(&mut self, plan: &Plan<'_>, ending: Ending) -> Result<(), KernelError> {
        if plan.ops.is_empty() {
            return Ok(());
        }
        let mut batch = Batch::new(plan, self.socket.next_seq(), ending)?;
        let sends = (SENT / batch.bytes().len()).clamp(*SENDS.start(), *SENDS.end());
        for _ in 0..sends {
            let newest = match &mut self.watch {
                Some(watch) => watch.newest_for(plan.generation)?,
                None => None,
            };
            let generation = newest.unwrap_or(plan.generation);
            batch.set_generation(generation);
            let unheard = ending == Ending::Commit && size(plan) > self.heard;
            if unheard {
                self.watch = None;
            }
            let verdicts =
                self.socket.transact(batch.bytes(), batch.first_seq, batch.messages())?;
            let Some(verdict) = batch.first_error(&verdicts) else {
                return self.prove(&batch, generation, &verdicts);
            };
            let overtaken = verdict.errno == libc::ERESTART;
            if overtaken && unheard {
                self.heard = usize::MAX;
            }
            if !overtaken || unheard || newest.is_none() {
                return Err(self.refused(plan, &batch, verdict));
            }
        }
        Err(KernelError::Stale)
    }

    /// Makes sure that the kernel has taken a batch for that generation, of which it refused nothing.
    fn prove(
        &mut self,
        batch: &Batch,
        generation: u32,
        verdicts: &[Verdict],
    ) -> Result<(), KernelError> {
        // Before Linux 6.10 the end of a batch is not acknowledged, but every commit moves the
        // generation, and the guard saw to it that nobody else could have moved it before.
        let proven = batch.ending == Ending::Validate
            || verdicts.iter().any(|verdict| batch.is_end(verdict))
            || self.generation()? != generation;
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
        if let (libc::EPERM, Some(family)) = (verdict.errno, family)
            && let Ok(Some(owner)) = self.retried(|socket| read::owner(socket, family))
        {
            return KernelError::Owned { family, owner };
        }
        refusal::refusal(plan, batch, verdict)
    }
}

/// How many elements, or rules, a plan adds and deletes, as far as there can be many.
fn size(plan: &Plan<'_>) -> usize {
    let elements = plan.ops.iter().map(|op| match &op.action {
        Action::AddElements { elements, .. } | Action::DeleteElements { elements, .. } => {
            elements.len()
        }
        // Others have filled it.
        Action::FlushChain(_) => HEARD + 1,
        Action::AddTable
        | Action::DeleteTable
        | Action::AddSet(_)
        | Action::AddChain(_)
        | Action::AddRule { .. }
        | Action::DeleteRule { .. } => 0,
    });
    elements.sum()
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
        self.read(None)
    }

    fn snapshot_expecting(&mut self, expected: &Ruleset) -> Result<Snapshot, KernelError> {
        let expected = read::Expected { ruleset: expected, large: self.large };
        self.read(Some(expected))
    }

    fn commit(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
        self.send(plan, Ending::Commit)?;
        self.watch = None;
        Ok(())
    }

    fn validate(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
        self.send(plan, Ending::Validate)
    }
}

#[cfg(test)]
mod tests;
