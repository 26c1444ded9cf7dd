//! A virtualization host in miniature, with real packets, in namespaces of its own.
//!
//! ```text
//!      outside                management
//!    192.0.2.2                198.51.100.2
//!   2001:db8:2::2            2001:db8:51::2
//!        │ eth0                   │ eth1
//!   ┌────┴────────────────────────┴────┐
//!   │ host   br0 10.0.0.1  fd00:10::1  │
//!   └────┬────────────┬────────────┬───┘
//!      vnet0        vnet1        vnet2
//!       web           db         batch
//!    10.0.0.11    10.0.0.12    10.0.0.13
//!   fd00:10::11  fd00:10::12  fd00:10::13
//! ```
//!
//! Floats are of 203.0.113.0/24 and `2001:db8::/64`, which the outside routes to the host. Both
//! neighbors know the way to the fixed networks too, so that an untranslated connection is seen
//! as such rather than lost.

mod echo;
pub(crate) mod isolation;
mod node;
mod probe;
mod program;

use std::fmt::Write as _;

pub(crate) use echo::ping;
pub(crate) use node::{NO_ANSWER, Node};

/// The instances: name, port of the bridge, and the last part of its addresses.
const INSTANCES: [(&str, &str, u8); 3] =
    [("web", "vnet0", 11), ("db", "vnet1", 12), ("batch", "vnet2", 13)];

/// The neighbors: name, the host's interface, IPv4 and IPv6 network.
const NEIGHBORS: [(&str, &str, &str, &str); 2] = [
    ("outside", "eth0", "192.0.2.", "2001:db8:2::"),
    ("management", "eth1", "198.51.100.", "2001:db8:51::"),
];

/// What a lab needs beyond namespaces: bridges, `br_netfilter` and `nf_tables`.
const TRIAL: &str = "ip link add br0 type bridge && nft list tables && \
    { test -e /proc/sys/net/bridge || { echo 'br_netfilter is not loaded: modprobe br_netfilter' >&2; false; }; }";

/// The port that every node but the host answers on.
pub(crate) const PORT: u16 = 80;

/// The lab of one test.
pub(crate) struct Lab {
    /// The bridge host, where hairnat works.
    pub(crate) host: Node,
    /// An instance on `vnet0`.
    pub(crate) web: Node,
    /// An instance on `vnet1`.
    pub(crate) db: Node,
    /// An instance on `vnet2`, in the tests mostly without a float.
    pub(crate) batch: Node,
    /// Whatever is beyond the uplink `eth0`; the host's default route.
    pub(crate) outside: Node,
    /// A network that the host reaches by `eth1`.
    pub(crate) management: Node,
}

impl Lab {
    /// Runs the body of a test, a closure of its own, in a lab of its own.
    pub(crate) fn run<F: FnOnce(&Lab)>(test: F) {
        isolation::isolated(isolation::test_name::<F>(), TRIAL, || test(&Lab::new()));
    }

    fn new() -> Self {
        let host = Node::here("host");
        no_address_detection(&host);
        host.sysctl("ipv4/ip_forward", 1);
        host.sysctl("ipv6/conf/all/forwarding", 1);
        host.ip("link set lo up\n\
             link add br0 type bridge\n\
             link set br0 up\n\
             addr add 10.0.0.1/24 dev br0\n\
             addr add fd00:10::1/64 dev br0");
        let [web, db, batch] = INSTANCES.map(|(name, port, last)| {
            let instance = Node::new(name);
            no_address_detection(&instance);
            plug(&host, &instance, port, last);
            instance.serve(PORT);
            instance
        });
        let [outside, management] = NEIGHBORS.map(|(name, interface, v4, v6)| {
            let node = neighbor(&host, name, interface, v4, v6);
            node.serve(PORT);
            node
        });
        host.ip("route add default via 192.0.2.2\nroute add default via 2001:db8:2::2");
        let lab = Self { host, web, db, batch, outside, management };
        lab.br_netfilter(false);
        lab
    }

    /// Whether bridged frames pass the inet hooks.
    pub(crate) fn br_netfilter(&self, on: bool) {
        for key in ["bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables"] {
            self.host.sysctl(key, u8::from(on));
        }
    }

