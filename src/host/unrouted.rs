//! Instances that are not met where they are: no route leads to them, or their packets pass this host by.

use std::net::IpAddr;

use super::facts::{BridgeDevice, BridgePort, Facts};
use super::port_kind::PortKind;
use super::routes::NextHop;
use super::warnings::{Warning, listed};
use crate::address::{Address, IpFamily, Prefix};
use crate::policy::{Policy, Redirect};

/// Without a route to it, a packet of an instance is taken for one that another host forged.
pub(super) fn fixed_unrouted(facts: &Facts) -> Option<Warning> {
    let unrouted = &facts.routes.unrouted;
    let bridges: Vec<&BridgeDevice> = with(facts, PortKind::Instance).collect();
    let (first, bridge) = (unrouted.first()?, bridges.first()?);
    let names: Vec<String> = unrouted.iter().map(ToString::to_string).collect();
    Some(Warning {
        code: "fixed-unrouted",
        message: format!(
            "no route but the default one leads to {}: packets of instances there are taken for \
             forged, and no float works for them",
            listed(&names, "", "").trim_end()
        ),
        hint: format!(
            "give the bridge of the instances an address there, or a route with `ip route add \
             {first} dev {}`, until the next boot; a rule of `ip rule` with `iif` does not count",
            bridge.argument()
        ),
    })
}

/// Where the router is beyond the bridge, frames to it never come up to this host, unless `br_netfilter`
/// shows them to the rules.
pub(super) fn flat_network(policy: &Policy, facts: &Facts) -> Option<Warning> {
    if policy.bridge.redirect == Redirect::On {
        return None;
    }
    let passes_by = |hop: &&NextHop| {
        let (family, is_fixed) = match hop.address {
            IpAddr::V4(address) => (IpFamily::V4, lies_in(&policy.ipv4.fixed, address)),
            IpAddr::V6(address) => (IpFamily::V6, lies_in(&policy.ipv6.fixed, address)),
        };
        is_fixed && policy.has_floats(family) && !facts.bridge_nf.of(family)
    };
    let bridge_of = |hop: NextHop| {
        let bridge = with(facts, PortKind::Instance).find(|it| it.index == hop.interface)?;
        with(facts, PortKind::Uplink).any(|it| it.index == bridge.index).then_some((hop, bridge))
    };
    let (hop, bridge) =
        facts.routes.defaults.iter().filter(passes_by).find_map(|&hop| bridge_of(hop))?;
    Some(Warning {
        code: "flat-network",
        message: format!(
            "the default gateway of this host, `{}`, is in a fixed network on bridge `{}`, and \
             br_netfilter is off: if it is the gateway of instances too, their packets pass this \
             host by, floats do not answer from outside, and nothing leaves as a float",
            hop.address, bridge.name
        ),
        hint:
            "declare `bridge: { redirect: on }` with their ports in `bridge.ports`; or `modprobe \
               br_netfilter && sysctl -w net.bridge.bridge-nf-call-iptables=1 \
               net.bridge.bridge-nf-call-ip6tables=1`, until the next boot: every firewall of this \
               host then sees bridged frames too"
                .to_owned(),
    })
}

/// The bridges that have a port of that kind.
fn with(facts: &Facts, kind: PortKind) -> impl Iterator<Item = &BridgeDevice> {
    let of_kind = move |port: &&BridgePort| port.kind == kind;
    let has = move |bridge: &&BridgeDevice| {
        facts.ports.iter().filter(of_kind).any(|port| port.bridge == bridge.name)
    };
    facts.bridges.iter().filter(has)
}

fn lies_in<A: Address>(networks: &[Prefix<A>], address: A) -> bool {
    networks.iter().any(|network| network.contains(address))
}

#[cfg(test)]
mod tests {
    use super::{fixed_unrouted, flat_network};
    use crate::address::InterfaceName;
    use crate::host::{BridgeDevice, BridgePort, Facts, NextHop, PerFamily, PortKind, Routes};
    use crate::policy::{Policy, Source, parse};
    use crate::ruleset::AnyPrefix;

    fn policy(bridge: &str) -> Policy {
        let text = format!("{bridge}\nfixed: [10.0.0.0/24]\nfloats: {{203.0.113.10: 10.0.0.10}}");
        parse(&[Source { name: "policy.yaml".to_owned(), text: text.into() }]).unwrap()
    }

    /// A bridge `br0`, number 7, with ports of those kinds, and the routes.
    fn facts(kinds: &[PortKind], routes: Routes) -> Facts {
        let bridge = InterfaceName::new("br0");
        let port = |&kind| BridgePort { bridge: bridge.clone(), kind, ..BridgePort::default() };
        let ports = kinds.iter().map(port).collect();
        let bridges =
            vec![BridgeDevice { index: 7, name: bridge.clone(), ..BridgeDevice::default() }];
        Facts { bridges, ports, routes, ..Facts::default() }
    }

    fn by_default(router: &str, interface: u32) -> Routes {
        let hop = NextHop { address: router.parse().unwrap(), interface };
        Routes { defaults: vec![hop], ..Routes::default() }
    }

    #[test]
    fn a_fixed_network_without_a_route_is_told_once_an_instance_is_there() {
        let Policy { ipv4, .. } = policy("");
        let routes = Routes { unrouted: vec![AnyPrefix::V4(ipv4.fixed[0])], ..Routes::default() };
        assert_eq!(fixed_unrouted(&facts(&[PortKind::Uplink], routes.clone())), None);
        let mut odd = facts(&[PortKind::Instance], routes.clone());
        let name = InterfaceName::new("$(reboot)");
        (odd.bridges[0].name, odd.ports[0].bridge) = (name.clone(), name);
        let hint = fixed_unrouted(&odd).unwrap().hint;
        assert!(hint.contains("`ip route add 10.0.0.0/24 dev if7`"), "{hint}");
        let warning = fixed_unrouted(&facts(&[PortKind::Instance], routes)).unwrap();
        assert!(warning.message.contains("leads to `10.0.0.0/24`: "), "{}", warning.message);
        assert!(warning.hint.contains("`ip route add 10.0.0.0/24 dev br0`"), "{}", warning.hint);
    }

    #[test]
    fn a_router_in_the_fixed_network_beyond_the_bridge_is_told() {
        let both = [PortKind::Instance, PortKind::Uplink];
        let flat = facts(&both, by_default("10.0.0.254", 7));
        let warning = flat_network(&policy(""), &flat).unwrap();
        assert!(warning.message.contains("`10.0.0.254`"), "{}", warning.message);
        let redirected = policy("bridge: {ports: [vnet*], redirect: on}");
        assert_eq!(flat_network(&redirected, &flat), None);
        let bridge_nf = PerFamily { ipv4: true, ipv6: false };
        assert_eq!(flat_network(&policy(""), &Facts { bridge_nf, ..flat }), None);
        for other in [
            facts(&both, by_default("192.0.2.254", 7)),
            facts(&both, by_default("10.0.0.254", 8)),
            facts(&both[..1], by_default("10.0.0.254", 7)),
        ] {
            assert_eq!(flat_network(&policy(""), &other), None, "{other:?}");
        }
    }
}
