//! Where the host contradicts the policy: what will not work, and how to mend it.

use serde_json::{Value, json};

use super::instances::declaration;
use super::{BridgePort, Facts, PortKind};
use crate::address::{InterfacePattern, IpFamily};
use crate::policy::{Bridge, HairpinMode, Policy, Reflection};

/// Something that will not work, though the policy is carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The stable word for the situation.
    pub code: &'static str,
    /// What is so, and what will not work.
    pub message: String,
    /// How to mend it.
    pub hint: String,
}

impl Warning {
    /// The warning as one object of the JSON output.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({ "code": self.code, "message": self.message, "hint": self.hint })
    }
}

/// What contradicts `policy` on a host of those `facts`, once the policy has been applied.
#[must_use]
pub fn warnings(policy: &Policy, facts: &Facts) -> Vec<Warning> {
    let mut found = Vec::new();
    found.extend(IpFamily::ALL.into_iter().filter_map(|family| forwarding(policy, facts, family)));
    found.extend(port_hairpin(policy, facts));
    found.extend(no_bridge(facts));
    found.extend(unmatched_ports(policy, facts));
    found
}

/// Without forwarding, a translated packet ends at this host.
fn forwarding(policy: &Policy, facts: &Facts, family: IpFamily) -> Option<Warning> {
    if !policy.uses(family) || facts.forwarding.of(family) {
        return None;
    }
    let (code, sysctl) = match family {
        IpFamily::V4 => ("ip-forward-off", "net.ipv4.ip_forward"),
        IpFamily::V6 => ("ipv6-forwarding-off", "net.ipv6.conf.all.forwarding"),
    };
    Some(Warning {
        code,
        message: format!("`{sysctl}` is 0: {family} floats are reachable from this host only"),
        hint: format!("switch it on with `sysctl -w {sysctl}=1`"),
    })
}

/// With `br_netfilter`, a frame whose DNAT leads back is bridged, and the bridge lets it out of
/// the port it came from only in hairpin mode (`br_nf_pre_routing_finish`, `should_deliver`).
fn port_hairpin(policy: &Policy, facts: &Facts) -> Option<Warning> {
    let filtered = |family: &IpFamily| policy.has_floats(*family) && facts.bridge_nf.of(*family);
    let families: Vec<String> =
        IpFamily::ALL.iter().filter(|&family| filtered(family)).map(ToString::to_string).collect();
    if families.is_empty() || policy.bridge.hairpin_mode == HairpinMode::On {
        return None;
    }
    let off: Vec<String> = facts
        .ports
        .iter()
        .filter(|port| policy.bridge.is_instance_port(&port.name))
        .filter(|port| port.kind == PortKind::Instance && !port.hairpin)
        .map(ToString::to_string)
        .collect();
    if off.is_empty() {
        return None;
    }
    let declaration = declaration(&policy.bridge, facts)?;
    Some(Warning {
        code: "port-hairpin-off",
        message: format!(
            "br_netfilter is on for {} and bridge port {} not in hairpin mode: an instance behind \
             such a port will not reach its own float",
            families.join(" and "),
            listed(&off, "is", "are"),
        ),
        hint: format!(
            "declare `{declaration}`; or switch br_netfilter off with `sysctl -w \
             net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0`, until the \
             next boot, where no firewall needs it: those of bridged frames (Proxmox VE's, security \
             groups of OpenStack) go with it"
        ),
    })
}

/// A port in hairpin mode returns an instance's own probe for duplicate addresses, and the instance
/// takes that for another owner of the address (RFC 4862 §5.4.3).
pub(super) fn hairpin_unguarded(bridge: &Bridge, ports: &[&BridgePort]) -> Option<Warning> {
    if ports.is_empty() {
        return None;
    }
    let or = match bridge.reflection {
        Reflection::Off => ", or leave `reflection: off` out of the policy",
        Reflection::Ipv6Multicast | Reflection::Multicast if bridge.ports.is_empty() => "",
        Reflection::Ipv6Multicast | Reflection::Multicast => ", or add it to `bridge.ports`",
    };
    Some(Warning {
        code: "hairpin-unguarded",
        message: format!(
            "bridge port {} in hairpin mode without a guard: an instance behind such a port hears \
             its own IPv6 multicast, and its IPv6 addresses can fail duplicate address detection",
            listed(&ports.iter().map(ToString::to_string).collect::<Vec<_>>(), "is", "are"),
        ),
        hint: format!(
            "switch hairpin mode off with `{}` (where br_netfilter is on, the instance then no \
             longer reaches its own float){or}",
            switch_off(ports)
        ),
    })
}

/// The commands that switch the first few ports off.
pub(super) fn switch_off(ports: &[&BridgePort]) -> String {
    let command =
        |port: &&BridgePort| format!("bridge link set dev {} hairpin off", port.argument());
    ports.iter().take(SHOWN).map(command).collect::<Vec<_>>().join("; ")
}

fn no_bridge(facts: &Facts) -> Option<Warning> {
    facts.bridges.is_empty().then(|| Warning {
        code: "no-bridge",
        message: "there is no bridge on this host: nothing is guarded against reflection"
            .to_owned(),
        hint: "nothing to do if the bridge comes later: its ports are covered from their first \
               frame on"
            .to_owned(),
    })
}

fn unmatched_ports(policy: &Policy, facts: &Facts) -> Option<Warning> {
    let matches =
        |pattern: &&InterfacePattern| facts.ports.iter().any(|port| pattern.matches(&port.name));
    let unmatched: Vec<String> = policy
        .bridge
        .ports
        .iter()
        .filter(|pattern| !matches(pattern))
        .map(ToString::to_string)
        .collect();
    if facts.bridges.is_empty() || unmatched.is_empty() {
        return None;
    }
    Some(Warning {
        code: "ports-unmatched",
        message: format!(
            "no bridge port matches {}: nothing is guarded there yet",
            listed(&unmatched, "", "").trim_end()
        ),
        hint: "check `bridge.ports` against the output of `bridge link`; ports that appear later \
               are covered, but keep their hairpin mode until the next apply"
            .to_owned(),
    })
}

/// How many names a warning has at most.
const SHOWN: usize = 5;

/// Names in backticks, the first few of them, and the verb that goes with their number.
pub(super) fn listed(names: &[String], one: &str, several: &str) -> String {
    let shown: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    let more = match names.len().saturating_sub(SHOWN) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let verb = if names.len() == 1 { one } else { several };
    format!("{}{more} {verb}", shown.join(", "))
}
