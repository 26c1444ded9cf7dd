//! Floats of every shape: all protocols, some ports, several instances, whole prefixes.

use crate::lab::{Lab, NO_ANSWER, PORT, ping};
use crate::worlds::{TWO_FLOATS, World, ip, saw};

#[test]
fn icmp_passes_through_a_float_in_both_directions() {
    Lab::run(|lab| {
        lab.apply(TWO_FLOATS);
        for World { web_float, db_float, outside, .. } in World::both() {
            let (web, db) = (&lab.web, &lab.db);
            assert_eq!(ping(web, web, web_float), format!("web saw {web_float}"));
            assert_eq!(ping(web, db, db_float), format!("db saw {web_float}"));
            assert_eq!(ping(&lab.outside, web, web_float), format!("web saw {outside}"));
            assert_eq!(ping(web, &lab.outside, outside), format!("outside saw {web_float}"));
        }
    });
}

#[test]
fn a_float_with_ports_is_reached_on_these_alone() {
    Lab::run(|lab| {
        lab.web.serve(443);
        lab.web.serve(6000);
        lab.web.serve(6010);
        lab.web.serve(6011);
        lab.apply(
            "
            fixed: [10.0.0.0/24, fd00:10::/64]
            floats:
              203.0.113.11: { fixed: 10.0.0.11, ports: [443/tcp, 6000-6010/udp] }
              2001:db8::11: { fixed: fd00:10::11, ports: [443/tcp, 6000-6010/udp] }
            ",
        );
        for World { web_float, outside, bridge, uplink, web, .. } in World::both() {
            assert_eq!(lab.outside.tcp(web_float, 443), format!("web:443 saw {outside}"));
            assert_eq!(lab.outside.udp(web_float, 6000), format!("web:6000 saw {outside}"));
            assert_eq!(lab.outside.udp(web_float, 6010), format!("web:6010 saw {outside}"));
            assert_eq!(lab.host.tcp(web_float, 443), format!("web:443 saw {uplink}"));
            assert_eq!(lab.batch.udp(web_float, 6010), format!("web:6010 saw {bridge}"));

            assert_eq!(lab.outside.udp_in_vain(web_float, 443), NO_ANSWER);
            assert_eq!(lab.outside.tcp_in_vain(web_float, 6000), NO_ANSWER);
            assert_eq!(lab.outside.udp_in_vain(web_float, 6011), NO_ANSWER);
            assert_eq!(lab.outside.tcp_in_vain(web_float, PORT), NO_ANSWER);

            // Nobody's egress address, so its own instance reaches it as a client without a float.
            assert_eq!(lab.web.tcp(web_float, 443), format!("web:443 saw {bridge}"));
            assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web));
        }
    });
}

#[test]
fn one_float_leads_to_several_instances_told_apart_by_port() {
    Lab::run(|lab| {
        lab.db.serve(8443);
        lab.batch.serve(53);
        lab.apply(
            r#"
            fixed: [10.0.0.0/24, fd00:10::/64]
            floats:
              203.0.113.13:
                ports: { 80/tcp: 10.0.0.11, 443/tcp: "10.0.0.12:8443", 53/udp: 10.0.0.13 }
              2001:db8::13:
                ports: { 80/tcp: "fd00:10::11", 443/tcp: "[fd00:10::12]:8443", 53/udp: "fd00:10::13" }
            "#,
        );
        for (float, client) in
            ["203.0.113.13", "2001:db8::13"].map(ip).into_iter().zip(World::both())
        {
            assert_eq!(lab.outside.tcp(float, 80), saw("web", client.outside));
            assert_eq!(lab.outside.tcp(float, 443), format!("db:8443 saw {}", client.outside));
            assert_eq!(lab.outside.udp(float, 53), format!("batch:53 saw {}", client.outside));
            assert_eq!(lab.db.tcp(float, 443), format!("db:8443 saw {}", client.bridge));
            assert_eq!(lab.host.tcp(float, 443), format!("db:8443 saw {}", client.uplink));
            assert_eq!(lab.outside.tcp_in_vain(float, 8443), NO_ANSWER);
            assert_eq!(lab.outside.tcp_in_vain(float, 53), NO_ANSWER);
        }
    });
}

