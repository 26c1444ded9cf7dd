//! Connections that are open while their float moves or vanishes.
//!
//! conntrack alone would keep translating them to the old instance: OSSN-0020.

use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Duration;

use crate::lab::{Lab, NO_ANSWER, Node};
use crate::worlds::{TWO_FLOATS, World};

/// Where instances hold a conversation instead of answering once.
const PORT: u16 = 7;

/// How long an answer may take; a connection that was cut has none.
const PATIENCE: Duration = Duration::from_millis(700);

/// The floats of `web` lead to `batch` now, those of `db` as before.
const WEB_FLOATS_MOVED: &str = "
fixed: [10.0.0.0/24, fd00:10::/64]
floats:
  203.0.113.11: 10.0.0.13
  203.0.113.12: 10.0.0.12
  2001:db8::11: fd00:10::13
  2001:db8::12: fd00:10::12
";

#[test]
fn open_connections_through_a_moved_float_are_cut_and_those_through_another_go_on() {
    Lab::run(|lab| {
        [&lab.web, &lab.db, &lab.batch].into_iter().for_each(converse);
        lab.apply(TWO_FLOATS);
        let mut moved = open(&lab.outside, &World::both().map(|world| world.web_float));
        let mut others = open(&lab.outside, &World::both().map(|world| world.db_float));
        assert_eq!(answers(&mut moved), [["web", "web"]; 2]);
        assert_eq!(answers(&mut others), [["db", "db"]; 2]);

        assert_eq!(lab.apply(WEB_FLOATS_MOVED).connections_cut(), 4);
        assert_eq!(answers(&mut moved), [[NO_ANSWER, "batch"]; 2]);
        assert_eq!(answers(&mut others), [["db", "db"]; 2]);
        assert_eq!(lab.apply(WEB_FLOATS_MOVED).connections_cut(), 0);
    });
}

#[test]
fn open_connections_through_a_float_that_moves_back_unconfirmed_are_cut() {
    Lab::run(|lab| {
        [&lab.web, &lab.db, &lab.batch].into_iter().for_each(converse);
        lab.apply(TWO_FLOATS);
        let unconfirmed = lab.apply_unconfirmed(WEB_FLOATS_MOVED);
        let mut moved = open(&lab.outside, &World::both().map(|world| world.web_float));
        let mut others = open(&lab.outside, &World::both().map(|world| world.db_float));
        assert_eq!(answers(&mut moved), [["batch", "batch"]; 2]);
        assert_eq!(answers(&mut others), [["db", "db"]; 2]);

        assert_eq!(unconfirmed.revert().connections_cut(), 4);
        assert_eq!(answers(&mut moved), [[NO_ANSWER, "web"]; 2]);
        assert_eq!(answers(&mut others), [["db", "db"]; 2]);
    });
}

/// Counting is another declaration of the maps, so the table is deleted and made in one batch.
#[test]
fn open_connections_go_on_when_their_table_is_made_anew() {
    Lab::run(|lab| {
        [&lab.web, &lab.db, &lab.batch].into_iter().for_each(converse);
        lab.apply(TWO_FLOATS);
        let mut connections = open(&lab.outside, &World::both().map(|world| world.web_float));
        assert_eq!(answers(&mut connections), [["web", "web"]; 2]);

        let report = lab.apply(&format!("counters: true\n{TWO_FLOATS}"));
        assert!(report.changed());
        assert_eq!(report.connections_cut(), 0);
        assert_eq!(answers(&mut connections), [["web", "web"]; 2]);
    });
}

#[test]
fn open_connections_through_a_vanished_float_are_cut() {
    let db_alone = "fixed: [10.0.0.0/24, \"fd00:10::/64\"]\nfloats: { 203.0.113.12: 10.0.0.12, \
                    2001:db8::12: fd00:10::12 }";
    Lab::run(|lab| {
        [&lab.web, &lab.db, &lab.batch].into_iter().for_each(converse);
        for policy in [db_alone, "bridge: { reflection: multicast }"] {
            lab.apply(TWO_FLOATS);
            let mut vanishing = open(&lab.outside, &World::both().map(|world| world.web_float));
            assert_eq!(answers(&mut vanishing), [["web", "web"]; 2]);

            assert_eq!(lab.apply(policy).connections_cut(), 4);
            assert_eq!(answers(&mut vanishing), [[NO_ANSWER, NO_ANSWER]; 2]);
        }
    });
}

