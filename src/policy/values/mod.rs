//! The small texts of a policy: addresses, prefixes, L4 ports, names.

mod address;
mod misspelt_address;
mod misspelt_service;
mod name;
mod port;
mod prefix;
mod target;

pub(super) use address::{Endpoint, Role, address, endpoint, family_of};
pub(super) use name::name;
pub(super) use port::service;
pub(super) use prefix::{SomePrefix, prefix};
pub(super) use target::target;

/// Why a text is not what it should be.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    /// One sentence with the text in backticks.
    pub(super) message: String,
    /// What to do.
    pub(super) hint: Option<String>,
}

impl Problem {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    #[must_use]
    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}