#[test]
fn a_range_of_ports_leads_to_another_range() {
    Lab::run(|lab| {
        lab.web.serve(82);
        lab.apply(
            r#"
            fixed: [10.0.0.0/24, fd00:10::/64]
            floats:
              203.0.113.11: { ports: { 8000-8002/tcp: "10.0.0.11:80-82" } }
              2001:db8::11: { ports: { 8000-8002/tcp: "[fd00:10::11]:80-82" } }
            "#,
        );
        for World { web_float, outside, bridge, .. } in World::both() {
            for (client, peer) in [(&lab.outside, outside), (&lab.web, bridge), (&lab.db, bridge)] {
                assert_eq!(client.tcp(web_float, 8000), format!("web:80 saw {peer}"));
                assert_eq!(client.tcp(web_float, 8002), format!("web:82 saw {peer}"));
            }
            assert_eq!(lab.outside.tcp_in_vain(web_float, 8001), NO_ANSWER);
            assert_eq!(lab.outside.tcp_in_vain(web_float, 8003), NO_ANSWER);
            assert_eq!(lab.outside.udp_in_vain(web_float, 8000), NO_ANSWER);
        }
    });
}

#[test]
fn a_port_float_with_egress_hairpins_and_leaves_as_itself() {
    Lab::run(|lab| {
        lab.apply(
            "
            fixed: [10.0.0.0/24, fd00:10::/64]
            floats:
              203.0.113.11: { fixed: 10.0.0.11, ports: [80/tcp], egress: true }
              2001:db8::11: { fixed: fd00:10::11, ports: [80/tcp], egress: true }
            ",
        );
        for World { web_float, outside, .. } in World::both() {
            assert_eq!(lab.web.tcp(web_float, PORT), saw("web", web_float));
            assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web_float));
        }
    });
}

#[test]
fn a_more_specific_port_wins_over_the_whole_address() {
    Lab::run(|lab| {
        lab.apply(
            "
            fixed: [10.0.0.0/24]
            floats:
              203.0.113.8/29: 10.0.0.8/29
              203.0.113.11: { ports: { 80/tcp: 10.0.0.12 } }
            ",
        );
        let world = &World::both()[0];
        assert_eq!(lab.outside.tcp(world.web_float, PORT), saw("db", world.outside));
        assert_eq!(lab.outside.udp(world.web_float, PORT), saw("web", world.outside));
    });
}

/// `first` and `last` are the ends of the prefix; `web` is inside of it.
#[test]
fn a_float_prefix_translates_each_of_its_addresses_one_to_one() {
    Lab::run(|lab| {
        let first = lab.start_instance("first", "vnet3", 8);
        let last = lab.start_instance("last", "vnet4", 15);
        first.serve(PORT);
        last.serve(PORT);
        lab.apply(
            "
            fixed: [10.0.0.0/24, fd00:10::/64]
            floats:
              203.0.113.8/29: 10.0.0.8/29
              2001:db8::8/125: fd00:10::8/125
              2001:db8::10/125: fd00:10::10/125
            ",
        );
        let World { outside, web_float, db_float, web, .. } = World::both()[0];
        let (first_float, last_float) = (ip("203.0.113.8"), ip("203.0.113.15"));
        assert_eq!(lab.outside.tcp(first_float, PORT), saw("first", outside));
        assert_eq!(lab.outside.tcp(last_float, PORT), saw("last", outside));
        assert_eq!(first.tcp(first_float, PORT), saw("first", first_float));
        assert_eq!(last.tcp(last_float, PORT), saw("last", last_float));
        assert_eq!(last.tcp(first_float, PORT), saw("first", last_float));
        assert_eq!(last.tcp(outside, PORT), saw("outside", last_float));
        assert_eq!(first.tcp(web, PORT), saw("web", ip("10.0.0.8")));
        assert_eq!(lab.outside.tcp_in_vain(ip("203.0.113.16"), PORT), NO_ANSWER);
        assert_eq!(lab.web.tcp(db_float, PORT), saw("db", web_float));

        let World { outside, web_float, db_float, .. } = World::both()[1];
        let (first_float, last_float) = (ip("2001:db8::8"), ip("2001:db8::15"));
        assert_eq!(lab.outside.tcp(first_float, PORT), saw("first", outside));
        assert_eq!(lab.outside.tcp(last_float, PORT), saw("last", outside));
        assert_eq!(first.tcp(first_float, PORT), saw("first", first_float));
        assert_eq!(lab.web.tcp(db_float, PORT), saw("db", web_float));
        assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web_float));
    });
}

