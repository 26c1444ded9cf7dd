//! A checked draft as a policy: sorted, and nothing said twice.

use super::draft::{AddressDraft, Draft, Family, PortFloatDraft, PrefixDraft, RangeDraft};
use super::{
    Bridge, DefaultSource, Egress, Float, FloatService, Policy, PrefixFloat, Service,
    ServiceTarget, Translation,
};
use crate::address::{Address, InterfacePattern, minimize};

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
    let mut prefixes: Vec<_> = prefixes.into_iter().map(prefix_float).collect();
    prefixes.sort_unstable_by_key(|one| one.float);
    let mut floats: Vec<_> = addresses.into_iter().map(address_float).collect();
    floats.extend(ports.into_iter().map(port_float));
    floats.sort_by_key(|(float, _)| float.float);
    let leaves = |(index, (_, egress)): (usize, &(Float<A>, Option<A>))| {
        egress.map(|fixed| Egress { fixed, float: index })
    };
    let mut egress: Vec<_> = floats.iter().enumerate().filter_map(leaves).collect();
    egress.sort_by_key(|one| one.fixed);
    let floats = floats.into_iter().map(|(float, _)| float).collect();
    Translation { fixed, exempt, pool: Vec::new(), default_source, floats, prefixes, egress }
}

/// The float, and the fixed address whose connections leave with it.
fn address_float<A: Address>(draft: AddressDraft<A>) -> (Float<A>, Option<A>) {
    let AddressDraft { float, fixed, name, egress, .. } = draft;
    let egress = (egress == Some(true)).then_some(fixed);
    (Float { float, fixed: Some(fixed), services: Box::default(), name }, egress)
}

fn port_float<A: Address>(draft: PortFloatDraft<A>) -> (Float<A>, Option<A>) {
    let PortFloatDraft { float, name, egress, ranges, .. } = draft;
    let service = |range: RangeDraft<A>| FloatService {
        service: Service::Ports(range.protocol, range.range),
        target: ServiceTarget::Instance { fixed: range.fixed, port: range.fixed_port },
    };
    let mut services: Box<[_]> = ranges.into_iter().map(service).collect();
    services.sort_unstable_by_key(|one| one.service);
    (Float { float, fixed: None, services, name }, egress)
}

fn prefix_float<A>(draft: PrefixDraft<A>) -> PrefixFloat<A> {
    let PrefixDraft { float, fixed, name, egress, .. } = draft;
    PrefixFloat { float, fixed, name, egress: egress == Some(true) }
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
