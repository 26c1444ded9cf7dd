//! What comes of a packet: who is reached, what each side sees, and what that depends on.

use std::net::IpAddr;

use super::flow::{Origin, Source};
use super::rule::Effect;
use super::walk::{Question, Route, Step, fixed_network};
use crate::address::IpFamily;
use crate::ruleset::Table;

/// What comes of a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Where the packet ends up.
    pub end: End,
    /// What the server sees as its peer.
    pub peer: Source,
    /// Who answers, as the client sees it.
    pub answers: IpAddr,
}

/// Where a packet ends up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// At the instance itself that sent it, by its own float.
    Itself,
    /// At an instance.
    Instance {
        /// Whether the client is in the same fixed network, so behind the same bridge.
        same_network: bool,
    },
    /// Beyond what the policy knows: this host itself, or another network.
    Elsewhere,
    /// Nowhere: a rule drops it.
    Dropped,
    /// Nobody knows: a rule decided that hairnat cannot read.
    Unknown,
}

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
}

impl Answer {
    pub(super) fn new(
        table: &Table,
        question: &Question,
        steps: &[Step],
        route: &Route,
        dnated: bool,
    ) -> Self {
        let last = steps.last().map_or(question.flow, |step| step.after);
        let effect = steps.iter().filter_map(|step| step.decision.as_ref()).next_back();
        let end = match (effect.map(|decision| &decision.effect), route) {
            (Some(Effect::Drop), _) => End::Dropped,
            (Some(Effect::Unknown), _) => End::Unknown,
            (_, Route::Elsewhere { .. }) => End::Elsewhere,
            (_, Route::Bridge { network }) => match question.flow.source {
                Source::Address(client) if question.origin == Origin::Instance => {
                    if dnated && client == last.destination {
                        End::Itself
                    } else {
                        let same_network = fixed_network(table, client).as_ref() == Some(network);
                        End::Instance { same_network }
                    }
                }
                _ => End::Instance { same_network: false },
            },
        };
        Self { end, peer: last.source, answers: question.flow.destination }
    }
}

/// What keeps the packet of a walk from arriving, or its answer, under `conditions`.
#[must_use]
pub fn obstacle(walk: &super::Walk, conditions: Conditions) -> Option<Obstacle> {
    let Conditions { forwarding, bridge_nf, port_hairpin } = conditions;
    let flow = &walk.question.flow;
    let dnated = walk.translated_destination();
    let routed = (!forwarding).then_some(Obstacle::NoForwarding);
    match (walk.answer.end, walk.question.origin) {
        (End::Dropped, _) => Some(Obstacle::Dropped),
        (End::Unknown, _) | (_, Origin::Host) => None,
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
