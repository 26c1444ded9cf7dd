//! Packets aimed at the edges of a policy: each end of each prefix and range, and one beyond.

use std::net::IpAddr;
use std::num::NonZeroU16;

use hairnat::address::{Address, Prefix, Protocol};
use hairnat::policy::{Policy, Service, ServiceTarget, Translation};
use hairnat::trace::Transport;

use crate::packet::{Client, Packet};
use crate::places::{NEIGHBORS, NETWORKS, Place, network, place};
use crate::policies::add;
use crate::random::Random;
use crate::servers::L4_PORTS;

/// What of one family a policy names, with what lies beside it.
struct Edges {
    /// Who asks: instances with and without a float.
    clients: Vec<IpAddr>,
    /// Each fixed address with its floats.
    own: Vec<(IpAddr, IpAddr)>,
    /// Whom to ask.
    destinations: Vec<IpAddr>,
    /// Floats with one of their L4 ports, and one beside it.
    ports: Vec<(IpAddr, Protocol, u16)>,
    fixed: Vec<(IpAddr, IpAddr)>,
}

/// So many packets, each of its own.
pub(crate) fn packets(random: &mut Random, policy: &Policy, count: usize) -> Vec<Packet> {
    let families: Vec<Edges> = [
        (!policy.ipv4.is_empty()).then(|| Edges::of(&policy.ipv4)),
        (!policy.ipv6.is_empty()).then(|| Edges::of(&policy.ipv6)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut packets = Vec::new();
    let mut tries = 0;
    while packets.len() < count && tries < 100 * count {
        tries += 1;
        let edges = &families[random.below(families.len())];
        let packet = edges.packet(random);
        if edges.is_of_the_lab(&packet) && !packets.contains(&packet) {
            packets.push(packet);
        }
    }
    packets
}

impl Edges {
    fn of<A: Address>(policy: &Translation<A>) -> Self {
        let mut edges = Self {
            clients: Vec::new(),
            own: Vec::new(),
            destinations: Vec::new(),
            ports: Vec::new(),
            fixed: policy.fixed.iter().map(|prefix| ends(*prefix)).collect(),
        };
        for float in &policy.floats {
            let address = float.float.into();
            if let Some(fixed) = float.fixed {
                edges.pair(address, fixed.into());
            }
            for service in &float.services {
                if let ServiceTarget::Instance { fixed, .. } = service.target {
                    edges.pair(address, fixed.into());
                }
                let Service::Ports(protocol, range) = service.service else { continue };
                let (first, last) = (range.first().get(), range.last().get());
                for port in [first, last, first.saturating_sub(1), last.saturating_add(1)] {
                    edges.ports.push((address, protocol, port));
                }
            }
        }
        for float in &policy.prefixes {
            let ((first, last), (fixed_first, fixed_last)) = (ends(float.float), ends(float.fixed));
            edges.pair(first, fixed_first);
            edges.pair(last, fixed_last);
            edges.pair(add(first, 1), add(fixed_first, 1));
            edges.around((first, last));
            edges.clients.extend([add(fixed_first, -1), add(fixed_last, 1)]);
        }
        edges.clients.extend(policy.egress.iter().map(|egress| egress.fixed.into()));
        for prefix in policy.exempt.iter().chain(&policy.fixed).chain(&policy.pool) {
            edges.around(ends(*prefix));
        }
        edges.add_strangers(A::FAMILY.address_len() == 4);
        edges
    }

    fn pair(&mut self, float: IpAddr, fixed: IpAddr) {
        self.own.push((fixed, float));
        self.clients.push(fixed);
        self.destinations.extend([float, float, fixed, add(float, 1)]);
    }

    fn around(&mut self, (first, last): (IpAddr, IpAddr)) {
        self.destinations.extend([first, last, add(last, 1), add(first, -1)]);
    }

    /// Whoever the policy does not name.
    fn add_strangers(&mut self, ipv4: bool) {
        for network in &NETWORKS {
            for part in 0..network.parts() {
                let [first, last] = network.part(part, ipv4);
                self.clients.extend([add(first, 5), last]);
                self.destinations.push(add(last, -1));
            }
        }
        let others = if ipv4 {
            ["192.0.2.77", "192.0.2.127", "198.51.100.77", "203.0.113.77", "8.8.8.8"]
        } else {
            ["2001:db8:2::77", "2001:db8:2::1:0", "2001:db8:51::77", "2001:db8::77", "2001:4860::8"]
        };
        self.destinations
            .extend(others.map(|other| -> IpAddr { other.parse().expect("an address") }));
    }

    fn packet(&self, random: &mut Random) -> Packet {
        let (mut client, mut destination) =
            (Client::Address(random.pick(&self.clients)), random.pick(&self.destinations));
        let mut transport = transport(random);
        let kind = random.below(10);
        if kind < 2 && !self.own.is_empty() {
            let (fixed, float) = random.pick(&self.own);
            (client, destination) = (Client::Address(fixed), float);
        }
        if kind % 3 == 1 && !self.ports.is_empty() {
            let (float, protocol, port) = random.pick(&self.ports);
            destination = float;
            let protocol = match protocol {
                _ if random.once_in(8) => random.pick(&[Protocol::Tcp, Protocol::Udp]),
                protocol => protocol,
            };
            if let Some(port) = NonZeroU16::new(port).filter(|port| L4_PORTS.contains(&port.get()))
            {
                transport = Transport::Port(protocol, port);
            }
        }
        let family = usize::from(destination.is_ipv6());
        match kind {
            6 | 7 => client = Client::Address(random.pick(&NEIGHBORS.map(|n| n.clients[family]))),
            8 => client = Client::Host,
            _ => {}
        }
        Packet { client, destination, transport }
    }

    /// Whether the lab has an answer to the packet that is worth knowing.
    fn is_of_the_lab(&self, packet: &Packet) -> bool {
        let Packet { client, destination, .. } = *packet;
        let asked = place(destination);
        let unicast = match destination {
            IpAddr::V4(address) => {
                (1..224).contains(&address.octets()[0]) && address.octets()[0] != 127
            }
            IpAddr::V6(address) => (0x2000..0xfe00).contains(&address.segments()[0]),
        };
        let Client::Address(client) = client else {
            return unicast && asked != Place::Host && self.is_known(destination);
        };
        unicast
            && asked != Place::Host
            && asked != place(client)
            && !self.is_beside(client, destination)
            && place(client) != Place::Host
            && self.is_known(destination)
            && self.is_known(client)
    }

    /// Whether the two reach one another over a bridge that the policy knows nothing of.
    fn is_beside(&self, client: IpAddr, destination: IpAddr) -> bool {
        let within = |&(first, last): &(IpAddr, IpAddr)| (first..=last).contains(&client);
        network(client).is_some_and(|network| network.contains(destination))
            && !self.fixed.iter().any(within)
    }

    /// A network of the lab must be wholly fixed or not at all: a policy that names a part of it
    /// would have the rest bypass it, over the bridge.
    fn is_known(&self, address: IpAddr) -> bool {
        let within = |address: IpAddr| {
            self.fixed.iter().any(|&(first, last)| (first..=last).contains(&address))
        };
        let Some(network) = network(address) else { return true };
        let reaches = |&(first, last): &(IpAddr, IpAddr)| {
            network.contains(first)
                || network.contains(last)
                || within(network.gateways()[0])
                || within(network.gateways()[1])
        };
        within(address) || !self.fixed.iter().any(reaches)
    }
}

fn transport(random: &mut Random) -> Transport {
    let port = || NonZeroU16::new(1).expect("not zero");
    let port = NonZeroU16::new(random.pick(&L4_PORTS)).unwrap_or_else(port);
    match random.below(6) {
        0 => Transport::Icmp,
        5 => Transport::Port(Protocol::Sctp, port),
        1 | 2 => Transport::Port(Protocol::Udp, port),
        _ => Transport::Port(Protocol::Tcp, port),
    }
}

fn ends<A: Address>(prefix: Prefix<A>) -> (IpAddr, IpAddr) {
    (prefix.first().into(), prefix.last().into())
}
