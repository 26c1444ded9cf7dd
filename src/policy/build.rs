//! A checked draft as a policy: sorted, and nothing said twice.

use super::draft::{Draft, Family};
use super::{Bridge, DefaultSource, Policy, Translation};
use crate::address::{Address, InterfacePattern, Prefix, minimize};
use crate::policy::source::Place;

/// The policy that `draft` means; its checks have found nothing.
pub(super) fn policy(draft: Draft) -> Policy {
    let masquerade = draft.masquerade.is_some();
    let Bridge { ports, excluded, through, .. } = draft.bridge;
    Policy {
        bridge: Bridge {
            ports: minimal_patterns(ports),
            excluded: minimal_patterns(excluded),
            through: minimal_patterns(through),
            ..draft.bridge
        },
        uplinks: minimal_patterns(draft.uplinks),
        counters: draft.counters,
        ipv4: translation(draft.ipv4, masquerade),
        ipv6: translation(draft.ipv6, masquerade),
    }
}

fn translation<A: Address>(family: Family<A>, masquerade: bool) -> Translation<A> {
    let Family { mut fixed, exempt, pool, default_source, floats, prefixes, egress, .. } = family;
    minimize(&mut fixed);
    let masquerade = (masquerade && !fixed.is_empty()).then_some(DefaultSource::Masquerade);
    Translation {
        fixed,
        exempt: minimal(exempt),
        pool: minimal(pool),
        default_source: default_source.map(|(source, _)| source).or(masquerade),
        // The checks have sorted both.
        floats: floats.into_iter().map(|draft| draft.float).collect(),
        prefixes: prefixes.into_iter().map(|draft| draft.float).collect(),
        egress,
    }
}

fn minimal<A: Address>(prefixes: Vec<(Prefix<A>, Place)>) -> Vec<Prefix<A>> {
    let mut prefixes: Vec<_> = prefixes.into_iter().map(|(prefix, _)| prefix).collect();
    minimize(&mut prefixes);
    prefixes
}

/// Sorts `patterns`, and removes those that another one covers.
fn minimal_patterns(mut patterns: Vec<InterfacePattern>) -> Vec<InterfacePattern> {
    // A shorter literal first, and a wildcard before the name alone: whatever covers a pattern
    // comes before it.
    patterns.sort_unstable_by(|one, other| {
        let key = |pattern: &InterfacePattern| (pattern.literal().len(), !pattern.is_wildcard());
        key(one).cmp(&key(other)).then_with(|| one.cmp(other))
    });
    let mut minimal: Vec<InterfacePattern> = Vec::new();
    for pattern in patterns {
        if !minimal.iter().any(|kept| kept.covers(&pattern)) {
            minimal.push(pattern);
        }
    }
    minimal.sort_unstable();
    // Everything is what an empty list means.
    minimal.retain(|pattern| !pattern.matches_everything());
    minimal
}
