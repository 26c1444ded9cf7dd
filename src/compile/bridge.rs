//! The bridge table: the guard against reflection, own floats, and frames for another gateway.
//!
//! **The guard** drops frames that a bridge port in hairpin mode would reflect to their own sender.
//! nftables cannot compare `iif` with `oif`, so the kernel learns the pair of every port with itself on
//! the way in, and drops a frame that is about to leave by a learned pair. A port is covered from its
//! first frame on, and a duplicate address behind another port is still found.
//!
//! **Own floats** are rewritten before `br_netfilter` sees the frame. It bridges only a packet whose
//! destination changed in its own pass (`br_nf_ipv4_daddr_was_changed`); this one is routed, so no port
//! needs hairpin mode.
//!
//! **Frames for another gateway** are taken in by the bridge where the policy says `redirect: on`.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::HostAddresses;
use super::maps::network_set;
use super::own::OwnMaps;
use crate::address::{Address, InterfacePattern, IpFamily, Prefix};
use crate::policy::{Bridge, OwnFloat, Policy, Redirect, Reflection, Translation};
use crate::ruleset::{
    AddressSide, AnyPrefix, BaseChain, Chain, ChainDeclaration, ChainType, Datatype, Direction,
    Elements, Group, Hook, Rule, Set, SetDeclaration, Statement, Table, TableFamily,
};
/// The set of learned pairs.
const PORTS: &str = "ports";

/// The most ports that are remembered at a time, far above what a host has.
const MOST_PORTS: u32 = 65_535;

/// Seconds without a group-addressed frame after which a port is forgotten; its next frame
/// teaches it again before it can be reflected, so the value only bounds memory.
const FORGET_AFTER: u32 = 3_600;

/// Before everything else, so that the rest sees the frames as the bridge's own.
const GATEWAY: (&str, BaseChain) = ("gateway", filter(Hook::Prerouting, -301));

/// Before any other program's bridge chain at the same hook (`NF_BR_PRI_NAT_DST_BRIDGED`), and before
/// `br_netfilter` (0).
const LEARN: (&str, BaseChain) = ("prerouting", filter(Hook::Prerouting, -300));

/// Answers that the host itself sends through the bridge (`NF_BR_PRI_FILTER_BRIDGED`).
const ANSWER: (&str, BaseChain) = ("output", filter(Hook::Output, -200));

/// Forward is the only hook where the kernel knows both ports.
const GUARD: (&str, BaseChain) = ("forward", filter(Hook::Forward, -200));

const fn filter(hook: Hook, priority: i32) -> BaseChain {
    BaseChain { chain_type: ChainType::Filter, hook, priority, accept: true }
}

/// The bridge table, or `None` if there is nothing for it to do.
pub(super) fn table(policy: &Policy, host: HostAddresses) -> Option<Table> {
    let bridge = &policy.bridge;
    let group = match bridge.reflection {
        Reflection::Off => None,
        Reflection::Ipv6Multicast => Some(Group::Ipv6Multicast),
        Reflection::Multicast => Some(Group::Any),
    };
    let (own4, own6) = match bridge.own_float {
        OwnFloat::Translate => (None, None),
        OwnFloat::Rewrite => (OwnMaps::new(&policy.ipv4), OwnMaps::new(&policy.ipv6)),
    };
    let own = [(IpFamily::V4, own4), (IpFamily::V6, own6)];
    let to = match bridge.redirect {
        Redirect::Off => None,
        Redirect::On => host.bridge,
    };
    let gateways = [Gateway::new(&policy.ipv4, to), Gateway::new(&policy.ipv6, to)];

    let redirecting = gateways.iter().flatten().flat_map(|gateway| gateway.rules(bridge)).collect();
    let mut incoming = group.map_or_else(Vec::new, |group| learn_rules(bridge, group));
    let mut outgoing = Vec::new();
    for (family, maps) in &own {
        incoming.extend(maps.as_ref().map(|maps| own_rule(*family, maps)));
        outgoing.extend(maps.as_ref().map(|maps| answer_rule(*family, maps)));
    }
    let guard = group.map(guard_rule).into_iter().collect();
    let chains: Vec<Chain> =
        [(GATEWAY, redirecting), (LEARN, incoming), (ANSWER, outgoing), (GUARD, guard)]
            .into_iter()
            .filter(|(_, rules): &(_, Vec<Rule>)| !rules.is_empty())
            .map(|((name, base), rules)| chain(name, base, rules))
            .collect();
    if chains.is_empty() {
        return None;
    }

    let mut sets: Vec<Set> = group.map(|_| ports()).into_iter().collect();
    for (_, maps) in own {
        sets.extend(maps.into_iter().flat_map(|maps| [maps.destination, maps.source]));
    }
    sets.extend(gateways.into_iter().flatten().map(|gateway| gateway.fixed));
    Some(Table { family: TableFamily::Bridge, sets, chains })
}

fn ports() -> Set {
    let declaration = SetDeclaration {
        name: PORTS.to_owned(),
        key: vec![Datatype::IfaceIndex, Datatype::IfaceIndex],
        data: None,
        interval: false,
        learned: Some(FORGET_AFTER),
        counter: false,
        size: Some(MOST_PORTS),
    };
    Set { elements: Elements::new(&declaration), declaration }
}

