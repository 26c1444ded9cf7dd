//! Exit codes: the contract with scripts and configuration management.

use std::process::ExitCode;

/// What the exit codes mean, for the help and the manual.
pub(super) const EXIT_CODES: [(u8, &str); 7] = [
    (0, "done: applied, or already in sync; `diff`: no differences; `check`: valid"),
    (1, "`diff` only: there are differences"),
    (2, "wrong usage"),
    (3, "the policy is invalid; nothing was changed"),
    (4, "the kernel or the host refused; nothing was changed, or the message says what was"),
    (5, "the ruleset kept changing, or somebody's trial is running; nothing was changed"),
    (6, "`apply --confirm`: not confirmed, the previous state is back"),
];

/// How a command ended. 2 is what clap exits with for wrong usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Exit {
    /// Done, or nothing to do.
    Success = 0,
    /// `diff` only: there are differences.
    Differences = 1,
    /// Wrong usage.
    Usage = 2,
    /// The policy is invalid or cannot be read.
    Policy = 3,
    /// The kernel or the host refused.
    Refused = 4,
    /// The ruleset kept changing, or somebody else is at work on it.
    Stale = 5,
    /// The changes were not confirmed: the previous state is back.
    NotConfirmed = 6,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
