//! Where the floats of a ruleset lead, looked up as the kernel does for the first packet of a
//! connection: the most specific map first, one binary search each.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::address::{Address, IpFamily, Protocol};
use crate::ruleset::{Element, Set, UNTRANSLATED_ZONE};

/// A connection as conntrack knows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Connection {
    /// The protocol number of the IP header.
    pub protocol: u8,
    /// What whoever opened the connection sends: before any translation.
    pub original: Tuple,
    /// What is sent back to it, before that is translated: from the fixed address, to whatever the
    /// source was rewritten to.
    pub reply: Tuple,
    /// Whether anything was sent back (`IPS_SEEN_REPLY`).
    pub answered: bool,
    /// The conntrack zone that holds for both directions; 0 if there is none.
    pub zone: u16,
}

impl Connection {
    /// Whether cutting it would end it: a peer of TCP that was answered goes on as before, whatever the
    /// rules are by now. Anything else begins anew with its next packet.
    fn is_established_tcp(&self) -> bool {
        self.protocol == Protocol::Tcp.number() && self.answered
    }
}

/// One direction of a connection (`struct nf_conntrack_tuple`); the L4 ports of a protocol that has
/// none are 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuple {
    /// Where its packets come from.
    pub source: SocketAddr,
    /// Where they go to.
    pub destination: SocketAddr,
}

/// What a set or map of ours is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `dnat4`: float → fixed.
    Address,
    /// `dnat4_port`: float and L4 port → fixed and L4 port.
    Port,
    /// `dnat4_range`: float and L4 ports → fixed.
    Range,
    /// `dnat4_net`: float prefix → fixed prefix.
    Prefix,
    /// `snat4`: fixed → egress float.
    Egress,
    /// `snat4_net`: fixed prefix → float prefix.
    EgressPrefix,
    /// `host4`: float and L4 ports that stay with the host.
    Host,
    /// `fixed4`: the fixed networks.
    Fixed,
    /// `exempt4`: destinations that see the fixed address.
    Exempt,
}

/// The name of each, with the digit of its family left out.
const ROLES: [(&str, &str, Role); 9] = [
    ("dnat", "", Role::Address),
    ("dnat", "_port", Role::Port),
    ("dnat", "_range", Role::Range),
    ("dnat", "_net", Role::Prefix),
    ("snat", "", Role::Egress),
    ("snat", "_net", Role::EgressPrefix),
    ("host", "", Role::Host),
    ("fixed", "", Role::Fixed),
    ("exempt", "", Role::Exempt),
];

/// What the set or map of that name is for; `None` if it is for nothing that a connection depends on.
pub(super) fn role(name: &str) -> Option<(IpFamily, Role)> {
    ROLES.iter().find_map(|(head, tail, role)| {
        let family = match name.strip_prefix(head)?.strip_suffix(tail)? {
            "4" => IpFamily::V4,
            "6" => IpFamily::V6,
            _ => return None,
        };
        Some((family, *role))
    })
}

impl Role {
    /// Whether it is a map of translations.
    pub(super) const fn translates(self) -> bool {
        match self {
            Role::Address
            | Role::Port
            | Role::Range
            | Role::Prefix
            | Role::Egress
            | Role::EgressPrefix => true,
            Role::Host | Role::Fixed | Role::Exempt => false,
        }
    }
}

/// The sets and maps of one ruleset that decide where connections lead.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FloatMaps<'a>(Vec<FloatMap<'a>>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct FloatMap<'a> {
    family: IpFamily,
    role: Role,
    set: &'a Set,
    /// Found out once, as it takes a walk over all elements ([`Set::is_sorted_by_intervals`]).
    sorted: bool,
}

