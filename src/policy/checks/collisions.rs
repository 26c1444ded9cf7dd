//! No two floats claim one address, but for a port float inside a float prefix.

use crate::address::{Address, Prefix};
use crate::policy::draft::Family;
use crate::policy::findings::{Finding, Findings};
use crate::policy::source::Place;

/// A float of any kind.
struct Claim<A> {
    float: Prefix<A>,
    place: Place,
    by_port: bool,
}

/// Reports floats that are given twice, overlap, or hide each other; says whether none is given
/// twice.
pub(super) fn check<A: Address>(family: &Family<A>, findings: &mut Findings) -> bool {
    let claim = |float, place, by_port| Claim { float, place, by_port };
    let addresses = family.addresses.iter();
    let addresses = addresses.map(|one| claim(Prefix::host(one.float), one.float_place, false));
    let ports = family.ports.iter();
    let ports = ports.map(|one| claim(Prefix::host(one.float), one.float_place, true));
    let prefixes = family.prefixes.iter().map(|one| claim(one.float, one.float_place, false));
    let mut claims: Vec<_> = addresses.chain(ports).chain(prefixes).collect();
    // A prefix sorts before all that it covers, and what is equal sorts by place. Stable, as that
    // takes what is sorted in parts, a part a thread that read it, in hardly more than one pass.
    claims.sort_by_key(|claim| (claim.float, claim.place));
    let mut outer: Option<&Claim<A>> = None;
    let mut same: Option<&Claim<A>> = None;
    let mut distinct = true;
    for claim in &claims {
        if let Some(first) = same.filter(|first| first.float == claim.float) {
            findings.report(given_twice(first, claim));
            distinct = false;
            continue;
        }
        same = Some(claim);
        match outer.filter(|outer| outer.float.covers(claim.float)) {
            Some(outer) if !claim.by_port => findings.report(inside(outer, claim)),
            Some(_) => {}
            None => outer = Some(claim),
        }
    }
    distinct
}

fn shown<A: Address>(float: Prefix<A>) -> String {
    if float.len() == A::BITS { format!("`{}`", float.first()) } else { format!("`{float}`") }
}

fn given_twice<A: Address>(first: &Claim<A>, second: &Claim<A>) -> Finding {
    let message = format!("float {} is given twice", shown(second.float));
    Finding::new(second.place, message)
        .note("first given at", first.place)
        .hint("one float leads to one fixed address; use `ports` to share it between instances")
}

fn inside<A: Address>(outer: &Claim<A>, inner: &Claim<A>) -> Finding {
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
