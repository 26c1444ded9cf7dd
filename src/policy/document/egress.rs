//! The section `egress`.

use std::net::IpAddr;

use super::fields::{fields, is_map, items, wrong_type};
use super::interfaces::patterns;
use super::network;
use crate::address::InterfacePattern;
use crate::policy::DefaultSource;
use crate::policy::draft::{Draft, DraftAddress};
use crate::policy::findings::{Finding, Findings};
use crate::policy::source::Place;
use crate::policy::values::{Role, SomePrefix, address};
use crate::policy::yaml::{Kind, Value};

/// The most uplinks: each is a rule that every new connection passes.
const MOST_UPLINKS: usize = 32;

/// The word that stands for the address of the interface that a connection leaves by.
const MASQUERADE: &str = "masquerade";

/// Reads the section.
pub(super) fn read(key: Value<'_>, value: Value<'_>, draft: &mut Draft, findings: &mut Findings) {
    if !is_map(key, value, "egress: {default: masquerade}", findings) {
        return;
    }
    let known = ["uplinks", "default", "exempt"];
    let [uplinks, default, exempt] = fields(value, "`egress`", known, findings);
    if let Some((key, value)) = uplinks {
        draft.uplinks = patterns(key, value, MOST_UPLINKS, findings);
        if draft.uplinks.iter().any(InterfacePattern::matches_everything) {
            findings.report(
                Finding::new(key.place(), "`uplinks` contains `*`, which is every interface")
                    .hint("leave `uplinks` out to translate whatever leaves the fixed networks"),
            );
        }
    }
    if let Some((key, value)) = default {
        read_default(key, value, draft, findings);
    }
    if let Some((key, value)) = exempt {
        for item in items(key, value, "a list of prefixes", "192.0.2.0/24", findings) {
            match network(item, Role::Destination, "a destination of `exempt`", findings) {
                Some(SomePrefix::V4(prefix)) => draft.ipv4.exempt.push((prefix, item.place())),
                Some(SomePrefix::V6(prefix)) => draft.ipv6.exempt.push((prefix, item.place())),
                None => {}
            }
        }
    }
}

/// Reads `default`: `masquerade`, an address, or a list of one address a family.
fn read_default(key: Value<'_>, value: Value<'_>, draft: &mut Draft, findings: &mut Findings) {
    match value.kind() {
        Kind::List => value.items().for_each(|item| read_source(item, draft, findings)),
        Kind::Map => {
            let expected = "`masquerade` or a list of one address per family";
            findings.report(wrong_type(value, "`default`", expected, "[203.0.113.1]"));
        }
        _ if value.text() == MASQUERADE => draft.masquerade = Some(key.place()),
        _ => read_source(value, draft, findings),
    }
}

fn read_source(item: Value<'_>, draft: &mut Draft, findings: &mut Findings) {
    if matches!(item.kind(), Kind::Null | Kind::List | Kind::Map) {
        findings.report(wrong_type(item, "an item of `default`", "an address", "203.0.113.1"));
        return;
    }
    if item.text() == MASQUERADE {
        findings.report(
            Finding::new(item.place(), "`masquerade` cannot stand in a list of addresses")
                .hint("write `default: masquerade`, which is for both families"),
        );
        return;
    }
    match address(item.text(), Role::Source) {
        Ok(IpAddr::V4(address)) => set_source(address, item.place(), draft, findings),
        Ok(IpAddr::V6(address)) => set_source(address, item.place(), draft, findings),
        Err(problem) => findings.report(Finding::of(item.place(), problem)),
    }
}

fn set_source<A: DraftAddress>(
    address: A,
    place: Place,
    draft: &mut Draft,
    findings: &mut Findings,
) {
    let family = A::family(draft);
    if let Some((_, first)) = family.default_source {
        let message = format!("`{address}` is the second {} address of `default`", A::FAMILY);
        findings.report(
            Finding::new(place, message)
                .note("first given at", first)
                .hint("name one address per family"),
        );
        return;
    }
    family.default_source = Some((DefaultSource::Address(address), place));
}
