//! `pool`: packets to public addresses of instances that nobody translated are rejected, once.

use std::io::ErrorKind;
use std::net::{IpAddr, TcpStream};
use std::time::Duration;

use crate::lab::{Lab, Node, PORT};
use crate::worlds::{ip, saw};

/// A float of which one L4 port leads to an instance and another one stays with the host, and a pool.
const POLICY: &str = "
fixed: [10.0.0.0/24, fd00:10::/64]
pool: [203.0.113.0/24, 2001:db8::/64]
floats:
  203.0.113.11: {fixed: 10.0.0.11, ports: [80/tcp], host: [22/tcp]}
  2001:db8::11: {fixed: fd00:10::11, ports: [80/tcp], host: [22/tcp]}
";

const SSH: u16 = 22;

/// Refused by a packet, and not merely silent.
const REFUSED: Option<ErrorKind> = Some(ErrorKind::ConnectionRefused);

/// What comes of a connection.
fn outcome(client: &Node, address: IpAddr, port: u16) -> Option<ErrorKind> {
    client.enter(|| {
        let tried = TcpStream::connect_timeout(&(address, port).into(), Duration::from_secs(3));
        tried.err().map(|error| error.kind())
    })
}

#[test]
fn what_is_bound_to_the_host_is_reached_only_where_the_policy_says() {
    Lab::run(|lab| {
        lab.host.ip("addr add 203.0.113.11/32 dev eth0\naddr add 2001:db8::11/128 dev eth0 nodad");
        for port in [SSH, PORT, 81] {
            lab.host.serve(port);
        }
        lab.apply(POLICY);
        for (float, outside) in [("203.0.113.11", "192.0.2.2"), ("2001:db8::11", "2001:db8:2::2")] {
            let (float, outside) = (ip(float), ip(outside));
            assert_eq!(lab.outside.tcp(float, PORT), saw("web", outside));
            assert_eq!(lab.outside.tcp(float, SSH), format!("host:22 saw {outside}"));
            assert_eq!(
                outcome(&lab.outside, float, 81),
                REFUSED,
                "the host's own service is cut off"
            );
            assert_eq!(outcome(&lab.web, float, 81), REFUSED, "for instances too");
        }
    });
}

#[test]
fn what_nobody_has_is_rejected_once_and_not_sent_round() {
    Lab::run(|lab| {
        // A router that sends floats back to the host, as the provider's does.
        lab.outside.sysctl("ipv4/ip_forward", 1);
        lab.outside.sysctl("ipv6/conf/all/forwarding", 1);
        lab.apply(POLICY);
        for gone in ["203.0.113.99", "2001:db8::99"] {
            assert_eq!(outcome(&lab.outside, ip(gone), PORT), REFUSED, "{gone}");
        }
        for float in ["203.0.113.11", "2001:db8::11"] {
            assert_eq!(outcome(&lab.outside, ip(float), 81), REFUSED, "{float}");
        }
    });
}

/// The pool may be of several hosts: what an instance sends to a float elsewhere leaves the host.
#[test]
fn instances_reach_floats_of_other_hosts() {
    Lab::run(|lab| {
        lab.outside.ip("addr add 203.0.113.200/32 dev lo\naddr add 2001:db8::200/128 dev lo nodad");
        lab.apply(POLICY);
        for (elsewhere, web) in [("203.0.113.200", "10.0.0.11"), ("2001:db8::200", "fd00:10::11")] {
            assert_eq!(lab.web.tcp(ip(elsewhere), PORT), saw("outside", ip(web)));
        }
    });
}
