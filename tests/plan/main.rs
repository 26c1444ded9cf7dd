//! What a policy changes on a kernel that holds another: the diff that people read, and that
//! carrying it out leads to what was wanted.

mod full_chains;
mod nothing_left_out;
mod rebuild;
mod scenario;
mod stale;

use hairnat::plan::{LiveRule, LiveSet, Snapshot};
use hairnat::ruleset::{Rule, Statement};
use scenario::Scenario;

const ONE: &str = "fixed: [10.0.0.0/24]\nfloats: { 203.0.113.10: 10.0.0.5 }";

#[test]
fn the_first_apply_makes_both_tables() {
    Scenario::new().policy(ONE).plans(
        "\
table bridge hairnat
  + 1 set, 2 chains, 2 rules
table inet hairnat
  + 3 sets, 4 chains, 9 rules, 3 elements
map inet hairnat dnat4
  + 203.0.113.10 : 10.0.0.5
map inet hairnat snat4
  + 10.0.0.5 : 203.0.113.10
set inet hairnat fixed4
  + 10.0.0.0/24",
    );
}

#[test]
fn a_second_apply_has_nothing_to_do() {
    Scenario::new().applied(ONE).policy(ONE).plans("");
}

#[test]
fn verbose_shows_the_rules_of_a_new_table_too() {
    Scenario::new().policy(&format!("bridge: {{ reflection: off }}\n{ONE}")).plans_verbosely(
        "\
table inet hairnat
  + 3 sets, 4 chains, 9 rules, 3 elements
map inet hairnat dnat4
  + 203.0.113.10 : 10.0.0.5
map inet hairnat snat4
  + 10.0.0.5 : 203.0.113.10
set inet hairnat fixed4
  + 10.0.0.0/24
chain inet hairnat zones
  + iifname \"fwbr*\" ct zone set 26721
chain inet hairnat prerouting
  + ct zone 26721 accept
  + ip saddr @fixed4 fib saddr . iif oif missing accept
  + dnat ip to ip daddr map @dnat4
chain inet hairnat output
  + dnat ip to ip daddr map @dnat4
chain inet hairnat postrouting
  + ct zone 26721 accept
  + ct status ! dnat ip saddr @fixed4 ip daddr @fixed4 accept
  + snat ip to ip saddr map @snat4
  + ip saddr @fixed4 ip daddr @fixed4 masquerade",
    );
}

#[test]
fn moving_a_float_replaces_its_element() {
    Scenario::new()
        .applied(ONE)
        .policy("fixed: [10.0.0.0/24]\nfloats: { 203.0.113.10: 10.0.0.6 }")
        .plans(
            "\
map inet hairnat dnat4
  ~ 203.0.113.10 : 10.0.0.5 -> 10.0.0.6
map inet hairnat snat4
  - 10.0.0.5 : 203.0.113.10
  + 10.0.0.6 : 203.0.113.10",
        );
}

#[test]
fn adds_replaces_and_deletes_of_a_map_are_sorted_and_aligned() {
    Scenario::new()
        .applied(
            "fixed: [10.0.0.0/24]\negress: { default: masquerade }\nfloats:\n  \
             203.0.113.9: { fixed: 10.0.0.4, egress: false }\n  \
             203.0.113.10: { fixed: 10.0.0.5, egress: false, name: web-1 }",
        )
        .policy(
            "fixed: [10.0.0.0/24]\negress: { default: masquerade }\nfloats:\n  \
             203.0.113.10: { fixed: 10.0.0.6, egress: false, name: web-1 }\n  \
             203.0.113.12: { fixed: 10.0.0.7, egress: false, name: web-3 }",
        )
        .plans(
            "\
map inet hairnat dnat4
  - 203.0.113.9  : 10.0.0.4
  ~ 203.0.113.10 : 10.0.0.5 -> 10.0.0.6   web-1
  + 203.0.113.12 : 10.0.0.7               web-3",
        );
}

