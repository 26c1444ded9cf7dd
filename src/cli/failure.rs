//! Whatever ends a command early, with the exit code that stands for it.

use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};
use thiserror::Error;

use super::exit::Exit;
use super::input::{InputError, shown};
use super::reverted::Trouble;
use super::turn;
use crate::host::{Holder, HostError, Warning};
use crate::kernel::KernelError;
use crate::policy::Diagnostics;

/// Why a command did not do its work.
#[derive(Debug, Error)]
pub(super) enum Failure {
    /// The command line cannot be used as it is.
    #[error("{message}")]
    Usage {
        /// What is wrong with it.
        message: String,
        /// What to do.
        hint: String,
    },
    /// The policy could not be read.
    #[error(transparent)]
    Input(#[from] InputError),
    /// The policy is invalid.
    #[error("the policy is invalid")]
    Policy(Box<Diagnostics>),
    /// The kernel's nf_tables refused.
    #[error(transparent)]
    Kernel(#[from] KernelError),
    /// A fact of the host could not be read.
    #[error(transparent)]
    Host(#[from] HostError),
    /// Somebody else changes the host; nothing was changed.
    #[error("{}; nothing was changed", turn::busy(*.0))]
    Busy(Holder),
    /// The policy would set hairpin mode where it does harm; nothing was changed.
    #[error("{}; nothing was changed", .0.message)]
    HairpinLoop(Warning),
    /// A bridge port could not be switched off; nothing was changed.
    #[error("{}; nothing was changed", with_causes(.0))]
    PortsFirst(HostError),
    /// A bridge port could not be set, and by then the ruleset had been applied.
    #[error("the ruleset is applied, but {}", with_causes(error))]
    Ports {
        /// Which port, and why.
        error: HostError,
        /// What else there is to know; the report that would have said so is not written.
        warnings: Vec<Warning>,
    },
    /// `--confirm` where the previous state could not be brought back; nothing was changed.
    #[error("`--confirm` could not bring this back, so nothing was changed: {}", few(left_out))]
    Irreversible {
        /// What of it, as nft(8) names it.
        left_out: Vec<String>,
    },
    /// `--confirm` without a process that would bring the previous state back; nothing was changed.
    #[error("cannot start what would bring the previous state back, so nothing was changed")]
    NoGuardian(#[source] io::Error),
    /// Something went wrong after the changes were made, and the previous state is back.
    #[error("{}; the previous state is back", trouble.message)]
    Undone {
        /// The stable word for what went wrong.
        kind: &'static str,
        /// What went wrong.
        trouble: Trouble,
    },
    /// The previous state should be back and is not.
    #[error("{}", trouble.message)]
    NotReverted {
        /// Why.
        trouble: Trouble,
    },
    /// A file that was asked for could not be written.
    #[error("cannot write `{}`", shown(path))]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The result could not be written.
    #[error("cannot write to standard output")]
    Output(#[from] io::Error),
    /// The result could not be written, and by then it had come about.
    #[error("the changes are made, but they cannot be written to standard output")]
    Untold(#[source] io::Error),
}

impl From<Diagnostics> for Failure {
    fn from(diagnostics: Diagnostics) -> Self {
        Self::Policy(Box::new(diagnostics))
    }
}

impl Failure {
    /// The exit code.
    #[must_use]
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Usage { .. } | Self::Input(InputError::NoPart { .. }) => Exit::Usage,
            Self::Input(_) | Self::Policy(_) => Exit::Policy,
            Self::Kernel(KernelError::Stale) | Self::Busy(_) => Exit::Stale,
            Self::Kernel(_)
            | Self::Host(_)
            | Self::HairpinLoop(_)
            | Self::PortsFirst(_)
            | Self::Ports { .. }
            | Self::Irreversible { .. }
            | Self::NoGuardian(_)
            | Self::Undone { .. }
            | Self::NotReverted { .. }
            | Self::Write { .. }
            | Self::Output(_)
            | Self::Untold(_) => Exit::Refused,
        }
    }

    /// The stable word for the situation in JSON.
    fn kind(&self) -> &'static str {
        match self {
            Self::Usage { .. } | Self::Input(InputError::NoPart { .. }) => "usage",
            Self::Input(error) if error.is_no_policy() => "no-policy",
            Self::Input(_) => "input",
            Self::Policy(_) => "policy",
            Self::Kernel(KernelError::Stale) => "stale",
            Self::Busy(_) => "busy",
            Self::Kernel(_) => "kernel",
            Self::HairpinLoop(warning) => warning.code,
            Self::Host(_) | Self::PortsFirst(_) | Self::Ports { .. } => "host",
            Self::Irreversible { .. } | Self::NoGuardian(_) => "confirm",
            Self::NotReverted { .. } => "revert",
            Self::Undone { kind, .. } => kind,
            Self::Write { .. } | Self::Output(_) | Self::Untold(_) => "output",
        }
    }

    /// What the operator can do.
    #[must_use]
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Usage { hint, .. } => Some(hint.clone()),
            Self::Input(error) => error.hint(),
            Self::Kernel(error) => error.hint(),
            Self::Host(error) | Self::PortsFirst(error) | Self::Ports { error, .. } => error.hint(),
            Self::HairpinLoop(warning) => Some(warning.hint.clone()),
            Self::Busy(holder) => Some(turn::hint(*holder)),
            Self::Irreversible { .. } => Some(
                "take it out by hand first, or apply without `--confirm`; `hairnat diff` shows it"
                    .to_owned(),
            ),
            Self::NoGuardian(_) => Some(
                "see whether the host is short of processes or memory, or apply without `--confirm`"
                    .to_owned(),
            ),
            Self::Undone { trouble, .. } | Self::NotReverted { trouble } => trouble.hint.clone(),
            Self::Untold(_) => Some("`hairnat show` prints what is live".to_owned()),
            Self::Write { .. } => Some("the directory must be there, and writable".to_owned()),
            Self::Policy(_) | Self::Output(_) => None,
        }
    }

    /// The nft(8) line that the kernel refused, if it was one.
    #[must_use]
    pub(super) fn nft(&self) -> Option<&str> {
        match self {
            Self::Kernel(KernelError::Refused { nft, .. }) if !nft.is_empty() => Some(nft),
            _ => None,
        }
    }

    /// What went wrong, then why, each cause after a colon.
    #[must_use]
    pub(super) fn message(&self) -> String {
        with_causes(self)
    }

    /// The one object that `-o json` prints.
    #[must_use]
    pub(super) fn to_json(&self) -> Value {
        let mut error = json!({ "kind": self.kind(), "message": self.message() });
        if let Some(nft) = self.nft() {
            error["nft"] = nft.into();
        }
        if let Some(hint) = self.hint() {
            error["hint"] = hint.into();
        }
        if let Self::Policy(diagnostics) = self {
            error["diagnostics"] = super::diagnostics::json(diagnostics);
            error["left_out"] = diagnostics.left_out().into();
        }
        if let Self::Busy(Holder { process, trial }) = self {
            if let Some(process) = process {
                error["process"] = (*process).into();
            }
            if let Some(left) = trial {
                error["seconds_left"] = turn::seconds(*left).into();
            }
        }
        let mut object = json!({ "format": 1, "error": error });
        if !self.warnings().is_empty() {
            object["warnings"] = self.warnings().iter().map(Warning::to_json).collect();
        }
        object
    }

    /// What there is to know beside the failure.
    #[must_use]
    pub(super) fn warnings(&self) -> &[Warning] {
        if let Self::Ports { warnings, .. } = self { warnings } else { &[] }
    }
}

/// The first few of what can be many.
fn few(objects: &[String]) -> String {
    const FEW: usize = 3;
    let named: Vec<&str> = objects.iter().take(FEW).map(String::as_str).collect();
    match objects.len().saturating_sub(FEW) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

/// What went wrong, then why, each cause after a colon.
#[must_use]
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message = format!("{message}: {error}");
        cause = error.source();
    }
    message
}

#[cfg(test)]
mod tests;
