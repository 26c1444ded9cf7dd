//! A float and what it leads to, brought together in one family.

use std::net::IpAddr;

use super::ports::{ListItem, Ports};
use super::services::services;
use crate::address::{IpFamily, Prefix};
use crate::policy::draft::{Draft, DraftAddress, EgressSaid, Family, FloatDraft, PrefixDraft};
use crate::policy::findings::{Finding, Findings};
use crate::policy::source::{FloatPlace, Place};
use crate::policy::suggest::quoted;
use crate::policy::values::{Endpoint, family_of};
use crate::policy::{Float, Name, PrefixFloat};

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
    pub(super) egress: Option<(EgressKey, Place)>,
    /// With the place of the key.
    pub(super) ports: Option<(Ports, Place)>,
    /// With the place of the key.
    pub(super) host: Option<(Vec<ListItem>, Place)>,
}

/// What `egress` of a float says.
#[derive(Debug, Clone, Copy)]
pub(super) enum EgressKey {
    /// `true` or `false`.
    Flag(bool),
    /// The instance that leaves with the float.
    Instance(IpAddr),
}

/// Boxed, as a finding is rare and large.
pub(super) type Outcome<T> = Result<T, Box<Finding>>;

pub(super) fn refuse<T>(place: Place, message: String, hint: &str) -> Outcome<T> {
    Err(Box::new(Finding::new(place, message).hint(hint)))
}

/// One side of a float in the family `A`.
#[derive(Clone, Copy)]
enum Side<A> {
    Address(A),
    Prefix(Prefix<A>),
}

impl<A: DraftAddress> Side<A> {
    /// The prefix length, that of a whole address for one address.
    fn len(self) -> u8 {
        match self {
            Self::Address(_) => A::BITS,
            Self::Prefix(prefix) => prefix.len(),
        }
    }
}

impl FloatKey<'_> {
    /// The float in messages.
    pub(super) fn shown(&self) -> String {
        quoted(self.text)
    }

    /// `endpoint`, which stands at `place`, in the family of the float.
    fn same_family<A: DraftAddress>(&self, endpoint: Endpoint, place: Place) -> Outcome<Side<A>> {
        let side = match endpoint {
            Endpoint::Address(address) => A::narrow(address).map(Side::Address),
            Endpoint::Prefix(prefix) => A::narrow_prefix(prefix).map(Side::Prefix),
        };
        side.map_or_else(|| self.differs("leads to", endpoint.family(), place), Ok)
    }

    /// The target `address`, which stands at `place`, in the family of the float.
    pub(super) fn same_family_target<A: DraftAddress>(
        &self,
        address: IpAddr,
        place: Place,
    ) -> Outcome<A> {
        A::narrow(address).map_or_else(|| self.differs("leads to", family_of(address), place), Ok)
    }

    /// The address of `egress`, which stands at `place`, in the family of the float.
    fn same_family_egress<A: DraftAddress>(&self, address: IpAddr, place: Place) -> Outcome<A> {
        let refuse = || self.differs("`egress` names", family_of(address), place);
        A::narrow(address).map_or_else(refuse, Ok)
    }

    fn differs<T>(&self, what: &str, other: IpFamily, place: Place) -> Outcome<T> {
        let (float, family) = (self.shown(), self.endpoint.family());
        let message = format!("float {float} is {family}, but {what} {other}");
        refuse(place, message, "a float and its fixed address are of the same family")
    }
}

/// Adds `float`, which is of the family `A`, with `body` to `draft`.
///
/// L4 ports that overlap are reported, but are no reason to leave the float out.
pub(super) fn add<A: DraftAddress>(
    float: &FloatKey<'_>,
    body: Body,
    draft: &mut Draft,
    findings: &mut Findings,
) -> Outcome<()> {
    let family = A::family(draft);
    let own = float.same_family::<A>(float.endpoint, float.place)?;
    let fixed = match body.fixed {
        Some((fixed, place)) => Some((float.same_family::<A>(fixed, place)?, place)),
        None => None,
    };
    match own {
        Side::Address(own) => {
            let fixed = fixed.map(|fixed| one_instance(float, fixed, &body)).transpose()?;
            add_single(float, own, fixed, body, family, findings)
        }
        Side::Prefix(own) => {
            family.prefixes.push(prefix(float, own, fixed, body)?);
            Ok(())
        }
    }
}

/// What a float of one address leads to, which is one address as well.
fn one_instance<A: DraftAddress>(
    float: &FloatKey<'_>,
    (fixed, place): (Side<A>, Place),
    body: &Body,
) -> Outcome<(A, Place)> {
    match fixed {
        Side::Address(fixed) => Ok((fixed, place)),
        Side::Prefix(_) if body.ports.is_some() => {
            let message = format!("float {} with `ports` leads to a prefix", float.shown());
            refuse(place, message, "a float with `ports` leads to one fixed address")
        }
        Side::Prefix(_) => lengths_differ(float, A::BITS, fixed.len(), place),
    }
}

