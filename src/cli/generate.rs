//! What is made from hairnat's own definition: the schemas, completions, the manual.

use std::fs;
use std::io::Write;
use std::path::Path;

use clap::CommandFactory;
use clap_complete::Shell;

use super::args::{Cli, SchemaOf};
use super::exit::Exit;
use super::failure::Failure;
use super::manual;
use super::output::Output;
use crate::policy;

/// The JSON Schema (draft 2020-12) of what `-o json` prints.
///
/// It is as strict as it can be, so that a test against it finds every field that is not described.
/// Readers, who may meet a later version, ignore what they do not know.
pub(super) const OUTPUT_SCHEMA: &str = include_str!("output.schema.json");

/// Prints a JSON Schema.
///
/// # Errors
///
/// What writing to standard output gives.
pub(super) fn schema(of: SchemaOf, out: &mut Output) -> Result<Exit, Failure> {
    let schema = match of {
        SchemaOf::Policy => policy::json_schema(),
        SchemaOf::Output => OUTPUT_SCHEMA,
    };
    out.data().write_all(schema.as_bytes())?;
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

/// Prints a manual page in roff: of the program, or of a command.
///
/// # Errors
///
/// That there is no such command, or what writing to standard output gives.
pub(super) fn man(command: Option<&str>, out: &mut Output) -> Result<Exit, Failure> {
    let page = manual::page(command).ok_or_else(|| Failure::Usage {
        message: format!("there is no command `{}`", command.unwrap_or_default()),
        hint: format!("there is a page of each of these: {}", manual::commands().join(", ")),
    })?;
    out.data().write_all(page.as_bytes())?;
    out.finish()?;
    Ok(Exit::Success)
}

/// Writes every manual page into `directory`.
///
/// # Errors
///
/// The page that could not be written, and why.
pub(super) fn manuals(directory: &Path) -> Result<Exit, Failure> {
    for (name, page) in manual::pages() {
        let path = directory.join(name);
        fs::write(&path, page).map_err(|source| Failure::Write { path, source })?;
    }
    Ok(Exit::Success)
}
