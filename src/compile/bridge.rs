//! The guard: frames that a bridge port in hairpin mode would reflect to their own sender.
//!
//! nftables cannot compare `iif` with `oif`, so the kernel learns the pair of every port with
//! itself on the way in, and drops what is about to leave by a learned pair. A port is covered
//! from its first frame on, and a duplicate address behind another port is still found.

use crate::address::InterfacePattern;
use crate::policy::{Bridge, Reflection};
use crate::ruleset::{
    BaseChain, Chain, ChainDeclaration, ChainType, Datatype, Direction, Elements, Group, Hook,
    Rule, Set, SetDeclaration, Statement, Table, TableFamily,
};

/// The set of learned pairs.
const PORTS: &str = "ports";

/// The most ports that are remembered at a time, far above what a host has.
const MOST_PORTS: u32 = 65_535;

/// Seconds without a group-addressed frame after which a port is forgotten; its next frame
/// teaches it again before it can be reflected, so the value only bounds memory.
const FORGET_AFTER: u32 = 3_600;

/// Before any other program's bridge chain at the same hook (`NF_BR_PRI_NAT_DST_BRIDGED`).
const LEARN: BaseChain = BaseChain {
    chain_type: ChainType::Filter,
    hook: Hook::Prerouting,
    priority: -300,
    accept: true,
};

/// Forward is the only hook where the kernel knows both ports (`NF_BR_PRI_FILTER_BRIDGED`).
const GUARD: BaseChain =
    BaseChain { chain_type: ChainType::Filter, hook: Hook::Forward, priority: -200, accept: true };

/// The bridge table, or `None` if reflection is not guarded against.
pub(super) fn table(bridge: &Bridge) -> Option<Table> {
    let group = match bridge.reflection {
        Reflection::Off => return None,
        Reflection::Ipv6Multicast => Group::Ipv6Multicast,
        Reflection::Multicast => Group::Any,
    };
    Some(Table {
        family: TableFamily::Bridge,
        sets: vec![ports()],
        chains: vec![
            chain("prerouting", LEARN, learn_rules(&bridge.ports, group)),
            chain("forward", GUARD, vec![guard_rule(group)]),
        ],
    })
}

fn ports() -> Set {
    let declaration = SetDeclaration {
        name: PORTS.to_owned(),
        key: vec![Datatype::IfaceIndex, Datatype::IfaceIndex],
        data: None,
        interval: false,
        learned: Some(FORGET_AFTER),
        counter: false,
        size: Some(MOST_PORTS),
    };
    Set { elements: Elements::new(&declaration), declaration }
}

/// Learns the port that a group-addressed frame came from, one rule a pattern.
///
/// nft: `iifname "vnet*" ether daddr & ff:ff:00:00:00:00 == 33:33:00:00:00:00 update @ports { iif . iif }`
fn learn_rules(patterns: &[InterfacePattern], group: Group) -> Vec<Rule> {
    let learn = |from: Option<Statement>| Rule {
        statements: from
            .into_iter()
            .chain([
                Statement::EtherDestination(group),
                Statement::LearnPort { set: PORTS.to_owned() },
            ])
            .collect(),
    };
    if patterns.is_empty() {
        return vec![learn(None)];
    }
    patterns
        .iter()
        .map(|pattern| {
            learn(Some(Statement::Interface {
                direction: Direction::In,
                negated: false,
                pattern: pattern.clone(),
            }))
        })
        .collect()
}

/// Drops a group-addressed frame that would leave by the port it came from.
///
/// nft: `ether daddr & ff:ff:00:00:00:00 == 33:33:00:00:00:00 iif . oif @ports counter drop`
fn guard_rule(group: Group) -> Rule {
    Rule {
        statements: vec![
            Statement::EtherDestination(group),
            Statement::PortPair { set: PORTS.to_owned() },
            Statement::Counter,
            Statement::Drop,
        ],
    }
}

fn chain(name: &str, base: BaseChain, rules: Vec<Rule>) -> Chain {
    Chain { declaration: ChainDeclaration { name: name.to_owned(), base: Some(base) }, rules }
}
