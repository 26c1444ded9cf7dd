//! What the walk says of a packet, in the words of the lab.

use hairnat::ruleset::{Hook, Ruleset};
use hairnat::trace::{
    BridgeConditions, Conditions, End, Flow, Origin, Question, Source, Transport, Walk, obstacle,
    walk,
};

use crate::foreign_tables::is_foreign;
use crate::packet::{Client, Outcome, Packet};
use crate::places::{Place, host_address, interface, network, place};

/// The walk of the packet, with the interface that it leaves by as the lab has it.
pub(crate) fn walked(
    ruleset: &Ruleset,
    packet: &Packet,
    fixed: impl Fn(std::net::IpAddr) -> bool,
) -> Walk {
    let (origin, source) = match packet.client {
        Client::Host => (Origin::Host, Source::Host),
        Client::Address(address) if fixed(address) => (Origin::Instance, Source::Address(address)),
        Client::Address(address) => (Origin::Outside, Source::Address(address)),
    };
    let Packet { destination, transport, .. } = *packet;
    let flow = Flow { source, destination, transport };
    let led_to = |destination| {
        let leaves_by = Some(interface(destination).to_owned());
        walk(ruleset, Question { origin, flow, leaves_by })
    };
    let walk = led_to(destination);
    // Another program's DNAT may lead to another interface.
    let routed = walk.routed().destination;
    if routed == destination { walk } else { led_to(routed) }
}

/// What should become of the packet.
pub(crate) fn outcome(walk: &Walk, conditions: Conditions) -> Outcome {
    if obstacle(walk, conditions).is_some() {
        return Outcome::NoAnswer;
    }
    let last = walk.steps.last().map_or(walk.question.flow, |step| step.after);
    let peer = match (walk.answer.peer, walk.question.flow.source) {
        (Source::Address(address), _) => address,
        // Routed, and so given its source, before it is translated.
        (Source::Host, Source::Host) => host_address(walk.question.flow.destination),
        (Source::Host, Source::Address(_)) => host_address(last.destination),
    };
    let port = match last.transport {
        Transport::Port(_, port) => Some(port),
        _ => None,
    };
    Outcome::Answered { server: last.destination, port, peer }
}

/// Whether the lab can tell.
///
/// A walk does not know which addresses are the host's own, so what ends there, before the
/// postrouting hook, is not compared; nor is what stays with the host, as the host of the lab has none of
/// the floats. Instances of the lab have many addresses each, and what one sends itself by two of them
/// comes back by the port that it left by, as it would not with one address each. What the outside would
/// be sent back is its own packet.
///
/// Three kinds of packets that another program translates are left out. A packet from one port of a bridge
/// to another passes the postrouting hook only with `br_netfilter`. If another program masquerades what
/// the bridge rewrote, the answer goes back over the bridge with `br_netfilter`, and its source is not
/// rewritten. A server of the lab that is outside the fixed networks may answer over a bridge, past
/// conntrack.
pub(crate) fn can_be_asked(walk: &Walk, packet: &Packet, conditions: Conditions) -> bool {
    let last = walk.steps.last().map_or(walk.question.flow, |step| step.after);
    let server = place(last.destination);
    if server == Place::Host || walk.answer.end == End::Host {
        return false;
    }
    let foreign = |hooks: &[Hook]| {
        let steps = walk.steps.iter().filter(|step| hooks.contains(&step.hook));
        steps.filter_map(|step| step.decision.as_ref()).any(is_foreign)
    };
    let unknown = walk.answer.end == End::Elsewhere && network(last.destination).is_some();
    if unknown && foreign(&[Hook::Prerouting, Hook::Output]) {
        return false;
    }
    let Client::Address(client) = packet.client else { return true };
    let bridged = network(client).is_some_and(|network| network.contains(last.destination));
    if bridged && !walk.translated_destination() && foreign(&[Hook::Postrouting]) {
        return false;
    }
    if server != place(client) {
        return true;
    }
    match server {
        Place::Instance(_) => {
            let returns = |bridge: BridgeConditions| !bridge.netfilter || bridge.port_hairpin;
            client == last.destination || conditions.bridge.is_none_or(returns)
        }
        _ => false,
    }
}