impl<'a> FloatMaps<'a> {
    /// Those among `sets`.
    pub(super) fn among(sets: impl Iterator<Item = &'a Set>) -> Self {
        let map = |set: &'a Set| {
            let (family, role) = role(&set.declaration.name)?;
            Some(FloatMap { family, role, set, sorted: set.is_sorted_by_intervals() })
        };
        Self(sets.filter_map(map).collect())
    }

    /// Whether there is any map of `family`.
    pub(super) fn has(&self, family: IpFamily) -> bool {
        self.0.iter().any(|map| map.family == family && map.role.translates())
    }

    /// Whether a new connection like this one would be translated to the same instance.
    pub(super) fn lead(&self, connection: &Connection) -> bool {
        let reply = connection.reply.source;
        self.target(connection).is_some_and(|(address, port)| {
            address == reply.ip() && port.is_none_or(|port| port == reply.port())
        })
    }

    /// Whether a new connection like this one would be translated, and this one was not, at one of
    /// its ends.
    pub(super) fn missed(&self, connection: &Connection) -> bool {
        let Connection { original, reply, .. } = connection;
        let source = original.source.ip();
        let leaves = || {
            let outwards = !self.holds(Role::Fixed, original.destination.ip());
            outwards && self.egress(source).is_some()
                || self.holds(Role::Fixed, source) && self.lead(connection)
        };
        reply.source == original.destination && self.target(connection).is_some()
            || reply.destination == original.source && leaves()
    }

    /// Whether a new connection like this one would be translated, at one of its ends, as this one is
    /// not, and `before` would not have translated it.
    ///
    /// Of connections in the other direction only those beyond the fixed networks are told: by which
    /// interface they leave, conntrack does not know.
    pub(super) fn begin(&self, connection: &Connection, before: &Self) -> bool {
        let Connection { original, reply, zone, .. } = connection;
        if *zone == UNTRANSLATED_ZONE || connection.is_established_tcp() {
            return false;
        }
        let arrives = || {
            let untranslated = reply.source == original.destination;
            untranslated && before.target(connection).is_none() && self.target(connection).is_some()
        };
        let (source, destination) = (original.source.ip(), original.destination.ip());
        let leaves = || {
            let egress = self.egress(source);
            egress.is_some()
                && egress != before.egress(source)
                && egress != Some(reply.destination.ip())
                && !self.holds(Role::Fixed, destination)
                && !self.holds(Role::Exempt, destination)
        };
        arrives() || leaves()
    }

    /// The fixed address, and perhaps the L4 port, that a new connection like this one would be
    /// translated to.
    fn target(&self, connection: &Connection) -> Option<(IpAddr, Option<u16>)> {
        let Connection { protocol, original, .. } = connection;
        let key = Key::new(original.destination, *protocol);
        if self.find(Role::Host, &key).is_some() {
            return None;
        }
        let by_port = || self.find(Role::Port, &key).map(|one| (one.data, key.port_of(one.data)));
        let by_range = || self.find(Role::Range, &key).map(|one| (one.data, None));
        match by_port().or_else(by_range) {
            Some((data, port)) => address(key.family, data).map(|address| (address, port)),
            None => self.whole(original.destination.ip()).map(|address| (address, None)),
        }
    }

    /// Whether the address that this connection leaves as is a float of the instance that opened it.
    pub(super) fn own_source(&self, connection: &Connection) -> bool {
        let (fixed, float) = (connection.original.source.ip(), connection.reply.destination.ip());
        self.whole(float) == Some(fixed) || self.egress(fixed) == Some(float)
    }

    /// The fixed address that all of a float leads to, but for what its L4 ports say.
    pub(super) fn whole(&self, float: IpAddr) -> Option<IpAddr> {
        self.mapped(Role::Address, Role::Prefix, float)
    }

    /// The float that connections of a fixed address leave as.
    fn egress(&self, fixed: IpAddr) -> Option<IpAddr> {
        self.mapped(Role::Egress, Role::EgressPrefix, fixed)
    }

    /// Whether an address is in the set of that role.
    fn holds(&self, role: Role, address: IpAddr) -> bool {
        self.find(role, &Key::new(SocketAddr::new(address, 0), 0)).is_some()
    }

    /// What an address leads to, alone or else as part of a prefix, in which its offset is kept.
    fn mapped(&self, single: Role, prefix: Role, from: IpAddr) -> Option<IpAddr> {
        let key = Key::new(SocketAddr::new(from, 0), 0);
        let family = key.family;
        if let Some(element) = self.find(single, &key) {
            return address(family, element.data);
        }
        let element = self.find(prefix, &key)?;
        let offset = bits(from).wrapping_sub(bits(address(family, element.key)?));
        let first = bits(address(family, element.data)?);
        Some(from_bits(family, first.wrapping_add(offset)))
    }

    /// The element that a key leads to.
    fn find(&self, role: Role, key: &Key) -> Option<Element<'a>> {
        let map = self.0.iter().find(|map| (map.family, map.role) == (key.family, role))?;
        let key = match role {
            Role::Port | Role::Range | Role::Host => key.with_port(),
            Role::Address
            | Role::Prefix
            | Role::Egress
            | Role::EgressPrefix
            | Role::Fixed
            | Role::Exempt => key.address(),
        };
        if map.sorted { map.set.elements.containing(key) } else { map.set.find(key) }
    }
}

/// A key of `dnat4_port`, whose beginning is a key of `dnat4`.
struct Key {
    family: IpFamily,
    bytes: [u8; Key::LONGEST],
}

impl Key {
    /// An IPv6 address, a protocol and an L4 port, each padded to 32 bits.
    const LONGEST: usize = 24;

    fn new(to: SocketAddr, protocol: u8) -> Self {
        let [high, low] = to.port().to_be_bytes();
        let tail = [protocol, 0, 0, 0, high, low, 0, 0];
        let mut bytes = [0; Self::LONGEST];
        let family = match to.ip() {
            IpAddr::V4(address) => {
                bytes[..4].copy_from_slice(&address.octets());
                bytes[4..12].copy_from_slice(&tail);
                IpFamily::V4
            }
            IpAddr::V6(address) => {
                bytes[..16].copy_from_slice(&address.octets());
                bytes[16..].copy_from_slice(&tail);
                IpFamily::V6
            }
        };
        Self { family, bytes }
    }

    fn address(&self) -> &[u8] {
        &self.bytes[..self.family.address_len()]
    }

    fn with_port(&self) -> &[u8] {
        &self.bytes[..self.family.address_len() + 8]
    }

    /// The L4 port behind the address in the data of `dnat4_port`.
    fn port_of(&self, data: &[u8]) -> Option<u16> {
        let (port, _) = data.get(self.family.address_len()..)?.split_first_chunk()?;
        Some(u16::from_be_bytes(*port))
    }
}

/// The address that a key or datum begins with.
pub(super) fn address(family: IpFamily, bytes: &[u8]) -> Option<IpAddr> {
    match family {
        IpFamily::V4 => bytes.first_chunk::<4>().map(|&octets| octets.into()),
        IpFamily::V6 => bytes.first_chunk::<16>().map(|&octets| octets.into()),
    }
}

fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => Address::to_bits(address),
        IpAddr::V6(address) => Address::to_bits(address),
    }
}

fn from_bits(family: IpFamily, bits: u128) -> IpAddr {
    match family {
        IpFamily::V4 => <Ipv4Addr as Address>::from_bits(bits).into(),
        IpFamily::V6 => <Ipv6Addr as Address>::from_bits(bits).into(),
    }
}
