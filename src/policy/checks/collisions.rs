//! No two floats claim one address, but for a float of L4 ports inside a float prefix.

use std::iter;

use crate::address::{Address, Prefix};
use crate::policy::draft::Family;
use crate::policy::findings::{Finding, Findings};
use crate::policy::source::Place;

/// A float of any kind.
#[derive(Clone, Copy)]
struct Claim<A> {
    float: Prefix<A>,
    place: Place,
    /// Whether all that is sent to it is translated.
    whole: bool,
}

/// Sorts the floats, and reports those that are given twice, overlap, or hide each other; says whether
/// none is given twice.
pub(super) fn check<A: Address>(family: &mut Family<A>, findings: &mut Findings) -> bool {
    // What is equal sorts by place. Stable, as that takes what is sorted in parts, a part a thread that
    // read it, in hardly more than one pass.
    family.floats.sort_by_key(|one| (one.float.float, one.place));
    family.prefixes.sort_by_key(|one| (one.float.float, one.place));
    let mut outer: Option<Claim<A>> = None;
    let mut same: Option<Claim<A>> = None;
    let mut distinct = true;
    for claim in claims(family) {
        if let Some(first) = same.filter(|first| first.float == claim.float) {
            findings.report(given_twice(first, claim));
            distinct = false;
            continue;
        }
        same = Some(claim);
        match outer.filter(|outer| outer.float.covers(claim.float)) {
            Some(outer) if claim.whole => findings.report(inside(outer, claim)),
            Some(_) => {}
            None => outer = Some(claim),
        }
    }
    distinct
}

/// All floats in order, a prefix before those that it covers.
fn claims<A: Address>(family: &Family<A>) -> impl Iterator<Item = Claim<A>> {
    let floats = family.floats.iter().map(|one| Claim {
        float: Prefix::host(one.float.float),
        place: one.place.float(),
        whole: one.float.fixed.is_some(),
    });
    let prefixes = family.prefixes.iter().map(|one| Claim {
        float: one.float.float,
        place: one.place,
        whole: true,
    });
    let (mut floats, mut prefixes) = (floats.peekable(), prefixes.peekable());
    iter::from_fn(move || {
        let next = prefixes.peek().map(|prefix| prefix.float);
        let float = floats.next_if(|float| next.is_none_or(|prefix| float.float < prefix));
        float.or_else(|| prefixes.next())
    })
}

fn shown<A: Address>(float: Prefix<A>) -> String {
    if float.len() == A::BITS { format!("`{}`", float.first()) } else { format!("`{float}`") }
}

fn given_twice<A: Address>(first: Claim<A>, second: Claim<A>) -> Finding {
    let message = format!("float {} is given twice", shown(second.float));
    Finding::new(second.place, message)
        .note("first given at", first.place)
        .hint("one float leads to one fixed address; use `ports` to share it between instances")
}

fn inside<A: Address>(outer: Claim<A>, inner: Claim<A>) -> Finding {
    let (what, hint) = if inner.float.len() == A::BITS {
        ("float", "leave one of them out; only a float with `ports` may lie inside a float prefix")
    } else {
        ("float prefix", "float prefixes cannot overlap; split the larger one")
    };
    let inner_shown = shown(inner.float);
    let message =
        format!("{what} {inner_shown} lies inside the float prefix {}", shown(outer.float));
    Finding::new(inner.place, message).note("the prefix is given at", outer.place).hint(hint)
}
