//! What a policy means, as values.

use std::net::Ipv4Addr;

use hairnat::address::InterfacePattern;
use hairnat::policy::{
    DefaultSource, FloatService, HairpinMode, OwnFloat, Policy, Redirect, Reflection,
    ServiceTarget, Source, parse,
};

fn policy(text: &str) -> Policy {
    let source = Source { name: "policy.yaml".to_owned(), text: text.into() };
    parse(&[source]).unwrap_or_else(|found| panic!("{:?}", found.kept()))
}

/// The floats of `floats:` in block style, each with the fixed addresses whose connections leave with
/// it.
fn egress(floats: &str) -> Vec<(String, String)> {
    let policy = policy(&format!("fixed: [10.0.0.0/24]\nfloats:\n{floats}"));
    let half = &policy.ipv4;
    let leaving = |index| {
        let fixed = half.egress.iter().filter(|one| one.float == index);
        fixed.map(|one| one.fixed.to_string()).collect::<Vec<_>>().join(" ")
    };
    let floats = half.floats.iter().enumerate();
    let floats = floats.map(|(index, one)| (one.float.to_string(), leaving(index)));
    let prefixes = half.prefixes.iter().map(|one| {
        let fixed = if one.egress { one.fixed.to_string() } else { String::new() };
        (one.float.to_string(), fixed)
    });
    floats.chain(prefixes).collect()
}

fn expected(floats: &[(&str, &str)]) -> Vec<(String, String)> {
    floats.iter().map(|(float, fixed)| ((*float).to_owned(), (*fixed).to_owned())).collect()
}

#[test]
fn the_only_float_of_a_fixed_address_is_its_egress_float() {
    let found =
        egress("  203.0.113.10: 10.0.0.10\n  203.0.113.11: {fixed: 10.0.0.11, egress: false}\n");
    assert_eq!(found, expected(&[("203.0.113.10", "10.0.0.10"), ("203.0.113.11", "")]));
}

#[test]
fn of_several_floats_the_one_that_says_so_is_the_egress_float() {
    let found =
        egress("  203.0.113.10: 10.0.0.10\n  203.0.113.11: {fixed: 10.0.0.10, egress: true}\n");
    assert_eq!(found, expected(&[("203.0.113.10", ""), ("203.0.113.11", "10.0.0.10")]));
}

#[test]
fn a_port_float_may_take_the_place_of_the_only_address_float() {
    let found = egress(concat!(
        "  203.0.113.10: 10.0.0.10\n",
        "  203.0.113.11: {fixed: 10.0.0.10, egress: true, ports: [80/tcp]}\n",
        "  203.0.113.12: {fixed: 10.0.0.12, ports: [80/tcp]}\n",
    ));
    let floats = [("203.0.113.10", ""), ("203.0.113.11", "10.0.0.10"), ("203.0.113.12", "")];
    assert_eq!(found, expected(&floats));
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
        ("203.0.113.65", "10.0.0.65"),
        ("198.51.100.0/28", "10.0.0.64/28"),
        ("198.51.100.16/28", ""),
        ("198.51.100.32/29", ""),
        ("198.51.100.48/28", "10.0.0.96/28"),
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
    assert_eq!(policy.bridge.own_float, OwnFloat::Translate);
    assert_eq!(policy.bridge.redirect, Redirect::Off);
    assert_eq!(policy.ipv4.default_source, None);
    assert!(!policy.counters && policy.uplinks.is_empty() && policy.ipv6.is_empty());
    assert!(policy.ipv4.pool.is_empty() && policy.bridge.excluded.is_empty());
}

#[test]
fn masquerade_is_for_the_families_in_use() {
    let policy = policy("fixed: [10.0.0.0/24]\negress: {default: masquerade}\n");
    assert_eq!(policy.ipv4.default_source, Some(DefaultSource::Masquerade));
    assert_eq!(policy.ipv6.default_source, None);
}

/// The L4 ports of the only float of `body`, in flow style, each with where it leads.
fn services(body: &str) -> (Option<String>, Vec<String>) {
    let text = format!("fixed: [10.0.0.0/24]\nfloats: {{203.0.113.13: {body}}}\n");
    let policy = policy(&text);
    let [float] = policy.ipv4.floats.as_slice() else { panic!("not one float: {text}") };
    let shown = |one: &FloatService<Ipv4Addr>| match one.target {
        ServiceTarget::Instance { fixed, port: None } => format!("{} {fixed}", one.service),
        ServiceTarget::Instance { fixed, port: Some(port) } => {
            format!("{} {fixed}:{port}", one.service)
        }
        ServiceTarget::Host => format!("{} host", one.service),
    };
    let fixed = float.fixed.map(|fixed| fixed.to_string());
    (fixed, float.services.iter().map(shown).collect())
}

#[test]
fn ports_keep_their_number_unless_moved() {
    let body = "{ports: {443/tcp: '10.0.0.22:8443', 80/tcp: '10.0.0.21:80', 53-54/udp: 10.0.0.23}}";
    let (fixed, services) = services(body);
    assert_eq!(fixed, None);
    assert_eq!(services, ["80/tcp 10.0.0.21", "443/tcp 10.0.0.22:8443", "53-54/udp 10.0.0.23"]);
}

#[test]
fn a_range_is_moved_by_its_first_port_and_icmp_has_none() {
    let body =
        "{ports: {icmp: 10.0.0.24, 8000-8010/tcp: '10.0.0.22:80-90', 1-2/udp: '10.0.0.23:1-2'}}";
    let expected = ["8000-8010/tcp 10.0.0.22:80", "1-2/udp 10.0.0.23", "icmp 10.0.0.24"];
    assert_eq!(services(body), (None, expected.map(str::to_owned).to_vec()));
}

