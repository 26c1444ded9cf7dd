//! A file that a directory lists, opened without leaving that directory.
//!
//! Other users may write the directory: a checkout, or a drop-in directory that was handed over. A
//! link there must not make a privileged run read a file elsewhere and quote it in its errors.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, OpenHow, ResolveFlag, openat, openat2, readlinkat};
use nix::sys::stat::Mode;

use super::InputError;
use super::kind::regular;

/// How many links may lead from one to the next, as many as the kernel's `MAXSYMLINKS`; and how often
/// a path is resolved again that changes meanwhile.
const TRIES: usize = 40;

/// Opens the file `path`, which its directory lists, for reading.
///
/// # Errors
///
/// A link that leads out of the directory, something other than a regular file, or the reason why
/// the file cannot be opened.
pub(super) fn open(path: &Path) -> Result<File, InputError> {
    let failed = |source| InputError::Read { path: path.to_owned(), source };
    let directory = directory_of(path).map_err(failed)?;
    let name = Path::new(path.file_name().unwrap_or_default());
    let open = |flags| match beneath(&directory, name, flags) {
        Ok(file) => Ok(file),
        Err(Errno::EXDEV) => match follow(&directory, name) {
            Ok(Followed::Elsewhere(target)) => {
                Err(InputError::LeadsOut { path: path.to_owned(), target })
            }
            Ok(Followed::File(_)) | Err(_) => Err(failed(Errno::EXDEV.into())),
        },
        Err(errno @ Errno::ENOENT) => {
            Err(InputError::Vanished { path: path.to_owned(), source: errno.into() })
        }
        Err(errno) => Err(failed(errno.into())),
    };
    // Opening a device can be enough to use it, and a socket cannot be opened: look first.
    regular(path, &open(OFlag::O_PATH)?.metadata().map_err(failed)?)?;
    let file = open(OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY)?;
    regular(path, &file.metadata().map_err(failed)?)?;
    Ok(file)
}

fn directory_of(path: &Path) -> io::Result<File> {
    let directory = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let flags = (OFlag::O_PATH | OFlag::O_DIRECTORY).bits();
    // Rust wants an access mode, and Linux ignores it with O_PATH.
    OpenOptions::new().read(true).custom_flags(flags).open(directory.unwrap_or(Path::new(".")))
}

/// Opens `name` in `directory`. Links are followed below the directory; one that leads out of it is
/// `EXDEV`.
fn beneath(directory: &File, name: &Path, flags: OFlag) -> Result<File, Errno> {
    let resolve = ResolveFlag::RESOLVE_BENEATH | ResolveFlag::RESOLVE_NO_MAGICLINKS;
    let how = OpenHow::new().flags(flags | OFlag::O_CLOEXEC).resolve(resolve);
    let mut tries = 0..TRIES;
    loop {
        match openat2(directory, name, how) {
            // openat2(2): `..` was resolved while a directory was moved somewhere on the host.
            Err(Errno::EAGAIN) if tries.next().is_some() => {}
            // A sandbox that does not know openat2(2) refuses it with one of these.
            Err(Errno::ENOSYS | Errno::EPERM) => return link_by_link(directory, name, flags),
            opened => return opened.map(File::from),
        }
    }
}

/// As [`beneath`] without openat2(2): follows links to files of the same directory only.
fn link_by_link(directory: &File, name: &Path, flags: OFlag) -> Result<File, Errno> {
    // With O_PATH, O_NOFOLLOW opens a link itself instead of failing with ELOOP.
    let flags = flags | OFlag::O_NOFOLLOW | OFlag::O_CLOEXEC;
    match follow(directory, name)? {
        Followed::File(name) => openat(directory, &name, flags, Mode::empty()).map(File::from),
        Followed::Elsewhere(_) => Err(Errno::EXDEV),
    }
}

/// Where links within a directory lead.
enum Followed {
    /// To a file of the directory by that name.
    File(PathBuf),
    /// To another directory, by that path.
    Elsewhere(PathBuf),
}

fn follow(directory: &File, name: &Path) -> Result<Followed, Errno> {
    let mut name = name.to_owned();
    for _ in 0..TRIES {
        let target = match readlinkat(directory, &name) {
            Ok(target) => PathBuf::from(target),
            // readlink(2): it is no link.
            Err(Errno::EINVAL) => return Ok(Followed::File(name)),
            Err(errno) => return Err(errno),
        };
        let mut parts = target.components();
        match (parts.next(), parts.next()) {
            (Some(Component::Normal(_)), None) => name = target,
            _ => return Ok(Followed::Elsewhere(target)),
        }
    }
    Err(Errno::ELOOP)
}
