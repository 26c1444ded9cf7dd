//! The policy that the command line names.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

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
    // What somebody types is read as long as they type, on the line that would tell of it.
    let typed = files.files.contains(&PathBuf::from("-")) && io::stdin().is_terminal();
    let reading = || "reading the policy".to_owned();
    let phase = (!typed).then(|| out.progress().phase(reading));
    let sources = input::read(&files.files);
    drop(phase);
    let sources = sources?;
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    out.trace(&format!("read {}", names.join(", ")));
    let _phase = out.progress().phase(reading);
    Ok(parse(&sources)?)
}
