//! What has been read so far: values that are right by themselves, with their places.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::source::{FloatPlace, Place};
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
    /// The fixed addresses that L4 ports lead to.
    pub(super) named: Vec<(A, Place)>,
    /// What floats say in `egress`.
    pub(super) egress_said: Vec<EgressSaid<A>>,
    /// What the checks make of it, with [`Egress::float`] as an index in `floats`.
    pub(super) egress: Vec<Egress<A>>,
}

/// A float of one address. There may be a million of them, so all that few have is in lists of its own.
#[derive(Debug)]
pub(super) struct FloatDraft<A> {
    pub(super) float: Float<A>,
    pub(super) place: FloatPlace,
}

/// What a float says of connections that instances open.
#[derive(Debug, Clone, Copy)]
pub(super) struct EgressSaid<A> {
    pub(super) float: A,
    /// The fixed address whose connections leave with it; `None`: not with this float.
    pub(super) fixed: Option<A>,
    /// Where the address stands, if not in `fixed`.
    pub(super) named_at: Option<Place>,
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
    /// How many floats have been read, a prefix counted as one.
    pub(super) fn float_count(&self) -> usize {
        self.floats.len() + self.prefixes.len()
    }

    fn add_floats(&mut self, mut part: Self) {
        self.floats.append(&mut part.floats);
        self.prefixes.append(&mut part.prefixes);
        self.named.append(&mut part.named);
        self.egress_said.append(&mut part.egress_said);
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
            named: Vec::new(),
            egress_said: Vec::new(),
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
