//! Marks as sockets: made here, and found by asking the kernel for all of the network namespace.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, listen, socket,
};
use nix::unistd::geteuid;

use super::mark::Mark;
use crate::netlink::{
    Attributes, Bus, Error, Interrupted, Malformed, Message, NLM_F_DUMP, NLM_F_REQUEST, Socket,
    begin, end,
};

// linux/sock_diag.h, linux/unix_diag.h, linux/socket.h
const SOCK_DIAG_BY_FAMILY: u16 = 20;
const AF_UNIX: u8 = 1;
const UDIAG_SHOW_NAME: u32 = 0x01;
/// Since Linux 5.3.
const UDIAG_SHOW_UID: u32 = 0x40;
const UNIX_DIAG_NAME: u16 = 0;
const UNIX_DIAG_UID: u16 = 7;
/// `TCP_LISTEN` of `include/net/tcp_states.h`: fewer sockets listen than there are.
const LISTENING: u8 = 10;

/// The length of `struct unix_diag_msg`.
const UNIX_DIAG_MSG_LEN: usize = 16;

/// How often the sockets are listed again when the answer is lost.
const TRIES: usize = 10;

/// A mark that others see for as long as any process has its socket open.
#[derive(Debug)]
pub(super) struct Shown {
    /// Only its name counts: it is never read.
    _socket: OwnedFd,
}

impl Shown {
    /// Shows `mark` to the network namespace that the process is in.
    pub(super) fn new(mark: Mark) -> io::Result<Self> {
        let flags = SockFlag::SOCK_CLOEXEC;
        let socket = socket(AddressFamily::Unix, SockType::SeqPacket, flags, None)?;
        bind(socket.as_raw_fd(), &UnixAddr::new_abstract(mark.encode().as_bytes())?)?;
        listen(&socket, Backlog::new(0)?)?;
        Ok(Self { _socket: socket })
    }
}

/// The marks of others, as far as they count: those of root and of our own user.
pub(super) fn others(ours: Mark) -> Result<Vec<Mark>, Error> {
    let us = geteuid().as_raw();
    let counts =
        |(uid, mark): &(u32, Mark)| (*uid == 0 || *uid == us) && mark.ticket != ours.ticket;
    Ok(sockets()?.into_iter().filter(counts).map(|(_, mark)| mark).collect())
}

/// Every mark, with the user who made its socket.
fn sockets() -> Result<Vec<(u32, Mark)>, Error> {
    const ACTION: &str = "list the sockets of this network namespace";
    let mut socket = Socket::open(Bus::SockDiag)?;
    for _ in 0..TRIES {
        let mut request = Vec::new();
        let flags = NLM_F_REQUEST | NLM_F_DUMP;
        let start = begin(&mut request, SOCK_DIAG_BY_FAMILY, flags, socket.next_seq());
        request.extend_from_slice(&unix_diag_req());
        end(&mut request, start);
        let mut found = Vec::new();
        let errno = socket.request(&request, true, |message| {
            found.extend(decode(message)?);
            Ok::<(), Interrupted>(())
        });
        match errno {
            Ok(errno) => return Error::check(errno, ACTION).map(|()| found),
            Err(Interrupted::Again) => {}
            Err(Interrupted::Failed(error)) => return Err(error),
        }
    }
    Err(Error::refused(libc::ENOBUFS, ACTION))
}

/// `struct unix_diag_req`, for all that listen.
fn unix_diag_req() -> [u8; 24] {
    let mut request = [0; 24];
    request[0] = AF_UNIX;
    request[4..8].copy_from_slice(&(1_u32 << LISTENING).to_ne_bytes());
    request[12..16].copy_from_slice(&(UDIAG_SHOW_NAME | UDIAG_SHOW_UID).to_ne_bytes());
    // INET_DIAG_NOCOOKIE
    request[16..].fill(0xff);
    request
}

/// The mark that a socket is, if it is one; an abstract name begins with NUL.
fn decode(message: Message<'_>) -> Result<Option<(u32, Mark)>, Malformed> {
    let attributes = Attributes(message.body.get(UNIX_DIAG_MSG_LEN..).ok_or(Malformed)?);
    let name = attributes.find(UNIX_DIAG_NAME)?;
    let mark = name.and_then(|name| Mark::decode(name.payload.strip_prefix(b"\0")?));
    let Some(mark) = mark else { return Ok(None) };
    let uid = attributes.find(UNIX_DIAG_UID)?.ok_or(Malformed)?;
    let uid = uid.payload.try_into().map(u32::from_ne_bytes).map_err(|_| Malformed)?;
    Ok(Some((uid, mark)))
}
