//! `bridge.hairpin_mode`: the port hairpin mode that a policy asks for.

use crate::lab::{Lab, PORT};
use crate::worlds::{TWO_FLOATS, World, saw};

const PORTS: [&str; 3] = ["vnet0", "vnet1", "vnet2"];

fn policy(bridge: &str) -> String {
    format!("bridge: {bridge}{TWO_FLOATS}")
}

#[test]
fn hairpin_mode_on_is_set_on_the_matching_ports_alone() {
    Lab::run(|lab| {
        lab.start_instance("other", "tap0", 20);
        lab.apply(&policy("{ ports: [vnet*], hairpin_mode: on }"));
        assert_eq!(PORTS.map(|port| lab.hairpin_mode(port)), [true, true, true]);
        assert!(!lab.hairpin_mode("tap0"));
    });
}

#[test]
fn hairpin_mode_off_is_set_on_the_matching_ports_alone() {
    Lab::run(|lab| {
        lab.port_hairpin(true);
        lab.apply(&policy("{ ports: [vnet0, vnet2], hairpin_mode: off }"));
        assert_eq!(PORTS.map(|port| lab.hairpin_mode(port)), [false, true, false]);
    });
}

#[test]
fn hairpin_mode_keep_leaves_every_port_as_it_is() {
    Lab::run(|lab| {
        lab.set_hairpin_mode("vnet1", true);
        lab.apply(&policy("{ ports: [vnet*], hairpin_mode: keep }"));
        assert_eq!(PORTS.map(|port| lab.hairpin_mode(port)), [false, true, false]);
    });
}

#[test]
fn hairpin_mode_on_opens_the_own_float_where_br_netfilter_is_on() {
    Lab::run(|lab| {
        lab.br_netfilter(true);
        let report = lab.apply(&policy("{ ports: [vnet*], hairpin_mode: on }"));
        assert_eq!(report.warnings(), [""; 0]);
        for World { web_float, .. } in World::both() {
            assert_eq!(lab.web.tcp(web_float, PORT), saw("web", web_float));
        }
    });
}

#[test]
fn with_the_guard_goes_the_hairpin_mode_of_its_ports() {
    Lab::run(|lab| {
        let on = policy("{ ports: [vnet0, vnet1], hairpin_mode: on }");
        for next in ["{ reflection: off }", "{ ports: [tap*] }"] {
            lab.apply(&on);
            assert_eq!(PORTS.map(|port| lab.hairpin_mode(port)), [true, true, false]);
            let report = lab.apply(&policy(next));
            assert!(!report.warnings().contains(&"hairpin-unguarded"));
            assert_eq!(PORTS.map(|port| lab.hairpin_mode(port)), [false, false, false]);
        }
        lab.apply(&on);
        // Not the guard's port: somebody else's.
        lab.set_hairpin_mode("vnet2", true);
        assert_eq!(lab.remove().warnings(), ["hairpin-unguarded"]);
        assert_eq!(PORTS.map(|port| lab.hairpin_mode(port)), [false, false, true]);
    });
}

#[test]
fn a_renamed_port_in_hairpin_mode_is_warned_of() {
    Lab::run(|lab| {
        let policy = policy("{ ports: [vnet*], hairpin_mode: on }");
        assert_eq!(lab.apply(&policy).warnings(), [""; 0]);
        lab.host.ip("link set vnet0 down\nlink set vnet0 name other0\nlink set other0 up");
        assert_eq!(lab.apply(&policy).warnings(), ["hairpin-unguarded"]);
    });
}

#[test]
fn a_trial_without_a_guard_brings_guard_and_hairpin_mode_back() {
    Lab::run(|lab| {
        lab.apply(&policy("{ ports: [vnet*], hairpin_mode: on }"));
        let trial = lab.apply_unconfirmed(&policy("{ reflection: off }"));
        assert_eq!(PORTS.map(|port| lab.hairpin_mode(port)), [false, false, false]);
        trial.revert();
        assert_eq!(PORTS.map(|port| lab.hairpin_mode(port)), [true, true, true]);
        lab.dry_run(&policy("{ ports: [vnet*], hairpin_mode: on }"));
    });
}

#[test]
fn a_port_created_anew_gets_its_hairpin_mode_from_the_next_apply() {
    Lab::run(|lab| {
        let policy = policy("{ ports: [vnet*], hairpin_mode: on }");
        lab.apply(&policy);
        lab.start_instance("late", "vnet9", 20);
        assert!(!lab.hairpin_mode("vnet9"));
        lab.apply(&policy);
        assert!(lab.hairpin_mode("vnet9"));
    });
}
