//! One host of instances for each set of rules, all alive at once, so that they can be measured in
//! turn.
//!
//! ```text
//!        host   br0 192.0.2.1
//!   ┌───────────┴──────────┐
//!  vnet0                 vnet1
//!  even                   odd
//!  192.0.2.2        192.0.2.3
//!  all of 10.0.0.0/9      all of 10.128.0.0/9
//! ```
//!
//! Two namespaces stand for all instances, those of even and those of odd numbers: each has all
//! addresses of its prefix. So a connection can be from any instance to any other, and none meets
//! the rules at a place that is better than another's.

use std::net::{IpAddr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::fd::AsRawFd as _;
use std::time::{Duration, Instant};

use nix::sched::{CpuSet, sched_setaffinity};
use nix::sys::socket::{ControlMessage, MsgFlags, SockaddrIn, sendmsg};
use nix::unistd::Pid;

use crate::floats::Float;
use crate::lab::Node;
use crate::process::{whole, words};
use crate::raw::Netfilter;
use crate::results::{Busy, Rules, Way};
use crate::world::HAIRNAT;

/// The L4 port that every instance answers on.
const PORT: u16 = 7;

/// How long an answer may take; far longer than any does.
const PATIENCE: Duration = Duration::from_secs(2);

/// A host with instances, and rules.
pub(super) struct Host {
    node: Node,
    even: Instances,
    odd: Instances,
    floats: usize,
}

/// The instances of one namespace.
struct Instances {
    node: Node,
    /// Receives for all of them.
    server: UdpSocket,
}

impl Host {
    /// The host of that number, without rules.
    pub(super) fn new(number: usize, floats: usize) -> Self {
        let host = Node::new(name("host", number));
        for key in ["default/rp_filter", "all/rp_filter", "all/send_redirects"] {
            host.sysctl(&format!("ipv4/conf/{key}"), 0);
        }
        host.sysctl("ipv4/conf/default/send_redirects", 0);
        host.sysctl("ipv4/ip_forward", 1);
        host.sysctl("ipv6/conf/default/disable_ipv6", 1);
        host.ip("link set lo up\n\
             link add br0 address 02:00:00:00:00:01 type bridge\n\
             link set br0 up\n\
             addr add 192.0.2.1/24 dev br0");
        if std::path::Path::new("/proc/sys/net/bridge").exists() {
            host.sysctl("bridge/bridge-nf-call-iptables", 0);
        }
        let even = Instances::plug(&host, name("even", number), "vnet0", 2, "10.0.0.0/9");
        let odd = Instances::plug(&host, name("odd", number), "vnet1", 3, "10.128.0.0/9");
        Self { node: host, even, odd, floats }
    }

    /// Loads a file of rules.
    pub(super) fn load(&self, rules: Rules, file: &str) -> Result<(), String> {
        let command = match rules {
            Rules::None => return Ok(()),
            Rules::Hairnat => words(&[HAIRNAT, "apply", "--quiet", file]),
            Rules::NovaNft => words(&["iptables-nft-restore", file]),
            Rules::NovaLegacy => words(&["iptables-legacy-restore", file]),
        };
        self.node.enter(|| whole(&command)).map(drop)
    }

    /// So many clients, each with the one that it asks.
    pub(super) fn pairs(
        &self,
        way: Way,
        busy: Busy,
        count: usize,
        random: &mut Random,
    ) -> Vec<(Float, Float)> {
        let half = self.floats / 2;
        let mut any = || match busy {
            Busy::Any => random.below(half),
            // The middle of each fifth.
            Busy::Ten => half / 10 + half / 5 * random.below(5),
        };
        let mut pair = || {
            let client = Float::new(2 * any());
            match way {
                Way::OwnFloat => (client, client),
                Way::OtherFloat | Way::Fixed => (client, Float::new(2 * any() + 1)),
            }
        };
        (0..count).map(|_| pair()).collect()
    }

    /// Sends the first packet of a connection for each pair, and gives the microseconds from one
    /// socket to the other.
    ///
    /// One thread on one processor sends and receives: the kernel carries the packet all the way
    /// within the send, so nothing is measured but that. Every packet is answered, and the answer
    /// has to come back, but that is not measured.
    pub(super) fn burst(&self, way: Way, pairs: Vec<(Float, Float)>) -> Result<Vec<f64>, String> {
        self.node.enter(|| Netfilter::open().forget_connections()).map_err(|e| e.to_string())?;
        let server = match way {
            Way::OwnFloat => &self.even.server,
            Way::OtherFloat | Way::Fixed => &self.odd.server,
        };
        self.even.node.enter(|| {
            keep_to_one_processor();
            pairs.into_iter().map(|(client, target)| packet(way, client, target, server)).collect()
        })
    }
}

impl Instances {
    fn plug(host: &Node, name: &'static str, port: &str, last: u8, prefix: &str) -> Self {
        let node = Node::new(name);
        node.sysctl("ipv6/conf/default/disable_ipv6", 1);
        node.sysctl("ipv4/conf/all/rp_filter", 0);
        node.sysctl("ipv4/conf/default/rp_filter", 0);
        let mac = format!("02:00:00:00:00:0{last}");
        host.ip(&format!(
            "link add {port} type veth peer name eth0 address {mac} netns {name}\n\
             link set {port} master br0 up\n\
             neighbor add 192.0.2.{last} lladdr {mac} nud permanent dev br0"
        ));
        node.ip(&format!(
            "link set lo up\n\
             link set eth0 up\n\
             addr add 192.0.2.{last}/24 dev eth0\n\
             neighbor add 192.0.2.1 lladdr 02:00:00:00:00:01 nud permanent dev eth0\n\
             route add default via 192.0.2.1\n\
             route add local {prefix} dev lo"
        ));
        host.ip(&format!("route add {prefix} via 192.0.2.{last}"));
        let server = node.enter(|| UdpSocket::bind(("0.0.0.0", PORT))).expect("bind");
        server.set_read_timeout(Some(PATIENCE)).expect("a time-out");
        Self { node, server }
    }
}

/// The first packet of one connection, and its answer.
fn packet(way: Way, client: Float, target: Float, server: &UdpSocket) -> Result<f64, String> {
    let (asked, seen) = match way {
        Way::OwnFloat | Way::OtherFloat => (target.address(), client.address()),
        Way::Fixed => (target.fixed(), client.fixed()),
    };
    let socket = UdpSocket::bind((client.fixed(), 0)).expect("an address of the instance");
    socket.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    socket.connect((asked, PORT)).expect("a route");
    let mut buffer = [0; 16];
    let start = Instant::now();
    let sent = socket.send(b"?");
    let received = server.recv_from(&mut buffer);
    let microseconds = start.elapsed().as_secs_f64() * 1e6;
    let lost = |error: std::io::Error| format!("from {} to {asked}: {error}", client.fixed());
    sent.map_err(lost)?;
    let (_, peer) = received.map_err(lost)?;
    if peer.ip() != IpAddr::V4(seen) {
        return Err(format!("{asked} saw {} instead of {seen}", peer.ip()));
    }
    answer(server, target, peer);
    socket.recv(&mut buffer).map_err(lost)?;
    Ok(microseconds)
}

/// Answers from the very address that was asked, as an instance does that has no other.
fn answer(server: &UdpSocket, from: Float, peer: SocketAddr) {
    let SocketAddr::V4(peer) = peer else { unreachable!("an IPv4 socket") };
    let source = libc::in_addr { s_addr: u32::from(from.fixed()).to_be() };
    let any = libc::in_addr { s_addr: 0 };
    let info = libc::in_pktinfo { ipi_ifindex: 0, ipi_spec_dst: source, ipi_addr: any };
    let control = [ControlMessage::Ipv4PacketInfo(&info)];
    let peer = SockaddrIn::from(SocketAddrV4::new(*peer.ip(), peer.port()));
    let text = [std::io::IoSlice::new(b"!")];
    sendmsg(server.as_raw_fd(), &text, &control, MsgFlags::empty(), Some(&peer)).expect("answer");
}

/// Keeps the calling thread to the last processor, and off the first, which mostly has most else
/// to do.
fn keep_to_one_processor() {
    let count = std::thread::available_parallelism().map_or(1, usize::from);
    let mut set = CpuSet::new();
    set.set(count - 1).expect("a processor");
    // Where that one is not to be had, it goes on wherever it may.
    let _wherever = sched_setaffinity(Pid::from_raw(0), &set);
}

/// Numbers without a pattern, the same in every run: the generator of Numerical Recipes, with the
/// higher half of its 64 bits.
pub(super) struct Random(pub(super) u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        let Self(state) = self;
        *state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*state >> 33).unwrap_or(0) % bound
    }
}

/// Nodes live as long as the program.
fn name(what: &str, number: usize) -> &'static str {
    Box::leak(format!("{what}{number}").into_boxed_str())
}
