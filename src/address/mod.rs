//! Addresses, prefixes and L4 ports: the vocabulary of every other module.
//!
//! Code that must treat IPv4 and IPv6 alike is written once over [`Address`].

mod interface;
mod l4;
mod prefix;

use std::fmt::{Debug, Display};
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

pub use interface::{InterfaceName, InterfacePattern, InterfacePatternError};
pub use l4::{PortRange, Protocol, icmp};
pub use prefix::{Prefix, covering, minimize};

/// An IP version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IpFamily {
    /// Internet Protocol version 4.
    V4,
    /// Internet Protocol version 6.
    V6,
}

impl IpFamily {
    /// Both families, in the order in which their objects are listed.
    pub const ALL: [IpFamily; 2] = [IpFamily::V4, IpFamily::V6];

    /// The keyword of nft(8): `ip` or `ip6`.
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            IpFamily::V4 => "ip",
            IpFamily::V6 => "ip6",
        }
    }

    /// The length of an address in bytes.
    #[must_use]
    pub const fn address_len(self) -> usize {
        match self {
            IpFamily::V4 => 4,
            IpFamily::V6 => 16,
        }
    }
}

impl Display for IpFamily {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            IpFamily::V4 => "IPv4",
            IpFamily::V6 => "IPv6",
        })
    }
}

/// An address of one family, so that a pair of different families cannot be written down.
pub trait Address:
    Copy + Ord + Eq + Hash + Debug + Display + FromStr + Into<IpAddr> + Send + Sync + 'static
{
    /// The family.
    const FAMILY: IpFamily;
    /// The length in bits: 32 or 128.
    const BITS: u8;

    /// The address as a number, the most significant bit first on the wire.
    fn to_bits(self) -> u128;

    /// The address of a number; bits above [`Self::BITS`] are ignored.
    fn from_bits(bits: u128) -> Self;
}

impl Address for Ipv4Addr {
    const FAMILY: IpFamily = IpFamily::V4;
    const BITS: u8 = 32;

    fn to_bits(self) -> u128 {
        u128::from(u32::from(self))
    }

    #[expect(clippy::cast_possible_truncation, reason = "an IPv4 address is the low 32 bits")]
    fn from_bits(bits: u128) -> Self {
        Self::from(bits as u32)
    }
}

impl Address for Ipv6Addr {
    const FAMILY: IpFamily = IpFamily::V6;
    const BITS: u8 = 128;

    fn to_bits(self) -> u128 {
        u128::from(self)
    }

    fn from_bits(bits: u128) -> Self {
        Self::from(bits)
    }
}
