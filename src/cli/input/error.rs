//! Why a policy could not be read.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::kind::FileKind;
use super::{DEFAULT_DIRECTORY, DEFAULT_FILE, shown};

/// Why a policy could not be read.
#[derive(Debug, Error)]
pub(in crate::cli) enum InputError {
    /// A file or directory that is not there, may not be read, or breaks while it is read.
    #[error("cannot read `{}`", shown(path))]
    Read {
        /// The file or directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file that its directory lists and that cannot be opened by that name.
    #[error("cannot read `{}`, which its directory lists", shown(path))]
    Vanished {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A file that somebody was writing to.
    #[error("`{}` changed while it was read", shown(path))]
    Changing {
        /// The file.
        path: PathBuf,
    },
    /// A link that its directory lists and that leads out of it.
    #[error("`{}` is a link that leads out of its directory, to `{}`", shown(path), shown(target))]
    LeadsOut {
        /// The link.
        path: PathBuf,
        /// The path out of the directory, in this link or in the last of the links that it leads to.
        target: PathBuf,
    },
    /// Something that is no regular file, such as a pipe in a directory, or a socket.
    #[error("`{}` is {kind}, not a regular file", shown(path))]
    NoFile {
        /// Its path.
        path: PathBuf,
        /// What it is instead.
        kind: FileKind,
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
    /// Everything that there is was to be left out.
    #[error("no policy is left without {}", listed(without))]
    NothingLeft {
        /// What was to be left out.
        without: Vec<PathBuf>,
    },
    /// Standard input, or one file, was named more than once.
    #[error("`{}` is given twice", shown(path))]
    Twice {
        /// The file as given.
        path: PathBuf,
    },
    /// A file is to be replaced or left out of which the policy does not consist.
    #[error("`{}` is no part of the policy", shown(path))]
    NoPart {
        /// The file as given.
        path: PathBuf,
        /// What the policy consists of.
        policy: Vec<PathBuf>,
    },
}

impl InputError {
    /// Whether there is nothing that could be read or be wrong.
    #[must_use]
    pub(in crate::cli) fn is_no_policy(&self) -> bool {
        matches!(self, Self::EmptyDirectory { .. } | Self::NoDefault | Self::NothingLeft { .. })
    }

    /// What the operator can do about it.
    #[must_use]
    pub(in crate::cli) fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Read { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => "check the path",
                io::ErrorKind::PermissionDenied => "run as a user who may read it",
                _ => return None,
            },
            Self::Vanished { .. } => {
                "it was removed in this very moment, or is a link that leads nowhere: try again, \
                 or remove it"
            }
            Self::Changing { .. } => {
                "try again; write a policy under another name and rename it, so that it is never \
                 read half"
            }
            Self::LeadsOut { .. } => {
                "put the file itself in its place, or remove the link and name the file on the \
                 command line; a link within the directory must be relative"
            }
            Self::NoFile { kind, .. } => kind.remedy(),
            Self::EmptyDirectory { .. } => {
                "a directory stands for its *.yaml and *.yml files, hidden ones left out"
            }
            Self::NoDefault => "name a policy file: `hairnat apply policy.yaml`",
            Self::NothingLeft { .. } => "`hairnat remove` takes away what was applied of it",
            Self::Twice { .. } => "name each file once",
            Self::NoPart { policy, .. } => {
                return Some(format!(
                    "the policy is made of {}; in a directory only *.yaml and *.yml count, hidden \
                     ones left out",
                    listed(policy)
                ));
            }
        };
        Some(hint.to_owned())
    }
}

fn listed(paths: &[PathBuf]) -> String {
    let quoted: Vec<String> = paths.iter().map(|path| format!("`{}`", shown(path))).collect();
    quoted.join(", ")
}
