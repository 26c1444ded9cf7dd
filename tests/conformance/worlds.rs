//! A policy on a host, with packets; and the smallest world in which a packet goes astray.

use std::fmt;

use hairnat::compile::compile;
use hairnat::policy::Policy;
use hairnat::ruleset::Ruleset;
use hairnat::trace::{BridgeConditions, Conditions, Walk};

use crate::aims;
use crate::clients::ask;
use crate::foreign::Foreign;
use crate::lab::Lab;
use crate::packet::{Outcome, Packet, conditions_text};
use crate::policies::Draft;
use crate::prediction::{can_be_asked, outcome, walked};
use crate::random::Random;

/// How many packets go through one policy.
pub(crate) const PACKETS: usize = 64;

/// What a seed stands for.
pub(crate) struct World {
    pub(crate) draft: Draft,
    pub(crate) policy: Policy,
    pub(crate) conditions: Conditions,
    pub(crate) foreign: Option<Foreign>,
    pub(crate) packets: Vec<Packet>,
}

/// A packet that does not go as the walk says.
#[derive(Debug, Clone)]
pub(crate) struct Astray {
    pub(crate) draft: Draft,
    pub(crate) conditions: Conditions,
    pub(crate) foreign: Option<Foreign>,
    pub(crate) packet: Packet,
    pub(crate) walk: Outcome,
    pub(crate) kernel: Outcome,
}

impl World {
    /// Most hosts forward: on one that does not, hardly anything arrives. Where it matters which
    /// instances share a bridge, fixed networks are those of the bridges.
    pub(crate) fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let forwarding = !random.once_in(12);
        let [bridge_nf, port_hairpin] = [random.once_in(2), random.once_in(2)];
        let port_isolation = random.once_in(4);
        let bridge = BridgeConditions { netfilter: bridge_nf, port_isolation, port_hairpin };
        let conditions = Conditions { forwarding, bridge: Some(bridge) };
        let draft = Draft::random(&mut random, !forwarding || port_isolation);
        let policy = draft.parsed().unwrap_or_else(|| panic!("refused:\n{draft}"));
        let packets = aims::packets(&mut random, &policy, PACKETS);
        let foreign = random.once_in(3).then(|| Foreign::random(&mut random, &policy));
        Self { draft, policy, conditions, foreign, packets }
    }

    /// The walks of the packets that the lab can tell of, and those packets that went astray.
    pub(crate) fn run(&self, lab: &mut Lab) -> (Vec<Walk>, Vec<Astray>) {
        let ruleset = ruleset(&self.policy, self.foreign.as_ref());
        let (asked, walked): (Vec<(Packet, Outcome)>, Vec<Walk>) = self
            .packets
            .iter()
            .map(|packet| (packet, walk(&ruleset, &self.policy, packet)))
            .filter(|(packet, walk)| can_be_asked(walk, packet, self.conditions))
            .map(|(packet, walk)| ((*packet, outcome(&walk, self.conditions)), walk))
            .unzip();
        let packets: Vec<Packet> = asked.iter().map(|(packet, _)| *packet).collect();
        let walks: Vec<Outcome> = asked.iter().map(|(_, outcome)| *outcome).collect();
        let kernels = self.really(lab, &packets, &walks);
        let astray = |((packet, walk), kernel): ((Packet, Outcome), Outcome)| {
            (walk != kernel).then(|| Astray {
                draft: self.draft.clone(),
                conditions: self.conditions,
                foreign: self.foreign.clone(),
                packet,
                walk,
                kernel,
            })
        };
        let found = asked.into_iter().zip(kernels).filter_map(astray).collect();
        (walked, found)
    }

    fn really(&self, lab: &mut Lab, packets: &[Packet], expected: &[Outcome]) -> Vec<Outcome> {
        lab.apply(&self.policy, self.conditions, self.foreign.as_ref());
        let hopeful: Vec<bool> =
            expected.iter().map(|outcome| *outcome != Outcome::NoAnswer).collect();
        ask(lab, packets, &hopeful)
    }
}

/// What a policy becomes, with the rules of another program beside it.
pub(crate) fn ruleset(policy: &Policy, foreign: Option<&Foreign>) -> Ruleset {
    let ruleset = compile(policy);
    match foreign {
        Some(foreign) => foreign.beside(ruleset),
        None => ruleset,
    }
}

/// The walk of a packet through what a policy becomes.
pub(crate) fn walk(ruleset: &Ruleset, policy: &Policy, packet: &Packet) -> Walk {
    walked(ruleset, packet, |address| match address {
        std::net::IpAddr::V4(address) => {
            policy.ipv4.fixed.iter().any(|prefix| prefix.contains(address))
        }
        std::net::IpAddr::V6(address) => {
            policy.ipv6.fixed.iter().any(|prefix| prefix.contains(address))
        }
    })
}

impl Astray {
    /// The smallest policy, and the fewest foreign rules, with which the packet still goes astray.
    pub(crate) fn shrunk(self, lab: &mut Lab) -> Self {
        let mut smallest = self;
        while let Some(smaller) = smallest.once_shrunk(lab) {
            smallest = smaller;
        }
        smallest
    }

    /// Whether it is the same that goes wrong: what should be silent is not, or the reverse.
    fn is_like(&self, other: &Self) -> bool {
        let silence = |astray: &Self| {
            [astray.walk, astray.kernel].map(|outcome| outcome == Outcome::NoAnswer)
        };
        silence(self) == silence(other)
    }

    fn once_shrunk(&self, lab: &mut Lab) -> Option<Self> {
        let fewer = self.foreign.iter().flat_map(Foreign::smaller);
        let fewer = fewer.map(|foreign| (self.draft.clone(), foreign));
        let smaller = self.draft.smaller().into_iter();
        let smaller = smaller.map(|draft| (draft, self.foreign.clone()));
        fewer.chain(smaller).find_map(|(draft, foreign)| {
            let policy = draft.parsed()?;
            let (conditions, packets) = (self.conditions, vec![self.packet]);
            let (_, astray) = World { draft, policy, conditions, foreign, packets }.run(lab);
            astray.into_iter().find(|found| found.is_like(self))
        })
    }
}

impl fmt::Display for Astray {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { draft, conditions, foreign, packet, walk, kernel } = self;
        let conditions = conditions_text(*conditions);
        write!(f, "{packet}\n  walk:   {walk}\n  kernel: {kernel}\nhost: {conditions}\n{draft}")?;
        foreign.iter().try_for_each(|foreign| write!(f, "foreign NAT {foreign}"))
    }
}
