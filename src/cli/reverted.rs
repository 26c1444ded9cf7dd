//! What came of bringing a previous state back, and what went wrong with it.

/// What else came of bringing the previous state back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reverted {
    /// How many connections were cut.
    pub(super) connections_cut: usize,
    /// Why there may be more of them.
    pub(super) not_cut: Option<Trouble>,
    /// Why a confirmation that came in time was refused.
    pub(super) refused: Option<String>,
    /// The differences between the live tables and those that were applied: the first lines of a diff.
    pub(super) differences: Vec<String>,
}

/// What went wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What, and why.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}

impl Reverted {
    /// Describes the changes of others, if there were any; they are gone with our own.
    pub(super) fn changes_of_others(&self) -> Option<String> {
        (!self.differences.is_empty()).then(|| {
            format!(
                "somebody else had changed the tables meanwhile, and that is gone too; \
                 `hairnat diff` would have shown: {}",
                self.differences.join("; ")
            )
        })
    }
}
