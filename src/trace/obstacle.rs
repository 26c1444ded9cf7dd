//! Whether a packet arrives, and its answer, for the settings that a host may have.

use super::answer::End;
use super::flow::Origin;
use super::walk::Walk;
use crate::address::IpFamily;

/// The settings of the host that decide whether a translated packet arrives, for one IP family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conditions {
    /// `net.ipv4.ip_forward`, `net.ipv6.conf.all.forwarding`
    pub forwarding: bool,
    /// `net.bridge.bridge-nf-call-iptables`, `…-ip6tables`
    pub bridge_nf: bool,
    /// The port hairpin mode of the client's bridge port.
    pub port_hairpin: bool,
}

impl Conditions {
    /// All combinations.
    pub const ALL: [Self; 8] = {
        let mut all = [Self { forwarding: false, bridge_nf: false, port_hairpin: false }; 8];
        let mut number = 0;
        while number < all.len() {
            all[number] = Self {
                forwarding: number & 4 == 0,
                bridge_nf: number & 2 == 0,
                port_hairpin: number & 1 == 0,
            };
            number += 1;
        }
        all
    };
}

/// Why a packet does not arrive, or its answer does not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Obstacle {
    /// Packets are not forwarded from one interface to another.
    NoForwarding,
    /// With `br_netfilter`, the frame would have to leave by the port that it came from, which the
    /// bridge does only in hairpin mode.
    PortHairpinOff,
    /// The server sees its own address as its peer, and drops the packet.
    OwnAddress,
    /// The server answers the client directly, past conntrack, and the client drops the answer.
    DirectAnswer,
    /// A rule drops it.
    Dropped,
    /// A rule drops it, and tells its sender.
    Rejected,
}

/// What keeps the packet of a walk from arriving, or its answer, under `conditions`.
#[must_use]
pub fn obstacle(walk: &Walk, conditions: Conditions) -> Option<Obstacle> {
    let Conditions { forwarding, bridge_nf, port_hairpin } = conditions;
    let flow = &walk.question.flow;
    let dnated = walk.translated_destination();
    let routed = (!forwarding).then_some(Obstacle::NoForwarding);
    match (walk.answer.end, walk.question.origin) {
        (End::Dropped, _) => Some(Obstacle::Dropped),
        (End::Rejected, _) => Some(Obstacle::Rejected),
        (End::Unknown | End::Host, _) | (_, Origin::Host) => None,
        // Its destination did not change in the pass of br_netfilter, so it is routed.
        (End::Itself, _) if walk.is_rewritten() => routed,
        (End::Itself, _) if walk.answer.peer == flow.source => Some(Obstacle::OwnAddress),
        // br_nf_pre_routing_finish: what leads back onto the same bridge is bridged.
        (End::Itself, _) if bridge_nf => {
            let bridged = (!port_hairpin).then_some(Obstacle::PortHairpinOff);
            routed.filter(|_| flow.family() == IpFamily::V4).or(bridged)
        }
        (End::Instance { same_network: true }, _) if !dnated => None,
        // Where IPv4 is not forwarded, `ip_route_input` leads nowhere; `ip6_route_input` does not
        // ask.
        (End::Instance { same_network: true }, _) if bridge_nf => {
            routed.filter(|_| flow.family() == IpFamily::V4)
        }
        (End::Instance { same_network: true }, _) if walk.answer.peer == flow.source => {
            routed.or(Some(Obstacle::DirectAnswer))
        }
        _ => routed,
    }
}
