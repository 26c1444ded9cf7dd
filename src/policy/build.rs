//! A checked draft as a policy: sorted, and nothing said twice.

use super::draft::{AddressDraft, Draft, Family, PortFloatDraft, PrefixDraft};
use super::{
    AddressFloat, Bridge, DefaultSource, Policy, PortEgress, PortFloat, PrefixFloat, Translation,
};
use crate::address::{Address, InterfacePattern, Prefix};

/// The policy that `draft` means; its checks have found nothing.
pub(super) fn policy(draft: Draft) -> Policy {
    let masquerade = draft.masquerade.is_some();
    Policy {
        bridge: Bridge { ports: minimal_patterns(draft.bridge.ports), ..draft.bridge },
        uplinks: minimal_patterns(draft.uplinks),
        counters: draft.counters,
        ipv4: translation(draft.ipv4, masquerade),
        ipv6: translation(draft.ipv6, masquerade),
    }
}

fn translation<A: Address>(family: Family<A>, masquerade: bool) -> Translation<A> {
    let Family { mut fixed, exempt, default_source, addresses, prefixes, ports } = family;
    minimize(&mut fixed);
    let mut exempt: Vec<_> = exempt.into_iter().map(|(prefix, _)| prefix).collect();
    minimize(&mut exempt);
    let masquerade = (masquerade && !fixed.is_empty()).then_some(DefaultSource::Masquerade);
    let default_source = default_source.map(|(source, _)| source).or(masquerade);
    let mut addresses: Vec<_> = addresses.into_iter().map(address_float).collect();
    addresses.sort_by_key(|one| one.float);
    let mut prefixes: Vec<_> = prefixes.into_iter().map(prefix_float).collect();
    prefixes.sort_unstable_by_key(|one| one.float);
    let egress = |float: &PortFloatDraft<A>| {
        let name = float.name.clone();
        Some(PortEgress { fixed: float.egress?, float: float.float, name })
    };
    let mut port_egress: Vec<_> = ports.iter().filter_map(egress).collect();
    port_egress.sort_unstable_by_key(|one| one.fixed);
    let mut ports: Vec<_> = ports.into_iter().flat_map(port_floats).collect();
    ports.sort_unstable_by_key(|one| (one.float, one.protocol, one.ports));
    Translation { fixed, exempt, default_source, addresses, prefixes, ports, port_egress }
}

fn address_float<A>(draft: AddressDraft<A>) -> AddressFloat<A> {
    let AddressDraft { float, fixed, name, egress, .. } = draft;
    AddressFloat { float, fixed, name, egress: egress == Some(true) }
}

fn prefix_float<A>(draft: PrefixDraft<A>) -> PrefixFloat<A> {
    let PrefixDraft { float, fixed, name, egress, .. } = draft;
    PrefixFloat { float, fixed, name, egress: egress == Some(true) }
}

fn port_floats<A: Address>(draft: PortFloatDraft<A>) -> impl Iterator<Item = PortFloat<A>> {
    let PortFloatDraft { float, name, ranges, .. } = draft;
    ranges.into_iter().map(move |range| PortFloat {
        float,
        protocol: range.protocol,
        ports: range.range,
        fixed: range.fixed,
        fixed_port: range.fixed_port,
        name: name.clone(),
    })
}

/// Sorts `prefixes`, and removes those that another one covers.
pub(super) fn minimize<A: Address>(prefixes: &mut Vec<Prefix<A>>) {
    // A prefix sorts before all that it covers.
    prefixes.sort_unstable();
    prefixes.dedup_by(|next, kept| kept.covers(*next));
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
