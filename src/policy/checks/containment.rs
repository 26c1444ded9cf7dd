//! Every fixed address lies in a fixed network.

use crate::address::{Address, Prefix, covering, minimize};
use crate::policy::draft::Family;
use crate::policy::findings::{Finding, Findings};
use crate::policy::source::Place;

/// Reports fixed addresses and prefixes that no fixed network contains: the accept for
/// fixed → fixed would not cover them.
pub(super) fn check<A: Address>(family: &mut Family<A>, findings: &mut Findings) {
    minimize(&mut family.fixed);
    let outside = |(fixed, _): &(Prefix<A>, Place)| covering(&family.fixed, *fixed).is_none();
    if family.fixed.is_empty() {
        let first = fixed_sides(family).min_by_key(|(_, place)| *place);
        let finding = |(fixed, place)| {
            let message = format!("{} needs an {} network in `fixed`", shown(fixed), A::FAMILY);
            let hint = format!("add the {} network of the instances to `fixed`", A::FAMILY);
            Finding::new(place, message).hint(hint)
        };
        if let Some(first) = first {
            findings.report(finding(first));
        }
        return;
    }
    for (fixed, place) in fixed_sides(family).filter(outside) {
        let message = format!("{} lies in no network of `fixed`", shown(fixed));
        findings
            .report(Finding::new(place, message).hint("correct it, or add its network to `fixed`"));
    }
}

/// What the floats lead to; the ranges of a list of L4 ports share one place and count once.
fn fixed_sides<A: Address>(family: &Family<A>) -> impl Iterator<Item = (Prefix<A>, Place)> {
    let addresses = family.addresses.iter();
    let addresses = addresses.map(|one| (Prefix::host(one.fixed), one.fixed_place));
    let prefixes = family.prefixes.iter().map(|one| (one.fixed, one.fixed_place));
    let ports = family.ports.iter().flat_map(|one| {
        one.ranges.chunk_by(|range, next| range.fixed_place == next.fixed_place).filter_map(
            |same| same.first().map(|range| (Prefix::host(range.fixed), range.fixed_place)),
        )
    });
    addresses.chain(prefixes).chain(ports)
}

fn shown<A: Address>(fixed: Prefix<A>) -> String {
    if fixed.len() == A::BITS {
        format!("fixed address `{}`", fixed.first())
    } else {
        format!("fixed prefix `{fixed}`")
    }
}
