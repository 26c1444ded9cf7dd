//! The first packet of a connection, and what became of it.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU16;
use std::str::FromStr;

use hairnat::address::Protocol;
use hairnat::trace::{Conditions, Transport};

/// Who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Client {
    /// Whoever has this address in the lab.
    Address(IpAddr),
    /// The bridge host.
    Host,
}

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) client: Client,
    pub(crate) destination: IpAddr,
    pub(crate) transport: Transport,
}

/// What became of a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// The client heard nothing, or from somebody that it did not ask.
    NoAnswer,
    /// A server answered, as seen from its own end.
    Answered { server: IpAddr, port: Option<NonZeroU16>, peer: IpAddr },
}

impl fmt::Display for Packet {
    /// `10.0.0.10 -> 203.0.113.10, tcp 80`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.client {
            Client::Address(address) => address.fmt(f)?,
            Client::Host => f.write_str("host")?,
        }
        write!(f, " -> {}, {}", self.destination, self.transport)
    }
}

impl FromStr for Packet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no packet such as `host -> 203.0.113.10, tcp 80`");
        let (client, rest) = text.split_once(" -> ").ok_or_else(wrong)?;
        let (destination, transport) = rest.split_once(", ").ok_or_else(wrong)?;
        let client = match client {
            "host" => Client::Host,
            address => Client::Address(address.parse().map_err(|_| wrong())?),
        };
        let transport = match transport.split_once(' ') {
            None if transport == "icmp" => Transport::Icmp,
            Some((protocol, port)) => {
                let named = |known: &Protocol| known.name() == protocol;
                let protocols = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];
                let protocol = protocols.into_iter().find(named).ok_or_else(wrong)?;
                Transport::Port(protocol, port.parse().map_err(|_| wrong())?)
            }
            None => return Err(wrong()),
        };
        let destination = destination.parse().map_err(|_| wrong())?;
        Ok(Self { client, destination, transport })
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer => f.write_str("no answer"),
            Self::Answered { server, port: Some(port), peer } => {
                write!(f, "{server} on port {port} sees {peer}")
            }
            Self::Answered { server, port: None, peer } => write!(f, "{server} sees {peer}"),
        }
    }
}

/// `forwarding on, br_netfilter off, port isolation off, port hairpin mode on`
pub(crate) fn conditions_text(conditions: Conditions) -> String {
    let word = |on: bool| if on { "on" } else { "off" };
    let bridge = conditions.bridge.expect("instances of the lab are behind bridges");
    format!(
        "forwarding {}, br_netfilter {}, port isolation {}, port hairpin mode {}",
        word(conditions.forwarding),
        word(bridge.netfilter),
        word(bridge.port_isolation),
        word(bridge.port_hairpin)
    )
}

/// Reads what [`conditions_text`] wrote.
pub(crate) fn conditions(text: &str) -> Option<Conditions> {
    let bridged = Conditions::ALL.into_iter().filter(|conditions| conditions.bridge.is_some());
    bridged.into_iter().find(|conditions| conditions_text(*conditions) == text)
}
