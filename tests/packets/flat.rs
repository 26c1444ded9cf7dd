//! A flat network: the uplink is a port of the bridge, and the gateway of the instances is a router
//! behind it, not the host.
//!
//! ```text
//!   outside  192.0.2.2
//!      │     10.0.0.254  fd00:10::fe      the gateway of every instance
//!      │ eth0
//!   ┌──┴───────────────────────────────┐
//!   │ host   br0 10.0.0.1  fd00:10::1  │
//!   └────┬────────────┬────────────┬───┘
//!      vnet0        vnet1        vnet2
//! ```

use std::net::IpAddr;

use crate::lab::{Lab, NO_ANSWER, PORT, ping};
use crate::neighbor_discovery::heard_by_sender_and_other;
use crate::paths;
use crate::worlds::{TWO_FLOATS, World, ip, saw};

/// Puts the uplink into the bridge, and the gateway of the instances on the other side of it.
fn flatten(lab: &Lab) {
    lab.host.ip("link del eth0\n\
         link add eth0 type veth peer name eth0 netns outside\n\
         link set eth0 master br0 up\n\
         route add default via 10.0.0.254\n\
         route add default via fd00:10::fe");
    lab.outside.sysctl("ipv4/ip_forward", 1);
    lab.outside.sysctl("ipv6/conf/all/forwarding", 1);
    lab.outside.ip("link set eth0 up\n\
         addr add 10.0.0.254/24 dev eth0\n\
         addr add fd00:10::fe/64 dev eth0 nodad\n\
         addr add 192.0.2.2/32 dev lo\n\
         addr add 2001:db8:2::2/128 dev lo nodad\n\
         route add 203.0.113.0/24 via 10.0.0.1 src 192.0.2.2\n\
         route add 2001:db8::/64 via fd00:10::1 src 2001:db8:2::2");
    for instance in [&lab.web, &lab.db, &lab.batch] {
        instance.ip("route replace default via 10.0.0.254\nroute replace default via fd00:10::fe");
    }
}

/// [`TWO_FLOATS`] with what is said of the bridge.
fn policy(bridge: &str) -> String {
    format!("bridge: {{ ports: [vnet*], {bridge} }}{TWO_FLOATS}")
}

/// The host has no other address than that of its bridge.
fn seen_as_the_bridge(world: &World) -> World {
    World { uplink: world.bridge, ..*world }
}

fn every_path_works(lab: &Lab, br_netfilter: bool) {
    lab.br_netfilter(br_netfilter);
    for world in World::both() {
        let settings = format!("br_netfilter {br_netfilter}");
        paths::every_path_works(lab, &seen_as_the_bridge(&world), &settings);
    }
}

#[test]
fn with_redirect_every_path_works_without_br_netfilter() {
    Lab::run(|lab| {
        flatten(lab);
        lab.apply(&policy("redirect: on"));
        every_path_works(lab, false);
    });
}

#[test]
fn with_redirect_every_path_works_with_br_netfilter_in_port_hairpin_mode() {
    Lab::run(|lab| {
        flatten(lab);
        lab.port_hairpin(true);
        lab.apply(&policy("redirect: on"));
        every_path_works(lab, true);
    });
}

/// The frame is taken in first and rewritten then, as the rewriting leaves frames for others alone.
#[test]
fn with_redirect_and_rewrite_every_path_works_without_port_hairpin_mode() {
    Lab::run(|lab| {
        flatten(lab);
        lab.apply(&policy("redirect: on, own_float: rewrite"));
        every_path_works(lab, true);
        every_path_works(lab, false);
    });
}

/// The other remedy: bridged frames pass NAT.
#[test]
fn with_br_netfilter_every_path_works_without_redirect() {
    Lab::run(|lab| {
        flatten(lab);
        lab.port_hairpin(true);
        lab.apply(&policy("redirect: off"));
        every_path_works(lab, true);
    });
}

/// The answers of an instance, and its own connections, are bridged past NAT. Only connections to floats
/// come to the host, by way of the router, and their answers too.
#[test]
fn without_redirect_nor_br_netfilter_instances_are_not_translated_on_the_way_out() {
    Lab::run(|lab| {
        flatten(lab);
        lab.apply(&policy("redirect: off"));
        for World { web_float, db_float, web, outside, .. } in World::both() {
            assert_eq!(lab.outside.tcp_in_vain(web_float, PORT), NO_ANSWER, "outside → float");
            assert_eq!(lab.outside.udp_in_vain(web_float, PORT), NO_ANSWER, "outside → float");
            assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web), "instance → outside");
            let echoed = format!("outside saw {web}");
            assert_eq!(ping(&lab.web, &lab.outside, outside), echoed, "instance → outside");
            assert_eq!(lab.web.tcp(web_float, PORT), saw("web", web_float), "own float");
            assert_eq!(lab.web.tcp(db_float, PORT), saw("db", web_float), "another's float");
        }
    });
}

/// Frames within the fixed networks, neighbor discovery and multicast are bridged as before.
#[test]
fn redirect_leaves_alone_what_stays_on_the_link() {
    Lab::run(|lab| {
        flatten(lab);
        lab.apply(&policy("redirect: on"));
        // A frame that the host took in would be lost.
        for key in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
            lab.host.sysctl(key, 0);
        }
        for (gateway, World { web, .. }) in
            ["10.0.0.254", "fd00:10::fe"].map(ip).iter().zip(World::both())
        {
            lab.web.ip("neigh flush dev eth0");
            assert_eq!(lab.web.tcp(*gateway, PORT), saw("outside", web));
        }
        for group in [IpAddr::from([239, 0, 0, 7]), ip("ff15::7")] {
            assert_eq!(
                heard_by_sender_and_other(&lab.web, &lab.db, group),
                (false, true),
                "{group}"
            );
        }
    });
}
