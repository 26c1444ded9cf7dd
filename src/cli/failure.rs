//! Whatever ends a command early, with the exit code that stands for it.

use std::io;
use std::path::PathBuf;

use serde_json::{Value, json};
use thiserror::Error;

use super::exit::Exit;
use super::input::InputError;
use super::reverted::Trouble;
use crate::host::{HostError, Warning};
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
    /// A bridge port could not be set, and by then the ruleset had been applied.
    #[error("{}", with_causes(error))]
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
    #[error("cannot write `{}`", path.display())]
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
            Self::Kernel(KernelError::Stale) => Exit::Stale,
            Self::Kernel(_)
            | Self::Host(_)
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
            Self::Kernel(_) => "kernel",
            Self::Host(_) | Self::Ports { .. } => "host",
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
            Self::Host(error) | Self::Ports { error, .. } => error.hint(),
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
mod tests {
    use std::io;

    use serde_json::Value;

    use super::super::generate::OUTPUT_SCHEMA;
    use super::super::input::InputError;
    use super::super::reverted::Trouble;
    use super::Failure;
    use crate::host::{HostError, Warning};
    use crate::kernel::KernelError;
    use crate::netlink::Error;
    use crate::policy::{Source, parse};

    /// One failure of each kind, with all that it can have.
    fn one_of_each() -> Vec<Failure> {
        let io = || io::Error::from_raw_os_error(libc::EIO);
        let text = str::to_owned;
        let hint = || Some(text("h"));
        let warning = Warning { code: "no-bridge", message: text("m"), hint: text("h") };
        let source = Error::refused(libc::EPERM, "set the port hairpin mode");
        let port = HostError::Port { port: text("vnet1"), mode: "on", source };
        let policy = Source { name: text("p.yaml"), text: b"floats: []".to_vec() };
        let refused = KernelError::Refused {
            action: text("add table `inet hairnat`"),
            nft: text("add table inet hairnat"),
            detail: None,
            source: io(),
        };
        vec![
            Failure::Usage { message: text("m"), hint: text("h") },
            InputError::NoDefault.into(),
            InputError::Read { path: "p.yaml".into(), source: io() }.into(),
            parse(&[policy]).unwrap_err().into(),
            refused.into(),
            KernelError::Stale.into(),
            HostError::Restless.into(),
            Failure::Ports { error: port, warnings: vec![warning] },
            Failure::Irreversible { left_out: vec![text("counter `mine`")] },
            Failure::NoGuardian(io()),
            Failure::Undone { kind: "host", trouble: Trouble { message: text("m"), hint: hint() } },
            Failure::Undone { kind: "output", trouble: Trouble { message: text("m"), hint: None } },
            Failure::NotReverted { trouble: Trouble { message: text("m"), hint: hint() } },
            Failure::Output(io()),
            Failure::Untold(io()),
        ]
    }

    #[test]
    fn the_schema_describes_every_failure_with_its_exit_code_and_no_other() {
        let schema: Value = serde_json::from_str(OUTPUT_SCHEMA).unwrap();
        let validator = jsonschema::draft202012::new(&schema).unwrap();
        let kinds = schema["$defs"]["kind"]["oneOf"].as_array().unwrap();
        let mut found: Vec<&Value> = Vec::new();
        for failure in one_of_each() {
            let object = failure.to_json();
            assert!(validator.is_valid(&object), "{object:#}");
            let kind = &object["error"]["kind"];
            let described = kinds.iter().find(|described| described["const"] == *kind).unwrap();
            let code = format!("Exit code {}.", failure.exit() as u8);
            assert!(described["description"].as_str().unwrap().ends_with(&code), "{kind}: {code}");
            found.push(described);
        }
        let unfound: Vec<_> = kinds.iter().filter(|kind| !found.contains(kind)).collect();
        assert!(unfound.is_empty(), "{unfound:?}");
    }

    #[test]
    fn a_port_that_cannot_be_set_hides_no_warning() {
        let source = Error::refused(libc::EPERM, "set the port hairpin mode");
        let error = HostError::Port { port: "vnet1".to_owned(), mode: "on", source };
        let warning = Warning { code: "w", message: "m".to_owned(), hint: "h".to_owned() };
        let failure = Failure::Ports { error, warnings: vec![warning] };
        assert_eq!(failure.exit() as u8, 4);
        assert_eq!(
            failure.message(),
            "the ruleset is applied, but the hairpin mode of bridge port `vnet1` cannot be set: \
             cannot set the port hairpin mode: Operation not permitted (os error 1)"
        );
        assert_eq!(failure.to_json()["warnings"][0]["code"], "w");
    }

    #[test]
    fn a_ruleset_that_never_rests_has_an_exit_code_of_its_own() {
        let failure = Failure::from(KernelError::Stale);
        assert_eq!(failure.exit() as u8, 5);
        let error = &failure.to_json()["error"];
        assert_eq!(error["kind"], "stale");
        assert_eq!(error["message"], "the ruleset kept changing while it was read or written");
        assert!(error["hint"].as_str().is_some_and(|hint| hint.contains("nft monitor")));
    }
}
