//! Rules as lists of statements: the vocabulary of nft(8) that hairnat speaks, and no more.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::{InterfacePattern, IpFamily, Prefix, Protocol};

/// A rule: what must match, then what is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// In order of evaluation.
    pub statements: Vec<Statement>,
}

impl Rule {
    /// Whether hairnat could have written the rule.
    #[must_use]
    pub fn is_known(&self) -> bool {
        !self.statements.iter().any(|statement| matches!(statement, Statement::Foreign(_)))
    }

    /// Whether the kernel adds elements to a set by the rule.
    #[must_use]
    pub fn learns(&self) -> bool {
        let learns = |statement: &Statement| matches!(statement, Statement::LearnPort { .. });
        self.statements.iter().any(learns)
    }
}

/// One statement of a rule. Each is shown as nft(8) writes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement {
    /// `iifname "vnet*"`, `oifname != "eth0"`
    Interface {
        /// Which of the packet's two interfaces.
        direction: Direction,
        /// Whether the name must differ from the pattern.
        negated: bool,
        /// The pattern.
        pattern: InterfacePattern,
    },
    /// `ether daddr & ff:ff:00:00:00:00 == 33:33:00:00:00:00`
    EtherDestination(Group),
    /// `update @ports { iif . iif }`: learns the port that the frame came from.
    LearnPort {
        /// The learned set.
        set: String,
    },
    /// `iif . oif @ports`: the frame leaves by the learned port that it came from.
    PortPair {
        /// The learned set.
        set: String,
    },
    /// `meta nfproto ipv4`: not shown where an address match behind it implies it.
    NfProto(IpFamily),
    /// `meta protocol ip`, which takes the place of `meta nfproto` in the bridge family; not shown
    /// either.
    EtherType(IpFamily),
    /// `meta pkttype host`: the frame is for this host (`PACKET_HOST`).
    ToHost,
    /// `ip saddr @fixed4`, `ip daddr != @fixed4`
    AddressInSet {
        /// The family.
        family: IpFamily,
        /// Which of the packet's two addresses.
        side: AddressSide,
        /// Whether the address must not be in the set.
        negated: bool,
        /// The set.
        set: String,
    },
    /// `ip daddr != 224.0.0.0/3`: the destination lies outside of the prefix.
    DestinationOutside(AnyPrefix),
    /// `ip daddr . meta l4proto . th dport @host4`
    ServiceInSet {
        /// The family.
        family: IpFamily,
        /// The set.
        set: String,
    },
    /// `meta l4proto tcp`
    L4Protocol(Protocol),
    /// `fib saddr . iif oif missing`: no route leads back to the source by the interface that the
    /// packet came in by.
    SourceUnroutable,
    /// `ct zone 26721`
    InZone(u16),
    /// `ct status dnat`: the connection's destination was translated (`IPS_DST_NAT`).
    Dnated,
    /// `ct status ! dnat`: it was not.
    NotDnated,
    /// `ct zone set 26721`: the packet's connection is looked up in that conntrack zone.
    SetZone(u16),
    /// `ip daddr set ip saddr . ip daddr map @own4`: rewrites an address if the map knows both.
    Rewrite {
        /// The family.
        family: IpFamily,
        /// The address that is rewritten.
        side: AddressSide,
        /// The map, which is asked for the source and the destination.
        map: String,
    },
    /// `ether daddr set 02:00:5e:10:00:01`
    SetEtherDestination([u8; 6]),
    /// `meta pkttype set host`: the frame counts as one for this host.
    SetToHost,
    /// `counter`, whose values are no part of the rule.
    Counter,
    /// `dnat ip to …`, `snat ip6 prefix to …`
    Nat {
        /// Which end is translated.
        kind: NatKind,
        /// The family.
        family: IpFamily,
        /// What it is translated to.
        target: NatTarget,
    },
    /// `masquerade`
    Masquerade,
    /// `accept`
    Accept,
    /// `drop`
    Drop,
    /// `reject with icmp port-unreachable`, `reject with icmpv6 port-unreachable`
    Reject(IpFamily),
    /// `reject with tcp reset`
    Reset,
    /// Something that hairnat never writes, described for people. Equal to nothing that it writes.
    Foreign(String),
}

/// A prefix of either family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnyPrefix {
    /// An IPv4 prefix.
    V4(Prefix<Ipv4Addr>),
    /// An IPv6 prefix.
    V6(Prefix<Ipv6Addr>),
}

impl AnyPrefix {
    /// The family.
    #[must_use]
    pub const fn family(self) -> IpFamily {
        match self {
            AnyPrefix::V4(_) => IpFamily::V4,
            AnyPrefix::V6(_) => IpFamily::V6,
        }
    }

    /// Whether the address lies in the prefix.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        match (self, address) {
            (AnyPrefix::V4(prefix), IpAddr::V4(address)) => prefix.covers(Prefix::host(address)),
            (AnyPrefix::V6(prefix), IpAddr::V6(address)) => prefix.covers(Prefix::host(address)),
            (AnyPrefix::V4(_), IpAddr::V6(_)) | (AnyPrefix::V6(_), IpAddr::V4(_)) => false,
        }
    }
}

/// Whether the interface that a packet came in by or the one it leaves by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// `iifname`
    In,
    /// `oifname`
    Out,
}

/// Whether the source or the destination address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AddressSide {
    /// `saddr`
    Source,
    /// `daddr`
    Destination,
}

/// Group-addressed Ethernet frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// IPv6 multicast: the first two bytes are `33:33` (RFC 2464 §7).
    Ipv6Multicast,
    /// Any group address, broadcast too: the I/G bit is set (IEEE 802).
    Any,
}

impl Group {
    /// The mask that the destination address is compared under.
    #[must_use]
    pub const fn mask(self) -> [u8; 6] {
        match self {
            Group::Ipv6Multicast => [0xff, 0xff, 0, 0, 0, 0],
            Group::Any => [0x01, 0, 0, 0, 0, 0],
        }
    }

    /// What the masked address must be.
    #[must_use]
    pub const fn value(self) -> [u8; 6] {
        match self {
            Group::Ipv6Multicast => [0x33, 0x33, 0, 0, 0, 0],
            Group::Any => [0x01, 0, 0, 0, 0, 0],
        }
    }
}

/// Which end of a connection is translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NatKind {
    /// The destination.
    Dnat,
    /// The source.
    Snat,
}

/// What an address is translated to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NatTarget {
    /// `to 203.0.113.1`
    Address(IpAddr),
    /// `to ip daddr map @dnat4`, `to ip daddr . meta l4proto . th dport map @dnat4_port`
    Map {
        /// What the map is asked for.
        key: MapKey,
        /// The map.
        map: String,
        /// Whether the map gives an L4 port too, after the address.
        with_port: bool,
    },
    /// `prefix to ip daddr map @dnat4_net`: the map gives a range of the same size, and the offset
    /// is kept (`NF_NAT_RANGE_NETMAP`).
    PrefixMap {
        /// Which address the map is asked for.
        side: AddressSide,
        /// The map.
        map: String,
    },
}

/// What a map of addresses is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MapKey {
    /// `ip daddr`
    Address(AddressSide),
    /// `ip saddr . ip daddr`
    AddressPair,
    /// `ip daddr . meta l4proto . th dport`
    AddressAndPort,
}
