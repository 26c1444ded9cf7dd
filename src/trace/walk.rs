//! The way of a packet from hook to hook.

use std::net::IpAddr;

use super::answer::Answer;
use super::flow::Origin;
use super::lookup::fixed_network;
use super::rule::{Effect, Passing, pass};
use super::step::{Decision, Question, Route, Step};
use crate::ruleset::{Chain, Direction, Hook, Ruleset, Statement, Table, TableFamily};

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
    let mut packet = Passing { flow: question.flow, dnated: false, leaves_by: None };
    let first = if question.origin == Origin::Host { Hook::Output } else { Hook::Prerouting };
    let mut steps = vec![step(table, first, &mut packet)];
    let route = route(table, &question, packet.flow.destination);
    if let Route::Elsewhere { interface } = &route {
        packet.leaves_by.clone_from(interface);
    }
    if !ended(&steps) {
        steps.push(step(table, Hook::Postrouting, &mut packet));
    }
    let answer = Answer::new(table, &question, &steps, &route, packet.dnated);
    Walk { question, steps, route, answer }
}

impl Walk {
    /// Whether the destination was translated.
    #[must_use]
    pub fn translated_destination(&self) -> bool {
        let decisions = self.steps.iter().filter_map(|step| step.decision.as_ref());
        decisions.into_iter().any(|decision| decision.effect == Effect::Dnat)
    }
}

fn ended(steps: &[Step]) -> bool {
    let last = steps.last().and_then(|step| step.decision.as_ref());
    last.is_some_and(|decision| matches!(decision.effect, Effect::Drop | Effect::Unknown))
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
    Step { hook, before, after: packet.flow, decision }
}

fn chains(table: &Table, hook: Hook) -> Vec<&Chain> {
    let at_hook = |chain: &&Chain| chain.declaration.base.is_some_and(|base| base.hook == hook);
    let mut chains: Vec<&Chain> = table.chains.iter().filter(at_hook).collect();
    chains.sort_by_key(|chain| chain.declaration.base.map(|base| base.priority));
    chains
}

fn decide(table: &Table, chain: &Chain, packet: &mut Passing) -> Option<Decision> {
    let name = &chain.declaration.name;
    for rule in &chain.rules {
        if let Some(verdict) = pass(rule, table, packet) {
            return Some(Decision {
                chain: name.clone(),
                rule: rule.to_string(),
                matches: verdict.matches,
                effect: verdict.effect,
            });
        }
    }
    let dropped = chain.declaration.base.is_some_and(|base| !base.accept);
    dropped.then(|| Decision {
        chain: name.clone(),
        rule: "policy drop".to_owned(),
        matches: Vec::new(),
        effect: Effect::Drop,
    })
}

fn route(table: &Table, question: &Question, destination: IpAddr) -> Route {
    if let Some(network) = fixed_network(table, destination) {
        return Route::Bridge { network };
    }
    let interface = question.leaves_by.clone().or_else(|| first_uplink(table));
    Route::Elsewhere { interface }
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
