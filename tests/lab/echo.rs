//! ICMP echo over raw sockets: who answered, and which source address arrived there.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use nix::sys::socket::sockopt::ReceiveTimeout;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, recvfrom, sendto,
    setsockopt, socket,
};
use nix::sys::time::{TimeVal, TimeValLike as _};

use super::node::Node;

/// Marks the echo requests of this test among others; behind the identifier and the sequence number.
const PAYLOAD: &[u8] = b"hairnat asks";

/// Seconds that a ping may take to arrive and to be answered.
const PATIENCE: i64 = 3;

/// Pings `target` from `client`: `NAME saw ADDRESS` if it arrived at `server` and was answered.
pub(crate) fn ping(client: &Node, server: &Node, target: IpAddr) -> String {
    let kind = Kind::of(target);
    let arrivals = server.enter(|| kind.open());
    let socket = client.enter(|| kind.open());
    let request = kind.request();
    sendto(socket.as_raw_fd(), &request, &storage(target), MsgFlags::empty()).expect("send a ping");
    match (kind.receive(&socket, kind.reply), kind.receive(&arrivals, kind.request)) {
        (Some(answerer), Some(source)) if answerer == target => {
            format!("{} saw {source}", server.name())
        }
        (Some(answerer), _) => format!("asked {target}, answered by {answerer}"),
        (None, _) => "no answer".to_owned(),
    }
}

/// What differs between the families.
struct Kind {
    family: AddressFamily,
    protocol: SockProtocol,
    /// Type of an echo request: RFC 792, RFC 4443 section 4.1.
    request: u8,
    /// Type of an echo reply: RFC 792, RFC 4443 section 4.2.
    reply: u8,
}

impl Kind {
    fn of(target: IpAddr) -> Self {
        let (family, protocol, request, reply) = match target {
            IpAddr::V4(_) => (AddressFamily::Inet, SockProtocol::Icmp, 8, 0),
            IpAddr::V6(_) => (AddressFamily::Inet6, SockProtocol::IcmpV6, 128, 129),
        };
        Self { family, protocol, request, reply }
    }

    fn open(&self) -> OwnedFd {
        let socket = socket(self.family, SockType::Raw, SockFlag::SOCK_CLOEXEC, self.protocol)
            .expect("raw ICMP socket");
        setsockopt(&socket, ReceiveTimeout, &TimeVal::seconds(PATIENCE)).expect("time-out");
        socket
    }

    /// An echo request; the kernel fills in the checksum of `ICMPv6` (RFC 3542 section 3.1).
    fn request(&self) -> Vec<u8> {
        let mut message = [&[self.request, 0, 0, 0, 0, 7, 0, 1], PAYLOAD].concat();
        if self.family == AddressFamily::Inet {
            let checksum = internet_checksum(&message).to_be_bytes();
            message[2..4].copy_from_slice(&checksum);
        }
        message
    }

    /// The source of the first message of `type_` that carries our payload.
    fn receive(&self, socket: &OwnedFd, type_: u8) -> Option<IpAddr> {
        let deadline = Instant::now() + Duration::from_secs(PATIENCE.unsigned_abs());
        let mut buffer = [0; 2048];
        while Instant::now() < deadline {
            let (length, source) =
                recvfrom::<SockaddrStorage>(socket.as_raw_fd(), &mut buffer).ok()?;
            let message = self.without_ip_header(&buffer[..length]);
            if message.first() == Some(&type_) && message.ends_with(PAYLOAD) {
                return source.and_then(ip);
            }
        }
        None
    }

    /// Raw IPv4 sockets deliver the IP header too, raw IPv6 ones do not: raw(7), RFC 3542 section 3.
    fn without_ip_header<'a>(&self, packet: &'a [u8]) -> &'a [u8] {
        match self.family {
            AddressFamily::Inet => &packet[usize::from(packet[0] & 0x0f) * 4..],
            _ => packet,
        }
    }
}

/// RFC 1071, for a message of an even number of bytes.
fn internet_checksum(message: &[u8]) -> u16 {
    let words =
        message.chunks_exact(2).map(|word| u32::from(u16::from_be_bytes([word[0], word[1]])));
    let sum: u32 = words.sum();
    let folded = (sum & 0xffff) + (sum >> 16);
    !u16::try_from((folded & 0xffff) + (folded >> 16)).expect("folded")
}

fn storage(address: IpAddr) -> SockaddrStorage {
    SockaddrStorage::from(SocketAddr::new(address, 0))
}

fn ip(address: SockaddrStorage) -> Option<IpAddr> {
    let v4 = address.as_sockaddr_in().map(|address| IpAddr::V4(address.ip()));
    v4.or_else(|| address.as_sockaddr_in6().map(|address| IpAddr::V6(address.ip())))
}
