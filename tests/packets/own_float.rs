//! `own_float: rewrite`: an instance reaches its own float without port hairpin mode, whatever
//! `br_netfilter` says.

use std::net::IpAddr;

use crate::bulk::{MUCH, datagrams_in_fragments, transfer};
use crate::lab::{Lab, PORT, ping};
use crate::worlds::{TWO_FLOATS, World, saw};

/// [`TWO_FLOATS`] with own floats rewritten.
fn policy() -> String {
    format!("bridge: {{ own_float: rewrite }}{TWO_FLOATS}")
}

#[test]
fn every_cell_works_with_br_netfilter_and_without_port_hairpin_mode() {
    Lab::run(|lab| every_cell_works(lab, true, false));
}

#[test]
fn every_cell_works_with_br_netfilter_in_port_hairpin_mode() {
    Lab::run(|lab| every_cell_works(lab, true, true));
}

#[test]
fn every_cell_works_without_br_netfilter_nor_port_hairpin_mode() {
    Lab::run(|lab| every_cell_works(lab, false, false));
}

#[test]
fn every_cell_works_without_br_netfilter_in_port_hairpin_mode() {
    Lab::run(|lab| every_cell_works(lab, false, true));
}

fn every_cell_works(lab: &Lab, br_netfilter: bool, port_hairpin: bool) {
    lab.br_netfilter(br_netfilter);
    lab.port_hairpin(port_hairpin);
    assert_eq!(lab.apply(&policy()).warnings(), [""; 0]);
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
        ] {
            let answer = saw(server.name(), seen);
            assert_eq!(client.tcp(to, PORT), answer, "TCP, {cell}");
            assert_eq!(client.udp(to, PORT), answer, "UDP, {cell}");
            let echoed = format!("{} saw {seen}", server.name());
            assert_eq!(ping(client, server, to), echoed, "ICMP, {cell}");
            assert_eq!(datagrams_in_fragments(client, server, to), seen, "fragments, {cell}");
            assert_eq!(transfer(client, server, to), (MUCH, seen), "a transfer, {cell}");
        }
    }
}

/// The rewriting keeps no state, so an answer is told by its addresses alone: where two floats lead to
/// an instance, nobody could say which one was asked.
#[test]
fn what_is_ambiguous_is_left_to_nat_and_warned_of() {
    Lab::run(|lab| {
        lab.br_netfilter(true);
        lab.port_hairpin(true);
        let several = "
            bridge: { own_float: rewrite }
            fixed: [10.0.0.0/24]
            floats:
              203.0.113.11: { fixed: 10.0.0.11, egress: true }
              203.0.113.21: 10.0.0.11
              203.0.113.12: 10.0.0.12
              203.0.113.22: { ports: { 80/tcp: 10.0.0.12 } }";
        lab.apply(several);
        let reaches = |client: &crate::lab::Node, float: &str, seen: &str| {
            let (float, seen): (IpAddr, IpAddr) = (float.parse().unwrap(), seen.parse().unwrap());
            assert_eq!(client.tcp(float, PORT), saw(client.name(), seen), "{float}");
        };
        reaches(&lab.web, "203.0.113.11", "203.0.113.11");
        reaches(&lab.web, "203.0.113.21", "203.0.113.11");
        reaches(&lab.db, "203.0.113.12", "203.0.113.12");
        reaches(&lab.db, "203.0.113.22", "203.0.113.12");
    });
}
