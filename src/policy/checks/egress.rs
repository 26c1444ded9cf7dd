//! Connections of a fixed address leave with one float.

use std::fmt::Write as _;

use crate::address::Address;
use crate::policy::draft::{AddressDraft, Family};
use crate::policy::findings::{Finding, Findings};
use crate::policy::source::Place;

/// The most candidates that a hint names.
const MOST_CANDIDATES: usize = 4;

/// Settles `egress` of every address float.
///
/// A float that is the only one of its fixed address is its egress float unless it says otherwise
/// or a port float claims the address. Of several, exactly one must say so.
pub(super) fn settle<A: Address>(family: &mut Family<A>, findings: &mut Findings) {
    let claims = claims(family);
    for same in claims.chunk_by(|one, next| one.0 == next.0) {
        let [(fixed, first), more @ ..] = same else { continue };
        for (_, place) in more {
            findings.report(second_claim(*fixed, *first, *place));
        }
    }
    family.addresses.sort_by_key(|one| (one.fixed, one.float_place));
    for floats in family.addresses.chunk_by_mut(|one, next| one.fixed == next.fixed) {
        let claimed = |one: &AddressDraft<A>| {
            claims.binary_search_by_key(&one.fixed, |(fixed, _)| *fixed).is_ok()
        };
        match floats {
            [first, ..] if claimed(first) => {
                for one in floats {
                    one.egress = Some(one.egress == Some(true));
                }
            }
            [only] => only.egress = Some(only.egress != Some(false)),
            several => unclaimed(several).into_iter().for_each(|one| findings.report(one)),
        }
    }
}

/// The fixed addresses that a float claims with `egress: true`, sorted.
fn claims<A: Address>(family: &Family<A>) -> Vec<(A, Place)> {
    let by_port = family.ports.iter().filter_map(|one| Some((one.egress?, one.float_place)));
    let addresses = family.addresses.iter().filter(|one| one.egress == Some(true));
    let mut claims: Vec<_> =
        addresses.map(|one| (one.fixed, one.float_place)).chain(by_port).collect();
    claims.sort_unstable();
    claims
}

/// Of several floats of one fixed address of which none says `egress: true`.
fn unclaimed<A: Address>(floats: &[AddressDraft<A>]) -> Option<Finding> {
    let [first, .., last] = floats else { return None };
    let all_refuse = floats.iter().all(|one| one.egress == Some(false));
    let candidates = floats.iter().filter(|one| all_refuse || one.egress.is_none());
    let mut named = String::new();
    for (index, candidate) in candidates.clone().take(MOST_CANDIDATES).enumerate() {
        let joint = if index == 0 { "" } else { ", " };
        // Writing to a String never fails.
        let _ = write!(named, "{joint}`{}`", candidate.float);
    }
    if candidates.count() > MOST_CANDIDATES {
        named.push_str(", …");
    }
    let message =
        format!("fixed address `{}` has {} floats but no egress float", first.fixed, floats.len());
    let finding = Finding::new(last.float_place, message)
        .note("the first is given at", first.float_place)
        .hint(format!("set `egress: true` on the one its connections leave with: {named}"));
    Some(finding)
}

fn second_claim<A: Address>(fixed: A, first: Place, second: Place) -> Finding {
    Finding::new(second, format!("fixed address `{fixed}` has a second egress float"))
        .note("the first is given at", first)
        .hint("leave `egress: true` with one of them")
}
