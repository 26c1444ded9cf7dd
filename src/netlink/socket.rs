//! The netlink socket: requests, dumps and batches with their answers.

use std::io;

use mnl::{Bus, Socket as MnlSocket};

use super::attribute::Malformed;
use super::error::Error;
use super::ffi;
use super::message::{Message, Messages, NLMSG_DONE, Verdict};

/// The kernel fills at most this many bytes of a dump at once (`netlink_dump`).
const RECEIVE_BUFFER: usize = 32 * 1024;

/// What `netlink_sendmsg` keeps off the send buffer.
const SEND_OVERHEAD: usize = 32;

/// The receive queue for the answers to a batch: one per refused message, about 1 KiB with its
/// overhead, all queued before the first can be read.
const ANSWERS: i32 = 4 * 1024 * 1024;

/// An open netlink socket to one subsystem of this network namespace.
pub(crate) struct Socket {
    inner: MnlSocket,
    seq: u32,
    buffer: Vec<u8>,
    datagrams: u32,
    interrupted: bool,
}

/// Whether everything that the kernel queued for a socket was there to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Queue {
    /// Nothing was lost.
    Whole,
    /// Some messages found no room.
    Overrun,
}

/// Why a request has no answer: it must be made again, or it failed.
#[derive(Debug)]
pub(crate) enum Interrupted<E = Error> {
    /// Something changed while it ran, or answers were lost.
    Again,
    /// It failed.
    Failed(E),
}

impl<E: From<Error>> From<Error> for Interrupted<E> {
    fn from(error: Error) -> Self {
        Interrupted::Failed(error.into())
    }
}

impl<E: From<Error>> From<Malformed> for Interrupted<E> {
    fn from(error: Malformed) -> Self {
        Error::from(error).into()
    }
}

impl Socket {
    /// Opens the socket.
    pub(crate) fn open(bus: Bus) -> Result<Self, Error> {
        let inner = MnlSocket::new(bus).map_err(failed("open a netlink socket"))?;
        let buffer = vec![0; RECEIVE_BUFFER];
        let this = Self { inner, seq: 1, buffer, datagrams: 0, interrupted: false };
        // Short answers, with the kernel's own words and the place of an error (Linux 4.12).
        for option in [libc::NETLINK_CAP_ACK, libc::NETLINK_EXT_ACK] {
            ffi::set_option(&this.inner, libc::SOL_NETLINK, option, 1)
                .map_err(failed("set up the netlink socket"))?;
        }
        this.grow(libc::SO_RCVBUFFORCE, libc::SO_RCVBUF, ANSWERS)
            .map_err(failed("set up the netlink socket"))?;
        Ok(this)
    }

    /// The number of the next message.
    pub(crate) fn next_seq(&self) -> u32 {
        self.seq
    }

    /// How many datagrams the answer to the last request took, the one that ends a dump among them.
    pub(crate) fn datagrams(&self) -> u32 {
        self.datagrams
    }

    /// Whether something changed between two parts of the last dump (`NLM_F_DUMP_INTR`).
    pub(crate) fn interrupted(&self) -> bool {
        self.interrupted
    }

