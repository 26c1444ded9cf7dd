//! What packets met on their way: a run that met with too little proves nothing.

use std::collections::BTreeMap;

use hairnat::trace::{Conditions, Effect, End, Obstacle, Origin, Transport, Walk, obstacle};

use crate::foreign::{Foreign, Order};
use crate::foreign_tables::{is_foreign, translates};

/// Sets and maps, without the IP version, which every run has to find packets by.
const SETS: [&str; 11] = [
    "dnat#",
    "dnat#_net",
    "dnat#_port",
    "dnat#_range",
    "exempt#",
    "fixed#",
    "own#",
    "pool#",
    "self#",
    "snat#",
    "snat#_net",
];

/// What else every run has to come by.
const REST: [&str; 24] = [
    "to the instance itself",
    "to another instance of the network",
    "to an instance of another network",
    "from outside to an instance",
    "from this host to an instance",
    "from this host to elsewhere",
    "from an instance to elsewhere",
    "by an uplink that is none",
    "masqueraded on the way to an instance",
    "masqueraded on the way elsewhere",
    "left by the default address",
    "icmp to an instance",
    "sctp to an instance",
    "tcp to an instance",
    "udp to an instance",
    "in vain: not forwarded",
    "in vain: the port is not in hairpin mode",
    "in vain: the ports are isolated",
    "a destination before a foreign rule, loaded first",
    "a destination before a foreign rule, loaded last",
    "a source before a foreign rule, loaded first",
    "a source before a foreign rule, loaded last",
    "a destination left to a foreign rule",
    "a source left to a foreign rule",
];

/// How many packets met with what.
#[derive(Default)]
pub(crate) struct Tally {
    pub(crate) packets: usize,
    met: BTreeMap<String, usize>,
}

impl Tally {
    pub(crate) fn count(&mut self, walk: &Walk, conditions: Conditions, foreign: Option<&Foreign>) {
        self.packets += 1;
        if let Some(foreign) = foreign.filter(|_| obstacle(walk, conditions).is_none()) {
            self.count_foreign(walk, foreign);
        }
        let decisions = walk.steps.iter().filter_map(|step| step.decision.as_ref());
        let decisions = decisions.filter(|decision| !is_foreign(decision));
        for decision in decisions.clone() {
            for found in &decision.matches {
                self.met(&found.set);
            }
            let bridged = matches!(walk.answer.end, End::Itself | End::Instance { .. });
            match decision.effect {
                Effect::Masquerade if bridged => self.met("masqueraded on the way to an instance"),
                Effect::Masquerade => self.met("masqueraded on the way elsewhere"),
                Effect::Accept if decision.rule.contains(" oifname != ") => {
                    self.met("by an uplink that is none");
                }
                Effect::Snat if !decision.rule.contains(" map @") => {
                    self.met("left by the default address");
                }
                _ => {}
            }
        }
        match (walk.question.origin, walk.answer.end) {
            (_, End::Itself) => self.met("to the instance itself"),
            (Origin::Instance, End::Instance { same_network: true }) => {
                self.met("to another instance of the network");
            }
            (Origin::Instance, End::Instance { .. }) => {
                self.met("to an instance of another network");
            }
            (Origin::Outside, End::Instance { .. }) => self.met("from outside to an instance"),
            (Origin::Host, End::Instance { .. }) => self.met("from this host to an instance"),
            (Origin::Host, _) => self.met("from this host to elsewhere"),
            (Origin::Instance, End::Elsewhere) => self.met("from an instance to elsewhere"),
            _ => {}
        }
        if walk.answer.end != End::Elsewhere {
            let what = match walk.question.flow.transport {
                Transport::Port(protocol, _) => format!("{protocol} to an instance"),
                Transport::Icmp | Transport::Any => "icmp to an instance".to_owned(),
            };
            self.met(&what);
        }
        match obstacle(walk, conditions) {
            Some(Obstacle::NoForwarding) => self.met("in vain: not forwarded"),
            Some(Obstacle::PortHairpinOff) => self.met("in vain: the port is not in hairpin mode"),
            Some(Obstacle::PortsIsolated) => self.met("in vain: the ports are isolated"),
            Some(other) => self.met(&format!("in vain: {other:?}")),
            None => {}
        }
    }

    /// Counts what another program translates of a packet that arrives, and what it comes too late for.
    fn count_foreign(&mut self, walk: &Walk, foreign: &Foreign) {
        let order = match foreign.order {
            Order::First => "loaded first",
            Order::Last => "loaded last",
        };
        for step in &walk.steps {
            let Some(decision) = step.decision.as_ref().filter(|found| translates(found)) else {
                continue;
            };
            let what = if decision.effect == Effect::Dnat { "destination" } else { "source" };
            if is_foreign(decision) {
                self.met(&format!("a {what} left to a foreign rule"));
            } else if foreign.would_translate(step, &walk.question) {
                self.met(&format!("a {what} before a foreign rule, {order}"));
            }
        }
    }

    fn met(&mut self, what: &str) {
        *self.met.entry(what.to_owned()).or_default() += 1;
    }

    pub(crate) fn print(&self) {
        for (what, times) in &self.met {
            println!("{times:>8}  {what}");
        }
    }

    /// Fails if a run of many packets has not met with all that there is.
    pub(crate) fn lacks_nothing(&self) {
        let sets =
            ["4", "6"].into_iter().flat_map(|version| SETS.map(|set| set.replace('#', version)));
        let wanted = sets.chain(REST.map(str::to_owned));
        let lacking: Vec<String> = wanted.filter(|what| !self.met.contains_key(what)).collect();
        assert!(self.packets < 5_000 || lacking.is_empty(), "met with none of {lacking:?}");
    }
}
