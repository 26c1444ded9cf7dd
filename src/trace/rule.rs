//! One rule and one packet: does it match, and what does it do?

use std::net::IpAddr;

use super::flow::{Flow, Source, Transport, family};
use super::lookup::{self, address_and_port, address_key, in_range, port_key};
use crate::address::InterfacePattern;
use crate::ruleset::{
    AddressSide, Direction, Element, MapKey, NatKind, NatTarget, Rule, Set, Statement, Table,
};

/// A packet on its way.
#[derive(Debug, Clone)]
pub(super) struct Passing {
    pub(super) flow: Flow,
    /// Whether the destination was translated (`IPS_DST_NAT`).
    pub(super) dnated: bool,
    /// The conntrack zone; 0 unless a rule sets it.
    pub(super) zone: u16,
    /// Whether the host would answer the source by the interface that the packet came in by.
    pub(super) source_is_routable: bool,
    /// The interface that it came in by, if it came from outside; no policy knows the name of a bridge.
    pub(super) comes_by: Option<String>,
    /// The interface that it leaves by, once that is decided; none is a bridge.
    pub(super) leaves_by: Option<String>,
}

impl Passing {
    fn passes(&self, direction: Direction, pattern: &InterfacePattern) -> bool {
        let name = match direction {
            Direction::In => &self.comes_by,
            Direction::Out => &self.leaves_by,
        };
        name.as_ref().is_some_and(|name| pattern.matches(name))
    }
}

/// What a rule did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// The destination was translated.
    Dnat,
    /// The source was translated.
    Snat,
    /// The source was translated to the address of the interface that the packet leaves by.
    Masquerade,
    /// No rule behind it is asked: the packet is left as it is.
    Accept,
    /// The bridge rewrote an address, without conntrack.
    Rewrite,
    /// The packet is dropped.
    Drop,
    /// The packet is dropped, and its sender gets a reset or an ICMP error.
    Reject,
    /// A rule that hairnat did not write and cannot read: what follows is a guess.
    Unknown,
}

/// An element that a packet was found by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The set or map.
    pub set: String,
    /// The key as nft(8) writes it.
    pub key: String,
    /// The data as nft(8) writes it; empty for a set.
    pub data: String,
    /// The name of the float.
    pub comment: Option<String>,
}

impl Match {
    fn new(set: &Set, element: Element<'_>) -> Self {
        Self {
            set: set.declaration.name.clone(),
            key: set.declaration.key_text(element),
            data: set.declaration.data_text(element),
            comment: element.comment.map(str::to_owned),
        }
    }
}

/// What a rule does to a packet that matches: translates it, and ends the chain.
pub(super) struct Verdict {
    pub(super) effect: Effect,
    /// The elements that the packet was found by.
    pub(super) matches: Vec<Match>,
}

/// Lets the packet pass the rule. `None` if it goes on to the next one.
pub(super) fn pass(rule: &Rule, table: &Table, packet: &mut Passing) -> Option<Verdict> {
    let mut matches = Vec::new();
    for statement in &rule.statements {
        match holds(statement, table, packet, &mut matches) {
            Some(true) => {}
            Some(false) => return None,
            None => {
                let effect = act(statement, table, packet, &mut matches)?;
                return Some(Verdict { effect, matches });
            }
        }
    }
    None
}

/// Whether the packet goes on to the next statement. `None` if this one ends the rule.
fn holds(
    statement: &Statement,
    table: &Table,
    packet: &mut Passing,
    matches: &mut Vec<Match>,
) -> Option<bool> {
    Some(match statement {
        Statement::Interface { direction, negated, pattern } => {
            packet.passes(*direction, pattern) != *negated
        }
        Statement::NfProto(wanted) => packet.flow.family() == *wanted,
        Statement::AddressInSet { family: wanted, side, negated, set } => {
            let set = lookup::set(table, set);
            let address = address_of(&packet.flow, *side);
            let Some((set, address)) = set.zip(address.filter(|&it| family(it) == *wanted)) else {
                return Some(false);
            };
            let found = set.find(&address_key(address));
            matches.extend(found.filter(|_| !negated).map(|element| Match::new(set, element)));
            found.is_some() != *negated
        }
        Statement::ServiceInSet { family: wanted, set } => {
            let set = lookup::set(table, set).filter(|_| packet.flow.family() == *wanted);
            let found = set
                .zip(port_key(&packet.flow))
                .and_then(|(set, key)| set.find(&key).map(|element| Match::new(set, element)));
            let is_found = found.is_some();
            matches.extend(found);
            is_found
        }
        Statement::DestinationOutside(prefix) => {
            let destination = packet.flow.destination;
            family(destination) == prefix.family() && !prefix.contains(destination)
        }
        Statement::L4Protocol(wanted) => {
            matches!(packet.flow.transport, Transport::Port(protocol, _) if protocol == *wanted)
        }
        Statement::SourceUnroutable => !packet.source_is_routable,
        Statement::InZone(zone) => packet.zone == *zone,
        Statement::Dnated => packet.dnated,
        Statement::NotDnated => !packet.dnated,
        Statement::SetZone(zone) => {
            packet.zone = *zone;
            true
        }
        Statement::Counter => true,
        Statement::Nat { .. }
        | Statement::Masquerade
        | Statement::Accept
        | Statement::Drop
        | Statement::Reject(_)
        | Statement::Reset
        | Statement::EtherDestination(_)
        | Statement::EtherType(_)
        | Statement::LearnPort { .. }
        | Statement::PortPair { .. }
        | Statement::ToHost
        | Statement::Rewrite { .. }
        | Statement::SetEtherDestination(_)
        | Statement::SetToHost
        | Statement::Foreign(_) => return None,
    })
}

