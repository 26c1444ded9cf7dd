//! What a register holds while a rule is followed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::{InterfacePattern, IpFamily, Prefix, Protocol};
use crate::kernel::expression::{Checksum, Register, prefix_mask, source_offset};
use crate::kernel::uapi::{
    ETH_P_IP, ETH_P_IPV6, FIB_SOURCE_BY_INTERFACE, IFNAMSIZ, IPS_DST_NAT, NFPROTO_IPV4,
    NFPROTO_IPV6, NFT_CT_STATUS, NFT_CT_ZONE, NFT_META_IIF, NFT_META_IIFNAME, NFT_META_L4PROTO,
    NFT_META_NFPROTO, NFT_META_OIF, NFT_META_OIFNAME, NFT_META_PKTTYPE, NFT_META_PROTOCOL,
    NFT_PAYLOAD_LL_HEADER, NFT_PAYLOAD_NETWORK_HEADER, NFT_PAYLOAD_TRANSPORT_HEADER, PACKET_HOST,
};
use crate::ruleset::{AddressSide, AnyPrefix, Direction, Group, MapKey, Statement};

/// A value that an expression loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A property of the packet.
    Meta(u32),
    /// Bytes of one of its headers.
    Payload { base: u32, offset: u32, len: u32 },
    /// A property of its connection.
    Conntrack(u32),
    /// Whether the routing table has the route that the flags ask for.
    HasRoute(u32),
    /// Some bits of another value.
    Masked { of: Box<Value>, mask: Vec<u8> },
    /// A constant.
    Constant(Vec<u8>),
    /// The data of a map, in so many 32-bit words.
    Mapped { family: IpFamily, key: MapKey, map: String, words: usize },
    /// Something that hairnat never loads.
    Unknown,
}

impl Value {
    /// How many 32-bit words the value takes.
    fn words(&self) -> usize {
        match self {
            Value::Meta(NFT_META_IIFNAME | NFT_META_OIFNAME) => IFNAMSIZ / 4,
            Value::Meta(_) | Value::Conntrack(_) | Value::HasRoute(_) | Value::Unknown => 1,
            Value::Payload { len, .. } => usize::try_from(len.div_ceil(4)).unwrap_or(usize::MAX),
            Value::Masked { mask: bytes, .. } | Value::Constant(bytes) => bytes.len().div_ceil(4),
            Value::Mapped { words, .. } => *words,
        }
    }

    /// Which address of the packet the value is, if it is one.
    pub(super) fn address(&self) -> Option<(IpFamily, AddressSide)> {
        let Value::Payload { base: NFT_PAYLOAD_NETWORK_HEADER, offset, len } = self else {
            return None;
        };
        let family = match len {
            4 => IpFamily::V4,
            16 => IpFamily::V6,
            _ => return None,
        };
        match offset.checked_sub(source_offset(family)) {
            Some(0) => Some((family, AddressSide::Source)),
            Some(distance) if distance == *len => Some((family, AddressSide::Destination)),
            _ => None,
        }
    }

    /// What the comparison with a constant means.
    pub(super) fn compared(&self, negated: bool, constant: &[u8]) -> Option<Statement> {
        match self {
            Value::Meta(NFT_META_IIFNAME) => interface(Direction::In, negated, constant),
            Value::Meta(NFT_META_OIFNAME) => interface(Direction::Out, negated, constant),
            Value::Masked { of, mask } => of.masked_compared(mask, negated, constant),
            Value::Payload { len, .. } if negated => {
                let whole = u32::try_from(constant.len()) == Ok(*len);
                let bits = u8::try_from(len.checked_mul(8)?).ok()?;
                whole.then(|| self.outside(constant, bits))?
            }
            _ if negated => None,
            Value::Meta(NFT_META_NFPROTO) => match constant {
                [NFPROTO_IPV4] => Some(Statement::NfProto(IpFamily::V4)),
                [NFPROTO_IPV6] => Some(Statement::NfProto(IpFamily::V6)),
                _ => None,
            },
            Value::Meta(NFT_META_L4PROTO) => match constant {
                [number] => Protocol::from_number(*number).map(Statement::L4Protocol),
                _ => None,
            },
            Value::Meta(NFT_META_PROTOCOL) => {
                let protocol = u16::from_be_bytes(constant.try_into().ok()?);
                match protocol {
                    ETH_P_IP => Some(Statement::EtherType(IpFamily::V4)),
                    ETH_P_IPV6 => Some(Statement::EtherType(IpFamily::V6)),
                    _ => None,
                }
            }
            Value::Meta(NFT_META_PKTTYPE) => {
                (constant == [PACKET_HOST]).then_some(Statement::ToHost)
            }
            Value::HasRoute(FIB_SOURCE_BY_INTERFACE) => {
                constant.iter().all(|&byte| byte == 0).then_some(Statement::SourceUnroutable)
            }
            Value::Conntrack(NFT_CT_ZONE) => {
                constant.try_into().ok().map(u16::from_ne_bytes).map(Statement::InZone)
            }
            _ => None,
        }
    }

