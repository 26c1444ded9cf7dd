//! The lab of `places`, wired: static routes and neighbors, so that nothing but the packets asked
//! about is ever on a wire.

use std::fmt::Write as _;

use hairnat::compile::compile;
use hairnat::kernel::{NfTables, Step, converge};
use hairnat::policy::Policy;
use hairnat::ruleset::Ruleset;
use hairnat::trace::Conditions;

use crate::conntrack;
use crate::foreign::{Foreign, Order};
use crate::namespace::Namespace;
use crate::places::{INSTANCES, NEIGHBORS, NETWORKS, Network, Place};
use crate::servers::{Sightings, serve};

/// The lab.
pub(crate) struct Lab {
    host: Namespace,
    instances: Vec<Namespace>,
    neighbors: Vec<Namespace>,
    conditions: Option<Conditions>,
    /// The other program whose tables are loaded.
    foreign: Option<Foreign>,
    /// What servers saw of the packets that the kernel answers.
    pub(crate) sightings: Sightings,
}

impl Lab {
    pub(crate) fn new() -> Self {
        let host = Namespace::here();
        settle(&host);
        host.ip("link set lo up");
        let mut instances = Vec::new();
        for network in &NETWORKS {
            bridge(&host, network);
            for part in 0..network.parts() {
                instances.push(instance(&host, network, part));
            }
        }
        let neighbors: Vec<_> =
            (0..NEIGHBORS.len()).map(|number| neighbor(&host, number)).collect();
        host.enter();
        let sightings = Sightings::default();
        for machine in instances.iter().chain(&neighbors) {
            serve(machine, &sightings);
        }
        assert_eq!(instances.len(), INSTANCES);
        Self { host, instances, neighbors, conditions: None, foreign: None, sightings }
    }

    /// Moves this thread to a machine.
    pub(crate) fn enter(&self, place: Place) {
        match place {
            Place::Host => self.host.enter(),
            Place::Instance(number) => self.instances[number].enter(),
            Place::Neighbor(number) => self.neighbors[number].enter(),
        }
    }

    /// Makes the host's kernel match the policy, under these conditions, with no connection left
    /// of an earlier one, and loads the tables of the other program in its order.
    pub(crate) fn apply(
        &mut self,
        policy: &Policy,
        conditions: Conditions,
        foreign: Option<&Foreign>,
    ) {
        self.set(conditions);
        self.host.enter();
        let mut kernel = NfTables::open().expect("nf_tables");
        let mut apply = |ruleset: &Ruleset| {
            converge(&mut kernel, Step::Commit, ruleset, |_| ()).expect("apply");
        };
        if foreign.is_some_and(|foreign| foreign.order == Order::First) {
            apply(&Ruleset::default());
            self.load(foreign);
            apply(&compile(policy));
        } else {
            apply(&compile(policy));
            self.load(foreign);
        }
        conntrack::flush();
    }

    /// Replaces the tables of the other program.
    fn load(&mut self, foreign: Option<&Foreign>) {
        let deletion = self.foreign.as_ref().map(Foreign::deletion);
        let script: String = deletion.into_iter().chain(foreign.map(Foreign::script)).collect();
        if !script.is_empty() {
            self.host.run("nft", &["-f", "-"], &script);
        }
        self.foreign = foreign.cloned();
    }

    fn set(&mut self, conditions: Conditions) {
        if self.conditions.replace(conditions) == Some(conditions) {
            return;
        }
        let bridge = conditions.bridge.expect("instances of the lab are behind bridges");
        let word = |on: bool| if on { "1" } else { "0" };
        for key in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
            self.host.sysctl(key, word(conditions.forwarding));
        }
        for key in ["bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"] {
            self.host.sysctl(key, word(bridge.netfilter));
        }
        let mode = |on: bool| if on { "on" } else { "off" };
        let [hairpin, isolated] = [bridge.port_hairpin, bridge.port_isolation].map(mode);
        let modes = format!("hairpin {hairpin} isolated {isolated}");
        let ports =
            (0..INSTANCES).map(|port| format!("link set vnet{port} type bridge_slave {modes}\n"));
        self.host.ip(&ports.collect::<String>());
    }
}

/// Settings of every machine: addresses are there at once, sources need not be addresses of an
/// interface, and pings need no raw socket.
fn settle(namespace: &Namespace) {
    namespace.sysctl("ipv6/conf/default/accept_dad", "0");
    namespace.sysctl("ipv6/conf/default/router_solicitations", "0");
    namespace.sysctl("ipv6/conf/default/accept_ra", "0");
    namespace.sysctl("ipv6/ip_nonlocal_bind", "1");
    namespace.sysctl("ipv4/ip_nonlocal_bind", "1");
    namespace.sysctl("ipv4/conf/all/rp_filter", "0");
    namespace.sysctl("ipv4/conf/default/rp_filter", "0");
    namespace.sysctl("ipv4/conf/all/send_redirects", "0");
    namespace.sysctl("ipv4/conf/default/send_redirects", "0");
    namespace.sysctl("ipv4/ping_group_range", "0 0");
}

