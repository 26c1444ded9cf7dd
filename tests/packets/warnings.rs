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

#[test]
fn a_fixed_network_without_a_route_is_warned_of_and_the_hint_mends_it() {
    Lab::run(|lab| {
        lab.host.ip("addr del 10.0.0.1/24 dev br0");
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), ["fixed-unrouted"]);
        lab.host.ip("route add 10.0.0.0/24 dev br0");
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), NONE);
        lab.host.ip("route del fd00:10::/64 dev br0");
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), ["fixed-unrouted"]);
    });
}

/// The default route leads to a router among the instances, beyond another port of their bridge.
#[test]
fn a_flat_network_is_warned_of_and_both_remedies_mend_it() {
    Lab::run(|lab| {
        lab.host.ip(
            "link add up0 type veth peer name up1\nlink set up0 master br0 up\nlink set up1 up",
        );
        lab.br_netfilter(false);
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), NONE);
        lab.host.ip("route replace default via 10.0.0.254");
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), ["flat-network"]);
        let redirected = format!("bridge: {{ ports: [vnet*], redirect: on }}{TWO_FLOATS}");
        assert_eq!(lab.apply(&redirected).warnings(), NONE);
        lab.host.ip("route replace default via 192.0.2.2\nroute replace default via fd00:10::fe");
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), ["flat-network"]);
        lab.br_netfilter(true);
        let hairpin = format!("bridge: {{ ports: [vnet*], hairpin_mode: on }}{TWO_FLOATS}");
        assert_eq!(lab.apply(&hairpin).warnings(), NONE);
    });
}

#[test]
fn nat_of_others_that_goes_first_is_warned_of_and_the_usual_one_is_not() {
    Lab::run(|lab| {
        let chain = |hook: &str, priority: i32| {
            format!(
                "table ip other {{ chain {hook} {{ type nat hook {hook} priority {priority}; }}\n}}\n"
            )
        };
        let nft = |rules: &str| lab.host.run("nft", &["-f", "-"], rules);
        nft(&(chain("prerouting", -100) + &chain("postrouting", 100)));
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), NONE);
        nft(&format!("delete table ip other\n{}", chain("output", -101)));
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), ["foreign-nat-first"]);
        nft(&format!("delete table ip other\n{}", chain("postrouting", 0)));
        assert_eq!(lab.apply(TWO_FLOATS).warnings(), ["foreign-nat-first"]);
        assert_eq!(lab.apply("bridge: { ports: [vnet*] }").warnings(), NONE);
    });
}
