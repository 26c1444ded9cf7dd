//! Sends many packets at once, and waits for all answers together.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::{AsFd as _, AsRawFd as _, OwnedFd};
use std::time::{Duration, Instant};

use hairnat::address::Protocol;
use hairnat::trace::Transport;
use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::sockopt::Linger;
use nix::sys::socket::{
    AddressFamily, MsgFlags, SockFlag, SockProtocol, SockType, SockaddrStorage, bind, connect,
    recv, recvfrom, send, setsockopt, socket,
};

use crate::lab::Lab;
use crate::packet::{Client, Outcome, Packet};
use crate::places::{Place, place};
use crate::sctp::Sctp;
use crate::servers::{socket_address, without_ip_header};

/// How long an answer that must come may take.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long silence has to last to count; an answer takes far less than a millisecond.
const SILENCE: Duration = Duration::from_millis(150);

/// The L4 port that SCTP packet number `id` comes from.
fn sctp_port(id: u64) -> u16 {
    20_000 + u16::try_from(id).expect("few")
}

/// A packet on its way.
struct Asked {
    socket: OwnedFd,
    packet: Packet,
    id: u64,
    outcome: Option<Outcome>,
}

/// What becomes of each packet; `hopeful` says whether an answer is expected.
pub(crate) fn ask(lab: &Lab, packets: &[Packet], hopeful: &[bool]) -> Vec<Outcome> {
    lab.sightings.lock().expect("no panic").clear();
    let mut asked: Vec<Asked> =
        (1..).zip(packets).map(|(id, packet)| send_off(lab, *packet, id)).collect();
    let begin = Instant::now();
    loop {
        let open = |(asked, hopeful): (&Asked, &bool)| asked.outcome.is_none() && *hopeful;
        let wanted = asked.iter().zip(hopeful).any(open);
        let patience = if wanted { PATIENCE } else { SILENCE };
        let waiting: Vec<usize> =
            (0..asked.len()).filter(|number| asked[*number].outcome.is_none()).collect();
        let left = patience.saturating_sub(begin.elapsed());
        if waiting.is_empty() || left.is_zero() {
            break;
        }
        let mut sockets: Vec<PollFd<'_>> = waiting
            .iter()
            .map(|number| PollFd::new(asked[*number].socket.as_fd(), PollFlags::POLLIN))
            .collect();
        let milliseconds = u16::try_from(left.as_millis()).expect("seconds") + 1;
        poll(&mut sockets, PollTimeout::from(milliseconds)).expect("poll");
        let ready: Vec<bool> = sockets.iter().map(|socket| socket.any() == Some(true)).collect();
        for (number, _) in waiting.into_iter().zip(ready).filter(|(_, ready)| *ready) {
            asked[number].receive(lab);
        }
    }
    asked.into_iter().map(|asked| asked.outcome.unwrap_or(Outcome::NoAnswer)).collect()
}

fn send_off(lab: &Lab, packet: Packet, id: u64) -> Asked {
    lab.enter(match packet.client {
        Client::Host => Place::Host,
        Client::Address(address) => place(address),
    });
    let family = match packet.destination {
        IpAddr::V4(_) => AddressFamily::Inet,
        IpAddr::V6(_) => AddressFamily::Inet6,
    };
    let (kind, protocol) = match packet.transport {
        Transport::Port(Protocol::Sctp, _) => (SockType::Raw, SockProtocol::Sctp),
        Transport::Port(Protocol::Tcp, _) => (SockType::Stream, SockProtocol::Tcp),
        Transport::Port(Protocol::Udp, _) => (SockType::Datagram, SockProtocol::Udp),
        _ if packet.destination.is_ipv4() => (SockType::Datagram, SockProtocol::Icmp),
        _ => (SockType::Datagram, SockProtocol::IcmpV6),
    };
    let flags = SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK;
    let socket = socket(family, kind, flags, protocol).expect("a socket");
    if kind == SockType::Stream {
        // Closed with a reset: no end of it waits anywhere.
        let reset = libc::linger { l_onoff: 1, l_linger: 0 };
        setsockopt(&socket, Linger, &reset).expect("linger");
    }
    if let Client::Address(address) = packet.client {
        bind(socket.as_raw_fd(), &SockaddrStorage::from(SocketAddr::new(address, 0)))
            .unwrap_or_else(|error| panic!("{packet}: bind: {error}"));
    }
    let l4_port = match packet.transport {
        // A raw socket knows of no L4 ports.
        Transport::Port(Protocol::Tcp | Protocol::Udp, port) => port.get(),
        _ => 0,
    };
    let target = SockaddrStorage::from(SocketAddr::new(packet.destination, l4_port));
    let mut asked = Asked { socket, packet, id, outcome: None };
    let fd = asked.socket.as_raw_fd();
    let connected = connect(fd, &target);
    let sent = match (kind, packet.transport) {
        (SockType::Stream, _) => match connected {
            Err(nix::errno::Errno::EINPROGRESS) => Ok(0),
            result => result.map(|()| 0),
        },
        (_, Transport::Port(Protocol::Sctp, port)) => {
            let sctp = Sctp::init(sctp_port(id), port.get(), id.try_into().expect("few"));
            connected.and_then(|()| send(fd, &sctp.to_bytes(), MsgFlags::empty()))
        }
        (_, Transport::Port(..)) => connected.and_then(|()| send(fd, b"?", MsgFlags::empty())),
        _ => connected.and_then(|()| send(fd, &echo_request(packet, id), MsgFlags::empty())),
    };
    if sent.is_err() {
        asked.outcome = Some(Outcome::NoAnswer);
    }
    asked
}

