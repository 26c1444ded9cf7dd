//! The section `bridge`.

use super::fields::{fields, is_map, word};
use super::interfaces::{EXCEPT, patterns, ports};
use crate::address::InterfacePattern;
use crate::policy::draft::Draft;
use crate::policy::findings::{Finding, Findings};
use crate::policy::yaml::Value;
use crate::policy::{HairpinMode, OwnFloat, Redirect, Reflection};

/// The most patterns of `through`: each is a rule that every packet passes.
const MOST_THROUGH: usize = 32;

const REFLECTION: &[(&str, Reflection)] = &[
    ("off", Reflection::Off),
    ("ipv6-multicast", Reflection::Ipv6Multicast),
    ("multicast", Reflection::Multicast),
];

const HAIRPIN_MODE: &[(&str, HairpinMode)] =
    &[("keep", HairpinMode::Keep), ("on", HairpinMode::On), ("off", HairpinMode::Off)];

const OWN_FLOAT: &[(&str, OwnFloat)] =
    &[("translate", OwnFloat::Translate), ("rewrite", OwnFloat::Rewrite)];

const REDIRECT: &[(&str, Redirect)] = &[("off", Redirect::Off), ("on", Redirect::On)];

/// Reads the section.
pub(super) fn read(key: Value<'_>, value: Value<'_>, draft: &mut Draft, findings: &mut Findings) {
    if !is_map(key, value, "bridge: {ports: [vnet*]}", findings) {
        return;
    }
    let known = ["ports", "through", "reflection", "hairpin_mode", "own_float", "redirect"];
    let [listed, through, reflection, hairpin_mode, own_float, redirect] =
        fields(value, "`bridge`", known, findings);
    let bridge = &mut draft.bridge;
    if let Some((key, value)) = listed {
        (bridge.ports, bridge.excluded) = ports(key, value, findings);
    }
    if let Some((key, value)) = through {
        bridge.through = patterns(key, value, MOST_THROUGH, findings);
        if bridge.through.iter().any(InterfacePattern::matches_everything) {
            findings.report(
                Finding::new(key.place(), "`through` contains `*`, which is every interface")
                    .hint("name the bridges that frames only pass through, such as `fwbr*`"),
            );
        }
    }
    if let Some((key, value)) = reflection {
        bridge.reflection = word(key, value, REFLECTION, findings).unwrap_or_default();
    }
    if let Some((key, value)) = hairpin_mode {
        bridge.hairpin_mode = word(key, value, HAIRPIN_MODE, findings).unwrap_or_default();
        if bridge.hairpin_mode != HairpinMode::Keep {
            let hint = "name the bridge ports to set; `['*']` is every port of every bridge";
            check_ports(key, value, listed.map(|(_, listed)| listed), hint, findings);
        }
    }
    if let Some((key, value)) = own_float {
        bridge.own_float = word(key, value, OWN_FLOAT, findings).unwrap_or_default();
    }
    if let Some((key, value)) = redirect {
        bridge.redirect = word(key, value, REDIRECT, findings).unwrap_or_default();
        if bridge.redirect == Redirect::On {
            draft.redirect = Some(key.place());
            let hint = "name the bridge ports of the instances, whose frames are taken in";
            check_ports(key, value, listed.map(|(_, listed)| listed), hint, findings);
        }
    }
}

/// Reports a key whose value changes something at bridge ports if `ports` names none.
fn check_ports(
    key: Value<'_>,
    value: Value<'_>,
    ports: Option<Value<'_>>,
    hint: &str,
    findings: &mut Findings,
) {
    let named = |ports: Value<'_>| ports.items().any(|item| !item.text().starts_with(EXCEPT));
    if !ports.is_some_and(named) {
        let message = format!("`{}: {}` needs `ports`", key.text(), value.text());
        findings.report(Finding::new(value.place(), message).hint(hint));
    }
}
