//! What comes of a packet: who is reached, and what each side sees.

use std::net::IpAddr;

use super::flow::{Origin, Source};
use super::lookup::fixed_network;
use super::rule::Effect;
use super::step::{Question, Route, Step};
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
    /// At this host itself.
    Host,
    /// Nowhere: a rule drops it.
    Dropped,
    /// Nowhere: a rule drops it, and tells its sender.
    Rejected,
    /// Nobody knows: a rule decided that hairnat cannot read.
    Unknown,
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
            (Some(Effect::Reject), _) => End::Rejected,
            (Some(Effect::Unknown), _) => End::Unknown,
            (_, Route::Host) => End::Host,
            (_, Route::Elsewhere { .. }) => End::Elsewhere,
            (_, Route::Bridge { network }) => match question.flow.source {
                Source::Address(client) if question.origin == Origin::Instance => {
                    let led_back = dnated || question.flow.destination != last.destination;
                    if led_back && client == last.destination {
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
