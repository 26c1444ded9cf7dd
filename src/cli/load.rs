//! The policy that the command line names.

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use super::args::PolicyFiles;
use super::failure::Failure;
use super::input;
use super::output::Output;
use crate::policy::{Declared, Policy, Source, parse, parse_with_places};

/// The policy of the files that were named.
///
/// # Errors
///
/// What keeps a file from being read, or all that is wrong with the policy.
pub(super) fn policy(files: &PolicyFiles, out: &mut Output) -> Result<Policy, Failure> {
    let sources = sources(files, out)?;
    let _phase = out.progress().phase(reading);
    Ok(parse(&sources)?)
}

/// As [`policy`], with the files and the floats that each declares.
///
/// # Errors
///
/// As [`policy`].
pub(super) fn policy_with_places(
    files: &PolicyFiles,
    out: &mut Output,
) -> Result<(Policy, Vec<Declared>, Vec<Source>), Failure> {
    let sources = sources(files, out)?;
    let _phase = out.progress().phase(reading);
    let (policy, floats) = parse_with_places(&sources)?;
    Ok((policy, floats, sources))
}

fn sources(files: &PolicyFiles, out: &mut Output) -> Result<Vec<Source>, Failure> {
    // What somebody types is read as long as they type, on the line that would tell of it.
    let from_stdin = files.stdin_as.is_some() || files.files.contains(&PathBuf::from("-"));
    let typed = from_stdin && io::stdin().is_terminal();
    let phase = (!typed).then(|| out.progress().phase(reading));
    let sources = input::read(files);
    drop(phase);
    let sources = sources?;
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    out.trace(&format!("read {}", names.join(", ")));
    Ok(sources)
}

fn reading() -> String {
    "reading the policy".to_owned()
}