fn lengths_differ<T>(float: &FloatKey<'_>, own: u8, fixed: u8, place: Place) -> Outcome<T> {
    let message = format!("float {} is a /{own}, but leads to a /{fixed}", float.shown());
    refuse(place, message, "prefixes translate one to one; give both the same length")
}

fn leads_nowhere<T>(float: &FloatKey<'_>) -> Outcome<T> {
    let message = format!("float {} leads nowhere", float.shown());
    refuse(float.place, message, "give it a fixed address, or a map of `ports`")
}

/// Adds a float of one address.
fn add_single<A: DraftAddress>(
    float: &FloatKey<'_>,
    own: A,
    fixed: Option<(A, Place)>,
    body: Body,
    family: &mut Family<A>,
    findings: &mut Findings,
) -> Outcome<()> {
    let Body { name, egress, ports, host, .. } = body;
    // A list of L4 ports is all that leads to `fixed`.
    let whole = fixed.filter(|_| !matches!(ports, Some((Ports::List(_), _))));
    let leads = fixed.is_some() || ports.is_some();
    if let (false, Some((_, place))) = (leads, &host) {
        let message = format!("float {} has `host` without `fixed` or `ports`", float.shown());
        let hint = "say what leads to instances: `host` is an exception from that";
        return refuse(*place, message, hint);
    }
    let said = |fixed, named_at| Some(EgressSaid { float: own, fixed, named_at });
    let said = match egress {
        None => None,
        Some((EgressKey::Flag(false), _)) => said(None, None),
        Some((EgressKey::Flag(true), place)) => match (fixed, &ports) {
            (Some((fixed, _)), _) => said(Some(fixed), None),
            (None, Some((ports, _))) => return nameless_egress(float, ports, place),
            (None, None) => return leads_nowhere(float),
        },
        Some((EgressKey::Instance(fixed), place)) => {
            said(Some(float.same_family_egress(fixed, place)?), Some(place))
        }
    };
    if !leads && said.is_none_or(|said| said.fixed.is_none()) {
        return leads_nowhere(float);
    }
    let services = services(float, fixed, ports, host, &mut family.named, findings)?;
    family.egress_said.extend(said);
    family.floats.push(FloatDraft {
        float: Float { float: own, fixed: whole.map(|(fixed, _)| fixed), services, name },
        place: FloatPlace::new(float.place, whole.map(|(_, place)| place)),
    });
    Ok(())
}

/// Refuses `egress: true` beside a map of `ports`, which has no one instance.
fn nameless_egress<T>(float: &FloatKey<'_>, ports: &Ports, place: Place) -> Outcome<T> {
    let message = format!("float {} has `egress: true` without `fixed`", float.shown());
    let instance = match ports {
        Ports::Map(entries) => entries.first().map(|entry| entry.fixed),
        Ports::List(_) => None,
    };
    let hint = match instance {
        Some(fixed) => format!("name the instance that leaves with it, such as `egress: {fixed}`"),
        None => "say with `fixed` which instance they lead to".to_owned(),
    };
    refuse(place, message, &hint)
}

/// A float prefix.
fn prefix<A: DraftAddress>(
    float: &FloatKey<'_>,
    own: Prefix<A>,
    fixed: Option<(Side<A>, Place)>,
    body: Body,
) -> Outcome<PrefixDraft<A>> {
    let ports = body.ports.map(|(_, place)| ("ports", place));
    let host = body.host.map(|(_, place)| ("host", place));
    if let Some((key, place)) = ports.or(host) {
        let message = format!("float prefix {} has `{key}`", float.shown());
        let hint = format!("only a float of one address can have `{key}`");
        return refuse(place, message, &hint);
    }
    let egress = match body.egress {
        None => None,
        Some((EgressKey::Flag(egress), _)) => Some(egress),
        Some((EgressKey::Instance(_), place)) => {
            let message = format!("float prefix {} has an address in `egress`", float.shown());
            return refuse(
                place,
                message,
                "write `true` or `false`; a prefix is for all its instances",
            );
        }
    };
    let Some((fixed, fixed_place)) = fixed else { return leads_nowhere(float) };
    match fixed {
        Side::Prefix(fixed) if fixed.len() == own.len() => Ok(PrefixDraft {
            float: PrefixFloat { float: own, fixed, name: body.name, egress: false },
            egress,
            place: float.place,
            fixed_place,
        }),
        Side::Address(_) | Side::Prefix(_) => {
            lengths_differ(float, own.len(), fixed.len(), fixed_place)
        }
    }
}
