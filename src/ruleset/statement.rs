//! Rules as lists of statements: the vocabulary of nft(8) that hairnat speaks, and no more.

use std::net::IpAddr;

use crate::address::{InterfacePattern, IpFamily};

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
    /// `ip saddr @fixed4`
    AddressInSet {
        /// The family.
        family: IpFamily,
        /// Which of the packet's two addresses.
        side: AddressSide,
        /// The set.
        set: String,
    },
    /// `ct status ! dnat`: the connection's destination was not translated (`IPS_DST_NAT`).
    NotDnated,
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
    /// Something that hairnat never writes, described for people. Equal to nothing that it writes.
    Foreign(String),
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
        key: NatKey,
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

/// What a map of translations is keyed by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NatKey {
    /// `ip daddr`
    Address(AddressSide),
    /// `ip daddr . meta l4proto . th dport`
    AddressAndPort,
}
