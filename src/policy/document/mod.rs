//! One file of a policy: tape in, draft filled.

mod bridge;
mod egress;
mod fields;
mod float;
mod interfaces;
mod pair;
mod ports;
mod services;

use super::draft::Draft;
use super::findings::{Finding, Findings};
use super::source::Place;
use super::suggest::quoted;
use super::values::{Problem, Role, SomePrefix, prefix};
use super::yaml::{Kind, Value};
use fields::{boolean, fields, items, wrong_type};
pub(super) use float::FloatReader;

/// The section that may be long.
pub(super) const FLOATS: &str = "floats";

/// What a network looks like.
const NETWORK: &str = "10.0.0.0/24";

/// What a prefix of public addresses looks like.
const POOL: &str = "203.0.113.0/24";

impl Finding {
    /// What is wrong with the text at `place`.
    fn of(place: Place, problem: Problem) -> Self {
        let finding = Self::new(place, problem.message);
        match problem.hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        }
    }
}

/// Adds the document `root` to `draft`.
pub(super) fn read(root: Value<'_>, draft: &mut Draft, findings: &mut Findings) {
    if root.kind() == Kind::Null || (root.kind() == Kind::Map && root.entries().next().is_none()) {
        findings.report(
            Finding::new(root.place(), "the file contains no policy")
                .hint("the smallest policy has `fixed` and `floats`; remove a file without any"),
        );
        return draft.note_unreadable_file();
    }
    if root.kind() != Kind::Map {
        let message = format!("a policy is a map of its sections, not {}", root.describe());
        findings.report(Finding::new(root.place(), message).hint("begin with `fixed:`"));
        return draft.note_unreadable_file();
    }
    let known = ["version", "fixed", "pool", "bridge", "egress", "counters", FLOATS];
    let [version, fixed, pool, bridge, egress, counters, floats] =
        fields(root, "the policy", known, findings);
    if let Some((_, value)) = version {
        check_version(value, findings);
    }
    if let Some((key, value)) = fixed {
        for item in items(key, value, "a list of networks", NETWORK, findings) {
            read_fixed(item, draft, findings);
        }
        draft.fixed_incomplete |= !matches!(value.kind(), Kind::List);
    }
    if let Some((key, value)) = pool {
        for item in items(key, value, "a list of prefixes", POOL, findings) {
            read_pool(item, draft, findings);
        }
    }
    if let Some((key, value)) = bridge
        && alone(key, &mut draft.sections.bridge, findings)
    {
        bridge::read(key, value, draft, findings);
    }
    if let Some((key, value)) = egress
        && alone(key, &mut draft.sections.egress, findings)
    {
        egress::read(key, value, draft, findings);
    }
    if let Some((key, value)) = counters
        && alone(key, &mut draft.sections.counters, findings)
    {
        draft.counters = boolean(key, value, findings).unwrap_or_default();
    }
    if let Some((key, value)) = floats {
        float::read_all(key, value, draft, findings);
    }
}

fn check_version(value: Value<'_>, findings: &mut Findings) {
    if value.kind() == Kind::Number && value.text() == "1" {
        return;
    }
    let message = format!("`version` is 1, not {}", value.describe());
    let newer = value.text().parse::<u32>().is_ok_and(|version| version > 1);
    findings.report(Finding::new(value.place(), message).hint(if newer && !value.is_quoted() {
        "the policy is written for a newer hairnat; install that, or write `version: 1`"
    } else {
        "write `version: 1` or leave it out"
    }));
}

fn read_fixed(item: Value<'_>, draft: &mut Draft, findings: &mut Findings) {
    match network(item, Role::Fixed, "a network of `fixed`", findings) {
        Some(SomePrefix::V4(prefix)) => draft.ipv4.fixed.push(prefix),
        Some(SomePrefix::V6(prefix)) => draft.ipv6.fixed.push(prefix),
        None => draft.fixed_incomplete = true,
    }
}

fn read_pool(item: Value<'_>, draft: &mut Draft, findings: &mut Findings) {
    match network(item, Role::Pool, "a prefix of `pool`", findings) {
        Some(SomePrefix::V4(prefix)) => draft.ipv4.pool.push((prefix, item.place())),
        Some(SomePrefix::V6(prefix)) => draft.ipv6.pool.push((prefix, item.place())),
        None => {}
    }
}

/// Reads an item that is a prefix.
fn network(item: Value<'_>, role: Role, what: &str, findings: &mut Findings) -> Option<SomePrefix> {
    if matches!(item.kind(), Kind::Null | Kind::List | Kind::Map) {
        let example = if role == Role::Pool { POOL } else { NETWORK };
        findings.report(wrong_type(item, what, "a prefix", example));
        return None;
    }
    let problem = |problem| findings.report(Finding::of(item.place(), problem));
    prefix(item.text(), role).map_err(problem).ok()
}

/// Whether the section `key` is the first of its name in all files.
fn alone(key: Value<'_>, seen: &mut Option<Place>, findings: &mut Findings) -> bool {
    let Some(first) = *seen else {
        *seen = Some(key.place());
        return true;
    };
    let message = format!("the section {} stands in two files", quoted(key.text()));
    findings.report(
        Finding::new(key.place(), message)
            .note("first given at", first)
            .hint("keep it in one file; only `fixed`, `pool` and `floats` add up"),
    );
    false
}
