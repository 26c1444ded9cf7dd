//! Connections through floats that stay, while other floats move, come and go.

use std::io::{self, Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::lab::{Lab, Node};
use crate::rounds;
use crate::witness::RaisedAtLast;

/// Where `web` sends back what it is sent.
const PORT: u16 = 6007;

/// How long an answer may take. A connection whose first packet is not translated never is, however
/// often that packet comes again.
const PATIENCE: Duration = Duration::from_secs(5);

/// What a connection carries in either direction.
const LENGTH: usize = 2000;

/// The floats of `web` that stay: of a whole address, of one L4 port, of a range of them and of a
/// prefix, which are as many kinds of maps.
const STAYING: [[&str; 4]; 2] = [
    ["203.0.113.11", "203.0.113.12", "203.0.113.13", "203.0.113.27"],
    ["2001:db8::11", "2001:db8::12", "2001:db8::13", "2001:db8::1:11"],
];

#[test]
fn no_connection_fails_while_other_floats_move_come_and_go() {
    Lab::run(|lab| {
        let cut = flooded(lab, 100, policy);
        assert_eq!(cut, 0);
    });
}

/// One that began just when the kernel went over from table to table is cut, so that it begins again.
#[test]
fn no_connection_fails_while_its_table_is_made_anew() {
    Lab::run(|lab| {
        let policy = |round| format!("counters: {}\n{}", round % 2 > 0, policy(round));
        let cut = flooded(lab, 40, policy);
        println!("of them cut: {cut}");
    });
}

/// Applies the policies of `default` rounds during a flood of connections, none of which may fail;
/// gives how many connections were cut.
fn flooded(lab: &Lab, default: u32, policy: impl Fn(u32) -> String) -> u64 {
    echo(&lab.web);
    let clients = [&lab.outside, &lab.db];
    for node in clients {
        // A flood uses up the ports of a client.
        node.sysctl("ipv4/tcp_tw_reuse", 1);
        node.sysctl("ipv4/ip_local_port_range", "1024 65535");
    }
    // Applies read all connections that there are.
    for state in ["time_wait", "close", "close_wait", "last_ack", "fin_wait"] {
        lab.host.sysctl(&format!("netfilter/nf_conntrack_tcp_timeout_{state}"), 1);
    }
    lab.apply(&policy(0));
    let targets: Vec<SocketAddr> = STAYING
        .concat()
        .iter()
        .map(|float| (float.parse::<IpAddr>().unwrap(), PORT).into())
        .collect();
    let mut cut = 0;
    let stop = AtomicBool::new(false);
    let counts = thread::scope(|scope| {
        let floods = clients.map(|client| scope.spawn(|| client.enter(|| flood(&targets, &stop))));
        let _stop = RaisedAtLast(&stop);
        let mut lasting: Vec<TcpStream> = [&lab.outside, &lab.db, &lab.web]
            .iter()
            .flat_map(|client| targets.iter().map(|target| client.enter(|| open(target).unwrap())))
            .collect();
        for round in 1..=rounds(default) {
            let report = lab.apply(&policy(round));
            assert!(report.changed());
            cut += report.connections_cut();
            for (number, stream) in lasting.iter_mut().enumerate() {
                let said = exchange(stream, round);
                assert!(said.is_ok(), "round {round}: lasting connection {number}: {said:?}");
            }
        }
        stop.store(true, Ordering::Relaxed);
        floods.map(|flood| flood.join().unwrap())
    });
    println!("connections: {counts:?}");
    assert!(counts.iter().all(|&count| count >= rounds(default)), "{counts:?}");
    cut
}

/// Opens one connection after another; all must bring back what they carry.
fn flood(targets: &[SocketAddr], stop: &AtomicBool) -> u32 {
    let mut count = 0;
    for target in targets.iter().cycle() {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let done = open(target).and_then(|mut stream| exchange(&mut stream, count));
        assert!(done.is_ok(), "connection {count}, to {target}: {done:?}");
        count += 1;
    }
    count
}

fn open(target: &SocketAddr) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(target, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn exchange(stream: &mut TcpStream, number: u32) -> io::Result<()> {
    let sent = number.to_be_bytes().repeat(LENGTH / 4);
    let mut answer = vec![0; sent.len()];
    stream.write_all(&sent)?;
    stream.read_exact(&mut answer)?;
    if answer == sent { Ok(()) } else { Err(io::Error::other("another answer")) }
}

/// Sends back what it is sent, for as long as a connection lasts.
fn echo(node: &Node) {
    let listener = node.enter(|| TcpListener::bind(("::", PORT))).expect("bind");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("accept");
            thread::spawn(move || {
                let mut buffer = [0; LENGTH];
                while let Ok(length @ 1..) = stream.read(&mut buffer) {
                    if stream.write_all(&buffer[..length]).is_err() {
                        break;
                    }
                }
            });
        }
    });
}

/// The floats that stay; and in the map of each some others, of which those of one family move from
/// round to round, and a quarter comes or goes.
fn policy(round: u32) -> String {
    let mut text =
        "fixed: [10.0.0.0/24, \"fd00:10::/64\"]\nbridge: { ports: [vnet*] }\nfloats:\n".to_owned();
    let mut line = |float: String, target: String| {
        text.extend(["  \"", &float, "\": { ", &target, " }\n"]);
    };
    let families = [
        ("10.0.0.11", "203.0.113.16/28", "10.0.0.0/28", "203.0.113.", "10.0.0."),
        ("fd00:10::11", "2001:db8::1:0/112", "fd00:10::/112", "2001:db8::2:", "fd00:10::"),
    ];
    for (number, (web, prefix, fixed_prefix, float, fixed)) in (0..).zip(families) {
        let [address, port, range, _] = STAYING[number];
        line(address.to_owned(), format!("fixed: \"{web}\""));
        line(port.to_owned(), format!("ports: {{ {PORT}/tcp: \"{web}\" }}"));
        line(range.to_owned(), format!("ports: {{ 6000-6010/tcp: \"{web}\" }}"));
        line(prefix.to_owned(), format!("fixed: \"{fixed_prefix}\", egress: false"));
        let turn = round / 2 + if number == 0 { round % 2 } else { 0 };
        let last = |last: u32| if number == 0 { last.to_string() } else { format!("{last:x}") };
        for other in (0..16).filter(|other| other % 4 > 0 || turn.is_multiple_of(2)) {
            let target = last(128 + (other + turn) % 32 * 4);
            let to = format!("\"{fixed}{target}\"");
            line(format!("{float}{}", last(100 + other)), format!("fixed: {to}"));
            let ports = format!("ports: {{ 80/tcp: {to}, 90-99/tcp: {to} }}");
            line(format!("{float}{}", last(120 + other)), ports);
            let bits = [30, 126][number];
            let to = format!("fixed: \"{fixed}{target}/{bits}\", egress: false");
            line(format!("{float}{}/{bits}", last(192 + 4 * other)), to);
        }
    }
    text
}