    /// As [`Socket::request_across_changes`], but a dump in which something changed must be made
    /// again.
    pub(crate) fn request<E: From<Error>>(
        &mut self,
        request: &[u8],
        dump: bool,
        take: impl FnMut(Message<'_>) -> Result<(), Interrupted<E>>,
    ) -> Result<i32, Interrupted<E>> {
        let errno = self.request_across_changes(request, dump, take)?;
        if self.interrupted { Err(Interrupted::Again) } else { Ok(errno) }
    }

    /// Sends one request, numbered [`Socket::next_seq`], and calls `take` for every message of the
    /// answer but errors; gives the errno of the error, 0 if there was none.
    ///
    /// A dump is read to its end even if it is of no use any more: the kernel runs one at a time.
    pub(crate) fn request_across_changes<E: From<Error>>(
        &mut self,
        request: &[u8],
        dump: bool,
        mut take: impl FnMut(Message<'_>) -> Result<(), Interrupted<E>>,
    ) -> Result<i32, Interrupted<E>> {
        let seq = self.send(request)?;
        (self.datagrams, self.interrupted) = (0, false);
        let mut outcome = Ok(());
        loop {
            let len = match self.receive(true) {
                Ok(len) => len,
                Err(error) if error.raw_os_error() == Some(libc::ENOBUFS) => {
                    outcome = Err(Interrupted::Again);
                    if dump {
                        continue;
                    }
                    // As long as anything is queued, the next answer would be lost too, and
                    // without a word (`NETLINK_S_CONGESTED`).
                    self.drain(|_| {})?;
                    return outcome.map(|()| 0);
                }
                Err(error) => return Err(failed("read from the kernel")(error).into()),
            };
            self.datagrams = self.datagrams.saturating_add(1);
            for message in Messages(self.buffer.get(..len).unwrap_or_default()) {
                let message = message?;
                // What is left over from an earlier, abandoned request.
                if message.seq != seq {
                    continue;
                }
                if let Some(verdict) = message.verdict()? {
                    return outcome.map(|()| verdict.errno);
                }
                self.interrupted |= message.interrupted();
                if message.kind == NLMSG_DONE {
                    return outcome.and_then(|()| Ok(message.done_errno()?));
                }
                if outcome.is_ok() {
                    outcome = take(message);
                }
                if !dump {
                    return outcome.map(|()| 0);
                }
            }
        }
    }

    /// Sends one request that is no dump, numbered [`Socket::next_seq`], and calls `take` for every
    /// message of the answer, in order, up to the verdict; `None` if that was lost, because the
    /// receive queue was too short for the whole answer. What `take` saw is its beginning then.
    ///
    /// The kernel answers within the call that sends (`netlink_unicast_kernel`), so all that will
    /// ever come is there when that returns. The request must ask for an acknowledgement.
    pub(crate) fn request_queued<E: From<Error>>(
        &mut self,
        request: &[u8],
        mut take: impl FnMut(Message<'_>) -> Result<(), Interrupted<E>>,
    ) -> Result<Option<Verdict>, Interrupted<E>> {
        let seq = self.send(request)?;
        let mut outcome = Ok(());
        loop {
            let len = match self.receive(false) {
                Ok(len) => len,
                Err(error) => match error.raw_os_error() {
                    Some(libc::EAGAIN) => return outcome.map(|()| None),
                    // Told first, although what fitted the queue came before what did not.
                    Some(libc::ENOBUFS) => continue,
                    _ => return Err(failed("read from the kernel")(error).into()),
                },
            };
            for message in Messages(self.buffer.get(..len).unwrap_or_default()) {
                let message = message?;
                if message.seq != seq {
                    continue;
                }
                if let Some(verdict) = message.verdict()? {
                    return outcome.map(|()| Some(verdict));
                }
                // The rest is read even if it is of no use any more, to empty the queue.
                if outcome.is_ok() {
                    outcome = take(message);
                }
            }
        }
    }

    /// The bytes of memory that queued answers may take, each with its overhead (`sk_rcvbuf`).
    pub(crate) fn receive_room(&self) -> Result<usize, Error> {
        let size = ffi::option(&self.inner, libc::SOL_SOCKET, libc::SO_RCVBUF)
            .map_err(failed("look at the netlink socket"))?;
        Ok(usize::try_from(size).unwrap_or(0))
    }

    /// Has the kernel queue what it tells a multicast group, too.
    pub(crate) fn join(&self, group: i32) -> Result<(), Error> {
        let option = libc::NETLINK_ADD_MEMBERSHIP;
        ffi::set_option(&self.inner, libc::SOL_NETLINK, option, group)
            .map_err(failed("listen to the kernel"))
    }

    /// Makes the receive queue as short as the kernel allows (`SOCK_MIN_RCVBUF`).
    #[cfg(test)]
    pub(crate) fn shorten_receive_queue(&self) {
        ffi::set_option(&self.inner, libc::SOL_SOCKET, libc::SO_RCVBUF, 0).unwrap();
    }

    /// Sends a batch of so many messages, numbered from `first`, whole, and gives all that the kernel
    /// says to it. The numbers are [`Socket::next_seq`] and those after it, or those of a batch that
    /// was sent before.
    ///
    /// The kernel works through the batch within the call, so every answer is there when it returns.
    pub(crate) fn transact(
        &mut self,
        batch: &[u8],
        first: u32,
        messages: u32,
    ) -> Result<Vec<Verdict>, Error> {
        if first == self.seq {
            self.seq = first.wrapping_add(messages);
        }
        self.drain(|_| {})?;
        self.make_room(batch.len())?;
        self.inner.send(batch).map_err(|error| match error.raw_os_error() {
            Some(libc::EMSGSIZE) => self.too_large(batch.len()),
            _ => failed("send the batch to the kernel")(error),
        })?;
        let mut verdicts = Vec::new();
        self.drain(|verdict| {
            if verdict.seq.wrapping_sub(first) < messages {
                verdicts.push(verdict);
            }
        })?;
        Ok(verdicts)
    }

    /// Sends a request, and gives its number.
    fn send(&mut self, request: &[u8]) -> Result<u32, Error> {
        let seq = self.seq;
        self.seq = seq.wrapping_add(1);
        self.inner.send(request).map_err(failed("send to the kernel"))?;
        Ok(seq)
    }

    /// Reads the verdicts that are queued. Where the queue overran, the first ones are still in it.
    fn drain(&mut self, mut take: impl FnMut(Verdict)) -> Result<(), Error> {
        let take = |message: Message<'_>| {
            message.verdict()?.into_iter().for_each(&mut take);
            Ok(())
        };
        self.read_queued(take).map(drop)
    }

    /// Calls `take` for every message that is queued, in order.
    pub(crate) fn read_queued(
        &mut self,
        mut take: impl FnMut(Message<'_>) -> Result<(), Malformed>,
    ) -> Result<Queue, Error> {
        let mut queue = Queue::Whole;
        loop {
            let len = match self.receive(false) {
                Ok(len) => len,
                Err(error) => match error.raw_os_error() {
                    Some(libc::EAGAIN) => return Ok(queue),
                    // Told first, although what fitted the queue came before what did not.
                    Some(libc::ENOBUFS) => {
                        queue = Queue::Overrun;
                        continue;
                    }
                    _ => return Err(failed("read what the kernel says")(error)),
                },
            };
            for message in Messages(self.buffer.get(..len).unwrap_or_default()) {
                take(message?)?;
            }
        }
    }

    fn receive(&mut self, wait: bool) -> io::Result<usize> {
        loop {
            match ffi::receive(&self.inner, &mut self.buffer, wait) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Ok(len) if len > self.buffer.len() => {
                    // Cut off: have the whole asked for again, with room for it.
                    self.buffer.resize(len, 0);
                    return Err(io::Error::from_raw_os_error(libc::ENOBUFS));
                }
                result => return result,
            }
        }
    }

    /// Makes the send buffer take a batch of `len` bytes, as far as we may.
    fn make_room(&self, len: usize) -> Result<(), Error> {
        if len <= self.room()? {
            return Ok(());
        }
        // The kernel doubles the value.
        let wanted = i32::try_from((len + SEND_OVERHEAD).div_ceil(2)).unwrap_or(i32::MAX);
        self.grow(libc::SO_SNDBUFFORCE, libc::SO_SNDBUF, wanted)
            .map_err(failed("set up the netlink socket"))
    }

    /// The longest batch that the send buffer takes.
    fn room(&self) -> Result<usize, Error> {
        let size = ffi::option(&self.inner, libc::SOL_SOCKET, libc::SO_SNDBUF)
            .map_err(failed("look at the netlink socket"))?;
        Ok(usize::try_from(size).unwrap_or(0).saturating_sub(SEND_OVERHEAD))
    }

    fn too_large(&self, needed: usize) -> Error {
        match self.room() {
            Ok(limit) => Error::TooLarge { needed, limit },
            Err(error) => error,
        }
    }

    /// Sets a buffer size: beyond the sysctl's limit where we are privileged, else up to it.
    fn grow(&self, forced: i32, capped: i32, size: i32) -> io::Result<()> {
        match ffi::set_option(&self.inner, libc::SOL_SOCKET, forced, size) {
            // SO_*BUFFORCE asks for CAP_NET_ADMIN in the initial user namespace.
            Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
                ffi::set_option(&self.inner, libc::SOL_SOCKET, capped, size)
            }
            result => result,
        }
    }
}

/// For `map_err`: what was being done when the socket failed.
pub(crate) fn failed(action: &'static str) -> impl Fn(io::Error) -> Error {
    move |source| Error::Io { action, source }
}
