//! The way of a packet from hook to hook.

use std::net::IpAddr;

use super::answer::Answer;
use super::flow::{Flow, Origin, Source};
use super::lookup::fixed_network;
use super::rule::{Effect, Match, Passing, Verdict, pass, rewrite};
use super::step::{Decision, Question, Route, Step};
use crate::ruleset::{Chain, Direction, Hook, Rule, Ruleset, Statement, Table, TableFamily};

/// The whole walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk {
    /// What was asked.
    pub question: Question,
    /// Each hook that the packet passes.
    pub steps: Vec<Step>,
    /// Where it is sent after its destination was decided.
    pub route: Route,
    /// What comes of it.
    pub answer: Answer,
}

/// Walks the packet of `question` through `ruleset`.
#[must_use]
pub fn walk(ruleset: &Ruleset, question: Question) -> Walk {
    let empty = Table { family: TableFamily::Inet, sets: Vec::new(), chains: Vec::new() };
    let table = ruleset.table(TableFamily::Inet).unwrap_or(&empty);
    let bridge = ruleset.table(TableFamily::Bridge);
    let mut packet = Passing::new(table, &question);
    let mut steps = Vec::new();
    if question.origin == Origin::Instance {
        steps.extend(bridge.and_then(|bridge| rewritten(bridge, Hook::Prerouting, &mut packet)));
    }
    let first = if question.origin == Origin::Host { Hook::Output } else { Hook::Prerouting };
    steps.push(step(table, first, &mut packet));
    let route = route(table, &question, steps.last(), packet.flow.destination);
    if let Route::Elsewhere { interface } = &route {
        packet.leaves_by.clone_from(interface);
    }
    let between = match (&route, question.origin) {
        (Route::Host, _) => Some(Hook::Input),
        (_, Origin::Host) => None,
        (_, Origin::Instance | Origin::Outside) => Some(Hook::Forward),
    };
    let between = between.filter(|&hook| !chains(table, hook).is_empty());
    if let Some(hook) = between.filter(|_| !ended(&steps)) {
        steps.push(step(table, hook, &mut packet));
    }
    if !ended(&steps) && route != Route::Host {
        steps.push(step(table, Hook::Postrouting, &mut packet));
        if matches!(route, Route::Bridge { .. }) {
            steps.extend(bridge.and_then(|bridge| rewritten(bridge, Hook::Output, &mut packet)));
        }
    }
    let answer = Answer::new(table, &question, &steps, &route, packet.dnated);
    Walk { question, steps, route, answer }
}

impl Walk {
    /// Whether the destination was translated.
    #[must_use]
    pub fn translated_destination(&self) -> bool {
        self.effects().any(|effect| *effect == Effect::Dnat)
    }

    /// Whether the bridge rewrote an address.
    #[must_use]
    pub fn is_rewritten(&self) -> bool {
        self.effects().any(|effect| *effect == Effect::Rewrite)
    }

    /// The packet as it was when its route was decided.
    #[must_use]
    pub fn routed(&self) -> Flow {
        let before = self.steps.iter().find(|step| step.is_before_routing());
        before.map_or(self.question.flow, |step| step.after)
    }

    fn effects(&self) -> impl Iterator<Item = &Effect> {
        let decisions = self.steps.iter().filter_map(|step| step.decision.as_ref());
        decisions.map(|decision| &decision.effect)
    }
}

impl Step {
    /// Whether the routing decision comes right after the hook.
    #[must_use]
    pub fn is_before_routing(&self) -> bool {
        self.family == TableFamily::Inet && matches!(self.hook, Hook::Prerouting | Hook::Output)
    }
}

impl Passing {
    /// The packet where it begins.
    ///
    /// An instance answers to its address behind the interface that its packets come in by. A host
    /// outside that has an address of the fixed networks does not.
    fn new(table: &Table, question: &Question) -> Self {
        let outside = question.origin == Origin::Outside;
        let comes_by = outside.then(|| first_uplink(table)).flatten();
        let fixed = match question.flow.source {
            Source::Address(address) => fixed_network(table, address).is_some(),
            Source::Host => false,
        };
        Self {
            flow: question.flow,
            dnated: false,
            zone: 0,
            source_is_routable: !(outside && fixed),
            comes_by,
            leaves_by: None,
        }
    }
}