#[test]
fn with_several_floats_an_instance_appears_as_the_one_that_has_egress() {
    Lab::run(|lab| {
        lab.apply(
            "
            fixed: [10.0.0.0/24, fd00:10::/64]
            floats:
              203.0.113.11: { fixed: 10.0.0.11, egress: true }
              203.0.113.111: 10.0.0.11
              2001:db8::11: { fixed: fd00:10::11, egress: true }
              2001:db8::111: fd00:10::11
            ",
        );
        for (other_float, world) in
            ["203.0.113.111", "2001:db8::111"].map(ip).into_iter().zip(World::both())
        {
            let World { web_float, outside, .. } = world;
            assert_eq!(lab.outside.tcp(other_float, PORT), saw("web", outside));
            assert_eq!(lab.web.tcp(other_float, PORT), saw("web", web_float));
            assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web_float));
        }
    });
}

#[test]
fn a_float_that_moves_leads_to_its_new_instance() {
    Lab::run(|lab| {
        lab.apply("fixed: [10.0.0.0/24]\nfloats: { 203.0.113.11: 10.0.0.11 }");
        let World { web_float, outside, .. } = World::both()[0];
        assert_eq!(lab.outside.tcp(web_float, PORT), saw("web", outside));
        lab.apply("fixed: [10.0.0.0/24]\nfloats: { 203.0.113.11: 10.0.0.12 }");
        assert_eq!(lab.outside.tcp(web_float, PORT), saw("db", outside));
        assert_eq!(lab.db.tcp(web_float, PORT), saw("db", web_float));
    });
}

/// By a tunnel, say: whether a bridge or a router is between makes no difference.
#[test]
fn a_float_leads_to_an_instance_beyond_another_interface_too() {
    Lab::run(|lab| {
        let remote = &lab.management;
        remote.ip("route add default via 198.51.100.1\nroute add default via 2001:db8:51::1");
        lab.apply(
            &format!(
                "{TWO_FLOATS}
  203.0.113.20: 198.51.100.2
  2001:db8::20: 2001:db8:51::2
"
            )
            .replace("fixed: [", "fixed: [198.51.100.0/24, 2001:db8:51::/64, "),
        );
        let gateways = [ip("198.51.100.1"), ip("2001:db8:51::1")];
        let floats = [ip("203.0.113.20"), ip("2001:db8::20")];
        for ((world, gateway), float) in World::both().into_iter().zip(gateways).zip(floats) {
            let World { web_float, web, outside, management, .. } = world;
            for (client, peer) in [
                (&lab.outside, outside),
                (&lab.web, web_float),
                (&lab.batch, gateway),
                (remote, float),
            ] {
                assert_eq!(client.tcp(float, PORT), saw("management", peer));
            }
            assert_eq!(remote.tcp(web_float, PORT), saw("web", float));
            assert_eq!(remote.tcp(outside, PORT), saw("outside", float));
            assert_eq!(remote.tcp(web, PORT), saw("web", management));
        }
    });
}
