//! Where the floats of a ruleset lead, looked up as the kernel does for the first packet of a
//! connection: the most specific map first, one binary search each.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use crate::address::{Address, IpFamily};
use crate::ruleset::{Elements, Set};

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

/// What a map of ours is for.
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
}

const ROLES: [(&str, IpFamily, Role); 12] = [
    ("dnat4", IpFamily::V4, Role::Address),
    ("dnat4_port", IpFamily::V4, Role::Port),
    ("dnat4_range", IpFamily::V4, Role::Range),
    ("dnat4_net", IpFamily::V4, Role::Prefix),
    ("snat4", IpFamily::V4, Role::Egress),
    ("snat4_net", IpFamily::V4, Role::EgressPrefix),
    ("dnat6", IpFamily::V6, Role::Address),
    ("dnat6_port", IpFamily::V6, Role::Port),
    ("dnat6_range", IpFamily::V6, Role::Range),
    ("dnat6_net", IpFamily::V6, Role::Prefix),
    ("snat6", IpFamily::V6, Role::Egress),
    ("snat6_net", IpFamily::V6, Role::EgressPrefix),
];

/// The sets of fixed networks.
const FIXED: [(&str, IpFamily); 2] = [("fixed4", IpFamily::V4), ("fixed6", IpFamily::V6)];

/// What the set or map of that name is for; `None` if it translates nothing.
pub(super) fn role(name: &str) -> Option<(IpFamily, Role)> {
    ROLES.iter().find(|(known, ..)| *known == name).map(|&(_, family, role)| (family, role))
}

/// The maps of one ruleset that translate, and its fixed networks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct FloatMaps<'a> {
    maps: Vec<(IpFamily, Role, &'a Elements)>,
    fixed: Vec<(IpFamily, &'a Elements)>,
}

impl<'a> FloatMaps<'a> {
    /// Those among `sets`.
    pub(super) fn among(sets: impl Iterator<Item = &'a Set>) -> Self {
        let mut found = Self::default();
        for Set { declaration, elements } in sets {
            let fixed = FIXED.iter().find(|(name, _)| *name == declaration.name);
            found.fixed.extend(fixed.map(|&(_, family)| (family, elements)));
            let map = role(&declaration.name).map(|(family, role)| (family, role, elements));
            found.maps.extend(map);
        }
        found
    }

    /// Whether there is any map of `family`.
    pub(super) fn has(&self, family: IpFamily) -> bool {
        self.maps.iter().any(|&(of, ..)| of == family)
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
            let outwards = !self.is_fixed(original.destination.ip());
            outwards && self.egress(source).is_some()
                || self.is_fixed(source) && self.lead(connection)
        };
        reply.source == original.destination && self.target(connection).is_some()
            || reply.destination == original.source && leaves()
    }

    /// The fixed address, and perhaps the L4 port, that a new connection like this one would be
    /// translated to.
    fn target(&self, connection: &Connection) -> Option<(IpAddr, Option<u16>)> {
        let Connection { protocol, original, .. } = connection;
        let key = Key::new(original.destination, *protocol);
        let by_port = || self.find(Role::Port, &key).map(|data| (data, key.port_of(data)));
        let by_range = || self.find(Role::Range, &key).map(|data| (data, None));
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

    /// Whether an address is one of instances.
    fn is_fixed(&self, address: IpAddr) -> bool {
        let key = Key::new(SocketAddr::new(address, 0), 0);
        let networks = self.fixed.iter().find(|(family, _)| *family == key.family);
        networks.is_some_and(|(_, networks)| networks.containing(key.address()).is_some())
    }

    /// What an address leads to, alone or else as part of a prefix, in which its offset is kept.
    fn mapped(&self, single: Role, prefix: Role, from: IpAddr) -> Option<IpAddr> {
        let key = Key::new(SocketAddr::new(from, 0), 0);
        let family = key.family;
        if let Some(data) = self.find(single, &key) {
            return address(family, data);
        }
        let elements = self.map(family, prefix)?;
        let element = elements.containing(key.address())?;
        let offset = bits(from).wrapping_sub(bits(address(family, element.key)?));
        let first = bits(address(family, element.data)?);
        Some(from_bits(family, first.wrapping_add(offset)))
    }

    /// The data that a key leads to.
    fn find(&self, role: Role, key: &Key) -> Option<&'a [u8]> {
        let key_bytes = match role {
            Role::Port | Role::Range => key.with_port(),
            _ => key.address(),
        };
        Some(self.map(key.family, role)?.containing(key_bytes)?.data)
    }

    fn map(&self, family: IpFamily, role: Role) -> Option<&'a Elements> {
        self.maps.iter().find(|&&(of, is, _)| (of, is) == (family, role)).map(|&(.., map)| map)
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
