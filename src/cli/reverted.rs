//! What came of bringing a previous state back, and what went wrong with it.

/// What else came of bringing the previous state back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Reverted {
    /// How many connections were cut.
    pub(super) connections_cut: usize,
    /// Why there may be more of them.
    pub(super) not_cut: Option<Trouble>,
}

/// What went wrong, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Trouble {
    /// What, and why.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}