fn ended(steps: &[Step]) -> bool {
    let last = steps.last().and_then(|step| step.decision.as_ref());
    last.is_some_and(|decision| {
        matches!(decision.effect, Effect::Drop | Effect::Reject | Effect::Unknown)
    })
}

/// Lets the packet pass the chains of a hook, in the order of their priorities.
///
/// An accept ends its chain only; a translation ends all of them (`nf_nat_inet_fn` asks no other
/// once the binding is made).
fn step(table: &Table, hook: Hook, packet: &mut Passing) -> Step {
    let before = packet.flow;
    let mut decision = None;
    for chain in chains(table, hook) {
        decision = decide(table, chain, packet).or(decision);
        if decision.as_ref().is_some_and(|decision| decision.effect != Effect::Accept) {
            break;
        }
    }
    Step { family: TableFamily::Inet, hook, before, after: packet.flow, decision }
}

/// The step of a bridge hook at which an address is rewritten, if any is.
fn rewritten(table: &Table, hook: Hook, packet: &mut Passing) -> Option<Step> {
    let before = packet.flow;
    let decision = chains(table, hook).into_iter().find_map(|chain| {
        chain.rules.iter().find_map(|rule| {
            let verdict = rewrite(rule, table, packet)?;
            Some(Decision::new(chain, rule, verdict))
        })
    })?;
    let (family, decision) = (TableFamily::Bridge, Some(decision));
    Some(Step { family, hook, before, after: packet.flow, decision })
}

fn chains(table: &Table, hook: Hook) -> Vec<&Chain> {
    let at_hook = |chain: &&Chain| chain.declaration.base.is_some_and(|base| base.hook == hook);
    let mut chains: Vec<&Chain> = table.chains.iter().filter(at_hook).collect();
    chains.sort_by_key(|chain| chain.declaration.base.map(|base| base.priority));
    chains
}

impl Decision {
    fn new(chain: &Chain, rule: &Rule, verdict: Verdict) -> Self {
        Self {
            chain: chain.declaration.name.clone(),
            rule: rule.to_string(),
            matches: verdict.matches,
            effect: verdict.effect,
        }
    }
}

fn decide(table: &Table, chain: &Chain, packet: &mut Passing) -> Option<Decision> {
    for rule in &chain.rules {
        if let Some(verdict) = pass(rule, table, packet) {
            return Some(Decision::new(chain, rule, verdict));
        }
    }
    let dropped = chain.declaration.base.is_some_and(|base| !base.accept);
    dropped.then(|| Decision {
        chain: chain.declaration.name.clone(),
        rule: "policy drop".to_owned(),
        matches: Vec::new(),
        effect: Effect::Drop,
    })
}

fn route(table: &Table, question: &Question, last: Option<&Step>, to: IpAddr) -> Route {
    let decision = last.and_then(|step| step.decision.as_ref());
    if decision.is_some_and(|decision| decision.matches.iter().any(stays_with_host)) {
        return Route::Host;
    }
    if let Some(network) = fixed_network(table, to) {
        return Route::Bridge { network };
    }
    let interface = question.leaves_by.clone().or_else(|| first_uplink(table));
    Route::Elsewhere { interface }
}

/// Whether the packet was found among the L4 ports that stay with the host.
fn stays_with_host(found: &Match) -> bool {
    matches!(found.set.as_str(), "host4" | "host6")
}

/// An interface that the first pattern of an uplink matches.
fn first_uplink(table: &Table) -> Option<String> {
    let rules = table.chains.iter().flat_map(|chain| &chain.rules);
    rules.flat_map(|rule| &rule.statements).find_map(|statement| match statement {
        Statement::Interface { direction: Direction::Out, pattern, .. } => {
            let end = if pattern.is_wildcard() { "0" } else { "" };
            Some(format!("{}{end}", pattern.literal()))
        }
        _ => None,
    })
}
