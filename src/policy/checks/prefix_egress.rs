//! Connections of a fixed prefix leave with one float prefix.

use crate::address::Address;
use crate::policy::draft::{Family, PrefixDraft};
use crate::policy::findings::{Finding, Findings};

/// Settles `egress` of every float prefix.
///
/// A float prefix is the egress prefix of its fixed prefix unless it says otherwise, or another one
/// that says `egress: true` leads to some of the same addresses.
pub(super) fn settle<A: Address>(family: &mut Family<A>, findings: &mut Findings) {
    // A prefix sorts before all that it covers.
    family.prefixes.sort_unstable_by_key(|one| (one.fixed, one.float_place));
    for same in family.prefixes.chunk_by_mut(|one, next| one.fixed == next.fixed) {
        settle_same(same, findings);
    }
    yield_to_claims(&mut family.prefixes);
    let mut outer: Vec<&PrefixDraft<A>> = Vec::new();
    for one in family.prefixes.iter().filter(|one| one.egress != Some(false)) {
        while outer.last().is_some_and(|outer| !outer.fixed.covers(one.fixed)) {
            outer.pop();
        }
        if let Some(outer) = outer.last() {
            findings.report(overlap(outer, one));
        }
        outer.push(one);
    }
    for one in &mut family.prefixes {
        one.egress = Some(one.egress != Some(false));
    }
}

/// Settles several float prefixes of one fixed prefix: exactly one must say `egress: true`.
fn settle_same<A: Address>(same: &mut [PrefixDraft<A>], findings: &mut Findings) {
    if same.len() < 2 {
        return;
    }
    let mut claims = same.iter().filter(|one| one.egress == Some(true));
    let first = claims.next().map(|one| one.float_place);
    if let (Some(first), Some(second)) = (first, claims.next()) {
        let message = format!("fixed prefix `{}` has a second egress float prefix", second.fixed);
        findings.report(
            Finding::new(second.float_place, message)
                .note("the first is given at", first)
                .hint("leave `egress: true` with one of them"),
        );
    }
    if let ([one, .., last], None) = (&*same, first) {
        let message = format!(
            "fixed prefix `{}` has {} float prefixes but no egress float prefix",
            one.fixed,
            same.len()
        );
        findings.report(
            Finding::new(last.float_place, message)
                .note("the first is given at", one.float_place)
                .hint(format!("set `egress: true` on one of them, such as `{}`", one.float)),
        );
    }
    // Only the first claim goes on, so that nothing is reported twice.
    for one in same {
        one.egress = Some(Some(one.float_place) == first);
    }
}

/// Makes `egress: false` of what says nothing and overlaps what says `egress: true`.
fn yield_to_claims<A: Address>(prefixes: &mut [PrefixDraft<A>]) {
    let claims: Vec<_> =
        prefixes.iter().filter(|one| one.egress == Some(true)).map(|one| one.fixed).collect();
    for one in prefixes.iter_mut().filter(|one| one.egress.is_none()) {
        // Claims are sorted. Those inside `one` start in it; those around it start before, and
        // the nearest of these is the innermost unless claims overlap, which is reported anyway.
        let next = claims.partition_point(|claim| claim.first() < one.fixed.first());
        let around = claims.partition_point(|claim| claim.first() <= one.fixed.first());
        let near = [claims.get(next), around.checked_sub(1).and_then(|index| claims.get(index))];
        if near.into_iter().flatten().any(|claim| claim.overlaps(one.fixed)) {
            one.egress = Some(false);
        }
    }
}

fn overlap<A: Address>(outer: &PrefixDraft<A>, inner: &PrefixDraft<A>) -> Finding {
    let (first, second) =
        if outer.float_place < inner.float_place { (outer, inner) } else { (inner, outer) };
    let message = format!(
        "egress float prefixes `{}` and `{}` lead to overlapping fixed prefixes",
        first.float, second.float
    );
    Finding::new(second.float_place, message)
        .note("the first is given at", first.float_place)
        .hint("set `egress: true` on one of them, or `egress: false` on the other")
}