    /// What the comparison of some of the bits of this value with a constant means.
    fn masked_compared(&self, mask: &[u8], negated: bool, constant: &[u8]) -> Option<Statement> {
        match self {
            Value::Payload { base: NFT_PAYLOAD_LL_HEADER, offset: 0, len: 6 } if !negated => {
                [Group::Ipv6Multicast, Group::Any]
                    .into_iter()
                    .find(|group| mask == group.mask() && constant == group.value())
                    .map(Statement::EtherDestination)
            }
            Value::Conntrack(NFT_CT_STATUS)
                if mask == IPS_DST_NAT.to_ne_bytes() && constant == [0; 4] =>
            {
                Some(if negated { Statement::Dnated } else { Statement::NotDnated })
            }
            Value::Payload { .. } if negated => {
                let bits: u32 = mask.iter().map(|byte| byte.leading_ones()).sum();
                let len = u8::try_from(bits).ok()?;
                (prefix_mask(mask.len(), len) == mask).then(|| self.outside(constant, len))?
            }
            _ => None,
        }
    }

    /// What it means that this value, which begins where an address does, differs from the first
    /// `len` bits of `first`.
    fn outside(&self, first: &[u8], len: u8) -> Option<Statement> {
        let Value::Payload { base: NFT_PAYLOAD_NETWORK_HEADER, offset, .. } = *self else {
            return None;
        };
        let is_destination = |family: IpFamily| {
            let address_len = u32::try_from(family.address_len()).ok()?;
            Some(offset == source_offset(family) + address_len)
        };
        let mut octets = [0; 16];
        octets.get_mut(..first.len())?.copy_from_slice(first);
        let prefix = if is_destination(IpFamily::V4)? {
            let [a, b, c, d, ..] = octets;
            AnyPrefix::V4(Prefix::new(Ipv4Addr::new(a, b, c, d), len)?)
        } else if is_destination(IpFamily::V6)? {
            AnyPrefix::V6(Prefix::new(Ipv6Addr::from(octets), len)?)
        } else {
            return None;
        };
        Some(Statement::DestinationOutside(prefix))
    }

    /// What it means to write this value to `field`.
    pub(super) fn written_to(&self, field: &Self, checksum: Checksum) -> Option<Statement> {
        match (self, field) {
            (
                Value::Constant(bytes),
                Value::Payload { base: NFT_PAYLOAD_LL_HEADER, offset: 0, len: 6 },
            ) if checksum == Checksum::None => {
                bytes.as_slice().try_into().ok().map(Statement::SetEtherDestination)
            }
            (Value::Mapped { family, key: MapKey::AddressPair, map, .. }, field) => {
                let (of, side) = field.address()?;
                let ours = of == *family && checksum == Checksum::of_address(*family);
                ours.then(|| Statement::Rewrite { family: of, side, map: map.clone() })
            }
            _ => None,
        }
    }

    /// Whether the values are `iif . iif`.
    pub(super) fn are_port_twice(key: &[Value]) -> bool {
        matches!(key, [Value::Meta(NFT_META_IIF), Value::Meta(NFT_META_IIF)])
    }

    /// Whether the values are `iif . oif`.
    pub(super) fn are_port_pair(key: &[Value]) -> bool {
        matches!(key, [Value::Meta(NFT_META_IIF), Value::Meta(NFT_META_OIF)])
    }

    /// The values as what a map of translations is asked for.
    pub(super) fn as_map_key(key: &[Value]) -> Option<(IpFamily, MapKey)> {
        const PORT: Value =
            Value::Payload { base: NFT_PAYLOAD_TRANSPORT_HEADER, offset: 2, len: 2 };
        let (address, rest) = key.split_first()?;
        let (family, side) = address.address()?;
        match (side, rest) {
            (side, []) => Some((family, MapKey::Address(side))),
            (AddressSide::Source, [other]) => {
                let pair = other.address() == Some((family, AddressSide::Destination));
                pair.then_some((family, MapKey::AddressPair))
            }
            (AddressSide::Destination, [Value::Meta(NFT_META_L4PROTO), port]) if *port == PORT => {
                Some((family, MapKey::AddressAndPort))
            }
            _ => None,
        }
    }

