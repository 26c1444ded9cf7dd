//! Bridges that frames only pass through, as Proxmox puts one between every guest and its bridge:
//! tap – fwbr – fwln/fwpr – bridge. With `br_netfilter` every frame passes the hooks twice.

use crate::lab::Lab;
use crate::neighbor_discovery::{DUPLICATE, VALID, assign};
use crate::paths;
use crate::worlds::{TWO_FLOATS, World};

const INSTANCES: [&str; 3] = ["vnet0", "vnet1", "vnet2"];

/// Puts a firewall bridge between the port of each instance and `br0`.
///
/// Proxmox has systemd's default for `rp_filter`, 2. It keeps a bridge without an address from answering
/// ARP for the host's other addresses (`fib_validate_source`), as an instance would else take the firewall
/// bridge for its gateway.
fn put_firewall_bridges(lab: &Lab) {
    for scope in ["all", "default"] {
        lab.host.sysctl(&format!("ipv4/conf/{scope}/rp_filter"), 2);
    }
    for (number, port) in INSTANCES.iter().enumerate() {
        lab.host.ip(&format!(
            "link add fwbr{number} type bridge\n\
             link set fwbr{number} up\n\
             link set {port} master fwbr{number}\n\
             link add fwln{number} type veth peer name fwpr{number}\n\
             link set fwln{number} master fwbr{number} up\n\
             link set fwpr{number} master br0 up"
        ));
    }
}

/// What Proxmox does with its firewall on: the first pass in a zone of its own, and INVALID dropped.
fn install_the_firewall(lab: &Lab) {
    for program in ["iptables-nft-restore", "ip6tables-nft-restore"] {
        let rules = "*raw\n-A PREROUTING -i fwbr+ -j CT --zone 1\nCOMMIT\n\
                     *filter\n\
                     -A FORWARD -m conntrack --ctstate INVALID -j DROP\n\
                     -A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n\
                     COMMIT\n";
        lab.host.run(program, &[], rules);
    }
}

fn policy() -> String {
    format!("bridge: {{ ports: [vnet*], own_float: rewrite }}{TWO_FLOATS}")
}

#[test]
fn every_path_works_through_firewall_bridges() {
    Lab::run(|lab| {
        put_firewall_bridges(lab);
        every_path_works(lab);
    });
}

#[test]
fn every_path_works_through_firewall_bridges_beside_their_firewall() {
    Lab::run(|lab| {
        put_firewall_bridges(lab);
        install_the_firewall(lab);
        every_path_works(lab);
    });
}

fn every_path_works(lab: &Lab) {
    lab.apply(&policy());
    for br_netfilter in [true, false] {
        lab.br_netfilter(br_netfilter);
        for world in World::both() {
            paths::every_path_works(lab, &world, &format!("br_netfilter {br_netfilter}"));
        }
    }
}

/// The ports that frames of an instance are reflected by: its own, on the firewall bridge, and that of
/// the firewall bridge on `br0`.
const REFLECTING: [[&str; 3]; 2] = [INSTANCES, ["fwpr0", "fwpr1", "fwpr2"]];

/// Puts some ports in hairpin mode, and takes all others out of it.
fn reflect_by(lab: &Lab, ports: &[&str]) {
    for port in REFLECTING.concat() {
        lab.set_hairpin_mode(port, ports.contains(&port));
    }
}

#[test]
fn without_hairnat_an_instance_behind_a_firewall_bridge_takes_itself_for_a_duplicate() {
    Lab::run(|lab| {
        put_firewall_bridges(lab);
        lab.br_netfilter(true);
        for (number, ports) in REFLECTING.iter().enumerate() {
            reflect_by(lab, ports);
            assert_eq!(assign(&lab.web, &format!("fd00:10::a{number}")), DUPLICATE, "{ports:?}");
        }
        reflect_by(lab, &[]);
        assert_eq!(assign(&lab.web, "fd00:10::b0"), VALID);
    });
}

#[test]
fn duplicates_are_told_from_oneself_through_firewall_bridges() {
    Lab::run(|lab| {
        put_firewall_bridges(lab);
        duplicates_are_told_from_oneself(lab);
    });
}

#[test]
fn duplicates_are_told_from_oneself_through_firewall_bridges_beside_their_firewall() {
    Lab::run(|lab| {
        put_firewall_bridges(lab);
        install_the_firewall(lab);
        duplicates_are_told_from_oneself(lab);
    });
}

fn duplicates_are_told_from_oneself(lab: &Lab) {
    lab.apply(&format!("bridge: {{ ports: [vnet*, fwpr*], own_float: rewrite }}{TWO_FLOATS}"));
    let all = REFLECTING.concat();
    let mut number = 0;
    for br_netfilter in [true, false] {
        lab.br_netfilter(br_netfilter);
        for ports in [&REFLECTING[0][..], &REFLECTING[1], &all] {
            reflect_by(lab, ports);
            let address = format!("fd00:10::a{number}");
            number += 1;
            let place = format!("{ports:?}, br_netfilter {br_netfilter}");
            assert_eq!(assign(&lab.web, &address), VALID, "{place}");
            assert_eq!(assign(&lab.db, &address), DUPLICATE, "{place}");
        }
    }
}
