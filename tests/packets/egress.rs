//! Connections that instances open: by which interface, and as whom.

use crate::lab::{Lab, PORT};
use crate::worlds::{TWO_FLOATS, World, saw};

/// [`TWO_FLOATS`] with an `egress` section.
fn policy(egress: &str) -> String {
    format!("egress: {egress}{TWO_FLOATS}")
}

#[test]
fn a_float_translates_what_leaves_by_any_interface() {
    Lab::run(|lab| {
        lab.apply(TWO_FLOATS);
        for World { web_float, outside, management, batch, .. } in World::both() {
            assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web_float));
            assert_eq!(lab.web.tcp(management, PORT), saw("management", web_float));
            assert_eq!(lab.batch.tcp(outside, PORT), saw("outside", batch));
        }
    });
}

#[test]
fn with_uplinks_only_what_leaves_by_these_is_translated() {
    Lab::run(|lab| {
        lab.apply(&policy("{ uplinks: [eth0], default: masquerade }"));
        for World { web_float, web, outside, management, batch, uplink, .. } in World::both() {
            assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web_float));
            assert_eq!(lab.web.tcp(management, PORT), saw("management", web));
            assert_eq!(lab.batch.tcp(outside, PORT), saw("outside", uplink));
            assert_eq!(lab.batch.tcp(management, PORT), saw("management", batch));
            // Uplinks are about what leaves: a float is reached from everywhere.
            assert_eq!(lab.management.tcp(web_float, PORT), saw("web", management));
        }
    });
}

/// A hairpinned connection leaves by the bridge, which is no uplink.
#[test]
fn uplinks_do_not_break_the_nat_hairpin() {
    Lab::run(|lab| {
        lab.apply(&policy("{ uplinks: [eth*] }"));
        for World { web_float, db_float, db, web, bridge, outside, .. } in World::both() {
            assert_eq!(lab.web.tcp(web_float, PORT), saw("web", web_float));
            assert_eq!(lab.web.tcp(db_float, PORT), saw("db", web_float));
            assert_eq!(lab.web.tcp(db, PORT), saw("db", web));
            assert_eq!(lab.batch.tcp(web_float, PORT), saw("web", bridge));
            assert_eq!(lab.outside.tcp(web_float, PORT), saw("web", outside));
        }
    });
}

#[test]
fn an_instance_without_a_float_leaves_as_the_default_address() {
    Lab::run(|lab| {
        let default = ["203.0.113.1", "2001:db8::1"];
        lab.apply(&policy(r#"{ default: ["203.0.113.1", "2001:db8::1"] }"#));
        for (world, default) in World::both().into_iter().zip(default) {
            let World { web_float, web, outside, batch, bridge, .. } = world;
            assert_eq!(lab.batch.tcp(outside, PORT), format!("outside:80 saw {default}"));
            assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web_float));
            assert_eq!(lab.batch.tcp(web, PORT), saw("web", batch));
            assert_eq!(lab.batch.tcp(web_float, PORT), saw("web", bridge));
        }
    });
}

#[test]
fn an_instance_without_a_float_leaves_as_the_host_when_masqueraded() {
    Lab::run(|lab| {
        lab.apply(&policy("{ default: masquerade }"));
        for World { web_float, outside, uplink, batch, web, .. } in World::both() {
            assert_eq!(lab.batch.tcp(outside, PORT), saw("outside", uplink));
            assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web_float));
            assert_eq!(lab.batch.tcp(web, PORT), saw("web", batch));
        }
    });
}

#[test]
fn an_exempt_destination_sees_the_fixed_address() {
    Lab::run(|lab| {
        lab.apply(&policy(r#"{ default: masquerade, exempt: [192.0.2.0/24, "2001:db8:2::/64"] }"#));
        for World { web_float, web, batch, outside, management, .. } in World::both() {
            assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web));
            assert_eq!(lab.batch.tcp(outside, PORT), saw("outside", batch));
            assert_eq!(lab.web.tcp(management, PORT), saw("management", web_float));
        }
    });
}

/// An exemption that does not look at `ct status` turns the hairpin off here.
#[test]
fn an_exemption_that_covers_the_fixed_networks_leaves_the_nat_hairpin_alone() {
    Lab::run(|lab| {
        lab.apply(&policy(r#"{ exempt: [10.0.0.0/8, "fd00::/8"] }"#));
        for br_netfilter in [false, true] {
            lab.br_netfilter(br_netfilter);
            lab.port_hairpin(br_netfilter);
            for World { web_float, db_float, bridge, .. } in World::both() {
                assert_eq!(lab.web.tcp(web_float, PORT), saw("web", web_float));
                assert_eq!(lab.web.tcp(db_float, PORT), saw("db", web_float));
                assert_eq!(lab.batch.tcp(web_float, PORT), saw("web", bridge));
            }
        }
    });
}
