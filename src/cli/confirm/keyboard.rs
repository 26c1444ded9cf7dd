//! Standard input as the place where a confirmation is typed: an empty line, which is Enter alone.

use std::io::{self, IsTerminal};
use std::os::fd::AsFd;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags};
use nix::sys::termios::{FlushArg, tcflush};
use nix::unistd::{getpgrp, read, tcgetpgrp};

/// Standard input as far as it was read.
#[derive(Debug)]
pub(super) struct Keyboard {
    input: io::Stdin,
    source: Source,
    line: Line,
}

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    /// Somebody at a terminal.
    Terminal,
    /// A program, or a file.
    Stream,
    /// Nobody any more.
    Ended,
}

/// What was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Typed {
    /// Nothing that says anything.
    Nothing,
    /// Enter alone.
    Enter,
    /// Enter after something else.
    Text,
    /// The terminal has ended, or is gone.
    Closed,
}

impl Keyboard {
    /// Standard input, without what was typed into a terminal before there was anything to confirm.
    pub(super) fn new() -> Self {
        let input = io::stdin();
        let source = if input.is_terminal() { Source::Terminal } else { Source::Stream };
        let this = Self { input, source, line: Line::default() };
        if source == Source::Terminal && this.in_foreground() {
            let _ = tcflush(&this.input, FlushArg::TCIFLUSH);
        }
        this
    }

    /// Whether anything can be typed still.
    pub(super) fn is_there(&self) -> bool {
        self.source != Source::Ended
    }

    /// What to wait for, and whether to look again in a while: what is typed into the terminal of a
    /// job in the background is not for us, and to read it would stop us (SIGTTIN).
    pub(super) fn awaited(&self) -> Option<(PollFd<'_>, bool)> {
        match self.source {
            Source::Ended => None,
            Source::Terminal if !self.in_foreground() => {
                Some((PollFd::new(self.input.as_fd(), PollFlags::empty()), true))
            }
            _ => Some((PollFd::new(self.input.as_fd(), PollFlags::POLLIN), false)),
        }
    }

    /// Reads what was typed, once something was, by what poll(2) says of it.
    pub(super) fn read(&mut self, events: PollFlags) -> Typed {
        let gone = PollFlags::POLLHUP | PollFlags::POLLERR | PollFlags::POLLNVAL;
        if self.source == Source::Terminal && events.intersects(gone) {
            return self.end();
        }
        // A job that went to the background since.
        if self.source == Source::Terminal && !self.in_foreground() {
            return Typed::Nothing;
        }
        let mut buffer = [0; 4096];
        match read(&self.input, &mut buffer) {
            Ok(0) => self.end(),
            Ok(len) => {
                let typed = self.line.take(buffer.get(..len).unwrap_or_default());
                if typed == Typed::Text && self.source == Source::Stream {
                    // Not meant for us; there may be any amount of it.
                    self.source = Source::Ended;
                }
                typed
            }
            Err(Errno::EINTR | Errno::EAGAIN) => Typed::Nothing,
            Err(_) => self.end(),
        }
    }

    fn end(&mut self) -> Typed {
        let terminal = self.source == Source::Terminal;
        self.source = Source::Ended;
        if terminal { Typed::Closed } else { Typed::Nothing }
    }

    /// Whether our terminal is ours to read; one that does not control us always is.
    fn in_foreground(&self) -> bool {
        tcgetpgrp(&self.input).map_or(true, |group| group == getpgrp())
    }
}

/// The line that is being typed.
#[derive(Debug, Default)]
struct Line {
    text: bool,
}

impl Line {
    /// The first line that ends within `bytes`.
    fn take(&mut self, bytes: &[u8]) -> Typed {
        for byte in bytes {
            match byte {
                b'\n' if self.text => {
                    self.text = false;
                    return Typed::Text;
                }
                b'\n' => return Typed::Enter,
                _ => self.text |= !byte.is_ascii_whitespace(),
            }
        }
        Typed::Nothing
    }
}

#[cfg(test)]
mod tests {
    use super::{Line, Typed};

    #[test]
    fn only_an_empty_line_is_enter() {
        let typed = |pieces: &[&str]| -> Vec<Typed> {
            let mut line = Line::default();
            pieces.iter().map(|piece| line.take(piece.as_bytes())).collect()
        };
        assert_eq!(typed(&["\n"]), [Typed::Enter]);
        assert_eq!(typed(&[" \t\r\n"]), [Typed::Enter]);
        assert_eq!(typed(&["no\n", "\n"]), [Typed::Text, Typed::Enter]);
        assert_eq!(typed(&["n", "o", "\n"]), [Typed::Nothing, Typed::Nothing, Typed::Text]);
        assert_eq!(typed(&["", " "]), [Typed::Nothing, Typed::Nothing]);
    }
}
