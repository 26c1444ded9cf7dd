//! Real connections whose answer tells which source address the server saw.
//!
//! A server answers every connection or datagram with `NAME saw ADDRESS`. Client sockets are
//! connected ones, so an answer from any other address than the one asked is no answer. Shared by
//! the packet tests and by `examples/probe.rs`, which the demo runs.

use std::io::{self, Read as _, Write as _};
use std::net::{
    IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket,
};
use std::str::FromStr;
use std::time::Duration;

/// What carries the question.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Transport {
    /// One connection a question.
    Tcp,
    /// One datagram a question.
    Udp,
}

impl FromStr for Transport {
    type Err = io::Error;

    fn from_str(text: &str) -> io::Result<Self> {
        match text {
            "tcp" => Ok(Self::Tcp),
            "udp" => Ok(Self::Udp),
            _ => Err(io::Error::other(format!("`{text}` is neither tcp nor udp"))),
        }
    }
}

/// A server, bound and not yet answering.
pub(crate) enum Server {
    /// Listens for connections.
    Tcp(TcpListener),
    /// Waits for datagrams.
    Udp(UdpSocket),
}

impl Server {
    /// Binds in the network namespace of the calling thread, and stays there.
    pub(crate) fn bind(transport: Transport, address: impl ToSocketAddrs) -> io::Result<Self> {
        match transport {
            Transport::Tcp => TcpListener::bind(address).map(Self::Tcp),
            Transport::Udp => UdpSocket::bind(address).map(Self::Udp),
        }
    }

    /// Answers for as long as the socket works.
    pub(crate) fn answer(&self, name: &str) -> io::Result<()> {
        loop {
            match self {
                Self::Tcp(listener) => {
                    let (mut stream, peer) = listener.accept()?;
                    // A client that left already is no reason to stop serving.
                    let _gone = stream.write_all(saw(name, peer).as_bytes());
                }
                Self::Udp(socket) => {
                    let (_, peer) = socket.recv_from(&mut [0; 64])?;
                    let _gone = socket.send_to(saw(name, peer).as_bytes(), peer);
                }
            }
        }
    }
}

/// Asks `target` who answers and what source address arrived there, waiting up to `patience`.
pub(crate) fn ask(
    transport: Transport,
    target: SocketAddr,
    patience: Duration,
) -> io::Result<String> {
    let mut answer = vec![0; 256];
    let length = match transport {
        Transport::Tcp => {
            let mut stream = TcpStream::connect_timeout(&target, patience)?;
            stream.set_read_timeout(Some(patience))?;
            stream.read(&mut answer)?
        }
        Transport::Udp => {
            let any: IpAddr = match target {
                SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
                SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
            };
            let socket = UdpSocket::bind((any, 0))?;
            socket.connect(target)?;
            socket.set_read_timeout(Some(patience))?;
            socket.send(b"who am I?")?;
            socket.recv(&mut answer)?
        }
    };
    answer.truncate(length);
    String::from_utf8(answer).map_err(io::Error::other)
}

fn saw(name: &str, peer: SocketAddr) -> String {
    format!("{name} saw {}", peer.ip().to_canonical())
}
