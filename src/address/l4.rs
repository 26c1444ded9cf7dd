//! L4 protocols and ports.

use std::fmt;
use std::num::NonZeroU16;

use super::IpFamily;

/// A transport protocol with ports (numbers: IANA protocol numbers).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Protocol {
    /// Transmission Control Protocol, RFC 9293.
    Tcp = 6,
    /// User Datagram Protocol, RFC 768.
    Udp = 17,
    /// Stream Control Transmission Protocol, RFC 9260.
    Sctp = 132,
}

impl Protocol {
    /// Every protocol, by number.
    pub const ALL: [Protocol; 3] = [Protocol::Tcp, Protocol::Udp, Protocol::Sctp];

    /// The name as nft and policies spell it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Protocol::Tcp => "tcp",
            Protocol::Udp => "udp",
            Protocol::Sctp => "sctp",
        }
    }

    /// The protocol of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.name() == name)
    }

    /// The protocol number of the IP header.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The protocol of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|protocol| protocol.number() == number)
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The protocol number of ICMP (RFC 792) or `ICMPv6` (RFC 4443).
#[must_use]
pub const fn icmp(family: IpFamily) -> u8 {
    match family {
        IpFamily::V4 => 1,
        IpFamily::V6 => 58,
    }
}

/// An inclusive range of L4 ports; the first is never above the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    first: NonZeroU16,
    last: NonZeroU16,
}

impl PortRange {
    /// The range from `first` to `last`, or `None` if it is reversed.
    #[must_use]
    pub fn new(first: NonZeroU16, last: NonZeroU16) -> Option<Self> {
        (first <= last).then_some(Self { first, last })
    }

    /// The range of one L4 port.
    #[must_use]
    pub const fn single(port: NonZeroU16) -> Self {
        Self { first: port, last: port }
    }

    /// The first L4 port.
    #[must_use]
    pub const fn first(self) -> NonZeroU16 {
        self.first
    }

    /// The last L4 port, itself in the range.
    #[must_use]
    pub const fn last(self) -> NonZeroU16 {
        self.last
    }

    /// Whether this is one L4 port.
    #[must_use]
    pub fn is_single(self) -> bool {
        self.first == self.last
    }

    /// How many L4 ports there are.
    #[must_use]
    pub fn count(self) -> usize {
        usize::from(self.last.get() - self.first.get()) + 1
    }

    /// Whether both ranges have an L4 port in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_single() {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}
