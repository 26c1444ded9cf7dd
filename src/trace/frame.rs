//! The way of a frame through the guard of a bridge.

use crate::address::InterfaceName;
use crate::ruleset::{Direction, Group, Hook, Rule, Ruleset, Statement, TableFamily};

/// A frame that a bridge is about to forward.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// The bridge port that it came in by.
    pub from_port: InterfaceName,
    /// The bridge port that it would leave by.
    pub to_port: InterfaceName,
    /// The destination address.
    pub destination: [u8; 6],
}

/// What becomes of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It leaves by the other port.
    Forwarded,
    /// It would go back to its sender, and the guard drops it.
    Guarded,
    /// It goes back to its sender where its port is in hairpin mode, as unicast has to.
    Reflected,
    /// A rule decided that hairnat cannot read.
    Unknown,
}

/// One hook of the bridge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameStep {
    /// The hook.
    pub hook: Hook,
    /// The rule that matched, as nft(8) writes it.
    pub rule: Option<String>,
}

/// The whole walk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FrameWalk {
    /// The hooks: where ports are learned, and where frames are dropped.
    pub steps: Vec<FrameStep>,
    /// What becomes of the frame.
    pub fate: Fate,
}

/// Walks `frame` through the bridge table of `ruleset`.
#[must_use]
pub fn walk_frame(ruleset: &Ruleset, frame: &Frame) -> FrameWalk {
    let mut learned = Vec::new();
    let mut fate = if frame.from_port == frame.to_port { Fate::Reflected } else { Fate::Forwarded };
    let steps = [Hook::Prerouting, Hook::Forward].map(|hook| {
        let chains = ruleset.table(TableFamily::Bridge).map(|table| table.chains.as_slice());
        let rules = chains
            .unwrap_or_default()
            .iter()
            .filter(|chain| chain.declaration.base.is_some_and(|base| base.hook == hook))
            .flat_map(|chain| &chain.rules);
        let mut matched = None;
        for rule in rules {
            let passed = pass(rule, frame, &mut learned);
            if passed != Passed::Unmatched {
                matched.get_or_insert_with(|| rule.to_string());
            }
            if let Passed::Ended(verdict) = passed {
                fate = verdict.unwrap_or(fate);
                break;
            }
        }
        FrameStep { hook, rule: matched }
    });
    FrameWalk { steps: steps.into(), fate }
}

/// How a frame passed a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passed {
    /// It does not match.
    Unmatched,
    /// It matches, and goes on to the next rule.
    Matched,
    /// No other rule of the hook is asked; with a fate if that is not the bridge's business.
    Ended(Option<Fate>),
}

fn pass(rule: &Rule, frame: &Frame, learned: &mut Vec<String>) -> Passed {
    for statement in &rule.statements {
        let matches = match statement {
            Statement::Interface { direction, negated, pattern } => {
                let port = match direction {
                    Direction::In => &frame.from_port,
                    Direction::Out => &frame.to_port,
                };
                pattern.matches(port) != *negated
            }
            Statement::EtherDestination(group) => is_of(frame.destination, *group),
            Statement::PortPair { set } => {
                frame.from_port == frame.to_port && learned.contains(set)
            }
            Statement::LearnPort { set } => {
                learned.push(set.clone());
                true
            }
            Statement::Counter => true,
            // Rules for packets of one IP family, which rewrite addresses and drop nothing.
            Statement::EtherType(_) | Statement::ToHost => false,
            Statement::Accept => return Passed::Ended(None),
            Statement::Drop => return Passed::Ended(Some(Fate::Guarded)),
            _ => return Passed::Ended(Some(Fate::Unknown)),
        };
        if !matches {
            return Passed::Unmatched;
        }
    }
    Passed::Matched
}

fn is_of(address: [u8; 6], group: Group) -> bool {
    let (mask, value) = (group.mask(), group.value());
    (0..6).all(|byte| address[byte] & mask[byte] == value[byte])
}
