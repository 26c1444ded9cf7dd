//! What has been read so far: values that are right by themselves, with their places.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::source::Place;
use super::values::SomePrefix;
use super::{Bridge, DefaultSource, Egress, Float, PrefixFloat};
use crate::address::{Address, InterfacePattern, Prefix};

/// A policy before its cross-checks.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) bridge: Bridge,
    pub(super) uplinks: Vec<InterfacePattern>,
    pub(super) counters: bool,
    pub(super) ipv4: Family<Ipv4Addr>,
    pub(super) ipv6: Family<Ipv6Addr>,
    /// `egress.default: masquerade`.
    pub(super) masquerade: Option<Place>,
    /// `bridge.redirect: on`.
    pub(super) redirect: Option<Place>,
    /// Where the sections stand that only one file may have.
    pub(super) sections: Sections,
    /// Whether fixed networks may be missing because of an error reported elsewhere.
    pub(super) fixed_incomplete: bool,
    /// Whether floats may be missing because of an error reported elsewhere.
    pub(super) floats_incomplete: bool,
}

/// Where the sections stand that only one file may have.
#[derive(Debug, Default)]
pub(super) struct Sections {
    pub(super) bridge: Option<Place>,
    pub(super) egress: Option<Place>,
    pub(super) counters: Option<Place>,
}

/// What has been read of one IP family.
#[derive(Debug)]
pub(super) struct Family<A> {
    pub(super) fixed: Vec<Prefix<A>>,
    pub(super) exempt: Vec<(Prefix<A>, Place)>,
    pub(super) pool: Vec<(Prefix<A>, Place)>,
    pub(super) default_source: Option<(DefaultSource<A>, Place)>,
    pub(super) floats: Vec<FloatDraft<A>>,
    pub(super) prefixes: Vec<PrefixDraft<A>>,
    /// What the checks make of the floats' `egress`, with [`Egress::float`] as an index in `floats`.
    pub(super) egress: Vec<Egress<A>>,
}

/// A float of one address, small where `details` has nothing: of these there may be a million.
#[derive(Debug)]
pub(super) struct FloatDraft<A> {
    pub(super) float: Float<A>,
    pub(super) place: Place,
    /// Where [`Float::fixed`] stands, if it is given.
    pub(super) fixed_place: Place,
    pub(super) details: Option<Box<Details<A>>>,
}

/// What only few floats have.
#[derive(Debug)]
pub(super) struct Details<A> {
    pub(super) egress: FloatEgress<A>,
    /// The fixed addresses that its L4 ports lead to.
    pub(super) named: Vec<(A, Place)>,
}

/// What a float says of connections that instances open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FloatEgress<A> {
    /// Nothing: those of its fixed address leave with it, unless another float has them.
    Unsaid,
    /// None leave with it.
    Refused,
    /// Those of one fixed address leave with it.
    Claimed {
        /// The address that the instance has.
        fixed: A,
        /// Where it stands, if that is not [`Float::fixed`].
        named_at: Option<Place>,
    },
}

/// A float prefix; the checks settle [`PrefixFloat::egress`].
#[derive(Debug)]
pub(super) struct PrefixDraft<A> {
    pub(super) float: PrefixFloat<A>,
    /// What the policy says.
    pub(super) egress: Option<bool>,
    pub(super) place: Place,
    pub(super) fixed_place: Place,
}

impl<A: Copy> FloatDraft<A> {
    /// What the float says of connections that instances open.
    pub(super) fn egress(&self) -> FloatEgress<A> {
        self.details.as_ref().map_or(FloatEgress::Unsaid, |details| details.egress)
    }
}

impl Draft {
    /// Remembers that a file could not be read at all.
    pub(super) fn note_unreadable_file(&mut self) {
        self.fixed_incomplete = true;
        self.floats_incomplete = true;
    }

    /// Adds the floats of `part`, which has nothing else.
    pub(super) fn add_floats(&mut self, part: Self) {
        self.floats_incomplete |= part.floats_incomplete;
        self.ipv4.add_floats(part.ipv4);
        self.ipv6.add_floats(part.ipv6);
    }
}

impl<A> Family<A> {
    fn add_floats(&mut self, mut part: Self) {
        self.floats.append(&mut part.floats);
        self.prefixes.append(&mut part.prefixes);
    }
}

impl<A> Default for Family<A> {
    fn default() -> Self {
        Self {
            fixed: Vec::new(),
            exempt: Vec::new(),
            pool: Vec::new(),
            default_source: None,
            floats: Vec::new(),
            prefixes: Vec::new(),
            egress: Vec::new(),
        }
    }
}

/// An address that a draft has a family for, for code that is written once for both.
pub(super) trait DraftAddress: Address {
    /// The family in `draft`.
    fn family(draft: &mut Draft) -> &mut Family<Self>;

    /// `address`, if it is of this family.
    fn narrow(address: IpAddr) -> Option<Self>;

    /// `prefix`, if it is of this family.
    fn narrow_prefix(prefix: SomePrefix) -> Option<Prefix<Self>>;
}

impl DraftAddress for Ipv4Addr {
    fn family(draft: &mut Draft) -> &mut Family<Self> {
        &mut draft.ipv4
    }

    fn narrow(address: IpAddr) -> Option<Self> {
        if let IpAddr::V4(address) = address { Some(address) } else { None }
    }

    fn narrow_prefix(prefix: SomePrefix) -> Option<Prefix<Self>> {
        if let SomePrefix::V4(prefix) = prefix { Some(prefix) } else { None }
    }
}

impl DraftAddress for Ipv6Addr {
    fn family(draft: &mut Draft) -> &mut Family<Self> {
        &mut draft.ipv6
    }

    fn narrow(address: IpAddr) -> Option<Self> {
        if let IpAddr::V6(address) = address { Some(address) } else { None }
    }

    fn narrow_prefix(prefix: SomePrefix) -> Option<Prefix<Self>> {
        if let SomePrefix::V6(prefix) = prefix { Some(prefix) } else { None }
    }
}
