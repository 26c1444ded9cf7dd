//! Warnings about ports that lead to no instance, and the patterns in their hints.

use super::{declaration, hairpin_loop, hairpin_on_uplink, yaml_word};
use crate::address::InterfaceName;
use crate::host::{
    BridgeDevice, BridgePort, Facts, Guard, PerFamily, PortKind, Warning, plan_ports, warnings,
};
use crate::policy::{Policy, Source, parse};

fn policy(text: &str) -> Policy {
    let source = Source { name: "policy.yaml".to_owned(), text: text.into() };
    parse(&[source]).unwrap()
}

/// Ports of `br0`, numbered from 1.
fn facts(ports: &[(&str, PortKind)]) -> Facts {
    let port = |(index, (name, kind)): (u32, &(&str, PortKind))| BridgePort {
        index,
        name: InterfaceName::new(*name),
        bridge: InterfaceName::new("br0"),
        isolated: false,
        learned: 0,
        kind: *kind,
        hairpin: false,
    };
    Facts { ports: (1..).zip(ports).map(port).collect(), ..Facts::default() }
}

/// Proxmox VE's firewall bridge, tap – fwbr – fwln/fwpr – vmbr, beside an uplink.
fn firewall_bridge() -> Facts {
    let mut facts = facts(&[
        ("eno1", PortKind::Uplink),
        ("fwln100i0", PortKind::Bridge { peer: 3 }),
        ("fwpr100p0", PortKind::Bridge { peer: 2 }),
        ("tap100i0", PortKind::Instance),
    ]);
    for (port, bridge) in [(0, "vmbr0"), (1, "fwbr100i0"), (2, "vmbr0"), (3, "fwbr100i0")] {
        facts.ports[port].bridge = InterfaceName::new(bridge);
    }
    facts
}

const ALL: &str = "bridge: { ports: ['*'], hairpin_mode: on }";

fn looped(policy_text: &str, facts: &Facts) -> Option<Warning> {
    hairpin_loop(&policy(policy_text).bridge, facts)
}

#[test]
fn hairpin_mode_at_both_ends_of_a_veth_between_bridges_is_refused() {
    let harm = looped(ALL, &firewall_bridge()).unwrap();
    assert_eq!(harm.code, "hairpin-loop");
    assert_eq!(
        harm.message,
        "hairpin mode would be on at both ends of the veth between bridges `fwbr100i0` and `vmbr0`, \
         the bridge ports `fwln100i0` and `fwpr100p0`: one broadcast frame then circles for ever"
    );
    assert_eq!(
        harm.hint,
        "name the ports of instances only: `bridge: { ports: [tap*], hairpin_mode: on }`"
    );
}

#[test]
fn only_both_ends_make_a_loop() {
    let one_end = "bridge: { ports: [fwln*, tap*], hairpin_mode: on }";
    assert_eq!(looped(one_end, &firewall_bridge()), None);
    for text in ["bridge: { ports: ['*'], hairpin_mode: off }", "bridge: { ports: ['*'] }"] {
        assert_eq!(looped(text, &firewall_bridge()), None, "{text}");
    }
    // Somebody else has switched the other end on.
    let mut facts = firewall_bridge();
    facts.ports[2].hairpin = true;
    assert!(looped(one_end, &facts).is_some());
    assert_eq!(looped("bridge: { ports: [tap*], hairpin_mode: on }", &facts), None);
}

#[test]
fn a_loop_of_somebody_else_is_warned_of() {
    let mut facts = firewall_bridge();
    facts.ports[1].hairpin = true;
    facts.ports[2].hairpin = true;
    let kept = policy("bridge: { ports: ['*'] }");
    assert_eq!(hairpin_loop(&kept.bridge, &facts), None);
    let none = Guard::default();
    let plan = plan_ports(&kept.bridge, &facts, &none, &none);
    assert_eq!(plan.changes, []);
    assert_eq!(plan.warnings[0].code, "hairpin-loop");
    assert!(plan.warnings[0].message.starts_with("hairpin mode is on at both ends of the veth"));
    assert_eq!(
        plan.warnings[0].hint,
        "switch it off with `bridge link set dev fwln100i0 hairpin off; bridge link set dev \
         fwpr100p0 hairpin off`"
    );
}