/// What the statement that ends a rule does. `None` if it does nothing to this packet.
fn act(
    statement: &Statement,
    table: &Table,
    packet: &mut Passing,
    matches: &mut Vec<Match>,
) -> Option<Effect> {
    Some(match statement {
        Statement::Nat { kind, family, target } => {
            if packet.flow.family() != *family {
                return None;
            }
            translate(*kind, target, table, packet, matches)?;
            match kind {
                NatKind::Dnat => Effect::Dnat,
                NatKind::Snat => Effect::Snat,
            }
        }
        Statement::Masquerade => {
            packet.flow.source = Source::Host;
            Effect::Masquerade
        }
        Statement::Accept => Effect::Accept,
        Statement::Drop => Effect::Drop,
        Statement::Reject(_) | Statement::Reset => Effect::Reject,
        // Statements for frames, of others, or that end no rule.
        Statement::EtherDestination(_)
        | Statement::EtherType(_)
        | Statement::LearnPort { .. }
        | Statement::PortPair { .. }
        | Statement::ToHost
        | Statement::Rewrite { .. }
        | Statement::SetEtherDestination(_)
        | Statement::SetToHost
        | Statement::Foreign(_)
        | Statement::Interface { .. }
        | Statement::NfProto(_)
        | Statement::AddressInSet { .. }
        | Statement::ServiceInSet { .. }
        | Statement::DestinationOutside(_)
        | Statement::L4Protocol(_)
        | Statement::SourceUnroutable
        | Statement::InZone(_)
        | Statement::SetZone(_)
        | Statement::Dnated
        | Statement::NotDnated
        | Statement::Counter => Effect::Unknown,
    })
}

fn address_of(flow: &Flow, side: AddressSide) -> Option<IpAddr> {
    match (side, flow.source) {
        (AddressSide::Destination, _) => Some(flow.destination),
        (AddressSide::Source, Source::Address(address)) => Some(address),
        (AddressSide::Source, Source::Host) => None,
    }
}

/// What a map is asked for; `None` if the packet has not all of it.
fn map_key(flow: &Flow, key: MapKey) -> Option<Vec<u8>> {
    match key {
        MapKey::Address(side) => address_of(flow, side).map(address_key),
        MapKey::AddressPair => {
            let source = address_of(flow, AddressSide::Source)?;
            Some([address_key(source), address_key(flow.destination)].concat())
        }
        MapKey::AddressAndPort => port_key(flow),
    }
}

/// Lets the packet pass a rule of the bridge that may rewrite one of its addresses.
pub(super) fn rewrite(rule: &Rule, table: &Table, packet: &mut Passing) -> Option<Verdict> {
    let mut matches = Vec::new();
    for statement in &rule.statements {
        match statement {
            Statement::ToHost => {}
            Statement::EtherType(family) if packet.flow.family() == *family => {}
            Statement::Rewrite { side, map, .. } => {
                let map = lookup::set(table, map)?;
                let element = map.find(&map_key(&packet.flow, MapKey::AddressPair)?)?;
                let (address, _) = address_and_port(element.data, packet.flow.destination)?;
                match side {
                    AddressSide::Source => packet.flow.source = Source::Address(address),
                    AddressSide::Destination => packet.flow.destination = address,
                }
                matches.push(Match::new(map, element));
            }
            _ => return None,
        }
    }
    (!matches.is_empty()).then_some(Verdict { effect: Effect::Rewrite, matches })
}

/// Translates one end, and adds the element that it was found by; `None` if a map has none.
fn translate(
    kind: NatKind,
    target: &NatTarget,
    table: &Table,
    packet: &mut Passing,
    matches: &mut Vec<Match>,
) -> Option<()> {
    let flow = &packet.flow;
    let (address, port, found) = match target {
        NatTarget::Address(address) => (*address, None, None),
        NatTarget::Map { key, map, .. } => {
            let map = lookup::set(table, map)?;
            let key = map_key(flow, *key)?;
            let element = map.find(&key)?;
            let (address, port) = address_and_port(element.data, flow.destination)?;
            (address, port, Some(Match::new(map, element)))
        }
        NatTarget::PrefixMap { side, map } => {
            let map = lookup::set(table, map)?;
            let address = address_of(flow, *side)?;
            let element = map.find(&address_key(address))?;
            (in_range(element.data, address)?, None, Some(Match::new(map, element)))
        }
    };
    match kind {
        NatKind::Snat => packet.flow.source = Source::Address(address),
        NatKind::Dnat => {
            packet.flow.destination = address;
            if let (Transport::Port(protocol, _), Some(port)) = (packet.flow.transport, port) {
                packet.flow.transport = Transport::Port(protocol, port);
            }
            packet.dnated = true;
        }
    }
    matches.extend(found);
    Some(())
}
