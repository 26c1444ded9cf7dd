//! Policy files: which ones, and what is in them.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::policy::{LARGEST_FILE, Source};

/// Where a policy is when the command line names none.
const DEFAULT_FILE: &str = "/etc/hairnat/policy.yaml";
/// The drop-in directory beside it.
const DEFAULT_DIRECTORY: &str = "/etc/hairnat/policy.d";

/// Why a policy could not be read.
#[derive(Debug, Error)]
pub(super) enum InputError {
    /// A file or directory that is not there, may not be read, or breaks while it is read.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A directory without a single policy file.
    #[error("no policy file in directory `{}`", shown(path))]
    EmptyDirectory {
        /// The directory.
        path: PathBuf,
    },
    /// Neither default is there.
    #[error("no policy: neither `{DEFAULT_FILE}` nor a file in `{DEFAULT_DIRECTORY}` exists")]
    NoDefault,
    /// Standard input, or one file, was named more than once.
    #[error("`{}` is given twice", shown(path))]
    Twice {
        /// The file as given.
        path: PathBuf,
    },
}

impl InputError {
    /// What the operator can do about it.
    #[must_use]
    pub(super) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "check the path",
                io::ErrorKind::PermissionDenied => "run as a user who may read it",
                _ => return None,
            },
            Self::EmptyDirectory { .. } => {
                "a directory stands for its *.yaml and *.yml files, hidden ones left out"
            }
            Self::NoDefault => "name a policy file: `hairnat apply policy.yaml`",
            Self::Twice { .. } => "name each file once",
        };
        Some(hint.to_owned())
    }
}

/// Reads every file that makes up the policy.
///
/// # Errors
///
/// The first file or directory that cannot be read.
pub(super) fn read(files: &[PathBuf]) -> Result<Vec<Source>, InputError> {
    let paths = if files.is_empty() { default_paths()? } else { expand(files)? };
    paths.iter().map(|path| read_source(path)).collect()
}

fn default_paths() -> Result<Vec<PathBuf>, InputError> {
    let mut paths = Vec::new();
    if exists(DEFAULT_FILE) {
        paths.push(PathBuf::from(DEFAULT_FILE));
    }
    if exists(DEFAULT_DIRECTORY) {
        paths.extend(policy_files(Path::new(DEFAULT_DIRECTORY))?);
    }
    if paths.is_empty() { Err(InputError::NoDefault) } else { Ok(paths) }
}

/// Whether something is there, if only a link that leads nowhere or what may not be looked at: to
/// pass over one part of a policy would take its floats away.
fn exists(path: &str) -> bool {
    let found = Path::new(path).symlink_metadata();
    !found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn expand(files: &[PathBuf]) -> Result<Vec<PathBuf>, InputError> {
    let mut paths: Vec<PathBuf> = Vec::new();
    for path in files {
        let found = if path.is_dir() { policy_files(path)? } else { vec![path.clone()] };
        if found.is_empty() {
            return Err(InputError::EmptyDirectory { path: path.clone() });
        }
        paths.extend(found);
    }
    let mut sorted = paths.clone();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(InputError::Twice { path: pair[0].clone() }),
        None => Ok(paths),
    }
}

/// The policy files of a directory in byte order, not recursing, hidden ones left out.
fn policy_files(directory: &Path) -> Result<Vec<PathBuf>, InputError> {
    let failed = |source| InputError::Read { path: directory.to_owned(), source };
    let mut files = Vec::new();
    for entry in directory.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        let hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
        let yaml = path.extension().is_some_and(|end| end == "yaml" || end == "yml");
        if yaml && !hidden && !path.is_dir() {
            files.push(path);
        }
    }
    files.sort_unstable_by(|a, b| a.as_os_str().cmp(b.as_os_str()));
    Ok(files)
}

/// One byte more than a policy may have is read, so that a larger one is seen to be larger.
fn read_source(path: &Path) -> Result<Source, InputError> {
    let failed = |source| InputError::Read { path: path.to_owned(), source };
    let mut text = Vec::new();
    let limit = LARGEST_FILE as u64 + 1;
    if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut text).map_err(failed)?;
        return Ok(Source { name: "<stdin>".to_owned(), text });
    }
    let file = File::open(path).map_err(failed)?;
    // At once and no more than that, as it is the largest thing in memory for a while.
    let size = file.metadata().map_or(0, |facts| facts.len().min(limit));
    text.reserve_exact(usize::try_from(size).unwrap_or(0).saturating_add(1));
    file.take(limit).read_to_end(&mut text).map_err(failed)?;
    Ok(Source { name: shown(path), text })
}

/// The path for people, without control characters: they could rewrite what the terminal shows.
fn shown(path: &Path) -> String {
    path.display().to_string().replace(char::is_control, "\u{fffd}")
}
