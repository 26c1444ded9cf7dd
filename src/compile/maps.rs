//! Floats as elements of maps: everything that varies from policy to policy.

use std::num::NonZeroU16;

use super::builder::{Builder, Entry, Wire};
use crate::address::{Address, IpFamily, Prefix, Protocol};
use crate::policy::{Name, Translation};
use crate::ruleset::{Datatype, Set};

/// The sets and maps of one family; one that would be empty is absent, and so are its rules.
pub(super) struct Maps {
    /// float → fixed, whole addresses.
    pub(super) dnat: Option<Set>,
    /// fixed → egress float.
    pub(super) snat: Option<Set>,
    /// float and one L4 port → fixed and L4 port.
    pub(super) dnat_port: Option<Set>,
    /// float and a range of L4 ports → fixed.
    pub(super) dnat_range: Option<Set>,
    /// float prefix → fixed prefix.
    pub(super) dnat_net: Option<Set>,
    /// fixed prefix → float prefix.
    pub(super) snat_net: Option<Set>,
    /// The fixed networks.
    pub(super) fixed: Option<Set>,
    /// Destinations that see the fixed address.
    pub(super) exempt: Option<Set>,
}

impl Maps {
    /// The maps of one half of a policy.
    pub(super) fn new<A: Address>(policy: &Translation<A>, counters: bool) -> Self {
        let (single, ranges): (Vec<_>, Vec<_>) =
            policy.ports.iter().partition(|float| float.ports.is_single());
        Self {
            dnat: Builder::new::<A>("dnat", &[address::<A>()])
                .into_data(&[address::<A>()])
                .counted(counters)
                .sized()
                .fill(policy.addresses.iter().map(|float| Entry {
                    key: wire(float.float),
                    last: None,
                    data: wire(float.fixed),
                    name: float.name.as_ref(),
                })),
            snat: Builder::new::<A>("snat", &[address::<A>()])
                .into_data(&[address::<A>()])
                .sized()
                .fill(egress_entries(policy)),
            dnat_port: Builder::new::<A>("dnat_port", &port_key::<A>())
                .into_data(&[address::<A>(), Datatype::InetService])
                .counted(counters)
                .sized()
                .fill(single.into_iter().map(|float| Entry {
                    key: port_key_wire(float.float, float.protocol, float.ports.first()),
                    last: None,
                    data: endpoint_wire(
                        float.fixed,
                        float.fixed_port.unwrap_or(float.ports.first()),
                    ),
                    name: float.name.as_ref(),
                })),
            dnat_range: Builder::new::<A>("dnat_range", &port_key::<A>())
                .into_data(&[address::<A>()])
                .interval()
                .counted(counters)
                .fill(ranges.into_iter().map(|float| Entry {
                    key: port_key_wire(float.float, float.protocol, float.ports.first()),
                    last: Some(port_key_wire(float.float, float.protocol, float.ports.last())),
                    data: wire(float.fixed),
                    name: float.name.as_ref(),
                })),
            dnat_net: Builder::new::<A>("dnat_net", &[address::<A>()])
                .into_range(&[address::<A>()])
                .interval()
                .counted(counters)
                .fill(policy.prefixes.iter().map(|float| {
                    prefix_entry(float.float, Some(float.fixed), float.name.as_ref())
                })),
            snat_net: Builder::new::<A>("snat_net", &[address::<A>()])
                .into_range(&[address::<A>()])
                .interval()
                .fill(policy.prefixes.iter().filter(|float| float.egress).map(|float| {
                    prefix_entry(float.fixed, Some(float.float), float.name.as_ref())
                })),
            fixed: prefix_set("fixed", &policy.fixed),
            exempt: prefix_set("exempt", &policy.exempt),
        }
    }

    /// Whether any destination is translated.
    pub(super) fn translates_destinations(&self) -> bool {
        [&self.dnat, &self.dnat_port, &self.dnat_range, &self.dnat_net]
            .into_iter()
            .any(Option::is_some)
    }

    /// The sets and maps in the order in which they are made and listed.
    pub(super) fn into_sets(self) -> impl Iterator<Item = Set> {
        let Self { dnat, snat, dnat_port, dnat_range, dnat_net, snat_net, fixed, exempt } = self;
        [dnat, snat, dnat_port, dnat_range, dnat_net, snat_net, fixed, exempt].into_iter().flatten()
    }
}

fn egress_entries<A: Address>(policy: &Translation<A>) -> impl Iterator<Item = Entry<'_>> {
    let whole = policy
        .addresses
        .iter()
        .filter(|float| float.egress)
        .map(|float| (float.fixed, float.float, float.name.as_ref()));
    let by_port =
        policy.port_egress.iter().map(|egress| (egress.fixed, egress.float, egress.name.as_ref()));
    whole.chain(by_port).map(|(fixed, float, name)| Entry {
        key: wire(fixed),
        last: None,
        data: wire(float),
        name,
    })
}

fn prefix_set<A: Address>(stem: &str, prefixes: &[Prefix<A>]) -> Option<Set> {
    Builder::new::<A>(stem, &[address::<A>()])
        .interval()
        .fill(prefixes.iter().map(|&prefix| prefix_entry(prefix, None, None)))
}

fn prefix_entry<A: Address>(
    key: Prefix<A>,
    data: Option<Prefix<A>>,
    name: Option<&Name>,
) -> Entry<'_> {
    let mut range = Wire::new();
    if let Some(data) = data {
        range.address(data.first());
        range.address(data.last());
    }
    Entry { key: wire(key.first()), last: Some(wire(key.last())), data: range, name }
}

fn address<A: Address>() -> Datatype {
    match A::FAMILY {
        IpFamily::V4 => Datatype::Ipv4Addr,
        IpFamily::V6 => Datatype::Ipv6Addr,
    }
}

fn port_key<A: Address>() -> [Datatype; 3] {
    [address::<A>(), Datatype::InetProto, Datatype::InetService]
}

fn wire<A: Address>(address: A) -> Wire {
    let mut wire = Wire::new();
    wire.address(address);
    wire
}

fn port_key_wire<A: Address>(address: A, protocol: Protocol, port: NonZeroU16) -> Wire {
    let mut key = wire(address);
    key.padded(&[protocol.number()]);
    key.padded(&port.get().to_be_bytes());
    key
}

fn endpoint_wire<A: Address>(address: A, port: NonZeroU16) -> Wire {
    let mut endpoint = wire(address);
    endpoint.padded(&port.get().to_be_bytes());
    endpoint
}
