//! A question, and what a walk is made of.

use super::flow::{Flow, Origin};
use super::rule::{Effect, Match};
use crate::ruleset::{Hook, TableFamily};

/// A packet to be walked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Where it comes from.
    pub origin: Origin,
    /// What it is.
    pub flow: Flow,
    /// The interface that it leaves by if it does not go to an instance; without one, the first
    /// uplink that the ruleset names.
    pub leaves_by: Option<String>,
}

/// One hook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The family whose hook it is.
    pub family: TableFamily,
    /// The hook.
    pub hook: Hook,
    /// The packet as it comes to the hook.
    pub before: Flow,
    /// The packet as it leaves it.
    pub after: Flow,
    /// The rule that decided; `None` if no rule did, so that the packet goes on as it is.
    pub decision: Option<Decision>,
}

/// The rule that decided, with what it did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The chain.
    pub chain: String,
    /// The rule as nft(8) writes it.
    pub rule: String,
    /// The elements that the packet was found by.
    pub matches: Vec<Match>,
    /// What the rule did.
    pub effect: Effect,
}

/// The routing decision, as far as a ruleset knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Route {
    /// To an instance: the destination is in this fixed network.
    Bridge {
        /// The network as nft(8) writes it.
        network: String,
    },
    /// To this host itself, with which the policy leaves it.
    Host,
    /// Elsewhere: to this host itself or on to another network.
    Elsewhere {
        /// The interface, if it is known.
        interface: Option<String>,
    },
}
