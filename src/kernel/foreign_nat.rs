//! NAT chains of others.

use super::KernelError;
use super::nf_tables::NfTables;
use super::read;
use crate::ruleset::Hook;

/// A base chain of type `nat` in a table of somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignNat {
    /// The family of its table, as nft(8) writes it: `ip`, `ip6` or `inet`.
    pub family: &'static str,
    /// The name of its table, shown with escapes.
    pub table: String,
    /// Its name, shown with escapes.
    pub chain: String,
    /// The hook.
    pub hook: Hook,
    /// The priority: the lower one goes first.
    pub priority: i32,
}

impl NfTables {
    /// The NAT chains of others, in the kernel's order. Those of iptables-legacy are not among them:
    /// they are none of `nf_tables`, and always have the priorities -100 and 100.
    ///
    /// # Errors
    ///
    /// [`KernelError::Privileges`], or whatever else the kernel refused.
    pub fn foreign_nat(&mut self) -> Result<Vec<ForeignNat>, KernelError> {
        self.retried(read::foreign_nat)
    }
}
