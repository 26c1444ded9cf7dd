//! The maps by which the bridge rewrites what an instance sends to its own float.

use super::builder::{Builder, Entry};
use super::maps::{address, wire};
use crate::address::{Address, IpFamily, Prefix, covering, minimize};
use crate::policy::{Float, Policy, ServiceTarget, Translation};
use crate::ruleset::Set;

/// The maps of one family.
pub(super) struct OwnMaps {
    /// fixed and own float → fixed: the destination, on the way to the instance.
    pub(super) destination: Set,
    /// fixed and fixed again → own float: the source, as the instance sees it.
    pub(super) source: Set,
}

impl OwnMaps {
    /// `None` if the bridge can rewrite for no instance.
    pub(super) fn new<A: Address>(policy: &Translation<A>) -> Option<Self> {
        let own = own_floats(policy);
        let pair = [address::<A>(); 2];
        let map = |stem| Builder::new::<A>(stem, &pair).into_data(&[address::<A>()]).sized();
        Some(Self {
            destination: map("own").fill(own.iter().map(|&(fixed, float)| {
                let mut key = wire(fixed);
                key.address(float.float);
                Entry { key, last: None, data: wire(fixed), name: float.name.as_ref() }
            }))?,
            source: map("self").fill(own.iter().map(|&(fixed, float)| {
                let mut key = wire(fixed);
                key.address(fixed);
                Entry { key, last: None, data: wire(float.float), name: float.name.as_ref() }
            }))?,
        })
    }
}

/// The fixed addresses whose own float can be rewritten, and that float.
///
/// Rewriting keeps no state: an answer is told by its addresses alone, which are the instance's on both
/// sides. So exactly one float may lead to the instance, with all its L4 ports, and it must be the one
/// that the instance's connections leave with.
fn own_floats<A: Address>(policy: &Translation<A>) -> Vec<(A, &Float<A>)> {
    let mut targets: Vec<A> = policy.floats.iter().flat_map(instances).collect();
    targets.sort_unstable();
    let mut prefixes: Vec<_> = policy.prefixes.iter().map(|float| float.fixed).collect();
    minimize(&mut prefixes);
    let reached_once = |fixed: A| {
        let first = targets.partition_point(|&target| target < fixed);
        let again = targets.get(first + 1) == Some(&fixed);
        !again && covering(&prefixes, Prefix::host(fixed)).is_none()
    };
    let own = policy.egress.iter().filter_map(|egress| {
        let float = policy.floats.get(egress.float)?;
        let whole = float.fixed == Some(egress.fixed) && float.services.is_empty();
        (whole && reached_once(egress.fixed)).then_some((egress.fixed, float))
    });
    own.collect()
}

/// The floats and float prefixes of the policy that lead to instances and that the bridge does not
/// rewrite for them, of the families that `wanted` holds of, as text.
#[must_use]
pub fn floats_left_to_nat(policy: &Policy, wanted: impl Fn(IpFamily) -> bool) -> Vec<String> {
    let mut left = Vec::new();
    if wanted(IpFamily::V4) {
        left.extend(left_of(&policy.ipv4));
    }
    if wanted(IpFamily::V6) {
        left.extend(left_of(&policy.ipv6));
    }
    left
}

fn left_of<A: Address>(policy: &Translation<A>) -> Vec<String> {
    let mut rewritten: Vec<A> = own_floats(policy).iter().map(|(_, float)| float.float).collect();
    rewritten.sort_unstable();
    let leads = |float: &&Float<A>| instances(float).next().is_some();
    let left = |float: &&Float<A>| rewritten.binary_search(&float.float).is_err();
    let single = policy.floats.iter().filter(leads).filter(left);
    let prefixes = policy.prefixes.iter().map(|float| float.float.to_string());
    single.map(|float| float.float.to_string()).chain(prefixes).collect()
}

/// The instances that a float leads to, one as often as there are ways to it.
fn instances<A: Address>(float: &Float<A>) -> impl Iterator<Item = A> {
    let services = float.services.iter().filter_map(|service| match service.target {
        ServiceTarget::Instance { fixed, .. } => Some(fixed),
        ServiceTarget::Host => None,
    });
    float.fixed.into_iter().chain(services)
}
