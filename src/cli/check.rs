//! `hairnat check`: is the policy valid?

use serde_json::{Value, json};

use super::args::PolicyFiles;
use super::exit::Exit;
use super::failure::Failure;
use super::load;
use super::output::Output;
use crate::host::{Host, LiveHost, Warning, warnings};

/// Validates the policy, and with `host` compares it with this host's settings.
///
/// # Errors
///
/// What is wrong with the policy, or what keeps the host from being asked.
pub(super) fn run(files: &PolicyFiles, host: bool, out: &mut Output) -> Result<Exit, Failure> {
    let policy = load::policy(files, out)?;
    let warnings = if host { warnings(&policy, &LiveHost::open()?.facts()?) } else { Vec::new() };
    let floats = policy.float_count();
    if out.is_json() {
        let warnings: Vec<Value> = warnings.iter().map(Warning::to_json).collect();
        let result = json!({ "format": 1, "valid": true, "floats": floats, "warnings": warnings });
        out.json(&result)?;
    } else if !out.is_quiet() {
        let plural = if floats == 1 { "" } else { "s" };
        out.line(&format!("valid: {floats} float{plural}"))?;
    }
    out.finish()?;
    out.warn(&warnings);
    Ok(Exit::Success)
}
