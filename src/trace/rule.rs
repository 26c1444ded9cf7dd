//! One rule and one packet: does it match, and what does it do?

use std::net::IpAddr;

use super::flow::{Flow, Source, Transport, family};
use super::lookup::{self, address_and_port, address_key, in_range, port_key};
use crate::ruleset::{
    AddressSide, Direction, Element, NatKey, NatKind, NatTarget, Rule, Set, Statement, Table,
};

/// A packet on its way.
#[derive(Debug, Clone)]
pub(super) struct Passing {
    pub(super) flow: Flow,
    /// Whether the destination was translated (`IPS_DST_NAT`).
    pub(super) dnated: bool,
    /// The interface that it leaves by, once that is decided; none is a bridge, whose name no
    /// policy knows.
    pub(super) leaves_by: Option<String>,
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
    /// The packet is dropped.
    Drop,
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
        let effect = match statement {
            Statement::Interface { direction: Direction::Out, negated, pattern } => {
                let leaves = packet.leaves_by.as_ref().is_some_and(|name| pattern.matches(name));
                if leaves == *negated {
                    return None;
                }
                continue;
            }
            Statement::NfProto(wanted) => {
                if packet.flow.family() != *wanted {
                    return None;
                }
                continue;
            }
            Statement::AddressInSet { family: wanted, side, set } => {
                let address = address_of(&packet.flow, *side)?;
                let set = lookup::set(table, set).filter(|_| family(address) == *wanted)?;
                matches.push(Match::new(set, lookup::element(set, &address_key(address))?));
                continue;
            }
            Statement::NotDnated => {
                if packet.dnated {
                    return None;
                }
                continue;
            }
            Statement::Counter => continue,
            Statement::Nat { kind, family, target } => {
                if packet.flow.family() != *family {
                    return None;
                }
                translate(*kind, target, table, packet, &mut matches)?;
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
            // The rest is of frames, or of others.
            _ => Effect::Unknown,
        };
        return Some(Verdict { effect, matches });
    }
    None
}

fn address_of(flow: &Flow, side: AddressSide) -> Option<IpAddr> {
    match (side, flow.source) {
        (AddressSide::Destination, _) => Some(flow.destination),
        (AddressSide::Source, Source::Address(address)) => Some(address),
        (AddressSide::Source, Source::Host) => None,
    }
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
            let key = match key {
                NatKey::Address(side) => address_key(address_of(flow, *side)?),
                NatKey::AddressAndPort => port_key(flow)?,
            };
            let element = lookup::element(map, &key)?;
            let (address, port) = address_and_port(element.data, flow.destination)?;
            (address, port, Some(Match::new(map, element)))
        }
        NatTarget::PrefixMap { side, map } => {
            let map = lookup::set(table, map)?;
            let address = address_of(flow, *side)?;
            let element = lookup::element(map, &address_key(address))?;
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
