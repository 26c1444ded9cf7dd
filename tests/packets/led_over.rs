//! A host where version 1 of the ruleset is live: one transaction leads it over, or back, and every
//! open connection goes on.
//!
//! Version 1 has its NAT chains at the standard priorities, -100 and 100, and its tables have no
//! comment. `version_1.nft` is what it makes of [`POLICY`].

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::panic;
use std::thread;
use std::time::Duration;

use hairnat::kernel::NfTables;

use crate::lab::{Lab, Node, PORT};
use crate::worlds::{World, saw};

/// What `version_1.nft` was made of.
const POLICY: &str = "
fixed: [10.0.0.0/24, fd00:10::/64]
egress: { uplinks: [eth0], default: masquerade }
floats:
  203.0.113.11: 10.0.0.11
  203.0.113.12: 10.0.0.12
  2001:db8::11: fd00:10::11
  2001:db8::12: fd00:10::12
";

const VERSION_1: &str = include_str!("version_1.nft");

/// The longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(10);

#[test]
fn every_connection_goes_on_when_version_1_is_led_over() {
    Lab::run(|lab| led_over(lab, false));
}

#[test]
fn every_connection_goes_on_when_version_1_is_led_over_with_br_netfilter() {
    Lab::run(|lab| led_over(lab, true));
}

#[test]
fn every_connection_goes_on_when_the_trial_of_leading_over_is_reverted() {
    Lab::run(|lab| {
        load_version_1(lab);
        let version_1 = tables(lab);
        let mut flows = flows(lab);
        let before = generation();
        let trial = all_the_while(&mut flows, || lab.apply_unconfirmed(POLICY));
        assert_eq!(generation(), before + 1, "one transaction");
        flows.extend(self::flows(lab));
        let report = all_the_while(&mut flows, || trial.revert());
        assert_eq!(report.connections_cut(), 0);
        assert_eq!(generation(), before + 2, "one transaction back");
        assert_eq!(tables(lab), version_1);
        flows.iter_mut().for_each(Flow::goes_on);
        new_connections_work(lab);
    });
}

fn led_over(lab: &Lab, br_netfilter: bool) {
    lab.br_netfilter(br_netfilter);
    lab.port_hairpin(br_netfilter);
    load_version_1(lab);
    let mut flows = flows(lab);
    let before = generation();
    let report = all_the_while(&mut flows, || lab.apply(POLICY));
    assert_eq!(generation(), before + 1, "one transaction");
    assert_eq!((report.changed(), report.connections_cut()), (true, 0));
    flows.iter_mut().for_each(Flow::goes_on);
    new_connections_work(lab);
    lab.in_sync(POLICY);

    let led_over = tables(lab);
    lab.remove();
    lab.apply(POLICY);
    assert_eq!(led_over, tables(lab), "nothing of version 1 is left");
}

/// Loads version 1, as the nft(8) of that time did.
fn load_version_1(lab: &Lab) {
    lab.host.run("nft", &["-f", "-"], VERSION_1);
    let [inet, _] = tables(lab);
    for standard in ["hook prerouting priority dstnat;", "hook postrouting priority srcnat;"] {
        assert!(inet.contains(standard), "{inet}");
    }
    new_connections_work(lab);
}

fn new_connections_work(lab: &Lab) {
    for world in World::both() {
        let World { web_float, db_float, web, db, bridge, uplink, outside, .. } = world;
        for (cell, client, server, to, seen) in [
            ("own float", &lab.web, &lab.web, web_float, web_float),
            ("another's float", &lab.web, &lab.db, db_float, web_float),
            ("float, from a client without one", &lab.batch, &lab.web, web_float, bridge),
            ("fixed → fixed", &lab.web, &lab.db, db, web),
            ("outside → float", &lab.outside, &lab.web, web_float, outside),
            ("host → float", &lab.host, &lab.web, web_float, uplink),
            ("instance → outside", &lab.web, &lab.outside, outside, web_float),
            ("default egress", &lab.batch, &lab.outside, outside, uplink),
        ] {
            let answer = saw(server.name(), seen);
            assert_eq!(client.tcp(to, PORT), answer, "TCP, {cell}");
            assert_eq!(client.udp(to, PORT), answer, "UDP, {cell}");
        }
    }
}

