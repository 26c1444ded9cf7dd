//! Signals as something to read, from before the changes are made.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};

/// The one that confirms.
const CONFIRM: Signal = Signal::SIGUSR1;

/// Those that bring the previous state back.
const REVERT: [Signal; 4] = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT];

/// The signals that say what shall become of the changes, held back for [`Signals::next`].
#[derive(Debug)]
pub(super) struct Signals {
    file: SignalFd,
    before: SigSet,
}

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    /// To keep the changes.
    Confirm,
    /// To bring the previous state back: this signal.
    Revert(Signal),
}

impl Signals {
    /// From now on they are held back.
    pub(super) fn hold() -> io::Result<Self> {
        let set: SigSet = REVERT.into_iter().chain([CONFIRM]).collect();
        let file = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        let before = SigSet::thread_get_mask()?;
        set.thread_block()?;
        Ok(Self { file, before })
    }

    /// They do again what they do by default, also those that came meanwhile.
    pub(super) fn release(self) {
        let _ = self.before.thread_set_mask();
    }

    /// The next one that has come.
    pub(super) fn next(&self) -> Option<Asked> {
        let info = self.file.read_signal().ok()??;
        let signal = i32::try_from(info.ssi_signo).ok()?.try_into().ok()?;
        Some(if signal == CONFIRM { Asked::Confirm } else { Asked::Revert(signal) })
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}