/// The kernel fills in identifier and checksum.
fn echo_request(packet: Packet, id: u64) -> Vec<u8> {
    let kind = if packet.destination.is_ipv4() { 8 } else { 128 };
    let mut message = vec![kind, 0, 0, 0, 0, 0, 0, 1];
    message.extend(id.to_be_bytes());
    message
}

impl Asked {
    fn receive(&mut self, lab: &Lab) {
        if let Transport::Port(Protocol::Sctp, port) = self.packet.transport {
            return self.receive_sctp(lab, port.get());
        }
        let mut buffer = [0; 256];
        let received = recvfrom::<SockaddrStorage>(self.socket.as_raw_fd(), &mut buffer);
        self.outcome = match (received, self.packet.transport) {
            (Ok((length, _)), Transport::Port(..)) => Some(
                std::str::from_utf8(&buffer[..length])
                    .ok()
                    .and_then(seen)
                    .unwrap_or(Outcome::NoAnswer),
            ),
            (Ok((_, from)), _) => {
                let from = from.and_then(socket_address);
                let answered = from.is_some_and(|from| from.ip() == self.packet.destination);
                Some(if answered { self.sighting(lab) } else { Outcome::NoAnswer })
            }
            (Err(nix::errno::Errno::EAGAIN), _) => None,
            // Refused, or out of reach.
            (Err(_), _) => Some(Outcome::NoAnswer),
        };
    }

    /// What a raw socket hears is also for others.
    fn receive_sctp(&mut self, lab: &Lab, port: u16) {
        let mut buffer = [0; 256];
        let family = match self.packet.destination {
            IpAddr::V4(_) => AddressFamily::Inet,
            IpAddr::V6(_) => AddressFamily::Inet6,
        };
        let asked = Sctp::init(sctp_port(self.id), port, self.id.try_into().expect("few"));
        while let Ok(length) = recv(self.socket.as_raw_fd(), &mut buffer, MsgFlags::empty()) {
            let heard = without_ip_header(family, &buffer[..length]).and_then(Sctp::read);
            if heard == Some(asked.answer()) {
                self.outcome = Some(self.sighting(lab));
                return;
            }
        }
    }

    /// What was noted down of a packet that was answered: that may take a moment longer.
    fn sighting(&self, lab: &Lab) -> Outcome {
        let begin = Instant::now();
        while begin.elapsed() < PATIENCE {
            let sightings = lab.sightings.lock().expect("no panic");
            if let Some(outcome) = sightings.get(&self.id) {
                return *outcome;
            }
            drop(sightings);
            std::thread::yield_now();
        }
        panic!("{}: answered, but never seen to arrive", self.packet);
    }
}

/// Reads what a server said.
fn seen(text: &str) -> Option<Outcome> {
    let mut words = text.split(' ');
    let server = words.next()?.parse().ok()?;
    let port = Some(words.next()?.parse().ok()?);
    let peer = words.next()?.parse().ok()?;
    Some(Outcome::Answered { server, port, peer })
}