#[test]
fn a_list_of_ports_is_all_that_reaches_the_fixed_address() {
    let (fixed, services) = services("{fixed: 10.0.0.10, ports: [icmp, 80/tcp]}");
    assert_eq!(
        (fixed, services),
        (None, vec!["80/tcp 10.0.0.10".to_owned(), "icmp 10.0.0.10".to_owned()])
    );
}

#[test]
fn a_map_of_ports_beside_fixed_and_what_stays_with_the_host_are_exceptions() {
    let body = "{fixed: 10.0.0.14, ports: {443/tcp: 10.0.0.15}, host: [22/tcp, icmp]}";
    let (fixed, services) = services(body);
    assert_eq!(fixed.as_deref(), Some("10.0.0.14"));
    assert_eq!(services, ["22/tcp host", "443/tcp 10.0.0.15", "icmp host"]);
    let (fixed, services) = self::services("{fixed: 10.0.0.14, ports: [443/tcp], host: [22/tcp]}");
    assert_eq!(fixed, None);
    assert_eq!(services, ["22/tcp host", "443/tcp 10.0.0.14"]);
}

#[test]
fn egress_names_the_instance_that_leaves_with_the_float() {
    let found = egress(concat!(
        "  203.0.113.10: {egress: 10.0.0.10}\n",
        "  203.0.113.11: {egress: 10.0.0.11, ports: {80/tcp: 10.0.0.11}}\n",
        "  203.0.113.12: {egress: 10.0.0.12, fixed: 10.0.0.13, ports: [80/tcp]}\n",
        "  203.0.113.14: {egress: 10.0.0.15, fixed: 10.0.0.14}\n",
        "  203.0.113.16: {egress: true, fixed: 10.0.0.16, ports: {80/tcp: 10.0.0.17}}\n",
        "  203.0.113.18: {fixed: 10.0.0.18, ports: {80/tcp: 10.0.0.17}}\n",
        "  203.0.113.19: {ports: {80/tcp: 10.0.0.17}}\n",
    ));
    let floats = [
        ("203.0.113.10", "10.0.0.10"),
        ("203.0.113.11", "10.0.0.11"),
        ("203.0.113.12", "10.0.0.12"),
        ("203.0.113.14", "10.0.0.15"),
        ("203.0.113.16", "10.0.0.16"),
        ("203.0.113.18", "10.0.0.18"),
        ("203.0.113.19", ""),
    ];
    assert_eq!(found, expected(&floats));
}

#[test]
fn a_float_that_says_false_leaves_the_choice_to_the_others() {
    let found = egress(concat!(
        "  203.0.113.10: {fixed: 10.0.0.10, egress: false}\n",
        "  203.0.113.11: 10.0.0.10\n",
        "  203.0.113.12: {fixed: 10.0.0.12, egress: false}\n",
        "  203.0.113.13: {fixed: 10.0.0.12, egress: false}\n",
        "  198.51.100.0/28: {fixed: 10.0.0.64/28, egress: false}\n",
        "  198.51.100.16/28: 10.0.0.64/28\n",
    ));
    let floats = [
        ("203.0.113.10", ""),
        ("203.0.113.11", "10.0.0.10"),
        ("203.0.113.12", ""),
        ("203.0.113.13", ""),
        ("198.51.100.0/28", ""),
        ("198.51.100.16/28", "10.0.0.64/28"),
    ];
    assert_eq!(found, expected(&floats));
}

#[test]
fn pools_of_all_files_add_up() {
    let source = |name: &str, text: &str| Source { name: name.to_owned(), text: text.into() };
    let policy = parse(&[
        source("a.yaml", "fixed: [10.0.0.0/24]\npool: [203.0.113.128/25, 198.51.100.0/28]\n"),
        source("b.yaml", "fixed: ['fd00:10::/64']\npool: [203.0.113.0/24, '2001:db8::/64']\n"),
    ])
    .unwrap();
    let shown = |pool: Vec<String>| pool.join(" ");
    let pool = shown(policy.ipv4.pool.iter().map(ToString::to_string).collect());
    assert_eq!(pool, "198.51.100.0/28 203.0.113.0/24");
    assert_eq!(shown(policy.ipv6.pool.iter().map(ToString::to_string).collect()), "2001:db8::/64");
}

#[test]
fn bridge_says_which_ports_are_left_out_and_what_else_becomes_of_frames() {
    let said =
        |section: &str| policy(&format!("fixed: [10.0.0.0/24]\nbridge: {{{section}}}\n")).bridge;
    let shown = |patterns: &[InterfacePattern]| {
        patterns.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
    };
    let bridge =
        said("ports: ['vnet*', '!vnet9', tap*, '!vnet9*'], own_float: rewrite, redirect: on");
    assert_eq!((&*shown(&bridge.ports), &*shown(&bridge.excluded)), ("tap* vnet*", "vnet9*"));
    assert_eq!((bridge.own_float, bridge.redirect), (OwnFloat::Rewrite, Redirect::On));
    assert!(bridge.is_instance_port("vnet1") && !bridge.is_instance_port("vnet97"));

    let bridge = said("ports: ['!eth0']");
    assert!(bridge.is_instance_port("vnet1") && !bridge.is_instance_port("eth0"));
    assert_eq!(said("ports: ['*', '!eth0']"), bridge);

    assert_eq!(shown(&said("").through), "fwbr*");
    assert_eq!(shown(&said("through: []").through), "");
    assert_eq!(shown(&said("through: [fwbr1*, fwbr1, a]").through), "a fwbr1*");
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
