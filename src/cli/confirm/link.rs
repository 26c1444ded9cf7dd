//! The line between hairnat and its guardian: whole messages, and each end hears the other's end.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, MsgFlags, SockFlag, SockType, recv, send, socketpair};

/// More than any message has: an error, its cause and its hint.
const LONGEST: usize = 64 * 1024;

/// One end.
#[derive(Debug)]
pub(super) struct Link(OwnedFd);

/// What came.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Heard {
    /// A message.
    Message(Vec<u8>),
    /// The other end is gone; there is nothing more to come.
    Gone,
    /// Nothing, for as long as was to be waited.
    Silence,
}

impl Link {
    /// Both ends. Each is alone with one process only once the other process has dropped it.
    pub(super) fn pair() -> io::Result<(Self, Self)> {
        let (one, other) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?;
        Ok((Self(one), Self(other)))
    }

    /// Says something; whether the other end was there to be told. Whether it has listened, only
    /// its answer shows.
    pub(super) fn say(&self, message: &[u8]) -> bool {
        send(self.0.as_raw_fd(), message, MsgFlags::MSG_NOSIGNAL).is_ok()
    }

    /// Waits for a message, at most `until` if there is a limit.
    ///
    /// A line that fails is as good as one that has no other end.
    pub(super) fn hear(&self, until: Option<Instant>) -> Heard {
        if !wait(&mut [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)], until) {
            return Heard::Silence;
        }
        let mut buffer = vec![0; LONGEST];
        loop {
            match recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
                Ok(0) => return Heard::Gone,
                Ok(len) => {
                    buffer.truncate(len);
                    return Heard::Message(buffer);
                }
                // ECONNRESET: the other end is gone and has left something unread
                // (`unix_release_sock`), but what it said before is still to be had.
                Err(Errno::EINTR | Errno::ECONNRESET) => {}
                Err(_) => return Heard::Gone,
            }
        }
    }
}

impl AsFd for Link {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// poll(2) as long as nothing happens, at most `until`; whether something did.
pub(super) fn wait(files: &mut [PollFd<'_>], until: Option<Instant>) -> bool {
    loop {
        let left = until.map(|until| until.saturating_duration_since(Instant::now()));
        // Rounded up: a wait that ends early would be repeated without pause.
        let timeout = left.map_or(PollTimeout::NONE, |left| {
            let millis = left.as_micros().div_ceil(1000);
            PollTimeout::try_from(millis).unwrap_or(PollTimeout::MAX)
        });
        match poll(files, timeout) {
            Ok(0) if left.is_some_and(|left| left.is_zero()) => return false,
            Ok(0) | Err(Errno::EINTR) => {}
            // What cannot be waited for shows what is wrong when it is read.
            Ok(_) | Err(_) => return true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::{Heard, Link};

    #[test]
    fn messages_come_whole_and_before_the_end() {
        let (here, there) = Link::pair().unwrap();
        assert_eq!(here.hear(Some(Instant::now())), Heard::Silence);
        there.say(b"one");
        there.say(b"two");
        // Unread: the other end must not lose its words over it.
        here.say(b"never heard");
        drop(there);
        assert_eq!(here.hear(None), Heard::Message(b"one".to_vec()));
        assert_eq!(here.hear(None), Heard::Message(b"two".to_vec()));
        assert_eq!(here.hear(None), Heard::Gone);
        here.say(b"to nobody");
        assert_eq!(here.hear(None), Heard::Gone);
    }

    #[test]
    fn silence_lasts_as_long_as_was_to_be_waited() {
        let (here, _there) = Link::pair().unwrap();
        let until = Instant::now() + Duration::from_millis(20);
        assert_eq!(here.hear(Some(until)), Heard::Silence);
        assert!(Instant::now() >= until);
    }
}
