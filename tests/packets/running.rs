//! Flows that run when their float is added: they go on untranslated until they are cut.

use std::net::{IpAddr, UdpSocket};
use std::time::Duration;

use crate::lab::{Lab, NO_ANSWER, Node, PORT, ping};
use crate::worlds::{TWO_FLOATS, World, saw};

/// A client that goes on sending from one port, as a voice call or a tunnel does.
struct Stream(UdpSocket);

impl Stream {
    fn open(client: &Node, target: IpAddr) -> Self {
        let any: IpAddr = if target.is_ipv4() { [0; 4].into() } else { [0_u16; 8].into() };
        let socket = client.enter(|| UdpSocket::bind((any, 0))).expect("bind");
        socket.connect((target, PORT)).expect("connect");
        socket.set_read_timeout(Some(Duration::from_millis(300))).expect("time-out");
        Self(socket)
    }

    /// Who answers the next datagram, and what it saw.
    fn ask(&self) -> String {
        // An error of an earlier datagram is reported once.
        let sent = self.0.send(b"who am I?").or_else(|_| self.0.send(b"who am I?"));
        let mut answer = [0; 256];
        match sent.and_then(|_| self.0.recv(&mut answer)) {
            Ok(length) => String::from_utf8_lossy(&answer[..length]).into_owned(),
            Err(_) => NO_ANSWER.to_owned(),
        }
    }
}

const NO_FLOATS: &str = "fixed: [10.0.0.0/24, fd00:10::/64]\nfloats: {}";

#[test]
fn a_stream_to_a_float_reaches_the_instance_once_the_float_is_added() {
    Lab::run(|lab| {
        lab.apply(NO_FLOATS);
        let streams = World::both().map(|world| {
            let stream = Stream::open(&lab.outside, world.web_float);
            assert_eq!(stream.ask(), NO_ANSWER);
            (world, stream)
        });
        let report = lab.apply(TWO_FLOATS);
        assert!(report.connections_cut() >= 2, "{}", report.connections_cut());
        for (World { outside, .. }, stream) in streams {
            assert_eq!(stream.ask(), saw("web", outside));
        }
    });
}

#[test]
fn a_stream_of_an_instance_leaves_as_its_float_once_that_is_added() {
    Lab::run(|lab| {
        lab.apply(NO_FLOATS);
        let streams = World::both().map(|world| {
            let stream = Stream::open(&lab.web, world.outside);
            assert_eq!(stream.ask(), saw("outside", world.web));
            let between = Stream::open(&lab.web, world.db);
            assert_eq!(between.ask(), saw("db", world.web));
            (world, stream, between)
        });
        lab.apply(TWO_FLOATS);
        for (World { web, web_float, .. }, stream, between) in streams {
            assert_eq!(stream.ask(), saw("outside", web_float));
            assert_eq!(between.ask(), saw("db", web));
        }
    });
}

/// Every echo request of a ping carries the same identifier, which conntrack takes for one flow.
#[test]
fn a_ping_to_an_address_of_the_host_reaches_the_instance_once_the_float_is_added() {
    Lab::run(|lab| {
        lab.host.ip("addr add 203.0.113.11/32 dev eth0\naddr add 2001:db8::11/128 dev eth0");
        lab.apply(NO_FLOATS);
        let (host, web, client) = (&lab.host, &lab.web, &lab.outside);
        for World { web_float, outside, .. } in World::both() {
            assert_eq!(ping(client, host, web_float), format!("host saw {outside}"));
        }
        lab.apply(TWO_FLOATS);
        for World { web_float, outside, .. } in World::both() {
            assert_eq!(ping(client, web, web_float), format!("web saw {outside}"));
        }
    });
}

/// A shell on the host by an address that becomes a float: whoever mends the policy sits in it.
#[test]
fn an_open_tcp_connection_to_the_host_survives_when_its_address_becomes_a_float() {
    use std::io::{Read as _, Write as _};
    use std::net::{TcpListener, TcpStream};
    Lab::run(|lab| {
        lab.host.ip("addr add 203.0.113.11/32 dev eth0");
        lab.apply(NO_FLOATS);
        let listener = lab.host.enter(|| TcpListener::bind("203.0.113.11:22")).expect("bind");
        let mut client =
            lab.outside.enter(|| TcpStream::connect("203.0.113.11:22")).expect("connect");
        let (mut server, _) = listener.accept().expect("accept");
        server.write_all(b"a").expect("send");
        client.read_exact(&mut [0]).expect("receive");
        lab.apply(TWO_FLOATS);
        server.write_all(b"b").expect("send");
        client.read_exact(&mut [0]).expect("receive");
    });
}
