//! What is made from hairnat's own definition: the policy's schema, completions, the manual.

use std::io::Write;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::Cli;
use super::exit::Exit;
use super::failure::Failure;
use super::manual;
use super::output::Output;
use crate::policy;

/// Prints the JSON Schema of the policy.
///
/// # Errors
///
/// What writing to standard output gives.
pub(super) fn schema(out: &mut Output) -> Result<Exit, Failure> {
    out.data().write_all(policy::json_schema().as_bytes())?;
    out.finish()?;
    Ok(Exit::Success)
}

/// Prints the completions of `shell`.
///
/// # Errors
///
/// What writing to standard output gives.
pub(super) fn completions(shell: Shell, out: &mut Output) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "hairnat", &mut script);
    out.data().write_all(&script)?;
    out.finish()?;
    Ok(Exit::Success)
}

/// Prints the manual page in roff.
///
/// # Errors
///
/// What writing to standard output gives.
pub(super) fn man(out: &mut Output) -> Result<Exit, Failure> {
    out.data().write_all(manual::page().as_bytes())?;
    out.finish()?;
    Ok(Exit::Success)
}
