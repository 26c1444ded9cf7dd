//! The kernel's `nf_tables` as hairnat sees it: read our tables, commit a plan, or only validate it;
//! and its conntrack, where connections are cut that a plan leaves behind.

mod batch;
mod connection;
mod conntrack;
mod converge;
mod decode;
mod encode;
mod error;
mod expression;
mod fake;
mod foreign_nat;
mod nf_tables;
mod nfnetlink;
mod place;
mod read;
mod refusal;
#[cfg(test)]
mod round_trip;
#[cfg(test)]
mod testing;
mod uapi;
mod watch;

pub use conntrack::{ConntrackError, Cut, cut};
pub use converge::{Converged, Step, attempt, carry_out, converge};
pub use error::KernelError;
pub use fake::FakeKernel;
pub use foreign_nat::ForeignNat;
pub use nf_tables::{NfTables, batch_bytes};
pub use read::snapshot_from_bytes;

use crate::plan::{Plan, Snapshot};
use crate::ruleset::Ruleset;

/// Something that holds rulesets: the real kernel, or a fake that tests swap in.
pub trait Kernel {
    /// Reads our tables, all in one state.
    ///
    /// # Errors
    ///
    /// [`KernelError::Stale`] if they kept changing while they were read, or whatever else the kernel
    /// refused.
    fn snapshot(&mut self) -> Result<Snapshot, KernelError>;

    /// Reads the same as [`Kernel::snapshot`], and faster where large sets hold what is expected:
    /// such a set can be asked for those keys, instead of for all that is in it.
    ///
    /// # Errors
    ///
    /// Those of [`Kernel::snapshot`].
    fn snapshot_expecting(&mut self, expected: &Ruleset) -> Result<Snapshot, KernelError>;

    /// Does all of `plan`, or nothing. The plan must be made from what this kernel has read last:
    /// only since then is it known whose tables a commit has changed.
    ///
    /// # Errors
    ///
    /// [`KernelError::Stale`] if our tables have changed, or may have, since the plan's generation, or
    /// whatever else the kernel refused. In either case nothing was changed.
    fn commit(&mut self, plan: &Plan<'_>) -> Result<(), KernelError>;

    /// Has the kernel check all of `plan` as [`Kernel::commit`] would, and changes nothing.
    ///
    /// # Errors
    ///
    /// Those of [`Kernel::commit`].
    fn validate(&mut self, plan: &Plan<'_>) -> Result<(), KernelError>;
}
