//! `pool` has public addresses alone.

use crate::address::Address;
use crate::policy::draft::Family;
use crate::policy::findings::{Finding, Findings};

/// Reports prefixes of `pool` that have an address in common with a fixed network, which are sorted
/// already: what is for such an instance would be rejected.
pub(super) fn check<A: Address>(family: &Family<A>, findings: &mut Findings) {
    for &(prefix, place) in &family.pool {
        // The networks do not overlap one another: one before the prefix covers it, or the next one
        // begins in it.
        let next = family.fixed.partition_point(|network| network.first() <= prefix.first());
        let near = family.fixed.iter().skip(next.saturating_sub(1)).take(2);
        if let Some(network) = near.copied().find(|network| network.overlaps(prefix)) {
            let message =
                format!("`{prefix}` of `pool` overlaps the network `{network}` of `fixed`");
            findings.report(
                Finding::new(place, message)
                    .hint("`pool` has the public addresses of instances, `fixed` their own ones"),
            );
        }
    }
}
