//! What a register holds while a rule is followed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::{InterfacePattern, IpFamily};
use crate::kernel::expression::{Register, source_offset};
use crate::kernel::uapi::{
    IFNAMSIZ, IPS_DST_NAT, NFPROTO_IPV4, NFPROTO_IPV6, NFT_CT_STATUS, NFT_META_IIF,
    NFT_META_IIFNAME, NFT_META_L4PROTO, NFT_META_NFPROTO, NFT_META_OIF, NFT_META_OIFNAME,
    NFT_PAYLOAD_LL_HEADER, NFT_PAYLOAD_NETWORK_HEADER, NFT_PAYLOAD_TRANSPORT_HEADER,
};
use crate::ruleset::{AddressSide, Direction, Group, NatKey, Statement};

/// A value that an expression loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Value {
    /// A property of the packet.
    Meta(u32),
    /// Bytes of one of its headers.
    Payload { base: u32, offset: u32, len: u32 },
    /// A property of its connection.
    Conntrack(u32),
    /// Some bits of another value.
    Masked { of: Box<Value>, mask: Vec<u8> },
    /// A constant.
    Constant(Vec<u8>),
    /// The data of a map, in so many 32-bit words.
    Mapped { family: IpFamily, key: NatKey, map: String, words: usize },
    /// Something that hairnat never loads.
    Unknown,
}

impl Value {
    /// How many 32-bit words the value takes.
    fn words(&self) -> usize {
        match self {
            Value::Meta(NFT_META_IIFNAME | NFT_META_OIFNAME) => IFNAMSIZ / 4,
            Value::Meta(_) | Value::Conntrack(_) | Value::Unknown => 1,
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
            _ if negated => None,
            Value::Meta(NFT_META_NFPROTO) => match constant {
                [NFPROTO_IPV4] => Some(Statement::NfProto(IpFamily::V4)),
                [NFPROTO_IPV6] => Some(Statement::NfProto(IpFamily::V6)),
                _ => None,
            },
            Value::Masked { of, mask } => match **of {
                Value::Payload { base: NFT_PAYLOAD_LL_HEADER, offset: 0, len: 6 } => {
                    [Group::Ipv6Multicast, Group::Any]
                        .into_iter()
                        .find(|group| *mask == group.mask() && constant == group.value())
                        .map(Statement::EtherDestination)
                }
                Value::Conntrack(NFT_CT_STATUS) => {
                    let not_dnated = *mask == IPS_DST_NAT.to_ne_bytes() && constant == [0; 4];
                    not_dnated.then_some(Statement::NotDnated)
                }
                _ => None,
            },
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
    pub(super) fn as_nat_key(key: &[Value]) -> Option<(IpFamily, NatKey)> {
        const PORT: Value =
            Value::Payload { base: NFT_PAYLOAD_TRANSPORT_HEADER, offset: 2, len: 2 };
        let (address, rest) = key.split_first()?;
        let (family, side) = address.address()?;
        match (side, rest) {
            (side, []) => Some((family, NatKey::Address(side))),
            (AddressSide::Destination, [Value::Meta(NFT_META_L4PROTO), port]) if *port == PORT => {
                Some((family, NatKey::AddressAndPort))
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
