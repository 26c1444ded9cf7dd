//! The L4 ports of one float, each with where it leads.

use super::pair::{FloatKey, Outcome, refuse};
use super::ports::{ListItem, Ports};
use crate::policy::draft::DraftAddress;
use crate::policy::findings::{Finding, Findings};
use crate::policy::source::Place;
use crate::policy::{FloatService, Service, ServiceTarget};

/// What `ports` and `host` of `float` say, sorted; those that overlap are reported. Fixed addresses that
/// they lead to are added to `named`.
pub(super) fn services<A: DraftAddress>(
    float: &FloatKey<'_>,
    fixed: Option<(A, Place)>,
    ports: Option<(Ports, Place)>,
    host: Option<(Vec<ListItem>, Place)>,
    named: &mut Vec<(A, Place)>,
    findings: &mut Findings,
) -> Outcome<Box<[FloatService<A>]>> {
    let mut placed: Vec<(FloatService<A>, Place)> = Vec::new();
    match (ports, fixed) {
        (None, _) => {}
        (Some((Ports::List(list), _)), Some((fixed, fixed_place))) => {
            named.push((fixed, fixed_place));
            let target = ServiceTarget::Instance { fixed, port: None };
            placed.extend(leading_to(target, list));
        }
        (Some((Ports::List(_), place)), None) => {
            let message = format!("float {} has a list of `ports` without `fixed`", float.shown());
            return refuse(place, message, "say with `fixed` which instance they lead to");
        }
        (Some((Ports::Map(entries), _)), _) => {
            for entry in entries {
                let fixed = float.same_family_target(entry.fixed, entry.fixed_place)?;
                named.push((fixed, entry.fixed_place));
                let target = ServiceTarget::Instance { fixed, port: entry.port };
                placed.push((FloatService { service: entry.service, target }, entry.place));
            }
        }
    }
    let host = host.map(|(list, _)| list).unwrap_or_default();
    placed.extend(leading_to(ServiceTarget::Host, host));
    placed.sort_by_key(|(one, place)| (one.service, *place));
    report_overlaps(float, &placed, findings);
    Ok(placed.into_iter().map(|(one, _)| one).collect())
}

fn leading_to<A: Copy>(
    target: ServiceTarget<A>,
    list: Vec<ListItem>,
) -> impl Iterator<Item = (FloatService<A>, Place)> {
    list.into_iter().map(move |(service, place)| (FloatService { service, target }, place))
}

/// Reports each of the sorted services that overlaps another one.
fn report_overlaps<A>(
    float: &FloatKey<'_>,
    placed: &[(FloatService<A>, Place)],
    findings: &mut Findings,
) {
    let mut services = placed.iter().map(|(one, place)| (one.service, *place));
    // The one that reaches farthest so far.
    let Some(mut farthest) = services.next() else { return };
    for one in services {
        if one.0.overlaps(farthest.0) {
            let (first, second) =
                if one.1 < farthest.1 { (one, farthest) } else { (farthest, one) };
            let shown = float.shown();
            let message = match second.0 {
                Service::Ports(..) => {
                    format!("L4 ports `{}` of float {shown} overlap `{}`", second.0, first.0)
                }
                Service::Icmp => format!("float {shown} has `icmp` twice"),
            };
            findings.report(Finding::new(second.1, message).note("first given at", first.1).hint(
                "each L4 port of a float leads to one fixed address, or stays with the host",
            ));
        }
        if reaches_farther(one.0, farthest.0) {
            farthest = one;
        }
    }
}

/// Whether a service that sorts behind `other` may overlap one that `other` does not.
fn reaches_farther(service: Service, other: Service) -> bool {
    match (service, other) {
        (Service::Ports(protocol, range), Service::Ports(other, earlier)) => {
            protocol != other || range.last() > earlier.last()
        }
        (Service::Icmp, _) | (Service::Ports(..), Service::Icmp) => true,
    }
}
