//! The floor: a netlink socket and the kernel, with nothing of hairnat between.

use std::io;
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::errno::Errno;
use nix::sys::socket::sockopt::{SndBuf, SndBufForce};
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, recv, send, setsockopt, socket,
};

// include/uapi/linux/netlink.h
const NLMSG_HDRLEN: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
const NLM_F_REQUEST: u16 = 0x01;
const NLM_F_ACK: u16 = 0x04;
const NLM_F_DUMP: u16 = 0x300;

// include/uapi/linux/netfilter/{nfnetlink,nf_tables,nfnetlink_conntrack}.h: the subsystem in the
// higher byte.
const NFT_MSG_GETSETELEM: u16 = 0x0a0d;
const NFTA_SET_ELEM_LIST_TABLE: u16 = 1;
const NFTA_SET_ELEM_LIST_SET: u16 = 2;
const IPCTNL_MSG_CT_DELETE: u16 = 0x0102;
const NFPROTO_INET: u8 = 1;

/// What the kernel fills at once in a dump, as hairnat's own buffer.
const RECEIVE_BUFFER: usize = 32 * 1024;

/// A socket to netfilter in the network namespace of the calling thread.
pub(crate) struct Netfilter(OwnedFd);

impl Netfilter {
    /// Opens the socket.
    pub(crate) fn open() -> Self {
        let flags = SockFlag::SOCK_CLOEXEC;
        let protocol = SockProtocol::NetlinkNetFilter;
        let socket = socket(AddressFamily::Netlink, SockType::Raw, flags, protocol);
        Self(socket.expect("a netlink socket"))
    }

    /// Sends a batch whole; the kernel works through it within the call.
    pub(crate) fn send(&self, batch: &[u8]) -> io::Result<()> {
        // The kernel doubles it, and keeps 32 bytes off; beyond the sysctl's limit only where we are
        // privileged.
        let room = (batch.len() + 32).div_ceil(2);
        setsockopt(&self.0, SndBufForce, &room).or_else(|_| setsockopt(&self.0, SndBuf, &room))?;
        send(self.0.as_raw_fd(), batch, MsgFlags::empty())?;
        Ok(())
    }

    /// Reads the answers that are there, down to the first refusal.
    pub(crate) fn answers(&self) -> io::Result<()> {
        let mut buffer = vec![0; RECEIVE_BUFFER];
        loop {
            match recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::MSG_DONTWAIT) {
                Ok(len) => refusal(&buffer[..len])?,
                Err(Errno::EAGAIN) => return Ok(()),
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Has all elements of a map of `inet hairnat` sent, and throws them away; gives their bytes.
    pub(crate) fn receive_map(&self, name: &str) -> io::Result<usize> {
        let mut body = attribute(NFTA_SET_ELEM_LIST_TABLE, "hairnat");
        body.extend(attribute(NFTA_SET_ELEM_LIST_SET, name));
        let request = request(NFT_MSG_GETSETELEM, NLM_F_REQUEST | NLM_F_DUMP, NFPROTO_INET, &body);
        send(self.0.as_raw_fd(), &request, MsgFlags::empty())?;
        let mut buffer = vec![0; RECEIVE_BUFFER];
        let mut bytes = 0;
        loop {
            let len = recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
            refusal(&buffer[..len])?;
            bytes += len;
            if messages(&buffer[..len]).any(|(kind, _)| kind == NLMSG_DONE) {
                return Ok(bytes);
            }
        }
    }

    /// Forgets every connection of the namespace, so that conntrack's table never fills.
    pub(crate) fn forget_connections(&self) -> io::Result<()> {
        let request = request(IPCTNL_MSG_CT_DELETE, NLM_F_REQUEST | NLM_F_ACK, 0, &[]);
        send(self.0.as_raw_fd(), &request, MsgFlags::empty())?;
        let mut buffer = vec![0; RECEIVE_BUFFER];
        let len = recv(self.0.as_raw_fd(), &mut buffer, MsgFlags::empty())?;
        refusal(&buffer[..len])
    }
}

/// A request with `struct nfgenmsg` and attributes.
fn request(kind: u16, flags: u16, family: u8, attributes: &[u8]) -> Vec<u8> {
    let len = u32::try_from(NLMSG_HDRLEN + 4 + attributes.len()).expect("short");
    let mut request = len.to_ne_bytes().to_vec();
    request.extend(kind.to_ne_bytes());
    request.extend(flags.to_ne_bytes());
    // Number 1, from whatever port the kernel gave.
    request.extend(1_u32.to_ne_bytes());
    request.extend([0; 4]);
    request.extend([family, 0, 0, 0]);
    request.extend(attributes);
    request
}

/// An attribute of text, with its NUL and padding.
fn attribute(kind: u16, text: &str) -> Vec<u8> {
    let len = u16::try_from(4 + text.len() + 1).expect("short");
    let mut attribute = len.to_ne_bytes().to_vec();
    attribute.extend(kind.to_ne_bytes());
    attribute.extend(text.as_bytes());
    attribute.push(0);
    attribute.resize(attribute.len().next_multiple_of(4), 0);
    attribute
}

/// The kinds and bodies of the messages of a datagram.
fn messages(mut datagram: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (len, rest) = datagram.split_first_chunk::<4>()?;
        let len = usize::try_from(u32::from_ne_bytes(*len)).ok()?;
        let kind = u16::from_ne_bytes(*rest.first_chunk::<2>()?);
        let body = datagram.get(NLMSG_HDRLEN..len)?;
        datagram = datagram.get(len.next_multiple_of(4)..).unwrap_or_default();
        Some((kind, body))
    })
}

/// The first error of a datagram.
fn refusal(datagram: &[u8]) -> io::Result<()> {
    for (kind, body) in messages(datagram) {
        if kind == NLMSG_ERROR
            && let Some(errno) = body.first_chunk::<4>().map(|code| -i32::from_ne_bytes(*code))
            && errno != 0
        {
            return Err(io::Error::from_raw_os_error(errno));
        }
    }
    Ok(())
}
