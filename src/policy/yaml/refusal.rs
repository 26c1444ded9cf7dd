//! What the YAML of a policy must not be.

use super::DEEPEST_NESTING;

/// Why a text is refused, and where.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) at: usize,
    pub(super) length: usize,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

impl Refusal {
    pub(super) fn new(at: usize, length: usize, message: impl Into<String>) -> Self {
        Self { at, length, message: message.into(), hint: None }
    }

    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Of a list or map that opens at `at`.
    pub(super) fn too_deep(at: usize) -> Self {
        Self::new(at, 1, format!("lists and maps are nested deeper than {DEEPEST_NESTING}"))
            .hint("a policy needs no more than five levels")
    }
}
