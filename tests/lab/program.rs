//! The `hairnat` program, as the tests of the lab use it: the only place that runs it.

use serde_json::Value;

use super::Lab;

/// The program under test.
const HAIRNAT: &str = env!("CARGO_BIN_EXE_hairnat");

/// What an `apply` said.
pub(crate) struct Report(Value);

impl Report {
    /// Whether the kernel differed from the policy.
    pub(crate) fn changed(&self) -> bool {
        self.0["changed"].as_bool().expect("changed")
    }

    /// How many connections of floats that moved or vanished were cut.
    pub(crate) fn connections_cut(&self) -> u64 {
        self.0["connections_cut"].as_u64().expect("connections_cut")
    }

    /// The codes of the warnings, sorted, each once.
    pub(crate) fn warnings(&self) -> Vec<&str> {
        let warnings = self.0["warnings"].as_array().expect("warnings");
        let mut codes: Vec<_> =
            warnings.iter().map(|warning| warning["code"].as_str().expect("code")).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

impl Lab {
    /// Makes the host's kernel match `policy`.
    pub(crate) fn apply(&self, policy: &str) -> Report {
        let text = self.host.run(HAIRNAT, &["apply", "--output", "json", "-"], policy);
        Report(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }

    /// Has the host's kernel say that it would take `policy`.
    pub(crate) fn dry_run(&self, policy: &str) {
        self.host.run(HAIRNAT, &["apply", "--dry-run", "-"], policy);
    }

    /// Takes everything of hairnat away.
    pub(crate) fn remove(&self) {
        self.host.run(HAIRNAT, &["remove"], "");
    }
}
