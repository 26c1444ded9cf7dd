//! Port hairpin mode is for ports of instances. What it does at other ports, and how the ports of
//! instances are named.

use super::facts::{BridgePort, Facts};
use super::port_kind::PortKind;
use super::warnings::{Warning, listed, switch_off};
use crate::address::InterfacePattern;
use crate::policy::{Bridge, HairpinMode};

/// Why the policy must not be carried out: it would set hairpin mode at both ends of a veth between
/// two bridges. Each bridge would then return every broadcast frame to the other one, for ever.
#[must_use]
pub fn hairpin_loop(bridge: &Bridge, facts: &Facts) -> Option<Warning> {
    if bridge.hairpin_mode != HairpinMode::On {
        return None;
    }
    let declared = |port: &BridgePort| bridge.is_instance_port(&port.name);
    let on = |port: &BridgePort| port.hairpin || declared(port);
    let (one, other) = links(facts)
        .find(|(one, other)| on(one) && on(other) && (declared(one) || declared(other)))?;
    let hint = instances_only(bridge, facts);
    Some(Warning { code: LOOP, message: loop_message("would be", one, other), hint })
}

/// The same loop, where somebody else has made it and the policy leaves the ports as they are.
pub(super) fn live_loop(facts: &Facts, on: impl Fn(&BridgePort) -> bool) -> Option<Warning> {
    let (one, other) = links(facts).find(|(one, other)| on(one) && on(other))?;
    Some(Warning {
        code: LOOP,
        message: loop_message("is", one, other),
        hint: format!("switch it off with `{}`", switch_off(&[one, other])),
    })
}

/// The stable word for it.
const LOOP: &str = "hairpin-loop";

fn loop_message(is: &str, one: &BridgePort, other: &BridgePort) -> String {
    format!(
        "hairpin mode {is} on at both ends of the veth between bridges `{}` and `{}`, the bridge \
         ports `{}` and `{}`: one broadcast frame then circles for ever",
        one.bridge, other.bridge, one.name, other.name
    )
}

/// Each veth that is a bridge port at both ends, once.
fn links(facts: &Facts) -> impl Iterator<Item = (&BridgePort, &BridgePort)> {
    facts.ports.iter().filter_map(|port| match port.kind {
        PortKind::Bridge { peer } => {
            let other = facts.ports.iter().find(|other| other.index == peer)?;
            (port.name < other.name).then_some((port, other))
        }
        PortKind::Instance | PortKind::Uplink => None,
    })
}

/// A port that leads to a network returns its frames there: switches then learn the addresses of its
/// hosts on the wrong port, and the hosts become unreachable.
pub(super) fn hairpin_on_uplink(bridge: &Bridge, facts: &Facts) -> Option<Warning> {
    let declared =
        |port: &&BridgePort| port.kind != PortKind::Instance && bridge.is_instance_port(&port.name);
    let uplinks: Vec<String> =
        facts.ports.iter().filter(declared).map(ToString::to_string).collect();
    if bridge.hairpin_mode != HairpinMode::On || uplinks.is_empty() {
        return None;
    }
    let which = if uplinks.len() == 1 { "which leads" } else { "which lead" };
    Some(Warning {
        code: "hairpin-on-uplink",
        message: format!(
            "the policy sets hairpin mode at {}, {which} to no instance: the bridge returns the \
             frames of the network beyond it, and hosts there become unreachable",
            listed(&uplinks, "", "").trim_end(),
        ),
        hint: instances_only(bridge, facts),
    })
}

/// The remedy: another `bridge` section.
fn instances_only(bridge: &Bridge, facts: &Facts) -> String {
    match declaration(bridge, facts) {
        Some(declaration) => format!("name the ports of instances only: `{declaration}`"),
        None => "name the ports of instances only in `bridge.ports`".to_owned(),
    }
}

/// The `bridge` section that sets hairpin mode at the ports of instances and at no other, as one line
/// of YAML; `None` if this host has none of them yet. The patterns are the policy's if they are right.
pub(super) fn declaration(bridge: &Bridge, facts: &Facts) -> Option<String> {
    let patterns = instance_patterns(&bridge.ports, facts);
    let patterns: Vec<String> = patterns.iter().map(|pattern| yaml_word(pattern)).collect();
    let ports = patterns.join(", ");
    (!ports.is_empty()).then(|| format!("bridge: {{ ports: [{ports}], hairpin_mode: on }}"))
}

/// Patterns that match ports of instances and no other port of this host.
fn instance_patterns(declared: &[InterfacePattern], facts: &Facts) -> Vec<String> {
    let (instances, others): (Vec<&BridgePort>, Vec<&BridgePort>) =
        facts.ports.iter().partition(|port| port.kind == PortKind::Instance);
    let alone = |pattern: &InterfacePattern| !others.iter().any(|port| pattern.matches(&port.name));
    let matched =
        |pattern: &InterfacePattern| instances.iter().any(|port| pattern.matches(&port.name));
    let mut patterns: Vec<String> = declared
        .iter()
        .filter(|pattern| alone(pattern) && matched(pattern))
        .map(ToString::to_string)
        .collect();
    if patterns.is_empty() {
        let pattern = |port: &&BridgePort| {
            let name = port.name.as_text()?;
            let pattern = family(name);
            let alone = pattern.parse().is_ok_and(|pattern| alone(&pattern));
            Some(if alone { pattern } else { name.to_owned() })
        };
        // A policy is text, and so has no word for other names.
        patterns = instances.iter().filter_map(pattern).collect();
        patterns.sort();
        patterns.dedup();
    }
    patterns
}

/// The pattern of names that were made like this one: `vnet*` for `vnet12`, `tap*` for `tap100i0`.
fn family(name: &str) -> String {
    // Random letters and digits follow (Docker, Incus, LXC).
    let letters = name.find(|c: char| c.is_ascii_digit());
    match letters {
        _ if name.starts_with("veth") => "veth*".to_owned(),
        Some(letters @ 1..) => format!("{}*", &name[..letters]),
        Some(_) | None => name.to_owned(),
    }
}

/// The text as one word in a list of YAML.
fn yaml_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "*._-".contains(c);
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.chars().all(plain);
    if word { text.to_owned() } else { format!("'{}'", text.replace('\'', "''")) }
}

#[cfg(test)]
mod tests;
