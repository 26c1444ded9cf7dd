//! Policy files: which ones, and what is in them.

mod error;
mod file;
mod files;
mod kind;
mod listed;

use std::path::Path;

use super::args::PolicyFiles;
use crate::policy::Source;
use crate::printable::printable;
pub(super) use error::InputError;

/// Where a policy is when the command line names none.
const DEFAULT_FILE: &str = "/etc/hairnat/policy.yaml";
/// The drop-in directory beside it.
const DEFAULT_DIRECTORY: &str = "/etc/hairnat/policy.d";

/// Reads every file that makes up the policy.
///
/// # Errors
///
/// The first file or directory that cannot be read.
pub(super) fn read(named: &PolicyFiles) -> Result<Vec<Source>, InputError> {
    files::list(named)?.iter().map(file::read).collect()
}

/// The path for people.
#[must_use]
pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}
