//! The policy that the command line names.

use std::io::{self, IsTerminal};

use super::args::PolicyFiles;
use super::failure::Failure;
use super::input;
use super::output::Output;
use crate::policy::{Declared, Policy, Source, parse, parse_with_places};

/// Standard input, read to its end, if it is a part of the policy.
pub(super) struct Stdin(Option<Vec<u8>>);

/// Reads standard input, if it is a part of the policy.
///
/// # Errors
///
/// That it cannot be read.
pub(super) fn standard_input(files: &PolicyFiles, out: &mut Output) -> Result<Stdin, Failure> {
    // What somebody types is read as long as they type, on the line that would tell of it.
    let told = files.has_stdin() && !io::stdin().is_terminal();
    let _phase = told.then(|| out.progress().phase(reading));
    Ok(Stdin(input::standard_input(files)?))
}

/// The policy of the files that were named.
///
/// # Errors
///
/// What keeps a file from being read, or all that is wrong with the policy.
pub(super) fn policy(files: &PolicyFiles, out: &mut Output) -> Result<Policy, Failure> {
    let stdin = standard_input(files, out)?;
    policy_with(files, stdin, out)
}

/// As [`policy`], where standard input was read before.
///
/// # Errors
///
/// As [`policy`].
pub(super) fn policy_with(
    files: &PolicyFiles,
    stdin: Stdin,
    out: &mut Output,
) -> Result<Policy, Failure> {
    let sources = sources(files, stdin, out)?;
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
    let stdin = standard_input(files, out)?;
    let sources = sources(files, stdin, out)?;
    let _phase = out.progress().phase(reading);
    let (policy, floats) = parse_with_places(&sources)?;
    Ok((policy, floats, sources))
}

fn sources(
    files: &PolicyFiles,
    Stdin(stdin): Stdin,
    out: &mut Output,
) -> Result<Vec<Source>, Failure> {
    let phase = out.progress().phase(reading);
    let sources = input::read(files, stdin);
    drop(phase);
    let sources = sources?;
    let names: Vec<&str> = sources.iter().map(|source| source.name.as_str()).collect();
    out.trace(&format!("read {}", names.join(", ")));
    Ok(sources)
}

fn reading() -> String {
    "reading the policy".to_owned()
}
