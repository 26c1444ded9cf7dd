//! Several guests behind one bridge port, as a physical switch has them in VEPA mode (IEEE 802.1Qbg):
//! the port is in hairpin mode, and the guests reach each other by the frames that it reflects.
//!
//! A frame for the neighbor looks like a frame for its own sender, so the guard drops both. Such a port
//! is left out of `bridge.ports`.

use crate::lab::{Lab, NO_ANSWER, Node, PORT};
use crate::neighbor_discovery::{DUPLICATE, VALID, assign};
use crate::worlds::{TWO_FLOATS, World, ip, saw};
use Neighbor::{Found, Lost};

/// Whether a guest finds the other one.
#[derive(Clone, Copy)]
enum Neighbor {
    Found,
    Lost,
}

/// Two guests with MAC addresses of their own, behind `vnet9`.
struct Guests {
    near: Node,
    far: Node,
}

impl Guests {
    /// Puts the guests behind `vnet9`, and every port in hairpin mode.
    fn plug(lab: &Lab) -> Self {
        let carrier = Node::new("carrier");
        lab.host.ip("link add vnet9 type veth peer name eth0 netns carrier\n\
             link set vnet9 master br0 up");
        lab.port_hairpin(true);
        lab.set_hairpin_mode("vnet9", true);
        carrier.ip("link set eth0 up");
        let [near, far] = [("near", 21), ("far", 22)].map(|(name, last)| {
            let guest = Node::new(name);
            carrier.ip(&format!(
                "link add macvlan0 link eth0 type macvlan mode vepa\n\
                 link set macvlan0 netns {name} name eth0"
            ));
            guest.ip(&format!(
                "link set lo up\n\
                 link set eth0 up\n\
                 addr add 10.0.0.{last}/24 dev eth0\n\
                 addr add fd00:10::{last}/64 dev eth0 nodad"
            ));
            guest.serve(PORT);
            // The kernel may take a second to let the new link send (`linkwatch_schedule_work`).
            for World { web, .. } in World::both() {
                let seen = if web.is_ipv4() { "10.0.0." } else { "fd00:10::" };
                assert_eq!(guest.tcp(web, PORT), saw("web", ip(&format!("{seen}{last}"))));
            }
            guest
        });
        Self { near, far }
    }

    /// Has one guest look for the other, which it has not heard of before.
    fn meet(&self, v4: Neighbor, v6: Neighbor) {
        for guest in [&self.near, &self.far] {
            guest.ip("neigh flush dev eth0");
        }
        for (near, far, neighbor) in
            [("10.0.0.21", "10.0.0.22", v4), ("fd00:10::21", "fd00:10::22", v6)]
        {
            match neighbor {
                Found => assert_eq!(self.near.tcp(ip(far), PORT), saw("far", ip(near))),
                Lost => assert_eq!(self.near.tcp_in_vain(ip(far), PORT), NO_ANSWER, "{far}"),
            }
        }
    }
}

fn policy(ports: &str, reflection: &str) -> String {
    format!("bridge: {{ ports: [{ports}], reflection: {reflection} }}{TWO_FLOATS}")
}

/// IPv6 multicast carries neighbor solicitations, broadcast carries ARP requests.
#[test]
fn the_guard_keeps_guests_behind_one_port_from_finding_each_other() {
    Lab::run(|lab| {
        let guests = Guests::plug(lab);
        guests.meet(Found, Found);
        for (reflection, v4, v6) in
            [("ipv6-multicast", Found, Lost), ("multicast", Lost, Lost), ("off", Found, Found)]
        {
            lab.apply(&policy("vnet*", reflection));
            // A port that loses its guard leaves hairpin mode.
            lab.set_hairpin_mode("vnet9", true);
            guests.meet(v4, v6);
        }
    });
}

/// Also if the guard has covered the port before: the port keeps its mode, and the kernel forgets what
/// it has learned of it.
#[test]
fn guests_behind_a_port_that_is_left_out_find_each_other() {
    Lab::run(|lab| {
        let guests = Guests::plug(lab);
        for reflection in ["ipv6-multicast", "multicast"] {
            for (ports, v6) in [("vnet*", Lost), (r#"vnet*, "!vnet9""#, Found)] {
                let v4 = if reflection == "multicast" { v6 } else { Found };
                lab.apply(&policy(ports, reflection));
                guests.meet(v4, v6);
            }
            assert!(lab.hairpin_mode("vnet9"), "{reflection}");
        }
    });
}

#[test]
fn the_guard_protects_other_ports_than_the_one_that_is_left_out() {
    Lab::run(|lab| {
        let guests = Guests::plug(lab);
        lab.apply(&policy("vnet*", "off"));
        assert_eq!(assign(&lab.web, "fd00:10::a0"), DUPLICATE);
        lab.apply(&policy(r#"vnet*, "!vnet9""#, "ipv6-multicast"));
        guests.meet(Found, Found);
        assert_eq!(assign(&lab.web, "fd00:10::a1"), VALID);
        assert_eq!(assign(&lab.db, "fd00:10::a1"), DUPLICATE);
        guests.meet(Found, Found);
    });
}

/// Under the guard, both guests take the same address: they do not hear each other.
#[test]
fn a_duplicate_behind_one_port_is_found_where_the_port_is_left_out() {
    Lab::run(|lab| {
        let Guests { near, far } = Guests::plug(lab);
        for (ports, address, second) in
            [(r#"vnet*, "!vnet9""#, "fd00:10::b0", DUPLICATE), ("vnet*", "fd00:10::b1", VALID)]
        {
            lab.apply(&policy(ports, "ipv6-multicast"));
            assert_eq!(assign(&near, address), VALID, "{ports}");
            assert_eq!(assign(&far, address), second, "{ports}");
        }
    });
}
