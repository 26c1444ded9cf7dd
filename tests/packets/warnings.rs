//! What `apply` says about a host that contradicts the policy, by the stable codes of its warnings.

use crate::lab::Lab;
use crate::worlds::TWO_FLOATS;

const NONE: [&str; 0] = [];

#[test]
fn a_host_that_does_not_forward_is_warned_of_by_family() {
    Lab::run(|lab| {
        lab.host.sysctl("ipv4/ip_forward", 0);
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), ["ip-forward-off"]);
        lab.host.sysctl("ipv4/ip_forward", 1);
        lab.host.sysctl("ipv6/conf/all/forwarding", 0);
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), ["ipv6-forwarding-off"]);
        let v4_alone = "fixed: [10.0.0.0/24]\nfloats: { 203.0.113.11: 10.0.0.11 }";
        assert_eq!(lab.apply(v4_alone).warnings(), NONE);
    });
}

#[test]
fn a_pattern_that_matches_no_bridge_port_is_warned_of() {
    Lab::run(|lab| {
        let policy = format!("bridge: {{ ports: [vnet*, tap*] }}{TWO_FLOATS}");
        assert_eq!(lab.apply(&policy).warnings(), ["ports-unmatched"]);
        lab.start_instance("late", "tap0", 20);
        assert_eq!(lab.apply(&policy).warnings(), NONE);
    });
}

#[test]
fn a_host_without_a_bridge_is_warned_of() {
    Lab::run(|lab| {
        lab.host.ip("link del br0");
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), ["no-bridge"]);
    });
}

/// The uplink's own bridge, say, is nobody's business.
#[test]
fn only_ports_of_the_policy_are_warned_of_for_their_hairpin_mode() {
    Lab::run(|lab| {
        lab.br_netfilter(true);
        lab.set_hairpin_mode("vnet0", true);
        let policy = format!("bridge: {{ ports: [vnet0] }}{TWO_FLOATS}");
        assert_eq!(lab.apply(&policy).warnings(), NONE);
        lab.set_hairpin_mode("vnet0", false);
        assert_eq!(lab.apply(&policy).warnings(), ["port-hairpin-off"]);
    });
}