    /// Sets the hairpin mode of every instance port.
    pub(crate) fn port_hairpin(&self, on: bool) {
        for (_, port, _) in INSTANCES {
            self.set_hairpin_mode(port, on);
        }
    }

    /// Sets the hairpin mode of one bridge port.
    pub(crate) fn set_hairpin_mode(&self, port: &str, on: bool) {
        let mode = if on { "on" } else { "off" };
        self.host.ip(&format!("link set {port} type bridge_slave hairpin {mode}"));
    }

    /// Isolates one bridge port from other isolated ones, or no longer.
    pub(crate) fn isolate(&self, port: &str, on: bool) {
        let mode = if on { "on" } else { "off" };
        self.host.ip(&format!("link set {port} type bridge_slave isolated {mode}"));
    }

    /// Takes the bridge away: the host routes to each instance by an interface of its own, as with
    /// the routed taps of virtual machines.
    pub(crate) fn without_bridge(&self) {
        self.host.ip("link del br0");
        for ((_, port, last), instance) in INSTANCES.iter().zip([&self.web, &self.db, &self.batch])
        {
            self.host.ip(&format!(
                "addr add 10.0.0.1/32 dev {port}\n\
                 addr add fd00:10::1/128 dev {port}\n\
                 route add 10.0.0.{last}/32 dev {port}\n\
                 route add fd00:10::{last}/128 dev {port}"
            ));
            instance.ip(&format!(
                "addr flush dev eth0 scope global\n\
                 addr add 10.0.0.{last}/32 dev eth0\n\
                 addr add fd00:10::{last}/128 dev eth0\n\
                 route add 10.0.0.1 dev eth0\n\
                 route add fd00:10::1 dev eth0\n\
                 route replace default via 10.0.0.1\n\
                 route replace default via fd00:10::1"
            ));
        }
    }

    /// Reads the hairpin mode of one bridge port.
    pub(crate) fn hairpin_mode(&self, port: &str) -> bool {
        let file = format!("/sys/class/net/{port}/brport/hairpin_mode");
        self.host.run("cat", &[&file], "") == "1\n"
    }

    /// Makes another instance appear on the bridge, as a started virtual machine does.
    pub(crate) fn start_instance(&self, name: &'static str, port: &str, last: u8) -> Node {
        let instance = Node::new(name);
        no_address_detection(&instance);
        plug(&self.host, &instance, port, last);
        instance
    }
}

/// Spares every test but those of neighbor discovery the second that detection takes.
fn no_address_detection(node: &Node) {
    node.sysctl("ipv6/conf/default/accept_dad", 0);
}

/// Connects an instance to the bridge and gives it addresses and a gateway.
fn plug(host: &Node, instance: &Node, port: &str, last: u8) {
    let name = instance.name();
    host.ip(&format!(
        "link add {port} type veth peer name eth0 netns {name}\n\
         link set {port} master br0 up"
    ));
    instance.ip(&format!(
        "link set lo up\n\
         link set eth0 up\n\
         addr add 10.0.0.{last}/24 dev eth0\n\
         addr add fd00:10::{last}/64 dev eth0\n\
         route add default via 10.0.0.1\n\
         route add default via fd00:10::1"
    ));
}

/// A machine beyond the host's `interface`, with routes to the floats and to the fixed networks.
fn neighbor(host: &Node, name: &'static str, interface: &str, v4: &str, v6: &str) -> Node {
    let node = Node::new(name);
    no_address_detection(&node);
    host.ip(&format!(
        "link add {interface} type veth peer name eth0 netns {name}\n\
         link set {interface} up\n\
         addr add {v4}1/24 dev {interface}\n\
         addr add {v6}1/64 dev {interface}"
    ));
    let mut batch = format!(
        "link set lo up\nlink set eth0 up\naddr add {v4}2/24 dev eth0\naddr add {v6}2/64 dev eth0\n"
    );
    for network in ["203.0.113.0/24", "10.0.0.0/24"] {
        writeln!(batch, "route add {network} via {v4}1").expect("a string");
    }
    for network in ["2001:db8::/64", "fd00:10::/64"] {
        writeln!(batch, "route add {network} via {v6}1").expect("a string");
    }
    node.ip(&batch);
    node
}