    /// An address of that family.
    pub(super) fn constant_address(family: IpFamily, bytes: &[u8]) -> Option<IpAddr> {
        match family {
            IpFamily::V4 => <[u8; 4]>::try_from(bytes).ok().map(|b| Ipv4Addr::from(b).into()),
            IpFamily::V6 => <[u8; 16]>::try_from(bytes).ok().map(|b| Ipv6Addr::from(b).into()),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Meta(key) => write!(f, "meta key {key}"),
            Value::Payload { base, offset, len } => {
                write!(f, "{len} bytes at {offset} of header {base}")
            }
            Value::Conntrack(key) => write!(f, "ct key {key}"),
            Value::HasRoute(_) => f.write_str("a route"),
            Value::Masked { of, .. } => write!(f, "some bits of {of}"),
            Value::Constant(_) => write!(f, "a constant"),
            Value::Mapped { map, .. } => write!(f, "what {map} gives"),
            Value::Unknown => write!(f, "something"),
        }
    }
}

/// A whole name is compared with its NULs, up to the 16 bytes of the register; a beginning without.
fn interface(direction: Direction, negated: bool, constant: &[u8]) -> Option<Statement> {
    let end = constant.iter().position(|&byte| byte == 0).unwrap_or(constant.len());
    let (name, padding) = constant.split_at_checked(end)?;
    let wildcard = padding.is_empty();
    let complete = wildcard || constant.len() == IFNAMSIZ;
    if !complete || padding.iter().any(|&byte| byte != 0) {
        return None;
    }
    let name = std::str::from_utf8(name).ok()?;
    let text = if wildcard { format!("{name}*") } else { name.to_owned() };
    let pattern: InterfacePattern = text.parse().ok()?;
    // A name that ends in a literal `*` would read as a wildcard.
    (pattern.is_wildcard() == wildcard).then_some(Statement::Interface {
        direction,
        negated,
        pattern,
    })
}

/// The registers: which word of which value each of them holds.
#[derive(Debug, Default)]
pub(super) struct Registers {
    words: [Option<(usize, usize)>; Register::COUNT],
    /// Every value that was loaded, and whether anything made use of it.
    values: Vec<(Value, bool)>,
}

impl Registers {
    /// Loads a value.
    pub(super) fn load(&mut self, value: Value, to: Register) {
        let id = self.values.len();
        let words = value.words();
        for (number, word) in self.words.iter_mut().skip(to.word()).take(words).enumerate() {
            *word = Some((id, number));
        }
        self.values.push((value, false));
    }

    /// The value that starts there, if it is still there as a whole.
    pub(super) fn take(&mut self, from: Register) -> Option<Value> {
        self.take_at(from.word())
    }

    /// The values that follow one another from there, `len` bytes of them and no more.
    pub(super) fn take_all(&mut self, from: Register, len: usize) -> Option<Vec<Value>> {
        let mut values = Vec::new();
        let end = from.word() + len.div_ceil(4);
        let mut at = from.word();
        while at < end {
            let value = self.take_at(at)?;
            at += value.words().max(1);
            values.push(value);
        }
        (at == end).then_some(values)
    }

    /// How many words into the value at `start` the register `at` is, if it is in it at all.
    pub(super) fn distance(&self, start: Register, at: Register) -> Option<usize> {
        let (start, _) = self.words.get(start.word()).copied().flatten()?;
        let (id, word) = self.words.get(at.word()).copied().flatten()?;
        (start == id).then_some(word)
    }

    /// A value that nothing made use of.
    pub(super) fn unused(&self) -> Option<&Value> {
        self.values.iter().find(|(_, used)| !used).map(|(value, _)| value)
    }

    fn take_at(&mut self, start: usize) -> Option<Value> {
        let (id, _) = self.words.get(start).copied().flatten()?;
        let (value, used) = self.values.get_mut(id)?;
        let held = self.words.get(start..start.checked_add(value.words())?)?;
        let whole = held.iter().enumerate().all(|(number, word)| *word == Some((id, number)));
        if !whole {
            return None;
        }
        *used = true;
        Some(value.clone())
    }
}
