//! Who is where in the lab.
//!
//! ```text
//!   everywhere else              198.51.100.0/24, 2001:db8:51::/64
//!        │ eth0                         │ eth1
//!   ┌────┴──────────────────────────────┴────┐
//!   │ host  br0 10.0.0.1     br1 10.0.1.1    │
//!   │       fd00:10::1       fd00:10:0:1::1  │
//!   └──┬───────┬───────┬───────┬───┬───────┬─┘
//!    vnet0   vnet1   vnet2   vnet3 │vnet4  │vnet5
//!   a quarter each of            half each of
//!   10.0.0.0/24, fd00:10::/64    10.0.1.0/24, fd00:10:0:1::/64
//! ```
//!
//! An instance has every address of its part, and whoever is not on a bridge has all the rest of
//! the world, so that every packet that leaves the host is answered, also one that should not
//! have left like this.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A network of instances.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Network {
    pub(crate) bridge: &'static str,
    pub(crate) v4: Ipv4Addr,
    pub(crate) v6: Ipv6Addr,
    /// How often the network is halved among its instances.
    pub(crate) halvings: u8,
    /// The number of its first instance.
    pub(crate) first: usize,
}

/// The networks of instances, and their bridges.
pub(crate) const NETWORKS: [Network; 2] = [
    Network {
        bridge: "br0",
        v4: Ipv4Addr::new(10, 0, 0, 0),
        v6: Ipv6Addr::new(0xfd00, 0x10, 0, 0, 0, 0, 0, 0),
        halvings: 2,
        first: 0,
    },
    Network {
        bridge: "br1",
        v4: Ipv4Addr::new(10, 0, 1, 0),
        v6: Ipv6Addr::new(0xfd00, 0x10, 0, 1, 0, 0, 0, 0),
        halvings: 1,
        first: 4,
    },
];

/// How many instances there are.
pub(crate) const INSTANCES: usize = 6;

/// The neighbors of the host: what the host has on its interface to each, what the clients there
/// are called, and the networks that lead there; none for whom everything else leads to.
pub(crate) struct Neighbor {
    pub(crate) interface: &'static str,
    pub(crate) host: [IpAddr; 2],
    pub(crate) clients: [IpAddr; 2],
    pub(crate) networks: [&'static str; 2],
}

pub(crate) const NEIGHBORS: [Neighbor; 2] = [
    Neighbor {
        interface: "eth0",
        host: [
            IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)),
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 1)),
        ],
        clients: [
            IpAddr::V4(Ipv4Addr::new(192, 0, 2, 9)),
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 2, 0, 0, 0, 0, 9)),
        ],
        networks: ["default", "default"],
    },
    Neighbor {
        interface: "eth1",
        host: [
            IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x51, 0, 0, 0, 0, 1)),
        ],
        clients: [
            IpAddr::V4(Ipv4Addr::new(198, 51, 100, 9)),
            IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0x51, 0, 0, 0, 0, 9)),
        ],
        networks: ["198.51.100.0/24", "2001:db8:51::/64"],
    },
];

/// One machine of the lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// This host itself.
    Host,
    /// The instance of that number.
    Instance(usize),
    /// The neighbor of that number.
    Neighbor(usize),
}

impl Network {
    /// The host's addresses on the bridge, IPv4 and IPv6.
    pub(crate) fn gateways(&self) -> [IpAddr; 2] {
        let v4 = Ipv4Addr::from_bits(self.v4.to_bits() + 1);
        let v6 = Ipv6Addr::from_bits(self.v6.to_bits() + 1);
        [v4.into(), v6.into()]
    }

    /// What its instance `part` has, IPv4 and IPv6.
    pub(crate) fn prefixes(&self, part: usize) -> [String; 2] {
        let [first4, first6] = [true, false].map(|ipv4| self.part(part, ipv4)[0]);
        let halvings = self.halvings;
        [format!("{first4}/{}", 24 + halvings), format!("{first6}/{}", 64 + halvings)]
    }

    /// Whether the address is of this network.
    pub(crate) fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(address) => address.to_bits() >> 8 == self.v4.to_bits() >> 8,
            IpAddr::V6(address) => address.to_bits() >> 64 == self.v6.to_bits() >> 64,
        }
    }

    /// How many instances it has.
    pub(crate) fn parts(&self) -> usize {
        1 << self.halvings
    }

    /// The addresses of its instance `part`: first, and last.
    pub(crate) fn part(&self, part: usize, ipv4: bool) -> [IpAddr; 2] {
        if ipv4 {
            let size = 256_u32 >> self.halvings;
            let first = self.v4.to_bits() + size * u32::try_from(part).expect("few");
            [first, first + size - 1].map(|bits| Ipv4Addr::from_bits(bits).into())
        } else {
            let size = (1_u128 << 64) >> self.halvings;
            let first = self.v6.to_bits() + size * u128::try_from(part).expect("few");
            [first, first + size - 1].map(|bits| Ipv6Addr::from_bits(bits).into())
        }
    }
}

/// The bridge network that the address is of.
pub(crate) fn network(address: IpAddr) -> Option<&'static Network> {
    NETWORKS.iter().find(|network| network.contains(address))
}

/// Who has the address.
pub(crate) fn place(address: IpAddr) -> Place {
    if let Some(network) = network(address) {
        if network.gateways().contains(&address) {
            return Place::Host;
        }
        let part = (0..network.parts())
            .find(|part| {
                let [first, last] = network.part(*part, address.is_ipv4());
                (first..=last).contains(&address)
            })
            .expect("the parts are the whole");
        return Place::Instance(network.first + part);
    }
    if NEIGHBORS.iter().any(|neighbor| neighbor.host.contains(&address)) {
        return Place::Host;
    }
    let beyond_eth1 = match address {
        IpAddr::V4(address) => address.octets().starts_with(&[198, 51, 100]),
        IpAddr::V6(address) => address.segments().starts_with(&[0x2001, 0xdb8, 0x51, 0]),
    };
    Place::Neighbor(usize::from(beyond_eth1))
}

/// The interface of the host that leads to the address.
pub(crate) fn interface(address: IpAddr) -> &'static str {
    match (network(address), place(address)) {
        (Some(network), _) => network.bridge,
        (None, Place::Neighbor(number)) => NEIGHBORS[number].interface,
        (None, _) => "lo",
    }
}

/// What the host has on that interface: the source of what it sends itself, and of what it
/// masquerades.
pub(crate) fn host_address(towards: IpAddr) -> IpAddr {
    match (network(towards), place(towards)) {
        (Some(network), _) => network.gateways()[usize::from(towards.is_ipv6())],
        (None, Place::Neighbor(number)) => NEIGHBORS[number].host[usize::from(towards.is_ipv6())],
        (None, _) => towards,
    }
}
