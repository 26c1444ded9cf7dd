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

/// Reads standard input to its end, if it is a part of the policy.
///
/// # Errors
///
/// That it cannot be read; that a file or directory is none of the policy, which is known before.
pub(super) fn standard_input(named: &PolicyFiles) -> Result<Option<Vec<u8>>, InputError> {
    if !named.has_stdin() {
        return Ok(None);
    }
    files::list(named)?;
    file::standard_input().map(Some)
}

/// Reads every file that makes up the policy; `stdin` is what [`standard_input`] gave.
///
/// # Errors
///
/// The first file or directory that cannot be read.
pub(super) fn read(
    named: &PolicyFiles,
    mut stdin: Option<Vec<u8>>,
) -> Result<Vec<Source>, InputError> {
    let files = files::list(named)?;
    files.iter().map(|file| file::read(file, &mut stdin)).collect()
}

/// The path for people.
#[must_use]
pub(super) fn shown(path: &Path) -> String {
    printable(&path.to_string_lossy()).into_owned()
}
