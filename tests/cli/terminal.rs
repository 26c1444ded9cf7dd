//! Terminals.

use std::fs::File;
use std::os::fd::OwnedFd;

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::pty::openpty;

/// A new terminal: the keyboard and screen of it, and what programs are given.
pub(crate) fn terminal() -> (File, OwnedFd) {
    let pair = openpty(None, None).unwrap();
    // A program that had it too would keep the terminal from closing.
    fcntl(&pair.master, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
    (pair.master.into(), pair.slave)
}
