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
    /// How what was live differed from what had been applied: the first lines of a diff.
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
    /// What others had changed, if anything; it is gone with what was applied.
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
