//! Connections of a fixed address leave with one float.

use std::fmt::Write as _;

use crate::address::Address;
use crate::policy::Egress;
use crate::policy::draft::{Family, FloatDraft};
use crate::policy::findings::{Finding, Findings};

/// The most candidates that a hint names.
const MOST_CANDIDATES: usize = 4;

/// Settles which float connections of each fixed address leave with; the floats are in their order.
///
/// A float that claims the address with `egress` comes first. Without a claim it is the only float that
/// leads there and does not say `egress: false`; of several, one must claim it.
pub(super) fn settle<A: Address>(family: &mut Family<A>, findings: &mut Findings) {
    let Family { floats, egress_said, .. } = family;
    egress_said.sort_unstable_by_key(|said| said.float);
    let mut said = egress_said.iter().peekable();
    let leaves = |(index, one): (usize, &FloatDraft<A>)| {
        let fixed = match said.next_if(|said| said.float == one.float.float) {
            Some(said) => said.fixed,
            None => one.float.fixed,
        };
        Some(Egress { fixed: fixed?, float: index })
    };
    let mut egress: Vec<Egress<A>> = floats.iter().enumerate().filter_map(leaves).collect();
    // Stable: many policies have their fixed addresses in the order of their floats.
    egress.sort_by_key(|one| one.fixed);
    let claims = |one: &FloatDraft<A>| {
        let said = egress_said.binary_search_by_key(&one.float.float, |said| said.float);
        said.ok().and_then(|index| egress_said.get(index)).is_some_and(|said| said.fixed.is_some())
    };
    let by_fixed = egress.chunk_by(|one, next| one.fixed == next.fixed);
    for several in by_fixed.filter(|same| same.len() > 1) {
        check(several, floats, claims, findings);
    }
    egress.dedup_by(|next, kept| {
        let same = next.fixed == kept.fixed;
        if same && floats.get(next.float).is_some_and(claims) {
            *kept = *next;
        }
        same
    });
    family.egress = egress;
}

/// Reports it if not exactly one of the floats that connections of one fixed address could leave with
/// claims them.
fn check<A: Address>(
    same: &[Egress<A>],
    floats: &[FloatDraft<A>],
    claims: impl Fn(&FloatDraft<A>) -> bool,
    findings: &mut Findings,
) {
    let candidates = same.iter().filter_map(|one| floats.get(one.float));
    let mut candidates: Vec<&FloatDraft<A>> = candidates.collect();
    candidates.sort_unstable_by_key(|one| one.place);
    let ([Egress { fixed, .. }, ..], [first, .., last]) = (same, candidates.as_slice()) else {
        return;
    };
    let mut claiming = candidates.iter().filter(|one| claims(one));
    let Some(claim) = claiming.next() else {
        findings.report(unclaimed(*fixed, &candidates, [first, last]));
        return;
    };
    for second in claiming {
        let message = format!("fixed address `{fixed}` has a second egress float");
        findings.report(
            Finding::new(second.place.float(), message)
                .note("the first is given at", claim.place.float())
                .hint("keep `egress` at one of them only"),
        );
    }
}

/// Of several floats that lead to one fixed address, of which none claims it.
fn unclaimed<A: Address>(
    fixed: A,
    candidates: &[&FloatDraft<A>],
    [first, last]: [&FloatDraft<A>; 2],
) -> Finding {
    let mut named = String::new();
    for (index, candidate) in candidates.iter().take(MOST_CANDIDATES).enumerate() {
        let joint = if index == 0 { "" } else { ", " };
        // Writing to a String never fails.
        let _ = write!(named, "{joint}`{}`", candidate.float.float);
    }
    if candidates.len() > MOST_CANDIDATES {
        named.push_str(", …");
    }
    let count = candidates.len();
    let message = format!("fixed address `{fixed}` has {count} floats but no egress float");
    Finding::new(last.place.float(), message)
        .note("the first is given at", first.place.float())
        .hint(format!("set `egress: true` on the one its connections leave with: {named}"))
}