#[test]
fn naming_a_float_replaces_its_elements() {
    Scenario::new()
        .applied(ONE)
        .policy("fixed: [10.0.0.0/24]\nfloats: { 203.0.113.10: { fixed: 10.0.0.5, name: web-1 } }")
        .plans(
            "\
map inet hairnat dnat4
  ~ 203.0.113.10 : 10.0.0.5   (no name) -> web-1
map inet hairnat snat4
  ~ 10.0.0.5 : 203.0.113.10   (no name) -> web-1",
        );
}

#[test]
fn another_uplink_changes_two_rules_in_their_places() {
    let uplink = |name: &str| format!("{ONE}\negress: {{ uplinks: [{name}] }}");
    Scenario::new().applied(&uplink("eth0")).policy(&uplink("eth1")).plans(
        "\
chain inet hairnat zones
  - iifname \"eth0\" ip saddr @fixed4 fib saddr . iif oif missing ct zone set 26721
  + iifname \"eth1\" ip saddr @fixed4 fib saddr . iif oif missing ct zone set 26721
chain inet hairnat postrouting
  - ip saddr @fixed4 ip daddr != @fixed4 oifname != \"eth0\" accept
  + ip saddr @fixed4 ip daddr != @fixed4 oifname != \"eth1\" accept",
    );
}

#[test]
fn the_first_float_with_ports_makes_its_map_and_keeps_the_rest() {
    Scenario::new()
        .applied(ONE)
        .policy(
            "fixed: [10.0.0.0/24]\nfloats:\n  203.0.113.10: 10.0.0.5\n  \
             203.0.113.13: { ports: { 80/tcp: 10.0.0.7 } }",
        )
        .plans(
            "\
map inet hairnat dnat4_port
  + type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
  + 203.0.113.13 . tcp . 80 : 10.0.0.7 . 80
chain inet hairnat prerouting
  + dnat ip to ip daddr . meta l4proto . th dport map @dnat4_port
chain inet hairnat output
  + dnat ip to ip daddr . meta l4proto . th dport map @dnat4_port",
        );
}

#[test]
fn counters_are_another_declaration_of_the_map() {
    Scenario::new().applied(ONE).policy(&format!("counters: true\n{ONE}")).plans(
        "\
map inet hairnat dnat4
  ~ type ipv4_addr : ipv4_addr -> type ipv4_addr : ipv4_addr; counter",
    );
}

#[test]
fn a_policy_without_guard_takes_the_bridge_table_away() {
    Scenario::new().applied(ONE).policy(&format!("bridge: {{ reflection: off }}\n{ONE}")).plans(
        "\
table bridge hairnat
  - 1 set, 2 chains, 2 rules",
    );
}

#[test]
fn a_rule_deleted_by_hand_comes_back_in_its_place() {
    Scenario::new()
        .applied(ONE)
        .drift(|live| drop(live.tables[1].chains[3].rules.remove(2)))
        .policy(ONE)
        .plans(
            "\
chain inet hairnat postrouting
  + snat ip to ip saddr map @snat4",
        );
}

#[test]
fn a_chain_of_another_priority_is_declared_anew() {
    Scenario::new()
        .applied(ONE)
        .drift(|live| {
            let chain = live.tables[1].chains[1].declaration.as_mut().unwrap();
            chain.base.as_mut().unwrap().priority = -90;
        })
        .policy(ONE)
        .plans(
            "\
chain inet hairnat prerouting
  ~ type nat hook prerouting priority dstnat + 10; policy accept; -> \
type nat hook prerouting priority dstnat - 1; policy accept;",
        );
}

#[test]
fn a_table_that_was_switched_off_is_switched_on() {
    Scenario::new().applied(ONE).drift(|live| live.tables[1].dormant = true).policy(ONE).plans(
        "\
table inet hairnat
  ~ flags dormant -> no flags",
    );
}

#[test]
fn objects_of_other_kinds_are_deleted() {
    Scenario::new()
        .applied(ONE)
        .drift(|live| live.tables[1].others.push("counter `hits`".to_owned()))
        .policy(ONE)
        .plans(
            "\
table inet hairnat
  - counter `hits`",
        );
}

