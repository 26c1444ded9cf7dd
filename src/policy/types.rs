//! The policy: what the operator declares, parsed once into types that cannot be wrong.
//!
//! Everything here has been checked: families agree, prefixes have no host bits, every fixed
//! address lies in a fixed network, no two floats collide, and at most one float is the egress
//! address of a fixed address. Lists are sorted, so that equal policies are equal values.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;
use std::str::FromStr;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bridge {
    /// Instance ports, sorted, none covered by another; empty: every port of every bridge.
    pub ports: Vec<InterfacePattern>,
    /// Ports that are no instance's although `ports` matches them, sorted, none covered by another.
    pub excluded: Vec<InterfacePattern>,
    /// Bridges that frames only pass through on their way to another bridge, sorted, none covered by
    /// another.
    pub through: Vec<InterfacePattern>,
    /// The frames that must not come back to the port they came from.
    pub reflection: Reflection,
    /// The port hairpin mode that the matching ports are set to.
    pub hairpin_mode: HairpinMode,
    /// How an instance reaches its own float.
    pub own_float: OwnFloat,
    /// Whether frames that instances send to another gateway are taken in by the bridge.
    pub redirect: Redirect,
}

impl Default for Bridge {
    fn default() -> Self {
        Self {
            ports: Vec::new(),
            excluded: Vec::new(),
            through: InterfacePattern::from_str("fwbr*").into_iter().collect(),
            reflection: Reflection::default(),
            hairpin_mode: HairpinMode::default(),
            own_float: OwnFloat::default(),
            redirect: Redirect::default(),
        }
    }
}

impl Bridge {
    /// Whether the bridge port of that name is an instance's.
    #[must_use]
    pub fn is_instance_port(&self, name: impl AsRef<[u8]>) -> bool {
        let matches = |pattern: &InterfacePattern| pattern.matches(&name);
        let named = self.ports.is_empty() || self.ports.iter().any(matches);
        named && !self.leaves_out(&name)
    }

    /// Whether the policy leaves the bridge port of that name out, as `"!vnet9"` does.
    #[must_use]
    pub fn leaves_out(&self, name: impl AsRef<[u8]>) -> bool {
        self.excluded.iter().any(|pattern| pattern.matches(&name))
    }
}

/// How an instance reaches its own float.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OwnFloat {
    /// By the NAT rules alone. With `br_netfilter` that needs port hairpin mode.
    #[default]
    Translate,
    /// In addition, the bridge rewrites the destination before `br_netfilter` sees the frame, so that
    /// the packet is routed and no port needs hairpin mode.
    Rewrite,
}

/// Whether the bridge takes in what instances send to a gateway that is not this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Redirect {
    /// No: such frames are bridged.
    #[default]
    Off,
    /// Yes: frames that leave the fixed networks are routed by this host.
    On,
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
    /// Public addresses that belong to instances, sorted, none covered by another: packets to them
    /// that are not translated are rejected.
    pub pool: Vec<Prefix<A>>,
    /// The source of egress connections of instances without a float.
    pub default_source: Option<DefaultSource<A>>,
    /// Floats of one address, sorted by float.
    pub floats: Vec<Float<A>>,
    /// Float prefixes, one to one, sorted by float prefix.
    pub prefixes: Vec<PrefixFloat<A>>,
    /// The floats that connections of fixed addresses leave with, sorted by fixed address, at most
    /// one for each.
    pub egress: Vec<Egress<A>>,
}

/// The source address of an egress connection whose instance has no float.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultSource<A> {
    /// The address of the interface that it leaves by.
    Masquerade,
    /// This address.
    Address(A),
}

/// A float of one address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Float<A> {
    /// The address that the outside knows.
    pub float: A,
    /// The instance that every protocol and L4 port leads to, except those of `services`. `None`: only
    /// those of `services` are translated.
    pub fixed: Option<A>,
    /// The L4 ports and protocols that lead somewhere of their own, sorted; no two overlap.
    pub services: Box<[FloatService<A>]>,
    /// What the operator calls it.
    pub name: Option<Name>,
}

/// Some L4 ports or a protocol of a float, and where they lead.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FloatService<A> {
    /// The traffic that is meant.
    pub service: Service,
    /// Where it leads.
    pub target: ServiceTarget<A>,
}

/// Part of the traffic to one address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Service {
    /// A range of L4 ports of a transport protocol.
    Ports(Protocol, PortRange),
    /// ICMP (RFC 792) or `ICMPv6` (RFC 4443), by the family of the address: echo requests, and
    /// whatever else begins a connection of conntrack.
    Icmp,
}

impl fmt::Display for Service {
    /// As policies spell it: `80/tcp`, `6000-6010/udp`, `icmp`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ports(protocol, range) => write!(f, "{range}/{protocol}"),
            Self::Icmp => f.write_str("icmp"),
        }
    }
}

impl Service {
    /// Whether both have some traffic in common.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        match (self, other) {
            (Self::Ports(protocol, range), Self::Ports(other_protocol, other_range)) => {
                protocol == other_protocol && range.overlaps(other_range)
            }
            (Self::Icmp, Self::Icmp) => true,
            (Self::Ports(..), Self::Icmp) | (Self::Icmp, Self::Ports(..)) => false,
        }
    }
}

/// Where a service of a float leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServiceTarget<A> {
    /// To an instance.
    Instance {
        /// The address that the instance has.
        fixed: A,
        /// The instance's L4 port for the first one of the range; the others follow in order.
        /// `None`: L4 ports keep their numbers.
        port: Option<NonZeroU16>,
    },
    /// Nowhere: the host itself answers.
    Host,
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

/// A fixed address, and the float that its connections leave with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Egress<A> {
    /// The address that the instance has.
    pub fixed: A,
    /// The float, by its index in [`Translation::floats`].
    pub float: usize,
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
            pool: Vec::new(),
            default_source: None,
            floats: Vec::new(),
            prefixes: Vec::new(),
            egress: Vec::new(),
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
        self.floats.len() + self.prefixes.len()
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
