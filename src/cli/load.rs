//! The policy that the command line names.

use super::args::PolicyFiles;
use super::failure::Failure;
use super::input;
use super::output::Output;
use crate::policy::{Policy, parse};

/// The policy of the files that were named.
///
/// # Errors
///
/// What keeps a file from being read, or all that is wrong with the policy.
pub(super) fn policy(files: &PolicyFiles, out: &mut Output) -> Result<Policy, Failure> {
    let sources = input::read(&files.files)?;
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    out.trace(&format!("read {}", names.join(", ")));
    Ok(parse(&sources)?)
}