#[test]
fn elements_of_a_form_that_hairnat_does_not_write_are_deleted() {
    Scenario::new()
        .applied(ONE)
        .drift(|live| {
            let LiveSet::Known { strays, .. } = &mut live.tables[1].sets[0] else { panic!() };
            *strays = 2;
        })
        .policy(ONE)
        .plans(
            "\
map inet hairnat dnat4
  - 2 elements of a form that hairnat does not write",
        );
}

#[test]
fn a_map_that_overflows_grows_and_shows_only_its_new_elements() {
    let many = |count: u32| {
        let float =
            |n: u32| format!("  100.64.{}.{}: 10.64.{}.{}\n", n / 256, n % 256, n / 256, n % 256);
        let floats: String = (0..count).map(float).collect();
        format!("bridge: {{ reflection: off }}\nfixed: [10.0.0.0/8]\nfloats:\n{floats}")
    };
    let live = Scenario::new().applied(&many(512)).policy(&many(1025));
    assert_eq!(live.summary(), (2 * 513, 0, 0));
    live.leads_to_the_policy();
}

/// Gives the live set a size, as somebody might by hand.
fn resize(live: &mut LiveSet, to: u32) {
    let LiveSet::Known { set, .. } = live else { panic!("{live:?}") };
    set.declaration.size = Some(to);
}

#[test]
fn a_size_given_by_hand_is_no_change_while_there_is_room() {
    let shrink = |live: &mut Snapshot| live.tables[1].sets.iter_mut().for_each(|s| resize(s, 1));
    Scenario::new().applied(ONE).drift(shrink).policy(ONE).plans("");
}

#[test]
fn a_set_of_networks_that_is_too_small_is_made_anew() {
    // Older kernels count both ends of an interval, and the end that nft puts at zero.
    let two = ONE.replace("[10.0.0.0/24]", "[10.0.0.0/24, 10.0.2.0/24]");
    for size in [1, 2, 3, 4] {
        let scenario =
            Scenario::new().applied(ONE).drift(|live| resize(&mut live.tables[1].sets[2], size));
        let scenario = scenario.policy(&two);
        assert!(scenario.rebuilds(), "{size} is too small");
        scenario.plans("set inet hairnat fixed4\n  + 10.0.2.0/24");
    }
    let scenario =
        Scenario::new().applied(ONE).drift(|live| resize(&mut live.tables[1].sets[2], 5));
    assert!(!scenario.policy(&two).rebuilds(), "five is enough");
}

#[test]
fn a_learned_set_that_holds_too_few_ports_is_declared_anew() {
    Scenario::new()
        .applied(ONE)
        .drift(|live| resize(&mut live.tables[0].sets[0], 2))
        .policy(ONE)
        .plans(
            "\
set bridge hairnat ports
  ~ type iface_index . iface_index; size 2; flags dynamic,timeout; timeout 1h -> \
type iface_index . iface_index; size 65535; flags dynamic,timeout; timeout 1h",
        );
}

#[test]
fn thousands_of_foreign_rules_are_deleted_around_those_that_stay() {
    let foreign = |handle| LiveRule {
        handle,
        rule: Rule { statements: vec![Statement::Foreign("by hand".to_owned())] },
        counter: None,
    };
    let scenario = Scenario::new().applied(ONE).drift(|live| {
        let rules = &mut live.tables[1].chains[3].rules;
        rules.splice(1..1, (10_000..15_000).map(foreign));
        rules.extend((15_000..20_000).map(foreign));
        rules.insert(0, LiveRule { handle: 9_999, ..rules[0].clone() });
    });
    let scenario = scenario.policy(ONE);
    assert_eq!(scenario.summary(), (0, 0, 10_001));
    scenario.leads_to_the_policy();
}

#[test]
fn a_network_of_another_length_is_another_element() {
    Scenario::new().applied(ONE).policy(&ONE.replace("10.0.0.0/24", "10.0.0.0/23")).plans(
        "\
set inet hairnat fixed4
  - 10.0.0.0/24
  + 10.0.0.0/23",
    );
}
