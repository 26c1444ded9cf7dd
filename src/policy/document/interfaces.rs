//! Patterns of interfaces, and those that are left out of `bridge.ports`.

use super::fields::{items, wrong_type};
use crate::address::{InterfacePattern, InterfacePatternError};
use crate::policy::findings::{Finding, Findings};
use crate::policy::source::Place;
use crate::policy::suggest::quoted;
use crate::policy::yaml::{Kind, Value};

/// The most patterns of `bridge.ports`: each is a rule that every frame passes.
const MOST_PORTS: usize = 256;

/// The most exclusions of `bridge.ports`: each is two expressions of every such rule, and a rule has at
/// most 128 (`NFT_RULE_MAXEXPRS`).
const MOST_EXCLUDED: usize = 32;

/// Stands before a pattern of ports that are left out.
pub(super) const EXCEPT: char = '!';

/// What a list of patterns is called.
const EXPECTED: &str = "a list of interfaces";

/// What a pattern looks like.
const EXAMPLE: &str = "vnet*";

/// Reads a list of at most `most` patterns.
pub(super) fn patterns(
    key: Value<'_>,
    value: Value<'_>,
    most: usize,
    findings: &mut Findings,
) -> Vec<InterfacePattern> {
    let mut patterns = Vec::new();
    for (index, item) in items(key, value, EXPECTED, EXAMPLE, findings).enumerate() {
        if index == most {
            findings.report(too_many(key, item, most, "items"));
            break;
        }
        patterns.extend(pattern(item, item.text(), findings));
    }
    patterns
}

/// Reads `bridge.ports`: the patterns, and those of ports that are left out.
pub(super) fn ports(
    key: Value<'_>,
    value: Value<'_>,
    findings: &mut Findings,
) -> (Vec<InterfacePattern>, Vec<InterfacePattern>) {
    let (mut named, mut excluded) = (Vec::new(), Vec::new());
    let before = findings.count();
    for item in items(key, value, EXPECTED, EXAMPLE, findings) {
        let (list, text, most, what) = match item.text().strip_prefix(EXCEPT) {
            Some(text) => (&mut excluded, text, MOST_EXCLUDED, "exclusions"),
            None => (&mut named, item.text(), MOST_PORTS, "items"),
        };
        if list.len() == most {
            findings.report(too_many(key, item, most, what));
            break;
        }
        list.extend(pattern(item, text, findings).map(|pattern| (pattern, item.place())));
    }
    if findings.count() == before {
        check_exclusions(&named, &excluded, findings);
    }
    let alone = |list: Vec<(InterfacePattern, Place)>| list.into_iter().map(|(one, _)| one);
    (alone(named).collect(), alone(excluded).collect())
}

fn too_many(key: Value<'_>, item: Value<'_>, most: usize, what: &str) -> Finding {
    let message = format!("{} has more than {most} {what}", quoted(key.text()));
    Finding::new(item.place(), message)
        .hint("let one pattern with a trailing `*` stand for several")
}

/// Reports an exclusion that takes nothing away from what is named, or all of it.
fn check_exclusions(
    named: &[(InterfacePattern, Place)],
    excluded: &[(InterfacePattern, Place)],
    findings: &mut Findings,
) {
    for (exclusion, place) in excluded {
        let swallowed = named.iter().find(|(pattern, _)| exclusion.covers(pattern));
        let narrows = named.is_empty() || named.iter().any(|(one, _)| one.covers(exclusion));
        let shown = quoted(&format!("{EXCEPT}{exclusion}"));
        if let Some((pattern, named_at)) = swallowed {
            let message = format!("{shown} excludes all of `{pattern}`");
            findings.report(
                Finding::new(*place, message)
                    .note("which is given at", *named_at)
                    .hint("leave one of them out"),
            );
        } else if named.is_empty() && exclusion.matches_everything() {
            findings.report(
                Finding::new(*place, format!("{shown} excludes every bridge port"))
                    .hint("name the ports that are no instance's"),
            );
        } else if !narrows {
            findings.report(
                Finding::new(*place, format!("{shown} excludes nothing that `ports` names"))
                    .hint("correct it, or leave it out: ports that are not named are none anyway"),
            );
        }
    }
}

/// Reads `text`, which is that of `item` or a part of it.
fn pattern(item: Value<'_>, text: &str, findings: &mut Findings) -> Option<InterfacePattern> {
    if matches!(item.kind(), Kind::Null | Kind::List | Kind::Map) {
        findings.report(wrong_type(item, "an interface", "a name or a pattern", EXAMPLE));
        return None;
    }
    let refuse = |hint: String| {
        let message = format!("{} names no interface", quoted(item.text()));
        Finding::new(item.place(), message).hint(hint)
    };
    let refused = if text.starts_with(EXCEPT) {
        Some(refuse("`!` stands only in `bridge.ports`, once before a name or pattern".to_owned()))
    } else {
        // As iptables(8) has it.
        let beginning = item.text().strip_suffix('+');
        beginning.map(|name| refuse(format!("write {} for any rest", quoted(&format!("{name}*")))))
    };
    if let Some(finding) = refused {
        findings.report(finding);
        return None;
    }
    let report = |error: InterfacePatternError| findings.report(refuse(error.to_string()));
    text.parse().map_err(report).ok()
}
