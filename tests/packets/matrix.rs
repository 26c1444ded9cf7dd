//! Who reaches whom, and as whom, with `br_netfilter` and port hairpin mode on and off.

use std::net::IpAddr;

use crate::lab::{Lab, NO_ANSWER, Node, PORT};
use crate::worlds::{TWO_FLOATS, World, saw};

#[test]
fn every_connection_works_with_br_netfilter_and_port_hairpin_mode() {
    Lab::run(|lab| {
        lab.br_netfilter(true);
        lab.port_hairpin(true);
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), NONE);
        every_connection_works(lab);
    });
}

#[test]
fn every_connection_works_without_br_netfilter_in_port_hairpin_mode() {
    Lab::run(|lab| {
        lab.br_netfilter(false);
        lab.port_hairpin(true);
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), NONE);
        every_connection_works(lab);
    });
}

#[test]
fn every_connection_works_without_br_netfilter_nor_port_hairpin_mode() {
    Lab::run(|lab| {
        lab.br_netfilter(false);
        lab.port_hairpin(false);
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), NONE);
        every_connection_works(lab);
    });
}

/// The one gap of the path, which is the bridge's to close, and which hairnat warns of.
#[test]
fn br_netfilter_without_port_hairpin_mode_costs_the_own_float_and_is_warned_of() {
    Lab::run(|lab| {
        lab.br_netfilter(true);
        lab.port_hairpin(false);
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), ["port-hairpin-off"]);
        for world in World::both() {
            assert_eq!(lab.web.tcp_in_vain(world.web_float, PORT), NO_ANSWER);
            assert_eq!(lab.web.udp_in_vain(world.web_float, PORT), NO_ANSWER);
            all_but_the_own_float_work(lab, &world);
        }
    });
}

#[test]
fn without_hairnat_nobody_reaches_a_float() {
    Lab::run(|lab| {
        for world in World::both() {
            for client in [&lab.web, &lab.batch, &lab.host, &lab.outside] {
                assert_eq!(client.tcp_in_vain(world.web_float, PORT), NO_ANSWER);
            }
            assert_eq!(lab.web.tcp(world.db, PORT), saw("db", world.web));
        }
    });
}

const NONE: [&str; 0] = [];

fn every_connection_works(lab: &Lab) {
    for world in World::both() {
        reaches("instance → own float", &lab.web, world.web_float, &saw("web", world.web_float));
        all_but_the_own_float_work(lab, &world);
    }
}

fn all_but_the_own_float_work(lab: &Lab, world: &World) {
    let World { web_float, db_float, web, db, bridge, uplink, outside, .. } = *world;
    reaches("instance → another's float", &lab.web, db_float, &saw("db", web_float));
    reaches("client without a float → float", &lab.batch, web_float, &saw("web", bridge));
    reaches("fixed → fixed", &lab.web, db, &saw("db", web));
    reaches("outside → float", &lab.outside, web_float, &saw("web", outside));
    reaches("host → float", &lab.host, web_float, &saw("web", uplink));
    reaches("instance → outside", &lab.web, outside, &saw("outside", web_float));
}

/// One cell, over TCP and UDP.
fn reaches(cell: &str, client: &Node, target: IpAddr, answer: &str) {
    assert_eq!(client.tcp(target, PORT), answer, "{cell}, TCP to {target}");
    assert_eq!(client.udp(target, PORT), answer, "{cell}, UDP to {target}");
}
