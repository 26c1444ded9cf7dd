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
    family.prefixes.sort_unstable_by_key(|one| (one.float.fixed, one.place));
    for same in family.prefixes.chunk_by_mut(|one, next| one.float.fixed == next.float.fixed) {
        settle_same(same, findings);
    }
    yield_to_claims(&mut family.prefixes);
    let mut outer: Vec<&PrefixDraft<A>> = Vec::new();
    for one in family.prefixes.iter().filter(|one| one.egress != Some(false)) {
        while outer.last().is_some_and(|outer| !outer.float.fixed.covers(one.float.fixed)) {
            outer.pop();
        }
        if let Some(outer) = outer.last() {
            findings.report(overlap(outer, one));
        }
        outer.push(one);
    }
    for one in &mut family.prefixes {
        one.float.egress = one.egress != Some(false);
    }
    family.prefixes.sort_unstable_by_key(|one| one.float.float);
}

/// Settles several float prefixes of one fixed prefix. Of those that do not say `egress: false` one
/// must say `egress: true`, unless it is the only one.
fn settle_same<A: Address>(same: &mut [PrefixDraft<A>], findings: &mut Findings) {
    let mut candidates = same.iter().filter(|one| one.egress != Some(false));
    let Some(one) = candidates.next() else { return };
    let Some(last) = candidates.next_back() else { return };
    let count = 2 + candidates.count();
    let mut claims = same.iter().filter(|one| one.egress == Some(true));
    let first = claims.next().map(|one| one.place);
    let fixed = one.float.fixed;
    if let (Some(first), Some(second)) = (first, claims.next()) {
        let message = format!("fixed prefix `{fixed}` has a second egress float prefix");
        findings.report(
            Finding::new(second.place, message)
                .note("the first is given at", first)
                .hint("keep `egress: true` at one of them only"),
        );
    }
    if first.is_none() {
        let message =
            format!("fixed prefix `{fixed}` has {count} float prefixes but no egress float prefix");
        findings.report(
            Finding::new(last.place, message)
                .note("the first is given at", one.place)
                .hint(format!("set `egress: true` on one of them, such as `{}`", one.float.float)),
        );
    }
    // Only the first claim goes on, so that nothing is reported twice.
    for one in same {
        one.egress = Some(Some(one.place) == first);
    }
}

/// Makes `egress: false` of what says nothing and overlaps what says `egress: true`.
fn yield_to_claims<A: Address>(prefixes: &mut [PrefixDraft<A>]) {
    let claims: Vec<_> =
        prefixes.iter().filter(|one| one.egress == Some(true)).map(|one| one.float.fixed).collect();
    for one in prefixes.iter_mut().filter(|one| one.egress.is_none()) {
        // Claims are sorted. Those inside `one` start in it; those around it start before, and
        // the nearest of these is the innermost unless claims overlap, which is reported anyway.
        let next = claims.partition_point(|claim| claim.first() < one.float.fixed.first());
        let around = claims.partition_point(|claim| claim.first() <= one.float.fixed.first());
        let near = [claims.get(next), around.checked_sub(1).and_then(|index| claims.get(index))];
        if near.into_iter().flatten().any(|claim| claim.overlaps(one.float.fixed)) {
            one.egress = Some(false);
        }
    }
}

fn overlap<A: Address>(outer: &PrefixDraft<A>, inner: &PrefixDraft<A>) -> Finding {
    let (first, second) = if outer.place < inner.place { (outer, inner) } else { (inner, outer) };
    let message = format!(
        "egress float prefixes `{}` and `{}` lead to overlapping fixed prefixes",
        first.float.float, second.float.float
    );
    Finding::new(second.place, message)
        .note("the first is given at", first.place)
        .hint("set `egress: true` on one of them, or `egress: false` on the other")
}
