//! What has been read so far: values that are right by themselves, with their places.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;

use super::source::Place;
use super::values::SomePrefix;
use super::{Bridge, DefaultSource, Name};
use crate::address::{Address, InterfacePattern, PortRange, Prefix, Protocol};

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
    pub(super) default_source: Option<(DefaultSource<A>, Place)>,
    pub(super) addresses: Vec<AddressDraft<A>>,
    pub(super) prefixes: Vec<PrefixDraft<A>>,
    pub(super) ports: Vec<PortFloatDraft<A>>,
}

/// A float of one address and every protocol.
#[derive(Debug)]
pub(super) struct AddressDraft<A> {
    pub(super) float: A,
    pub(super) fixed: A,
    pub(super) name: Option<Name>,
    /// What the policy says; the checks turn absence into an answer.
    pub(super) egress: Option<bool>,
    pub(super) float_place: Place,
    pub(super) fixed_place: Place,
}

/// A float prefix.
#[derive(Debug)]
pub(super) struct PrefixDraft<A> {
    pub(super) float: Prefix<A>,
    pub(super) fixed: Prefix<A>,
    pub(super) name: Option<Name>,
    pub(super) egress: Option<bool>,
    pub(super) float_place: Place,
    pub(super) fixed_place: Place,
}

/// A float with `ports`.
#[derive(Debug)]
pub(super) struct PortFloatDraft<A> {
    pub(super) float: A,
    pub(super) name: Option<Name>,
    /// The fixed address whose connections leave with the float.
    pub(super) egress: Option<A>,
    pub(super) float_place: Place,
    pub(super) ranges: Vec<RangeDraft<A>>,
}

/// One range of L4 ports of a float.
#[derive(Debug)]
pub(super) struct RangeDraft<A> {
    pub(super) protocol: Protocol,
    pub(super) range: PortRange,
    pub(super) fixed: A,
    pub(super) fixed_port: Option<NonZeroU16>,
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
    fn add_floats(&mut self, mut part: Self) {
        self.addresses.append(&mut part.addresses);
        self.prefixes.append(&mut part.prefixes);
        self.ports.append(&mut part.ports);
    }
}

impl<A> Default for Family<A> {
    fn default() -> Self {
        Self {
            fixed: Vec::new(),
            exempt: Vec::new(),
            default_source: None,
            addresses: Vec::new(),
            prefixes: Vec::new(),
            ports: Vec::new(),
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
