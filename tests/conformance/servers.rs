//! Servers on every L4 port that a policy may name, of every machine, a thread each.
//!
//! A server answers `ADDRESS PORT PEER`: its own end, and its peer as it sees it. Of SCTP, and of
//! pings, which the kernel answers by itself, is noted down what arrived.

use std::collections::HashMap;
use std::io::{ErrorKind, Write as _};
use std::io::{IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;

use std::num::NonZeroU16;

use nix::libc;
use nix::sched::{CloneFlags, unshare};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::sockopt::{Ipv4PacketInfo, Ipv6RecvPacketInfo, Ipv6V6Only, ReuseAddr};
use nix::sys::socket::{
    AddressFamily, Backlog, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockProtocol,
    SockType, SockaddrStorage, bind, listen, recvmsg, sendmsg, setsockopt, socket,
};

use crate::namespace::Namespace;
use crate::packet::Outcome;
use crate::sctp::Sctp;

/// The L4 ports that policies name and packets go to: the edges, and what lies beside them.
pub(crate) const L4_PORTS: [u16; 30] = [
    1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 79, 80, 81, 82, 442, 443, 444, 1023, 1024, 1025, 2046, 2047,
    2048, 2049, 8442, 8443, 8444, 65533, 65534, 65535,
];

/// What arrived by its number, of what carries one: where, and from whom.
pub(crate) type Sightings = Arc<Mutex<HashMap<u64, Outcome>>>;

enum Server {
    Tcp(TcpListener),
    Udp(UdpSocket, u16),
    Ping(OwnedFd, AddressFamily),
    Sctp(OwnedFd, AddressFamily),
}

/// The servers of one machine.
struct Servers {
    all: Vec<Server>,
    epoll: Epoll,
    sightings: Sightings,
}

/// Has every L4 port of the machine answered, and pings noted down, as long as the process lives.
///
/// The thread has a table of open files of its own: together the machines have more of them than the
/// usual limit of a table, 1,024.
pub(crate) fn serve(machine: &Namespace, sightings: &Sightings) {
    let (machine, sightings) = (machine.same(), Arc::clone(sightings));
    let (ready, serving) = mpsc::channel();
    thread::spawn(move || {
        unshare(CloneFlags::CLONE_FILES).expect("a table of open files");
        machine.enter();
        let mut servers = Servers::new(sightings);
        servers.open();
        ready.send(()).expect("somebody waits");
        servers.run();
    });
    serving.recv().expect("servers");
}

impl Servers {
    fn new(sightings: Sightings) -> Self {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).expect("epoll");
        Self { all: Vec::new(), epoll, sightings }
    }

    fn open(&mut self) {
        for family in [AddressFamily::Inet, AddressFamily::Inet6] {
            for port in L4_PORTS {
                self.add(Server::Tcp(listener(family, port)));
                self.add(Server::Udp(datagrams(family, port), port));
            }
            self.add(Server::Ping(pings(family), family));
            let sctp = open(family, SockType::Raw, SockProtocol::Sctp);
            self.add(Server::Sctp(sctp, family));
        }
    }

    fn add(&mut self, server: Server) {
        let number = u64::try_from(self.all.len()).expect("few");
        let event = EpollEvent::new(EpollFlags::EPOLLIN, number);
        self.epoll.add(server.fd(), event).expect("watch a socket");
        self.all.push(server);
    }

    fn run(&self) {
        let mut events = [EpollEvent::empty(); 64];
        loop {
            let ready = match self.epoll.wait(&mut events, EpollTimeout::NONE) {
                Err(nix::errno::Errno::EINTR) => continue,
                result => result.expect("wait for packets"),
            };
            for event in &events[..ready] {
                let number = usize::try_from(event.data()).expect("few");
                self.answer(&self.all[number]);
            }
        }
    }

    /// Answers all that is waiting there.
    fn answer(&self, server: &Server) {
        match server {
            Server::Tcp(listener) => loop {
                match listener.accept() {
                    Ok((mut stream, peer)) => {
                        let Ok(local) = stream.local_addr() else { continue };
                        // A client that left already is no reason to stop serving.
                        let _gone = stream.write_all(view(local, peer.ip()).as_bytes());
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                    Err(_) => {}
                }
            },
            Server::Udp(socket, port) => {
                while let Some(datagram) = receive(socket.as_fd()) {
                    let text = view(SocketAddr::new(datagram.local, *port), datagram.peer.ip());
                    reply(socket.as_fd(), &datagram, text.as_bytes());
                }
            }
            Server::Ping(socket, family) => {
                while let Some(datagram) = receive(socket.as_fd()) {
                    let Some(id) = request(*family, &datagram.bytes) else { continue };
                    self.note(id, &datagram, None);
                }
            }
            Server::Sctp(socket, family) => {
                while let Some(datagram) = receive(socket.as_fd()) {
                    let payload = without_ip_header(*family, &datagram.bytes);
                    let Some(sctp) = payload.and_then(Sctp::read).filter(Sctp::asks) else {
                        continue;
                    };
                    self.note(sctp.tag.into(), &datagram, NonZeroU16::new(sctp.destination));
                    reply(socket.as_fd(), &datagram, &sctp.answer().to_bytes());
                }
            }
        }
    }

    fn note(&self, number: u64, datagram: &Datagram, port: Option<NonZeroU16>) {
        let (server, peer) = (datagram.local, datagram.peer.ip());
        let sighting = Outcome::Answered { server, port, peer };
        self.sightings.lock().expect("no panic").insert(number, sighting);
    }
}

impl Server {
    fn fd(&self) -> std::os::fd::BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Udp(socket, _) => socket.as_fd(),
            Self::Ping(socket, _) | Self::Sctp(socket, _) => socket.as_fd(),
        }
    }
}

