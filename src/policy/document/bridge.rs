//! The section `bridge`, and patterns of interfaces.

use super::fields::{fields, is_map, items, word, wrong_type};
use crate::address::{InterfacePattern, InterfacePatternError};
use crate::policy::findings::{Finding, Findings};
use crate::policy::suggest::quoted;
use crate::policy::yaml::{Kind, Value};
use crate::policy::{Bridge, HairpinMode, Reflection};

/// The most patterns of `bridge.ports`: each is a rule that every frame passes.
const MOST_PORTS: usize = 256;

const REFLECTION: &[(&str, Reflection)] = &[
    ("off", Reflection::Off),
    ("ipv6-multicast", Reflection::Ipv6Multicast),
    ("multicast", Reflection::Multicast),
];

const HAIRPIN_MODE: &[(&str, HairpinMode)] =
    &[("keep", HairpinMode::Keep), ("on", HairpinMode::On), ("off", HairpinMode::Off)];

/// Reads the section.
pub(super) fn read(key: Value<'_>, value: Value<'_>, findings: &mut Findings) -> Bridge {
    let mut bridge = Bridge::default();
    if !is_map(key, value, "bridge: {ports: [vnet*]}", findings) {
        return bridge;
    }
    let known = ["ports", "reflection", "hairpin_mode"];
    let [ports, reflection, hairpin_mode] = fields(value, "`bridge`", known, findings);
    if let Some((key, value)) = ports {
        bridge.ports = patterns(key, value, MOST_PORTS, findings);
    }
    if let Some((key, value)) = reflection {
        bridge.reflection = word(key, value, REFLECTION, findings).unwrap_or_default();
    }
    if let Some((key, value)) = hairpin_mode {
        bridge.hairpin_mode = word(key, value, HAIRPIN_MODE, findings).unwrap_or_default();
        let named = ports.is_some_and(|(_, ports)| ports.items().next().is_some());
        if bridge.hairpin_mode != HairpinMode::Keep && !named {
            let message = format!("`hairpin_mode: {}` needs `ports`", value.text());
            findings.report(
                Finding::new(value.place(), message)
                    .hint("name the bridge ports to set; `['*']` is every port of every bridge"),
            );
        }
    }
    bridge
}

/// Reads a list of at most `most` patterns.
pub(super) fn patterns(
    key: Value<'_>,
    value: Value<'_>,
    most: usize,
    findings: &mut Findings,
) -> Vec<InterfacePattern> {
    let mut patterns = Vec::new();
    for (index, item) in items(key, value, "a list of interfaces", "vnet*", findings).enumerate() {
        if index == most {
            let message = format!("{} has more than {most} items", quoted(key.text()));
            findings.report(
                Finding::new(item.place(), message)
                    .hint("let one pattern with a trailing `*` stand for several"),
            );
            break;
        }
        patterns.extend(pattern(item, findings));
    }
    patterns
}

fn pattern(item: Value<'_>, findings: &mut Findings) -> Option<InterfacePattern> {
    if matches!(item.kind(), Kind::Null | Kind::List | Kind::Map) {
        findings.report(wrong_type(item, "an interface", "a name or a pattern", "vnet*"));
        return None;
    }
    let report = |error: InterfacePatternError| {
        let message = format!("{} names no interface", quoted(item.text()));
        findings.report(Finding::new(item.place(), message).hint(error.to_string()));
    };
    item.text().parse().map_err(report).ok()
}
