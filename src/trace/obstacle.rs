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
    /// Those of the Linux bridge that the instances are behind. Without one the host routes all that
    /// they send.
    pub bridge: Option<BridgeConditions>,
}

/// The settings of a bridge that decide it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BridgeConditions {
    /// `net.bridge.bridge-nf-call-iptables`, `…-ip6tables`
    pub netfilter: bool,
    /// Whether the bridge ports of client and server are isolated from one another: both of them, or
    /// the one that is both (`BR_ISOLATED`).
    pub port_isolation: bool,
    /// The port hairpin mode of the client's bridge port.
    pub port_hairpin: bool,
}

impl Conditions {
    /// All combinations.
    pub const ALL: [Self; 18] = {
        let mut all = [Self { forwarding: false, bridge: None }; 18];
        let mut number = 0;
        while number < all.len() {
            let bits = number % 9;
            all[number].forwarding = number < 9;
            if bits < 8 {
                all[number].bridge = Some(BridgeConditions {
                    netfilter: bits & 4 == 0,
                    port_isolation: bits & 2 != 0,
                    port_hairpin: bits & 1 == 0,
                });
            }
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
    /// The frame would have to go from one isolated bridge port to another, or back out of one
    /// (`br_skb_isolated`).
    PortsIsolated,
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
    let Conditions { forwarding, bridge } = conditions;
    let filtered = bridge.filter(|bridge| bridge.netfilter);
    let flow = &walk.question.flow;
    let dnated = walk.translated_destination();
    let routed = (!forwarding).then_some(Obstacle::NoForwarding);
    // Where IPv4 is not forwarded, `ip_route_input` leads nowhere; `ip6_route_input` does not ask.
    let bridged_nowhere = routed.filter(|_| flow.family() == IpFamily::V4);
    let isolated =
        |bridge: BridgeConditions| bridge.port_isolation.then_some(Obstacle::PortsIsolated);
    match (walk.answer.end, walk.question.origin) {
        (End::Dropped, _) => Some(Obstacle::Dropped),
        (End::Rejected, _) => Some(Obstacle::Rejected),
        (End::Unknown | End::Host, _) | (_, Origin::Host) => None,
        // Its destination did not change in the pass of br_netfilter, so it is routed.
        (End::Itself, _) if walk.is_rewritten() => routed,
        (End::Itself, _) if walk.answer.peer == flow.source => Some(Obstacle::OwnAddress),
        // br_nf_pre_routing_finish: what leads back onto the same bridge is bridged.
        (End::Itself, _) => filtered.map_or(routed, |bridge| {
            let returned = (!bridge.port_hairpin).then_some(Obstacle::PortHairpinOff);
            bridged_nowhere.or(isolated(bridge)).or(returned)
        }),
        (End::Instance { same_network: true }, _) => match (bridge, filtered) {
            (Some(bridge), _) if !dnated => isolated(bridge),
            (_, Some(bridge)) => bridged_nowhere.or(isolated(bridge)),
            (Some(_), None) if walk.answer.peer == flow.source => {
                routed.or(Some(Obstacle::DirectAnswer))
            }
            (_, None) => routed,
        },
        (End::Instance { same_network: false } | End::Elsewhere, _) => routed,
    }
}
