//! Which files make up the policy: those that are named, or the defaults, with one of them replaced
//! or left out if that is asked for.

use std::io;
use std::path::{Path, PathBuf};

use super::{DEFAULT_DIRECTORY, DEFAULT_FILE, InputError};
use crate::cli::args::PolicyFiles;

/// Standard input on a command line.
pub(super) const STDIN: &str = "-";

/// One file of the policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct PolicyFile {
    /// The file as the operator knows it.
    pub(super) path: PathBuf,
    /// What its content is read from.
    pub(super) content: Content,
}

/// Where the content of a policy file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Content {
    /// In the file, which was named.
    Named,
    /// In the file, which its directory lists.
    Listed,
    /// On standard input.
    Stdin,
}

/// What a name on the command line stands for.
enum Place {
    /// One file, whether it is there or not.
    File(PathBuf),
    /// The policy files of a directory.
    Directory(PathBuf),
}

/// The files that make up the policy, in the order of the names and a directory's in byte order.
///
/// # Errors
///
/// A directory that cannot be read or has no file, a file that is given twice, or no file at all.
pub(super) fn list(named: &PolicyFiles) -> Result<Vec<PolicyFile>, InputError> {
    let defaults = named.files.is_empty();
    let places = if defaults { default_places() } else { places(&named.files) };
    for path in named.stdin_as.iter().chain(&named.without) {
        if !places.iter().any(|place| place.admits(path)) {
            let policy = places.iter().map(|place| place.path().to_owned()).collect();
            return Err(InputError::NoPart { path: path.clone(), policy });
        }
    }
    let mut files = Vec::new();
    for place in &places {
        let mut found =
            if defaults && !exists(place.path()) { Vec::new() } else { place.files()? };
        if let Some(path) = named.stdin_as.as_ref().filter(|path| place.admits(path)) {
            found.retain(|file| !same(&file.path, path));
            found.push(PolicyFile { path: path.clone(), content: Content::Stdin });
            found.sort_unstable();
        }
        if found.is_empty() && !defaults {
            return Err(InputError::EmptyDirectory { path: place.path().to_owned() });
        }
        files.extend(found);
    }
    if files.is_empty() && named.without.is_empty() {
        return Err(InputError::NoDefault);
    }
    files.retain(|file| !named.without.iter().any(|path| same(&file.path, path)));
    if files.is_empty() {
        return Err(InputError::NothingLeft { without: named.without.clone() });
    }
    each_once(files)
}

fn default_places() -> Vec<Place> {
    vec![Place::File(DEFAULT_FILE.into()), Place::Directory(DEFAULT_DIRECTORY.into())]
}

fn places(files: &[PathBuf]) -> Vec<Place> {
    let place = |path: &PathBuf| {
        if path.is_dir() { Place::Directory(path.clone()) } else { Place::File(path.clone()) }
    };
    files.iter().map(place).collect()
}

/// Whether something is there, if only a link that leads nowhere or what may not be looked at: to
/// pass over one part of a policy would take its floats away.
fn exists(path: &Path) -> bool {
    let found = path.symlink_metadata();
    !found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
}

fn each_once(files: Vec<PolicyFile>) -> Result<Vec<PolicyFile>, InputError> {
    let from_stdin = |file: &&PolicyFile| file.content == Content::Stdin;
    if files.iter().filter(from_stdin).count() > 1 {
        return Err(InputError::Twice { path: STDIN.into() });
    }
    let mut paths: Vec<&Path> = files.iter().map(|file| file.path.as_path()).collect();
    paths.sort_unstable();
    match paths.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(InputError::Twice { path: pair[0].to_owned() }),
        None => Ok(files),
    }
}

impl Place {
    fn path(&self) -> &Path {
        match self {
            Self::File(path) | Self::Directory(path) => path,
        }
    }

    /// Whether the file `path` is, or would be, of this place.
    fn admits(&self, path: &Path) -> bool {
        match self {
            Self::File(file) => same(file, path),
            Self::Directory(directory) => {
                is_policy_name(path)
                    && canonical(directory)
                        .is_some_and(|found| canonical_parent(path) == Some(found))
            }
        }
    }

    fn files(&self) -> Result<Vec<PolicyFile>, InputError> {
        match self {
            Self::File(path) => {
                let content =
                    if path == Path::new(STDIN) { Content::Stdin } else { Content::Named };
                Ok(vec![PolicyFile { path: path.clone(), content }])
            }
            Self::Directory(directory) => policy_files(directory),
        }
    }
}

/// The policy files of a directory in byte order, not recursing, hidden ones left out.
fn policy_files(directory: &Path) -> Result<Vec<PolicyFile>, InputError> {
    let failed = |source| InputError::Read { path: directory.to_owned(), source };
    let mut files = Vec::new();
    for entry in directory.read_dir().map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if is_policy_name(&path) {
            files.push(PolicyFile { path, content: Content::Listed });
        }
    }
    files.sort_unstable_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    Ok(files)
}

fn is_policy_name(path: &Path) -> bool {
    let hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes()[0] == b'.');
    !hidden && path.extension().is_some_and(|end| end == "yaml" || end == "yml")
}

/// Whether both name one file, also where it does not exist.
fn same(one: &Path, other: &Path) -> bool {
    one == other
        || (one.file_name().is_some()
            && one.file_name() == other.file_name()
            && canonical_parent(one).is_some_and(|parent| canonical_parent(other) == Some(parent)))
}

fn canonical_parent(path: &Path) -> Option<PathBuf> {
    let parent = path.parent()?;
    canonical(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
}

/// The directory without links in its path; its absolute path where it does not exist.
fn canonical(directory: &Path) -> Option<PathBuf> {
    directory.canonicalize().or_else(|_| std::path::absolute(directory)).ok()
}
