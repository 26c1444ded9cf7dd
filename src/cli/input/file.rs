//! One policy file, whole or not at all.

use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::time::SystemTime;

use super::files::{Content, PolicyFile, STDIN};
use super::{InputError, shown};
use crate::policy::{LARGEST_FILE, Source};

/// One byte more than a policy may have is read, so that a larger one is seen to be larger.
const LIMIT: u64 = LARGEST_FILE as u64 + 1;

/// Reads `file`, or takes its content out of `stdin`.
///
/// # Errors
///
/// What keeps it from being read, or that it changed meanwhile.
pub(super) fn read(file: &PolicyFile, stdin: &mut Option<Vec<u8>>) -> Result<Source, InputError> {
    let PolicyFile { path, content } = file;
    let text = match content {
        Content::Stdin => stdin.take().unwrap_or_default(),
        Content::Named | Content::Listed => contents(path, *content)?,
    };
    let name = if path == Path::new(STDIN) { "<stdin>".to_owned() } else { shown(path) };
    Ok(Source { name, text })
}

/// Reads standard input.
///
/// # Errors
///
/// That it cannot be read.
pub(super) fn standard_input() -> Result<Vec<u8>, InputError> {
    let mut text = Vec::new();
    match io::stdin().lock().take(LIMIT).read_to_end(&mut text) {
        Ok(_) => Ok(text),
        Err(source) => Err(InputError::Read { path: STDIN.into(), source }),
    }
}

fn contents(path: &Path, content: Content) -> Result<Vec<u8>, InputError> {
    let failed = |source| InputError::Read { path: path.to_owned(), source };
    let mut file = open(path, content).map_err(|source| match (content, source.kind()) {
        (Content::Listed, io::ErrorKind::NotFound) => {
            InputError::Vanished { path: path.to_owned(), source }
        }
        _ => failed(source),
    })?;
    let before = file.metadata().map_err(failed)?;
    if content == Content::Listed && !before.is_file() {
        return Err(InputError::NoFile { path: path.to_owned() });
    }
    let mut text = Vec::new();
    // At once and no more than that, as it is the largest thing in memory for a while.
    let size = usize::try_from(before.len().min(LIMIT)).unwrap_or(0);
    text.reserve_exact(size.saturating_add(1));
    file.by_ref().take(LIMIT).read_to_end(&mut text).map_err(failed)?;
    let after = file.metadata().map_err(failed)?;
    if before.is_file() && state(&before) != state(&after) {
        return Err(InputError::Changing { path: path.to_owned() });
    }
    Ok(text)
}

/// Opens the file. Whoever names a pipe has it read to its end; one that happens to be in a directory
/// is not waited for.
fn open(path: &Path, content: Content) -> io::Result<File> {
    let flags = if content == Content::Listed { libc::O_NONBLOCK } else { 0 };
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}

/// What a writer changes.
fn state(facts: &Metadata) -> (u64, Option<SystemTime>) {
    (facts.len(), facts.modified().ok())
}
