//! What a policy says of a family has fixed networks to apply to.

use crate::address::Address;
use crate::policy::draft::{Draft, Family};
use crate::policy::findings::{Finding, Findings};
use crate::policy::source::Place;

/// Reports a default source, exemptions and a pool of a family without fixed networks.
pub(super) fn check<A: Address>(family: &Family<A>, findings: &mut Findings) {
    if !family.fixed.is_empty() {
        return;
    }
    let hint =
        format!("add the {} network of the instances to `fixed`, or leave it out", A::FAMILY);
    if let Some((_, place)) = family.default_source {
        let message =
            format!("`default` names an {} address, but `fixed` has no {0} network", A::FAMILY);
        findings.report(Finding::new(place, message).hint(hint.clone()));
    }
    if let Some((prefix, place)) = family.exempt.first() {
        let message =
            format!("`exempt` names `{prefix}`, but `fixed` has no {} network", A::FAMILY);
        findings.report(Finding::new(*place, message).hint(hint.clone()));
    }
    if let Some((prefix, place)) = family.pool.first() {
        let message = format!("`pool` names `{prefix}`, but `fixed` has no {} network", A::FAMILY);
        findings.report(Finding::new(*place, message).hint(hint));
    }
}

/// Reports `masquerade` without any fixed network.
pub(super) fn check_masquerade(draft: &Draft, findings: &mut Findings) {
    check_any_network(draft, "default: masquerade", draft.masquerade, findings);
}

/// Reports `redirect` without any fixed network.
pub(super) fn check_redirect(draft: &Draft, findings: &mut Findings) {
    check_any_network(draft, "redirect: on", draft.redirect, findings);
}

fn check_any_network(draft: &Draft, what: &str, place: Option<Place>, findings: &mut Findings) {
    if let Some(place) = place
        && draft.ipv4.fixed.is_empty()
        && draft.ipv6.fixed.is_empty()
    {
        findings.report(
            Finding::new(place, format!("`{what}` needs a network in `fixed`"))
                .hint("add the network of the instances to `fixed`"),
        );
    }
}
