//! What a policy means, as values.

use std::net::Ipv4Addr;

use hairnat::policy::{DefaultSource, HairpinMode, Policy, Reflection, Source, parse};

fn policy(text: &str) -> Policy {
    let source = Source { name: "policy.yaml".to_owned(), text: text.into() };
    parse(&[source]).unwrap_or_else(|found| panic!("{:?}", found.kept()))
}

/// The floats of `floats:` in block style, and which of them are egress floats.
fn egress(floats: &str) -> Vec<(String, bool)> {
    let policy = policy(&format!("fixed: [10.0.0.0/24]\nfloats:\n{floats}"));
    let addresses = policy.ipv4.addresses.iter().map(|one| (one.float.to_string(), one.egress));
    let prefixes = policy.ipv4.prefixes.iter().map(|one| (one.float.to_string(), one.egress));
    let ports = policy.ipv4.port_egress.iter().map(|one| (format!("{}+ports", one.float), true));
    addresses.chain(prefixes).chain(ports).collect()
}

fn expected(floats: &[(&str, bool)]) -> Vec<(String, bool)> {
    floats.iter().map(|(float, egress)| ((*float).to_owned(), *egress)).collect()
}

#[test]
fn the_only_float_of_a_fixed_address_is_its_egress_float() {
    let found =
        egress("  203.0.113.10: 10.0.0.10\n  203.0.113.11: {fixed: 10.0.0.11, egress: false}\n");
    assert_eq!(found, expected(&[("203.0.113.10", true), ("203.0.113.11", false)]));
}

#[test]
fn of_several_floats_the_one_that_says_so_is_the_egress_float() {
    let found =
        egress("  203.0.113.10: 10.0.0.10\n  203.0.113.11: {fixed: 10.0.0.10, egress: true}\n");
    assert_eq!(found, expected(&[("203.0.113.10", false), ("203.0.113.11", true)]));
}

#[test]
fn a_port_float_may_take_the_place_of_the_only_address_float() {
    let found = egress(concat!(
        "  203.0.113.10: 10.0.0.10\n",
        "  203.0.113.11: {fixed: 10.0.0.10, egress: true, ports: [80/tcp]}\n",
        "  203.0.113.12: {fixed: 10.0.0.12, ports: [80/tcp]}\n",
    ));
    assert_eq!(found, expected(&[("203.0.113.10", false), ("203.0.113.11+ports", true)]));
}

#[test]
fn a_claim_settles_float_prefixes_of_overlapping_fixed_prefixes() {
    let found = egress(concat!(
        "  198.51.100.0/28: {fixed: 10.0.0.64/28, egress: true}\n",
        "  198.51.100.16/28: 10.0.0.64/28\n",
        "  198.51.100.32/29: 10.0.0.72/29\n",
        "  198.51.100.48/28: 10.0.0.96/28\n",
        "  203.0.113.65: 10.0.0.65\n",
    ));
    let floats = [
        ("203.0.113.65", true),
        ("198.51.100.0/28", true),
        ("198.51.100.16/28", false),
        ("198.51.100.32/29", false),
        ("198.51.100.48/28", true),
    ];
    assert_eq!(found, expected(&floats));
}

#[test]
fn what_is_said_twice_is_kept_once() {
    let policy = policy(concat!(
        "fixed: [10.0.0.0/24, 10.0.0.0/16, 10.0.0.0/24]\n",
        "bridge: {ports: [vnet1, tap*, vnet*, vnet*, tap0]}\n",
        "egress: {exempt: [192.0.2.128/25, 192.0.2.0/24], uplinks: [eth1, eth0, eth1]}\n",
    ));
    let shown = |items: Vec<String>| items.join(" ");
    assert_eq!(shown(policy.ipv4.fixed.iter().map(ToString::to_string).collect()), "10.0.0.0/16");
    assert_eq!(shown(policy.ipv4.exempt.iter().map(ToString::to_string).collect()), "192.0.2.0/24");
    assert_eq!(shown(policy.bridge.ports.iter().map(ToString::to_string).collect()), "tap* vnet*");
    assert_eq!(shown(policy.uplinks.iter().map(ToString::to_string).collect()), "eth0 eth1");
}

#[test]
fn what_a_policy_leaves_out_has_its_default() {
    let policy = policy("fixed: [10.0.0.0/24]\n");
    assert_eq!(policy.bridge.reflection, Reflection::Ipv6Multicast);
    assert_eq!(policy.bridge.hairpin_mode, HairpinMode::Keep);
    assert_eq!(policy.ipv4.default_source, None);
    assert!(!policy.counters && policy.uplinks.is_empty() && policy.ipv6.is_empty());
}

#[test]
fn masquerade_is_for_the_families_in_use() {
    let policy = policy("fixed: [10.0.0.0/24]\negress: {default: masquerade}\n");
    assert_eq!(policy.ipv4.default_source, Some(DefaultSource::Masquerade));
    assert_eq!(policy.ipv6.default_source, None);
}

#[test]
fn ports_are_one_entry_a_range_and_keep_their_number_unless_moved() {
    let policy = policy(concat!(
        "fixed: [10.0.0.0/24]\n",
        "floats: {203.0.113.13: {name: a, ports: {\n",
        "  443/tcp: '10.0.0.22:8443', 80/tcp: '10.0.0.21:80', 53-54/udp: 10.0.0.23}}}\n",
    ));
    let entry = |one: &hairnat::policy::PortFloat<Ipv4Addr>| {
        (
            one.ports.to_string(),
            one.protocol.name(),
            one.fixed.to_string(),
            one.fixed_port.map(u16::from),
        )
    };
    let entries: Vec<_> = policy.ipv4.ports.iter().map(entry).collect();
    let expected = [
        ("80".to_owned(), "tcp", "10.0.0.21".to_owned(), None),
        ("443".to_owned(), "tcp", "10.0.0.22".to_owned(), Some(8443)),
        ("53-54".to_owned(), "udp", "10.0.0.23".to_owned(), None),
    ];
    assert_eq!(entries, expected);
    assert!(policy.ipv4.ports.iter().all(|one| one.name.as_ref().unwrap().as_str() == "a"));
}

#[test]
fn block_and_flow_style_mean_the_same() {
    let block = concat!(
        "---\r\nfixed:\n- 10.0.0.0/24   # instances\n-   \"fd00:10::/64\"\n\n",
        "bridge:\n  ports:\n  - vnet*\n  -   tap*\n",
        "egress:\n  uplinks: [ eth0,\n    eth1 ]\n  default:\n    masquerade\n",
        "floats:\n  '203.0.113.10':\n      fixed: 10.0.0.10\n      name: don't panic\n",
    );
    let flow = concat!(
        "{fixed: [10.0.0.0/24, 'fd00:10::/64'], bridge: {ports: [tap*, vnet*]},\n",
        " egress: {default: masquerade, uplinks: [eth1, eth0]},\n",
        " floats: {203.0.113.10: {name: \"don't\\x20panic\", fixed: 10.0.0.10}}}",
    );
    assert_eq!(policy(block), policy(flow));
}
