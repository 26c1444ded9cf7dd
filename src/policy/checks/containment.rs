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
        let sides = fixed_sides(family).chain(egress_sides(family));
        let first = sides.min_by_key(|(_, place)| *place);
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
    for (fixed, place) in egress_sides(family).filter(outside) {
        let message = format!("egress address `{}` lies in no network of `fixed`", fixed.first());
        findings.report(
            Finding::new(place, message)
                .hint("`egress` names the instance that leaves with this float, not the float"),
        );
    }
}

/// The fixed addresses and prefixes that floats lead to.
fn fixed_sides<A: Address>(family: &Family<A>) -> impl Iterator<Item = (Prefix<A>, Place)> {
    let floats = family.floats.iter();
    let floats = floats.filter_map(|one| Some((one.float.fixed?, one.place.fixed())));
    let addresses = floats.chain(family.named.iter().copied());
    let addresses = addresses.map(|(fixed, place)| (Prefix::host(fixed), place));
    addresses.chain(family.prefixes.iter().map(|one| (one.float.fixed, one.fixed_place)))
}

/// The fixed addresses that floats name in `egress`.
fn egress_sides<A: Address>(family: &Family<A>) -> impl Iterator<Item = (Prefix<A>, Place)> {
    let said = family.egress_said.iter();
    said.filter_map(|said| Some((Prefix::host(said.fixed?), said.named_at?)))
}

fn shown<A: Address>(fixed: Prefix<A>) -> String {
    if fixed.len() == A::BITS {
        format!("fixed address `{}`", fixed.first())
    } else {
        format!("fixed prefix `{fixed}`")
    }
}