#[test]
fn hairpin_mode_at_a_port_that_leads_to_a_network_is_warned_of() {
    let facts = facts(&[("eno1", PortKind::Uplink), ("vnet0", PortKind::Instance)]);
    let warning = hairpin_on_uplink(&policy(ALL).bridge, &facts).unwrap();
    assert_eq!(warning.code, "hairpin-on-uplink");
    assert_eq!(
        warning.message,
        "the policy sets hairpin mode at `eno1`, which leads to no instance: the bridge returns the \
         frames of the network beyond it, and hosts there become unreachable"
    );
    assert_eq!(
        warning.hint,
        "name the ports of instances only: `bridge: { ports: [vnet*], hairpin_mode: on }`"
    );
    for text in ["bridge: { ports: [vnet*], hairpin_mode: on }", "bridge: { ports: ['*'] }"] {
        assert_eq!(hairpin_on_uplink(&policy(text).bridge, &facts), None, "{text}");
    }
    let instances_later = self::facts(&[("eno1", PortKind::Uplink)]);
    let warning = hairpin_on_uplink(&policy(ALL).bridge, &instances_later).unwrap();
    assert_eq!(warning.hint, "name the ports of instances only in `bridge.ports`");
}

/// The hint also names the firewalls that need `br_netfilter`.
#[test]
fn the_hint_to_set_hairpin_mode_names_ports_of_instances_only() {
    let mut facts = facts(&[("eno1", PortKind::Uplink), ("vnet0", PortKind::Instance)]);
    facts.bridges =
        vec![BridgeDevice { name: InterfaceName::new("br0"), ..BridgeDevice::default() }];
    facts.forwarding = PerFamily { ipv4: true, ipv6: true };
    facts.bridge_nf = PerFamily { ipv4: true, ipv6: false };
    let policy = policy("fixed: [10.0.0.0/24]\nfloats: { 203.0.113.10: 10.0.0.10 }");
    let [warning] = &warnings(&policy, &facts)[..] else { panic!("one warning") };
    assert_eq!(
        warning.message,
        "br_netfilter is on for IPv4 and bridge port `vnet0` is not in hairpin mode: an instance \
         behind such a port will not reach its own float"
    );
    assert_eq!(
        warning.hint,
        "declare `bridge: { own_float: rewrite }`, which suits where each instance has one float; or \
         declare `bridge: { ports: [vnet*], hairpin_mode: on }`; or switch br_netfilter off with \
         `sysctl -w net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0`, \
         until the next boot, where no firewall needs it: those of bridged frames (Proxmox VE's, \
         security groups of OpenStack) go with it"
    );
    facts.ports.pop();
    assert_eq!(warnings(&policy, &facts), []);
}

#[test]
fn patterns_match_the_ports_of_instances_and_no_other() {
    let declared = |text: &str, ports: &[(&str, PortKind)]| {
        declaration(&policy(text).bridge, &facts(ports))
            .map(|text| text.replace("bridge: { ports: ", "").replace(", hairpin_mode: on }", ""))
    };
    let instances = [
        ("tap100i0", PortKind::Instance),
        ("veth1a2b", PortKind::Instance),
        ("vethcafe", PortKind::Instance),
        ("vnet0", PortKind::Instance),
        ("vnet11", PortKind::Instance),
        ("web", PortKind::Instance),
    ];
    let found = declared("bridge: {}", &instances);
    assert_eq!(found.as_deref(), Some("[tap*, veth*, vnet*, web]"));
    // Those of the policy, as far as they are right.
    let some = declared("bridge: { ports: [eno1, 'lxc*', 'vnet*'] }", &instances);
    assert_eq!(some.as_deref(), Some("[vnet*]"));
    // An uplink of the same family.
    let ports = [("eth0", PortKind::Uplink), ("eth1", PortKind::Instance)];
    assert_eq!(declared("bridge: {}", &ports).as_deref(), Some("[eth1]"));
    assert_eq!(declared("bridge: {}", &[("eth0", PortKind::Uplink)]), None);
}

#[test]
fn a_name_that_yaml_would_read_otherwise_is_quoted() {
    for (name, word) in [("vnet*", "vnet*"), ("*", "'*'"), ("1e3", "'1e3'"), ("a'#b", "'a''#b'")] {
        assert_eq!(yaml_word(name), word);
    }
}
