//! One policy file, whole or not at all.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::Path;
use std::time::SystemTime;

use super::files::{Content, PolicyFile, STDIN};
use super::kind::FileKind;
use super::{InputError, listed};
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
    let name = if path == Path::new(STDIN) { "<stdin>".into() } else { path.to_string_lossy() };
    let name = name.into_owned();
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
    let mut file = match content {
        Content::Listed => listed::open(path)?,
        Content::Named | Content::Stdin => named(path)?,
    };
    let before = file.metadata().map_err(failed)?;
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

/// Opens what the operator named, wherever a link leads; a pipe is read to its end.
fn named(path: &Path) -> Result<File, InputError> {
    File::open(path).map_err(|source| {
        let kind = path.metadata().ok().and_then(|facts| FileKind::of(facts.file_type()));
        match kind {
            // open(2) has only "No such device or address" for it.
            Some(kind @ FileKind::Socket) => InputError::NoFile { path: path.to_owned(), kind },
            _ => InputError::Read { path: path.to_owned(), source },
        }
    })
}

/// What a writer changes.
fn state(facts: &Metadata) -> (u64, Option<SystemTime>) {
    (facts.len(), facts.modified().ok())
}