fn bridge(host: &Namespace, network: &Network) {
    let Network { bridge, first, .. } = network;
    let [v4, v6] = network.gateways();
    host.ip(&format!(
        "link add {bridge} address 02:00:00:00:01:0{first} type bridge\n\
         link set {bridge} up\n\
         addr add {v4}/32 dev {bridge}\n\
         addr add {v6}/128 dev {bridge}"
    ));
}

/// An instance, with a bridge port, all addresses of its part, and the way to the others.
fn instance(host: &Namespace, network: &Network, part: usize) -> Namespace {
    let Network { bridge, first, .. } = network;
    let number = first + part;
    let name = format!("instance{number}");
    let instance = Namespace::new(&name);
    settle(&instance);
    let mac = format!("02:00:00:00:00:1{number}");
    let [v4, v6] = network.prefixes(part);
    host.ip(&format!(
        "link add vnet{number} type veth peer name eth0 address {mac} netns {name}\n\
         link set vnet{number} master {bridge} up\n\
         neigh add 169.254.0.1{number} lladdr {mac} dev {bridge} nud permanent\n\
         neigh add fe80::1{number} lladdr {mac} dev {bridge} nud permanent\n\
         route add {v4} via 169.254.0.1{number} dev {bridge} onlink\n\
         route add {v6} via fe80::1{number} dev {bridge}"
    ));
    let [gateway4, gateway6] = network.gateways();
    // The gateway lies in the first part, and is not its instance's. One rule more, of no effect,
    // has the kernel keep both tables apart, without which none can throw.
    let mut batch = format!(
        "link set lo up\n\
         link set eth0 up\n\
         route add local {v4} dev lo\n\
         route add local {v6} dev lo\n\
         rule add from 0.0.0.0/0 lookup main priority 1000\n\
         route add throw {gateway4} table local\n\
         route add throw {gateway6} table local\n\
         neigh add 169.254.0.1 lladdr 02:00:00:00:01:0{first} dev eth0 nud permanent\n\
         neigh add fe80::1 lladdr 02:00:00:00:01:0{first} dev eth0 nud permanent\n\
         route add {gateway4} via 169.254.0.1 dev eth0 onlink\n\
         route add {gateway6} via fe80::1 dev eth0\n\
         route add default via 169.254.0.1 dev eth0 onlink\n\
         route add default via fe80::1 dev eth0\n"
    );
    for other in (0..network.parts()).filter(|other| *other != part) {
        let sibling = first + other;
        let [v4, v6] = network.prefixes(other);
        write!(
            batch,
            "neigh add 169.254.0.1{sibling} lladdr 02:00:00:00:00:1{sibling} dev eth0 nud permanent\n\
             neigh add fe80::1{sibling} lladdr 02:00:00:00:00:1{sibling} dev eth0 nud permanent\n\
             route add {v4} via 169.254.0.1{sibling} dev eth0 onlink\n\
             route add {v6} via fe80::1{sibling} dev eth0\n"
        )
        .expect("a string");
    }
    instance.ip(&batch);
    instance
}

/// A neighbor that takes for its own whatever comes in, and sends everything to the host.
fn neighbor(host: &Namespace, number: usize) -> Namespace {
    let neighbor = &NEIGHBORS[number];
    let (interface, [v4, v6]) = (neighbor.interface, neighbor.host);
    let namespace = Namespace::new(interface);
    settle(&namespace);
    let [network4, network6] = neighbor.networks;
    host.ip(&format!(
        "link add {interface} address 02:00:00:00:02:0{number} type veth \
         peer name eth0 address 02:00:00:00:03:0{number} netns {interface}\n\
         link set {interface} up\n\
         addr add {v4}/32 dev {interface}\n\
         addr add {v6}/128 dev {interface}\n\
         neigh add 169.254.1.{number} lladdr 02:00:00:00:03:0{number} dev {interface} nud permanent\n\
         neigh add fe80::2 lladdr 02:00:00:00:03:0{number} dev {interface} nud permanent\n\
         route add {network4} via 169.254.1.{number} dev {interface} onlink\n\
         route add {network6} via fe80::2 dev {interface}"
    ));
    let [client4, client6] = neighbor.clients;
    namespace.ip(&format!(
        "link set lo up\n\
         link set eth0 up\n\
         addr add {client4}/32 dev eth0\n\
         addr add {client6}/128 dev eth0\n\
         neigh add 169.254.1.99 lladdr 02:00:00:00:02:0{number} dev eth0 nud permanent\n\
         neigh add fe80::1 lladdr 02:00:00:00:02:0{number} dev eth0 nud permanent\n\
         route add default via 169.254.1.99 dev eth0 onlink\n\
         route add default via fe80::1 dev eth0\n\
         route add local 0.0.0.0/0 dev lo table local\n\
         route add local ::/0 dev lo table local"
    ));
    // What it sends itself is routed before anything is taken for its own.
    let rules = "rule add priority 2 lookup local\n\
         rule add priority 1 iif lo lookup main\n\
         rule del priority 0";
    for version in ["-4", "-6"] {
        namespace.batch(&[version], rules);
    }
    namespace
}
