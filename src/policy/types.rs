//! The policy: what the operator declares, parsed once into types that cannot be wrong.
//!
//! Everything here has been checked: families agree, prefixes have no host bits, every fixed
//! address lies in a fixed network, no two floats collide, and at most one float is the egress
//! address of a fixed address. Lists are sorted, so that equal policies are equal values.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;

use crate::address::{Address, InterfacePattern, IpFamily, PortRange, Prefix, Protocol};
use crate::printable::is_invisible;

/// A whole policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// Bridge ports and the guard against reflection.
    pub bridge: Bridge,
    /// Interfaces that egress connections leave by, sorted; empty: whatever is not fixed → fixed.
    pub uplinks: Vec<InterfacePattern>,
    /// Whether new connections are counted for each float.
    pub counters: bool,
    /// The IPv4 half.
    pub ipv4: Translation<Ipv4Addr>,
    /// The IPv6 half.
    pub ipv6: Translation<Ipv6Addr>,
}

/// The `bridge` section.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bridge {
    /// Instance ports, sorted, none covered by another; empty: every port of every bridge.
    pub ports: Vec<InterfacePattern>,
    /// The frames that must not come back to the port they came from.
    pub reflection: Reflection,
    /// The port hairpin mode that the matching ports are set to.
    pub hairpin_mode: HairpinMode,
}

impl Bridge {
    /// Whether the bridge port of that name is an instance's.
    #[must_use]
    pub fn is_instance_port(&self, name: &str) -> bool {
        self.ports.is_empty() || self.ports.iter().any(|pattern| pattern.matches(name))
    }
}

/// The frames that the guard drops when the bridge reflects them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reflection {
    /// None: there is no guard.
    Off,
    /// Frames to an IPv6 multicast group, `33:33:…` (RFC 2464 §7).
    #[default]
    Ipv6Multicast,
    /// Every group-addressed frame, broadcast too (IEEE 802 I/G bit).
    Multicast,
}

/// What becomes of the hairpin mode of bridge ports.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum HairpinMode {
    /// Left as it is.
    #[default]
    Keep,
    /// Switched on.
    On,
    /// Switched off.
    Off,
}

/// The translations of one IP family.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Translation<A> {
    /// The networks that instances live in, sorted, none covered by another.
    pub fixed: Vec<Prefix<A>>,
    /// Destinations that see the fixed address, sorted, none covered by another.
    pub exempt: Vec<Prefix<A>>,
    /// The source of egress connections of instances without a float.
    pub default_source: Option<DefaultSource<A>>,
    /// Floats that translate every protocol, sorted by float.
    pub addresses: Vec<AddressFloat<A>>,
    /// Float prefixes, one to one, sorted by float prefix.
    pub prefixes: Vec<PrefixFloat<A>>,
    /// Floats that translate some L4 ports: one entry a range, sorted by float, protocol, range.
    pub ports: Vec<PortFloat<A>>,
    /// Fixed addresses that leave by a port float (`ports` with `egress: true`), sorted by fixed
    /// address.
    pub port_egress: Vec<PortEgress<A>>,
}

/// The source address of an egress connection whose instance has no float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultSource<A> {
    /// The address of the interface that it leaves by.
    Masquerade,
    /// This address.
    Address(A),
}

/// A float that translates one address, every protocol and both ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AddressFloat<A> {
    /// The address that the outside knows.
    pub float: A,
    /// The address that the instance has.
    pub fixed: A,
    /// What the operator calls it.
    pub name: Option<Name>,
    /// Whether connections of the fixed address leave with this float; true for at most one float
    /// of a fixed address, over `addresses` and `port_egress` together.
    pub egress: bool,
}

/// A prefix of floats that translates one to one, both prefixes of the same length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixFloat<A> {
    /// The addresses that the outside knows; more than one.
    pub float: Prefix<A>,
    /// The addresses that the instances have.
    pub fixed: Prefix<A>,
    /// What the operator calls it.
    pub name: Option<Name>,
    /// Whether connections of the fixed addresses leave with these floats. The fixed prefixes of
    /// such floats do not overlap. A float of one fixed address goes before its prefix.
    pub egress: bool,
}

/// A range of L4 ports of a float; the ranges of one float and protocol do not overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortFloat<A> {
    /// The address that the outside knows.
    pub float: A,
    /// The transport protocol.
    pub protocol: Protocol,
    /// The L4 ports that the outside knows.
    pub ports: PortRange,
    /// The address that the instance has.
    pub fixed: A,
    /// The L4 port of the instance, for a single port that does not keep its number.
    pub fixed_port: Option<NonZeroU16>,
    /// What the operator calls the float.
    pub name: Option<Name>,
}

/// A fixed address whose connections leave with a port float.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortEgress<A> {
    /// The address that the instance has.
    pub fixed: A,
    /// The address that its connections leave with.
    pub float: A,
    /// What the operator calls the float.
    pub name: Option<Name>,
}

/// The longest name of a float in bytes.
pub const LONGEST_NAME: usize = 64;

/// The name of a float: 1 to [`LONGEST_NAME`] bytes that an nft script can carry as a comment, so
/// without `"`, and that a reader sees whole, so without [invisible](is_invisible) characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name(Box<str>);

impl Name {
    /// The name, or `None` if `text` is none.
    #[must_use]
    pub fn new(text: &str) -> Option<Self> {
        let refused = |c: char| is_invisible(c) || c == '"';
        let fits = !text.is_empty() && text.len() <= LONGEST_NAME && !text.contains(refused);
        fits.then(|| Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl<A> Default for Translation<A> {
    fn default() -> Self {
        Self {
            fixed: Vec::new(),
            exempt: Vec::new(),
            default_source: None,
            addresses: Vec::new(),
            prefixes: Vec::new(),
            ports: Vec::new(),
            port_egress: Vec::new(),
        }
    }
}

impl<A: Address> Translation<A> {
    /// Whether the policy says nothing of this family.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.fixed.is_empty()
    }

    /// How many floats there are, a prefix counted as one.
    #[must_use]
    pub fn float_count(&self) -> usize {
        let port_floats = self.ports.chunk_by(|a, b| a.float == b.float).count();
        self.addresses.len() + self.prefixes.len() + port_floats
    }
}

impl Policy {
    /// Whether the policy translates anything of `family`.
    #[must_use]
    pub fn uses(&self, family: IpFamily) -> bool {
        match family {
            IpFamily::V4 => !self.ipv4.is_empty(),
            IpFamily::V6 => !self.ipv6.is_empty(),
        }
    }

    /// Whether there is a float of `family`.
    #[must_use]
    pub fn has_floats(&self, family: IpFamily) -> bool {
        match family {
            IpFamily::V4 => self.ipv4.float_count() > 0,
            IpFamily::V6 => self.ipv6.float_count() > 0,
        }
    }

    /// How many floats there are: keys of `floats`, a prefix counted as one.
    #[must_use]
    pub fn float_count(&self) -> usize {
        self.ipv4.float_count() + self.ipv6.float_count()
    }
}