/// An open connection of every kind, over TCP and UDP, in both families.
fn flows(lab: &Lab) -> Vec<Flow> {
    let mut flows = Vec::new();
    for world in World::both() {
        let World { web_float, db_float, web, db, bridge, uplink, outside, .. } = world;
        for (client, server, to, seen) in [
            (&lab.outside, &lab.web, web_float, outside),
            (&lab.web, &lab.outside, outside, web_float),
            (&lab.batch, &lab.outside, outside, uplink),
            (&lab.web, &lab.web, web_float, web_float),
            (&lab.web, &lab.db, db_float, web_float),
            (&lab.batch, &lab.web, web_float, bridge),
            (&lab.web, &lab.db, db, web),
            (&lab.host, &lab.web, web_float, uplink),
        ] {
            flows.push(Flow::tcp(client, server, to, seen));
            flows.push(Flow::udp(client, server, to, seen));
        }
    }
    flows
}

/// Does `work` while every flow carries data without a pause.
fn all_the_while<T: Send>(flows: &mut [Flow], work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let work = scope.spawn(work);
        while !work.is_finished() {
            flows.iter_mut().for_each(Flow::goes_on);
        }
        work.join().unwrap_or_else(|panic| panic::resume_unwind(panic))
    })
}

/// An open connection, both ends of it.
enum Flow {
    Tcp { client: TcpStream, server: TcpStream },
    Udp { client: UdpSocket, server: UdpSocket, peer: SocketAddr },
}

impl Flow {
    /// A connection to `to`, which `server` sees come from `seen`.
    fn tcp(client: &Node, server: &Node, to: IpAddr, seen: IpAddr) -> Self {
        let listener = server.enter(|| TcpListener::bind(("::", 0))).expect("bind");
        let port = listener.local_addr().expect("address").port();
        let client = client
            .enter(|| TcpStream::connect_timeout(&(to, port).into(), PATIENCE))
            .unwrap_or_else(|error| panic!("connect to {to}: {error}"));
        let (server, peer) = listener.accept().expect("accept");
        assert_eq!(peer.ip().to_canonical(), seen, "to {to}");
        for end in [&client, &server] {
            end.set_read_timeout(Some(PATIENCE)).expect("time-out");
        }
        let mut flow = Self::Tcp { client, server };
        flow.goes_on();
        flow
    }

    /// A stream of datagrams to `to`, which `server` sees come from `seen`.
    fn udp(client: &Node, server: &Node, to: IpAddr, seen: IpAddr) -> Self {
        let any: IpAddr = if to.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
        let server = server.enter(|| UdpSocket::bind(("::", 0))).expect("bind");
        let client = client.enter(|| UdpSocket::bind((any, 0))).expect("bind");
        client.connect((to, server.local_addr().expect("address").port())).expect("connect");
        for end in [&client, &server] {
            end.set_read_timeout(Some(PATIENCE)).expect("time-out");
        }
        client.send(b"first").expect("send");
        let (_, peer) =
            server.recv_from(&mut [0; 8]).unwrap_or_else(|error| panic!("{to}: {error}"));
        assert_eq!(peer.ip().to_canonical(), seen, "to {to}");
        let mut flow = Self::Udp { client, server, peer };
        flow.goes_on();
        flow
    }

    /// Sends data there and back.
    fn goes_on(&mut self) {
        let mut data = [0; 5];
        match self {
            Self::Tcp { client, server } => {
                client.write_all(b"there").expect("send");
                server.read_exact(&mut data).unwrap_or_else(|error| panic!("{server:?}: {error}"));
                server.write_all(&data).expect("send back");
                client.read_exact(&mut data).unwrap_or_else(|error| panic!("{client:?}: {error}"));
            }
            Self::Udp { client, server, peer } => {
                client.send(b"there").expect("send");
                let (_, from) = server
                    .recv_from(&mut data)
                    .unwrap_or_else(|error| panic!("{client:?}, from {peer}: {error}"));
                assert_eq!(from, *peer);
                server.send_to(&data, *peer).expect("send back");
                client.recv(&mut data).unwrap_or_else(|error| panic!("{client:?}: {error}"));
            }
        }
        assert_eq!(&data, b"there");
    }
}

/// The number of the last transaction of the host: nfnetlink's `NFT_MSG_GETGEN`.
fn generation() -> u32 {
    NfTables::open().expect("nf_tables").generation().expect("generation")
}

/// Both tables as nft(8) lists them, without what is not the same on every host: counters, what the
/// guard learned, and the comment, which the kernel takes only when a table is made.
fn tables(lab: &Lab) -> [String; 2] {
    let list = |options: &[&str], family| {
        let arguments = [options, &["list", "table", family, "hairnat"]].concat();
        let text = lab.host.run("nft", &arguments, "");
        text.replace("\tcomment \"managed by hairnat\"\n", "")
    };
    [list(&["-s"], "inet"), list(&["-s", "-t"], "bridge")]
}
