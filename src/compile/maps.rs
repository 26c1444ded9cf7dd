//! Floats as elements of maps: everything that varies from policy to policy.

use super::builder::{Builder, Entry, Wire};
use crate::address::{Address, IpFamily, Prefix, icmp};
use crate::policy::{Float, FloatService, Name, Service, ServiceTarget, Translation};
use crate::ruleset::{Datatype, Set};

/// The sets and maps of one family in the inet table; one that would be empty is absent, and so are
/// its rules.
pub(super) struct Maps {
    /// float → fixed, whole addresses.
    pub(super) dnat: Option<Set>,
    /// fixed → egress float.
    pub(super) snat: Option<Set>,
    /// float and one L4 port → fixed and L4 port.
    pub(super) dnat_port: Option<Set>,
    /// float and a range of L4 ports, or all of ICMP → fixed.
    pub(super) dnat_range: Option<Set>,
    /// float prefix → fixed prefix.
    pub(super) dnat_net: Option<Set>,
    /// fixed prefix → float prefix.
    pub(super) snat_net: Option<Set>,
    /// float and L4 ports that stay with the host.
    pub(super) host: Option<Set>,
    /// The fixed networks.
    pub(super) fixed: Option<Set>,
    /// Destinations that see the fixed address.
    pub(super) exempt: Option<Set>,
    /// Public addresses that belong to instances.
    pub(super) pool: Option<Set>,
}

impl Maps {
    /// The maps of one half of a policy.
    pub(super) fn new<A: Address>(policy: &Translation<A>, counters: bool) -> Self {
        Self {
            dnat: Builder::new::<A>("dnat", &[address::<A>()])
                .into_data(&[address::<A>()])
                .counted(counters)
                .sized()
                .fill(policy.floats.iter().filter_map(|float| {
                    let name = float.name.as_ref();
                    Some(Entry {
                        key: wire(float.float),
                        last: None,
                        data: wire(float.fixed?),
                        name,
                    })
                })),
            snat: Builder::new::<A>("snat", &[address::<A>()])
                .into_data(&[address::<A>()])
                .sized()
                .fill(policy.egress.iter().filter_map(|egress| {
                    let float = policy.floats.get(egress.float)?;
                    let (key, data) = (wire(egress.fixed), wire(float.float));
                    Some(Entry { key, last: None, data, name: float.name.as_ref() })
                })),
            dnat_port: Builder::new::<A>("dnat_port", &service_key::<A>())
                .into_data(&[address::<A>(), Datatype::InetService])
                .counted(counters)
                .sized()
                .fill(services(policy).flat_map(|(float, service)| port_entries(float, service))),
            dnat_range: Builder::new::<A>("dnat_range", &service_key::<A>())
                .into_data(&[address::<A>()])
                .interval()
                .counted(counters)
                .fill(services(policy).filter_map(|(float, service)| range_entry(float, service))),
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
            host: Builder::new::<A>("host", &service_key::<A>())
                .interval()
                .fill(services(policy).filter_map(|(float, service)| host_entry(float, service))),
            fixed: network_set("fixed", &policy.fixed),
            exempt: network_set("exempt", &policy.exempt),
            pool: network_set("pool", &policy.pool),
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
        let Self {
            dnat,
            snat,
            dnat_port,
            dnat_range,
            dnat_net,
            snat_net,
            host,
            fixed,
            exempt,
            pool,
        } = self;
        [dnat, snat, dnat_port, dnat_range, dnat_net, snat_net, host, fixed, exempt, pool]
            .into_iter()
            .flatten()
    }
}

/// The services of all floats, each with its float.
fn services<A: Address>(
    policy: &Translation<A>,
) -> impl Iterator<Item = (&Float<A>, FloatService<A>)> + Clone {
    policy
        .floats
        .iter()
        .flat_map(|float| float.services.iter().map(move |&service| (float, service)))
}

/// The elements of `dnat_port`: one a port that is alone, or that does not keep its number.
fn port_entries<A: Address>(
    float: &Float<A>,
    FloatService { service, target }: FloatService<A>,
) -> impl Iterator<Item = Entry<'_>> + Clone {
    let moved = match (service, target) {
        (Service::Ports(protocol, range), ServiceTarget::Instance { fixed, port }) => {
            let to = port.or(range.is_single().then_some(range.first()));
            to.map(|to| (protocol, range, fixed, to))
        }
        (Service::Ports(..), ServiceTarget::Host) | (Service::Icmp, _) => None,
    };
    moved.into_iter().flat_map(move |(protocol, range, fixed, to)| {
        let ports = range.first().get()..=range.last().get();
        ports.zip(to.get()..=u16::MAX).map(move |(port, to)| {
            let mut endpoint = wire(fixed);
            endpoint.padded(&to.to_be_bytes());
            Entry {
                key: service_wire(float.float, protocol.number(), port),
                last: None,
                data: endpoint,
                name: float.name.as_ref(),
            }
        })
    })
}

/// The element of `dnat_range`, for what keeps its L4 port.
fn range_entry<A: Address>(
    float: &Float<A>,
    FloatService { service, target }: FloatService<A>,
) -> Option<Entry<'_>> {
    let single = matches!(service, Service::Ports(_, range) if range.is_single());
    match target {
        ServiceTarget::Instance { fixed, port: None } if !single => {
            Some(service_entry(float, service, wire(fixed)))
        }
        ServiceTarget::Instance { .. } | ServiceTarget::Host => None,
    }
}

/// The element of `host`.
fn host_entry<A: Address>(
    float: &Float<A>,
    FloatService { service, target }: FloatService<A>,
) -> Option<Entry<'_>> {
    match target {
        ServiceTarget::Host => Some(service_entry(float, service, Wire::new())),
        ServiceTarget::Instance { .. } => None,
    }
}

/// An element whose key is a float with a range of L4 ports.
///
/// ICMP has none, but its header is as long as to have something in their place, its checksum: all
/// values of that are all of ICMP.
fn service_entry<A: Address>(float: &Float<A>, service: Service, data: Wire) -> Entry<'_> {
    let (protocol, first, last) = match service {
        Service::Ports(protocol, range) => {
            (protocol.number(), range.first().get(), range.last().get())
        }
        Service::Icmp => (icmp(A::FAMILY), 0, u16::MAX),
    };
    Entry {
        key: service_wire(float.float, protocol, first),
        last: Some(service_wire(float.float, protocol, last)),
        data,
        name: float.name.as_ref(),
    }
}

/// The sorted networks as a set; `None` if there are none.
pub(super) fn network_set<A: Address>(stem: &str, networks: &[Prefix<A>]) -> Option<Set> {
    Builder::new::<A>(stem, &[address::<A>()])
        .interval()
        .fill(networks.iter().map(|&network| prefix_entry(network, None, None)))
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

/// The datatype of an address.
pub(super) fn address<A: Address>() -> Datatype {
    match A::FAMILY {
        IpFamily::V4 => Datatype::Ipv4Addr,
        IpFamily::V6 => Datatype::Ipv6Addr,
    }
}

fn service_key<A: Address>() -> [Datatype; 3] {
    [address::<A>(), Datatype::InetProto, Datatype::InetService]
}

/// An address as a key or datum.
pub(super) fn wire<A: Address>(address: A) -> Wire {
    let mut wire = Wire::new();
    wire.address(address);
    wire
}

fn service_wire<A: Address>(address: A, protocol: u8, port: u16) -> Wire {
    let mut key = wire(address);
    key.padded(&[protocol]);
    key.padded(&port.to_be_bytes());
    key
}
