//! What holds between the values of a policy: one function a check.

mod collisions;
mod containment;
mod egress;
mod pool;
mod prefix_egress;
mod unused_family;

use std::net::{Ipv4Addr, Ipv6Addr};

use super::draft::{Draft, DraftAddress};
use super::findings::Findings;

/// Checks `draft`, and settles which float is the egress float of each fixed address.
///
/// A check whose answer depends on values that could not be read is left out: its findings would
/// follow from errors that are reported already.
pub(super) fn run(draft: &mut Draft, findings: &mut Findings) {
    check_family::<Ipv4Addr>(draft, findings);
    check_family::<Ipv6Addr>(draft, findings);
    if !draft.fixed_incomplete {
        unused_family::check_masquerade(draft, findings);
        unused_family::check_redirect(draft, findings);
    }
}

fn check_family<A: DraftAddress>(draft: &mut Draft, findings: &mut Findings) {
    let (fixed_complete, floats_complete) = (!draft.fixed_incomplete, !draft.floats_incomplete);
    let family = A::family(draft);
    let distinct = collisions::check(family, findings);
    if floats_complete && distinct {
        egress::settle(family, findings);
        prefix_egress::settle(family, findings);
    }
    if fixed_complete {
        containment::check(family, findings);
        pool::check(family, findings);
        unused_family::check(family, findings);
    }
}