#[test]
fn only_the_port_of_a_port_float_whose_target_moves_is_cut() {
    let shared = |udp: u8| {
        format!(
            "
            fixed: [10.0.0.0/24, fd00:10::/64]
            floats:
              203.0.113.11: {{ ports: {{ 7/tcp: 10.0.0.11, 7/udp: 10.0.0.{udp} }} }}
              2001:db8::11: {{ ports: {{ 7/tcp: \"fd00:10::11\", 7/udp: \"fd00:10::{udp}\" }} }}
            "
        )
    };
    Lab::run(|lab| {
        [&lab.web, &lab.db, &lab.batch].into_iter().for_each(converse);
        lab.apply(&shared(11));
        let mut both = open(&lab.outside, &World::both().map(|world| world.web_float));
        assert_eq!(answers(&mut both), [["web", "web"]; 2]);

        assert_eq!(lab.apply(&shared(12)).connections_cut(), 2);
        assert_eq!(answers(&mut both), [["web", "db"]; 2]);
    });
}

/// Another program may keep connections apart by zone, in both directions or in one.
#[test]
fn connections_in_a_conntrack_zone_are_cut_too() {
    Lab::run(|lab| {
        [&lab.web, &lab.db, &lab.batch].into_iter().for_each(converse);
        for zone in ["ct zone set 5", "ct original zone set 6"] {
            let chain = format!("chain c {{ type filter hook prerouting priority -300; {zone}; }}");
            let rules = format!(
                "table inet zones\ndelete table inet zones\ntable inet zones {{\n{chain}\n}}"
            );
            lab.host.run("nft", &["-f", "-"], &rules);
            lab.apply(TWO_FLOATS);
            let mut moved = open(&lab.outside, &World::both().map(|world| world.web_float));
            assert_eq!(answers(&mut moved), [["web", "web"]; 2]);

            assert_eq!(lab.apply(WEB_FLOATS_MOVED).connections_cut(), 4);
            assert_eq!(answers(&mut moved), [[NO_ANSWER, "batch"]; 2]);
        }
    });
}

#[test]
fn connections_of_an_instance_that_leave_as_its_moved_float_are_cut() {
    Lab::run(|lab| {
        converse(&lab.outside);
        lab.apply(TWO_FLOATS);
        let outside = World::both().map(|world| world.outside);
        let mut own = open(&lab.web, &outside);
        let mut others = open(&lab.db, &outside);
        assert_eq!(answers(&mut own), [["outside", "outside"]; 2]);
        assert_eq!(answers(&mut others), [["outside", "outside"]; 2]);

        assert_eq!(lab.apply(WEB_FLOATS_MOVED).connections_cut(), 4);
        // Without a float, `web` is seen by its fixed address, with which nobody talks TCP.
        assert_eq!(answers(&mut own)[0][0], NO_ANSWER);
        assert_eq!(answers(&mut others), [["outside", "outside"]; 2]);
    });
}

/// Has the kernel go on translating when our own rules are gone: it does only where there are any.
const OTHER_NAT: &str = "table inet other {
    chain prerouting { type nat hook prerouting priority 0; }
    chain postrouting { type nat hook postrouting priority 0; oifname other masquerade; }
}";

#[test]
fn a_new_name_a_dry_run_and_remove_cut_nothing() {
    let renamed = TWO_FLOATS
        .replace("203.0.113.11: 10.0.0.11", "203.0.113.11: { fixed: 10.0.0.11, name: web-1 }")
        .replace("2001:db8::11: fd00:10::11", "2001:db8::11: { fixed: \"fd00:10::11\", name: w }");
    Lab::run(|lab| {
        [&lab.web, &lab.db, &lab.batch].into_iter().for_each(converse);
        lab.apply(TWO_FLOATS);
        let mut connections = open(&lab.outside, &World::both().map(|world| world.web_float));
        let mut go_on = || assert_eq!(answers(&mut connections), [["web", "web"]; 2]);
        go_on();
        let report = lab.apply(&renamed);
        assert!(report.changed());
        assert_eq!(report.connections_cut(), 0);
        go_on();
        lab.dry_run(WEB_FLOATS_MOVED);
        go_on();
        lab.host.run("nft", &["-f", "-"], OTHER_NAT);
        lab.remove();
        go_on();
    });
}

/// Answers whatever it is told on [`PORT`] with its name, for as long as the connection lasts.
fn converse(node: &Node) {
    let name = node.name();
    let datagrams = node.enter(|| UdpSocket::bind(("::", PORT))).expect("bind");
    thread::spawn(move || {
        while let Ok((_, peer)) = datagrams.recv_from(&mut [0; 64]) {
            let _gone = datagrams.send_to(name.as_bytes(), peer);
        }
    });
    let listener = node.enter(|| TcpListener::bind(("::", PORT))).expect("bind");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("accept");
            thread::spawn(move || {
                while stream.read(&mut [0; 64]).is_ok_and(|length| length > 0) {
                    let _gone = stream.write_all(name.as_bytes());
                }
            });
        }
    });
}

/// A connection of each transport.
struct Both {
    tcp: TcpStream,
    udp: UdpSocket,
}

/// Opens connections to each of `targets`.
fn open(client: &Node, targets: &[IpAddr; 2]) -> [Both; 2] {
    targets.map(|target| {
        let target = SocketAddr::new(target, PORT);
        client.enter(|| {
            let tcp = TcpStream::connect_timeout(&target, Duration::from_secs(3)).expect("connect");
            tcp.set_read_timeout(Some(PATIENCE)).expect("time-out");
            let any = if target.is_ipv4() { "0.0.0.0:0" } else { "[::]:0" };
            let udp = UdpSocket::bind(any).expect("bind");
            udp.connect(target).expect("connect");
            udp.set_read_timeout(Some(PATIENCE)).expect("time-out");
            Both { tcp, udp }
        })
    })
}

/// Who answers, over TCP and UDP.
fn answers(connections: &mut [Both; 2]) -> [[String; 2]; 2] {
    connections.each_mut().map(|Both { tcp, udp }| {
        let mut answer = [0; 64];
        let over_tcp = tcp.write_all(b"who?").and_then(|()| tcp.read(&mut answer));
        let over_tcp = named(&answer, over_tcp.unwrap_or(0));
        let over_udp = udp.send(b"who?").and_then(|_| udp.recv(&mut answer));
        [over_tcp, named(&answer, over_udp.unwrap_or(0))]
    })
}

fn named(answer: &[u8; 64], length: usize) -> String {
    if length == 0 {
        return NO_ANSWER.to_owned();
    }
    String::from_utf8_lossy(&answer[..length]).into_owned()
}