/// What a frame of an instance's port matches, for each pattern; one that matches nothing in
/// particular if every port is an instance's.
///
/// nft: `iifname != "vnet9" iifname "vnet*"`
fn from_instances(bridge: &Bridge) -> Vec<Vec<Statement>> {
    let from = |pattern: &InterfacePattern, negated| Statement::Interface {
        direction: Direction::In,
        negated,
        pattern: pattern.clone(),
    };
    let excluded: Vec<_> = bridge.excluded.iter().map(|pattern| from(pattern, true)).collect();
    if bridge.ports.is_empty() {
        return vec![excluded];
    }
    let named = bridge.ports.iter().map(|pattern| from(pattern, false));
    named.map(|named| excluded.iter().cloned().chain([named]).collect()).collect()
}

/// Learns the port that a group-addressed frame came from, one rule a pattern.
///
/// nft: `iifname "vnet*" ether daddr & ff:ff:00:00:00:00 == 33:33:00:00:00:00 update @ports { iif . iif }`
fn learn_rules(bridge: &Bridge, group: Group) -> Vec<Rule> {
    let learn =
        [Statement::EtherDestination(group), Statement::LearnPort { set: PORTS.to_owned() }];
    let rule = |from: Vec<Statement>| Rule { statements: [from, learn.to_vec()].concat() };
    from_instances(bridge).into_iter().map(rule).collect()
}

/// Sends what goes to the instance's own float to the instance itself. Only frames for the bridge:
/// others are bridged, and may be for another gateway.
///
/// nft: `meta pkttype host ip daddr set ip saddr . ip daddr map @own4`
fn own_rule(family: IpFamily, maps: &OwnMaps) -> Rule {
    let map = maps.destination.declaration.name.clone();
    let rewrite = Statement::Rewrite { family, side: AddressSide::Destination, map };
    Rule { statements: vec![Statement::ToHost, Statement::EtherType(family), rewrite] }
}

/// Lets the instance see its own float as its peer.
///
/// nft: `ip saddr set ip saddr . ip daddr map @self4`
fn answer_rule(family: IpFamily, maps: &OwnMaps) -> Rule {
    let map = maps.source.declaration.name.clone();
    let rewrite = Statement::Rewrite { family, side: AddressSide::Source, map };
    Rule { statements: vec![Statement::EtherType(family), rewrite] }
}

/// Addresses a frame that leaves the fixed networks to the bridge, in one family.
struct Gateway {
    family: IpFamily,
    fixed: Set,
    bridge: [u8; 6],
}

impl Gateway {
    fn new<A: Address>(policy: &Translation<A>, bridge: Option<[u8; 6]>) -> Option<Self> {
        let fixed = network_set("fixed", &policy.fixed)?;
        Some(Self { family: A::FAMILY, fixed, bridge: bridge? })
    }

    /// One rule a pattern of instance ports.
    ///
    /// nft: `iifname "vnet*" ip saddr @fixed4 ip daddr != @fixed4 ip daddr != 224.0.0.0/3 ether daddr set
    /// 02:00:5e:10:00:01 meta pkttype set host`
    fn rules(&self, bridge: &Bridge) -> Vec<Rule> {
        let in_fixed = |side, negated| Statement::AddressInSet {
            family: self.family,
            side,
            negated,
            set: self.fixed.declaration.name.clone(),
        };
        let mut leaves = vec![
            Statement::EtherType(self.family),
            in_fixed(AddressSide::Source, false),
            in_fixed(AddressSide::Destination, true),
        ];
        leaves.extend(never_routed(self.family).into_iter().map(Statement::DestinationOutside));
        leaves.extend([Statement::SetEtherDestination(self.bridge), Statement::SetToHost]);
        let rule = |from: Vec<Statement>| Rule { statements: [from, leaves.clone()].concat() };
        from_instances(bridge).into_iter().map(rule).collect()
    }
}

/// Destinations that stay on the link: IPv4 multicast, broadcast and what is reserved between them
/// (RFC 1112 §4); IPv6 multicast, and link-local addresses, by which neighbors are found
/// (RFC 4291 §2.5.6, §2.7).
fn never_routed(family: IpFamily) -> Vec<AnyPrefix> {
    let v6 = |first: u16, len| Prefix::containing(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0), len);
    match family {
        IpFamily::V4 => vec![AnyPrefix::V4(Prefix::containing(Ipv4Addr::new(224, 0, 0, 0), 3))],
        IpFamily::V6 => vec![AnyPrefix::V6(v6(0xfe80, 10)), AnyPrefix::V6(v6(0xff00, 8))],
    }
}

/// Drops a group-addressed frame that would leave by the port it came from.
///
/// nft: `ether daddr & ff:ff:00:00:00:00 == 33:33:00:00:00:00 iif . oif @ports counter drop`
fn guard_rule(group: Group) -> Rule {
    Rule {
        statements: vec![
            Statement::EtherDestination(group),
            Statement::PortPair { set: PORTS.to_owned() },
            Statement::Counter,
            Statement::Drop,
        ],
    }
}

fn chain(name: &str, base: BaseChain, rules: Vec<Rule>) -> Chain {
    Chain { declaration: ChainDeclaration { name: name.to_owned(), base: Some(base) }, rules }
}
