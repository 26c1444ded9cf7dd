//! What identifies a connection, at one point of its way.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU16;

use crate::address::{IpFamily, Protocol};

/// Where a packet comes from; it decides which hooks it passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// An instance on a bridge of this host.
    Instance,
    /// Somewhere beyond this host.
    Outside,
    /// This host itself.
    Host,
}

/// The source of a connection as far as it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// This address.
    Address(IpAddr),
    /// An address of this host: of the interface that the packet leaves by, or whichever the host
    /// has chosen.
    Host,
}

/// What the connection carries, with the L4 port that it goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A protocol with ports.
    Port(Protocol, NonZeroU16),
    /// An echo request of ICMP or `ICMPv6`.
    Icmp,
    /// Anything: what is translated by L4 port is passed over.
    Any,
}

/// The addresses of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flow {
    /// Where it comes from.
    pub source: Source,
    /// Where it goes to.
    pub destination: IpAddr,
    /// The protocol, and the L4 port at the destination.
    pub transport: Transport,
}

impl Flow {
    /// The IP version.
    #[must_use]
    pub fn family(&self) -> IpFamily {
        family(self.destination)
    }
}

/// The IP version of an address.
pub(super) fn family(address: IpAddr) -> IpFamily {
    match address {
        IpAddr::V4(_) => IpFamily::V4,
        IpAddr::V6(_) => IpFamily::V6,
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Address(address) => address.fmt(f),
            Source::Host => f.write_str("this host"),
        }
    }
}

impl fmt::Display for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Transport::Port(protocol, port) => write!(f, "{protocol} {port}"),
            Transport::Icmp => f.write_str("icmp"),
            Transport::Any => f.write_str("any protocol"),
        }
    }
}

impl fmt::Display for Flow {
    /// `10.0.0.10 -> 203.0.113.10, tcp 80`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} -> {}, {}", self.source, self.destination, self.transport)
    }
}
