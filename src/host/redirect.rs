//! `redirect: on`: which bridge takes in what instances send to another gateway.

use super::facts::{BridgeDevice, Facts};
use super::warnings::Warning;
use crate::compile::HostAddresses;
use crate::policy::{Bridge, Policy, Redirect};

/// The addresses of this host that the rules of a policy name.
#[must_use]
pub fn host_addresses(bridge: &Bridge, facts: &Facts) -> HostAddresses {
    match (bridge.redirect, bridges(bridge, facts).as_slice()) {
        (Redirect::On, [one]) => HostAddresses { bridge: one.address },
        (Redirect::On | Redirect::Off, _) => HostAddresses::default(),
    }
}

/// The bridges that ports of instances are on.
fn bridges<'f>(bridge: &Bridge, facts: &'f Facts) -> Vec<&'f BridgeDevice> {
    let has_instances = |device: &&BridgeDevice| {
        let on_it = facts.ports.iter().filter(|port| port.bridge == device.name);
        on_it.into_iter().any(|port| bridge.is_instance_port(&port.name))
    };
    facts.bridges.iter().filter(has_instances).collect()
}

/// The rule names the address of one bridge; with none or several it is left out.
pub(super) fn redirect_without_bridge(policy: &Policy, facts: &Facts) -> Option<Warning> {
    let bridge = &policy.bridge;
    if bridge.redirect == Redirect::Off || host_addresses(bridge, facts).bridge.is_some() {
        return None;
    }
    let names: Vec<String> =
        bridges(bridge, facts).iter().map(|device| format!("`{}`", device.name)).collect();
    let (message, hint) = if names.is_empty() {
        (
            "no bridge has a port of `bridge.ports` yet, so that nothing is redirected to it"
                .to_owned(),
            "run `hairnat apply` again once an instance runs; at boot, hairnat-late.service does \
             that"
                .to_owned(),
        )
    } else {
        (
            format!(
                "ports of `bridge.ports` are on several bridges, {}, so that nothing is redirected: \
                 `redirect` is for one",
                names.join(", ")
            ),
            "let `bridge.ports` match the ports of the one bridge whose instances have another \
             gateway"
                .to_owned(),
        )
    };
    Some(Warning { code: "redirect-without-bridge", message, hint })
}

#[cfg(test)]
mod tests {
    use super::{host_addresses, redirect_without_bridge};
    use crate::address::InterfaceName;
    use crate::host::{BridgeDevice, BridgePort, Facts};
    use crate::policy::{Policy, Source, parse};

    fn policy() -> Policy {
        let text = "bridge: {ports: [vnet*], redirect: on}\nfixed: [10.0.0.0/24]\nfloats: {}";
        parse(&[Source { name: "policy.yaml".to_owned(), text: text.into() }]).unwrap()
    }

    /// A host of bridges, each with a port.
    fn facts(ports: &[(&str, &str)]) -> Facts {
        let mut facts = Facts::default();
        for (number, (bridge, port)) in (1_u8..).zip(ports) {
            let address = Some([2, 0, 0, 0, 0, number]);
            facts.bridges.push(BridgeDevice {
                index: number.into(),
                name: InterfaceName::new(*bridge),
                address,
            });
            let (name, bridge) = (InterfaceName::new(*port), InterfaceName::new(*bridge));
            facts.ports.push(BridgePort { name, bridge, ..BridgePort::default() });
        }
        facts
    }

    #[test]
    fn the_bridge_of_the_instances_is_the_one_that_is_named() {
        let facts = facts(&[("br0", "eth1"), ("br1", "vnet0")]);
        let address = host_addresses(&policy().bridge, &facts).bridge;
        assert_eq!(address, Some([2, 0, 0, 0, 0, 2]));
        assert_eq!(redirect_without_bridge(&policy(), &facts), None);
    }

    #[test]
    fn none_or_several_are_warned_of() {
        for (ports, message) in [
            (&[("br0", "eth1")][..], "no bridge has a port of `bridge.ports` yet"),
            (&[("br0", "vnet0"), ("br1", "vnet1")], "on several bridges, `br0`, `br1`"),
        ] {
            let facts = facts(ports);
            assert_eq!(host_addresses(&policy().bridge, &facts).bridge, None);
            let warning = redirect_without_bridge(&policy(), &facts).unwrap();
            assert!(warning.message.contains(message), "{}", warning.message);
        }
    }
}
