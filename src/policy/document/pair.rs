//! A float and what it leads to, brought together in one family.

use super::ports::Port;
use crate::address::{IpFamily, Prefix};
use crate::policy::Name;
use crate::policy::draft::{
    AddressDraft, Draft, DraftAddress, PortFloatDraft, PrefixDraft, RangeDraft,
};
use crate::policy::findings::Finding;
use crate::policy::source::Place;
use crate::policy::suggest::quoted;
use crate::policy::values::{Endpoint, family_of};

/// A float as it is written.
pub(super) struct FloatKey<'t> {
    pub(super) endpoint: Endpoint,
    pub(super) text: &'t str,
    pub(super) place: Place,
}

/// What stands behind a float.
#[derive(Default)]
pub(super) struct Body {
    pub(super) fixed: Option<(Endpoint, Place)>,
    pub(super) name: Option<Name>,
    pub(super) egress: Option<(bool, Place)>,
    pub(super) ports: Option<(Vec<Port>, Place)>,
}

/// Boxed, as a finding is rare and large.
type Outcome<T> = Result<T, Box<Finding>>;

fn refuse<T>(place: Place, message: String, hint: &str) -> Outcome<T> {
    Err(Box::new(Finding::new(place, message).hint(hint)))
}

/// One side of a float in the family `A`.
#[derive(Clone, Copy)]
enum Side<A> {
    Address(A),
    Prefix(Prefix<A>),
}

impl FloatKey<'_> {
    /// `endpoint`, which stands at `place`, in the family of the float.
    fn same_family<A: DraftAddress>(&self, endpoint: Endpoint, place: Place) -> Outcome<Side<A>> {
        let side = match endpoint {
            Endpoint::Address(address) => A::narrow(address).map(Side::Address),
            Endpoint::Prefix(prefix) => A::narrow_prefix(prefix).map(Side::Prefix),
        };
        side.map_or_else(|| self.differs(endpoint.family(), place), Ok)
    }

    fn differs<T>(&self, other: IpFamily, place: Place) -> Outcome<T> {
        let (float, family) = (quoted(self.text), self.endpoint.family());
        let message = format!("float {float} is {family}, but leads to {other}");
        refuse(place, message, "a float and its fixed address are of the same family")
    }
}

/// Adds `float`, which is of the family `A`, with `body` to `draft`.
pub(super) fn add<A: DraftAddress>(
    float: &FloatKey<'_>,
    body: Body,
    draft: &mut Draft,
) -> Outcome<()> {
    let family = A::family(draft);
    let (own, float_place) = (float.same_family::<A>(float.endpoint, float.place)?, float.place);
    let fixed = match body.fixed {
        Some((fixed, place)) => Some((float.same_family::<A>(fixed, place)?, place)),
        None => None,
    };
    let Body { name, egress, ports, .. } = body;
    if let Some((ports, place)) = ports {
        let Side::Address(own) = own else {
            let message = format!("float prefix {} has `ports`", quoted(float.text));
            return refuse(place, message, "only a float of one address can have `ports`");
        };
        let ranges = ranges(float, fixed, &ports, place)?;
        let egress = match (egress, fixed) {
            (Some((true, _)), Some((Side::Address(fixed), _))) => Some(fixed),
            (Some((true, place)), _) => {
                let shown = quoted(float.text);
                let message = format!("float {shown} has `egress: true` without `fixed`");
                let hint = "an egress float belongs to one fixed address; use a list of `ports`";
                return refuse(place, message, hint);
            }
            _ => None,
        };
        family.ports.push(PortFloatDraft { float: own, name, egress, float_place, ranges });
        return Ok(());
    }
    let Some((fixed, fixed_place)) = fixed else {
        let message = format!("float {} leads nowhere", quoted(float.text));
        return refuse(float_place, message, "give it a fixed address, or a map of `ports`");
    };
    let egress = egress.map(|(egress, _)| egress);
    let text = float.text;
    match (own, fixed) {
        (Side::Address(float), Side::Address(fixed)) => {
            let draft = AddressDraft { float, fixed, name, egress, float_place, fixed_place };
            family.addresses.push(draft);
        }
        (Side::Prefix(float), Side::Prefix(fixed)) if float.len() == fixed.len() => {
            let draft = PrefixDraft { float, fixed, name, egress, float_place, fixed_place };
            family.prefixes.push(draft);
        }
        (own, fixed) => {
            let len = |side| match side {
                Side::Address(_) => A::BITS,
                Side::Prefix(prefix) => prefix.len(),
            };
            let shown = quoted(text);
            let message =
                format!("float {shown} is a /{}, but leads to a /{}", len(own), len(fixed));
            let hint = "prefixes translate one to one; give both the same length";
            return refuse(fixed_place, message, hint);
        }
    }
    Ok(())
}

/// The ranges of `ports`, each with where it leads.
fn ranges<A: DraftAddress>(
    float: &FloatKey<'_>,
    fixed: Option<(Side<A>, Place)>,
    ports: &[Port],
    place: Place,
) -> Outcome<Vec<RangeDraft<A>>> {
    let shown = quoted(float.text);
    let is_map = ports.iter().any(|port| port.target.is_some());
    let shared = match fixed {
        Some((_, place)) if is_map => {
            let message = format!("float {shown} has `fixed` and a map of `ports`");
            let hint = "let `ports` be a list, or leave `fixed` out: a map has its own targets";
            return refuse(place, message, hint);
        }
        Some((Side::Prefix(_), place)) => {
            let message = format!("float {shown} with `ports` leads to a prefix");
            return refuse(place, message, "a float with `ports` leads to one fixed address");
        }
        Some((Side::Address(fixed), place)) => Some((fixed, None, place)),
        None => None,
    };
    let range = |port: &Port| {
        let (fixed, fixed_port, fixed_place) = match (&port.target, shared) {
            (Some(target), _) => {
                let fixed = A::narrow(target.fixed);
                let other = family_of(target.fixed);
                let fixed = fixed.map_or_else(|| float.differs(other, target.place), Ok)?;
                // A port that leads to its own number keeps it, however that is written.
                let moved = target.port.filter(|number| *number != port.key.range.first());
                (fixed, moved, target.place)
            }
            (None, Some(shared)) => shared,
            (None, None) => {
                let message = format!("float {shown} has a list of `ports` without `fixed`");
                return refuse(place, message, "say with `fixed` which instance they lead to");
            }
        };
        let (protocol, range) = (port.key.protocol, port.key.range);
        Ok(RangeDraft { protocol, range, fixed, fixed_port, place: port.place, fixed_place })
    };
    ports.iter().map(range).collect()
}