fn view(local: SocketAddr, peer: IpAddr) -> String {
    format!("{} {} {peer}", local.ip(), local.port())
}

fn any(family: AddressFamily, port: u16) -> SockaddrStorage {
    let any: IpAddr = match family {
        AddressFamily::Inet => Ipv4Addr::UNSPECIFIED.into(),
        _ => Ipv6Addr::UNSPECIFIED.into(),
    };
    SocketAddr::new(any, port).into()
}

fn open(
    family: AddressFamily,
    kind: SockType,
    protocol: impl Into<Option<SockProtocol>>,
) -> OwnedFd {
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(family, kind, flags, protocol).expect("a socket");
    if kind != SockType::Stream {
        match family {
            AddressFamily::Inet => setsockopt(&socket, Ipv4PacketInfo, &true),
            _ => setsockopt(&socket, Ipv6RecvPacketInfo, &true),
        }
        .expect("packet information");
    }
    socket
}

fn bound(family: AddressFamily, kind: SockType, port: u16) -> OwnedFd {
    let socket = open(family, kind, None);
    if family == AddressFamily::Inet6 {
        setsockopt(&socket, Ipv6V6Only, &true).expect("IPv6 only");
    }
    setsockopt(&socket, ReuseAddr, &true).expect("an address used again");
    bind(socket.as_raw_fd(), &any(family, port)).expect("bind");
    socket
}

fn listener(family: AddressFamily, port: u16) -> TcpListener {
    let socket = bound(family, SockType::Stream, port);
    listen(&socket, Backlog::new(1024).expect("a backlog")).expect("listen");
    socket.into()
}

fn datagrams(family: AddressFamily, port: u16) -> UdpSocket {
    bound(family, SockType::Datagram, port).into()
}

fn pings(family: AddressFamily) -> OwnedFd {
    let protocol = match family {
        AddressFamily::Inet => SockProtocol::Icmp,
        _ => SockProtocol::IcmpV6,
    };
    open(family, SockType::Raw, protocol)
}

struct Datagram {
    bytes: Vec<u8>,
    local: IpAddr,
    peer: SocketAddr,
}

fn receive(socket: impl AsFd) -> Option<Datagram> {
    let mut buffer = [0; 256];
    let mut control = nix::cmsg_space!(libc::in6_pktinfo, libc::in_pktinfo);
    let (length, local, peer) = {
        let mut parts = [IoSliceMut::new(&mut buffer)];
        let fd = socket.as_fd().as_raw_fd();
        let message =
            recvmsg::<SockaddrStorage>(fd, &mut parts, Some(&mut control), MsgFlags::empty())
                .ok()?;
        let local = message.cmsgs().ok()?.find_map(|message| match message {
            ControlMessageOwned::Ipv4PacketInfo(info) => {
                Some(Ipv4Addr::from_bits(u32::from_be(info.ipi_addr.s_addr)).into())
            }
            ControlMessageOwned::Ipv6PacketInfo(info) => {
                Some(Ipv6Addr::from(info.ipi6_addr.s6_addr).into())
            }
            _ => None,
        })?;
        (message.bytes, local, socket_address(message.address?)?)
    };
    Some(Datagram { bytes: buffer[..length].to_vec(), local, peer })
}

/// Answers from the very address that was asked.
fn reply(socket: impl AsFd, datagram: &Datagram, text: &[u8]) {
    let parts = [IoSlice::new(text)];
    let fd = socket.as_fd().as_raw_fd();
    let peer = SockaddrStorage::from(datagram.peer);
    let send = |control| sendmsg(fd, &parts, &[control], MsgFlags::empty(), Some(&peer));
    // A client that is out of reach is no reason to stop serving.
    let _lost = match datagram.local {
        IpAddr::V4(local) => {
            let source = libc::in_addr { s_addr: local.to_bits().to_be() };
            send(ControlMessage::Ipv4PacketInfo(&libc::in_pktinfo {
                ipi_ifindex: 0,
                ipi_spec_dst: source,
                ipi_addr: source,
            }))
        }
        IpAddr::V6(local) => {
            let source = libc::in6_addr { s6_addr: local.octets() };
            send(ControlMessage::Ipv6PacketInfo(&libc::in6_pktinfo {
                ipi6_ifindex: 0,
                ipi6_addr: source,
            }))
        }
    };
}

pub(crate) fn socket_address(address: SockaddrStorage) -> Option<SocketAddr> {
    let v4 = address
        .as_sockaddr_in()
        .map(|address| SocketAddr::new(address.ip().into(), address.port()));
    v4.or_else(|| {
        address
            .as_sockaddr_in6()
            .map(|address| SocketAddr::new(address.ip().into(), address.port()))
    })
}

/// What marks an echo request of ours: its number is its payload (RFC 792, RFC 4443 section 4.1).
fn request(family: AddressFamily, bytes: &[u8]) -> Option<u64> {
    let message = without_ip_header(family, bytes)?;
    let payload = message.get(8..16)?.try_into().ok()?;
    let kind = if family == AddressFamily::Inet { 8 } else { 128 };
    (message.first() == Some(&kind)).then(|| u64::from_be_bytes(payload))
}

/// Raw IPv4 sockets deliver the IP header too: raw(7).
pub(crate) fn without_ip_header(family: AddressFamily, packet: &[u8]) -> Option<&[u8]> {
    match family {
        AddressFamily::Inet => packet.get(usize::from(packet.first()? & 0x0f) * 4..),
        _ => Some(packet),
    }
}
