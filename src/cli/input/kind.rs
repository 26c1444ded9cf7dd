//! Kinds of files.

use std::fmt;
use std::fs::{FileType, Metadata};
use std::os::unix::fs::FileTypeExt as _;
use std::path::Path;

use super::InputError;

/// What a file is, if not a regular one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum FileKind {
    Directory,
    Socket,
    Pipe,
    CharacterDevice,
    BlockDevice,
    /// A link that was not followed.
    Link,
}

impl FileKind {
    /// The kind; `None` for a regular file.
    pub(super) fn of(file: FileType) -> Option<Self> {
        let kinds = [
            (file.is_dir(), Self::Directory),
            (file.is_socket(), Self::Socket),
            (file.is_fifo(), Self::Pipe),
            (file.is_char_device(), Self::CharacterDevice),
            (file.is_block_device(), Self::BlockDevice),
            (file.is_symlink(), Self::Link),
        ];
        kinds.into_iter().find_map(|(is, kind)| is.then_some(kind))
    }

    /// What to do about a file of this kind where a policy file is expected.
    pub(super) const fn remedy(self) -> &'static str {
        match self {
            Self::Directory => {
                "rename it or move it away; for its files to be read, name it on the command line"
            }
            Self::Socket => "move it away: a policy is read from a file, a directory or a pipe",
            Self::Pipe | Self::CharacterDevice | Self::BlockDevice => {
                "move it away; for its content to be read, name it on the command line"
            }
            Self::Link => "try again: it became a link in this very moment",
        }
    }
}

impl fmt::Display for FileKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Directory => "a directory",
            Self::Socket => "a socket",
            Self::Pipe => "a pipe",
            Self::CharacterDevice => "a character device",
            Self::BlockDevice => "a block device",
            Self::Link => "a link",
        })
    }
}

/// Whether the file is a regular one.
///
/// # Errors
///
/// [`InputError::NoFile`] with its kind if not.
pub(super) fn regular(path: &Path, facts: &Metadata) -> Result<(), InputError> {
    match FileKind::of(facts.file_type()) {
        None => Ok(()),
        Some(kind) => Err(InputError::NoFile { path: path.to_owned(), kind }),
    }
}
