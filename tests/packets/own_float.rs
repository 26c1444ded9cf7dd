//! `own_float: rewrite`: an instance reaches its own float without port hairpin mode, whatever
//! `br_netfilter` says.

use std::net::IpAddr;

use crate::lab::{Lab, PORT};
use crate::paths::every_path_works;
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
        let settings = format!("br_netfilter {br_netfilter}, port hairpin mode {port_hairpin}");
        every_path_works(lab, &world, &settings);
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
