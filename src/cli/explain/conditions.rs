//! Whether a packet arrives, for the settings that a host has or may have.

use crate::address::IpFamily;
use crate::host::Facts;
use crate::policy::Bridge;
use crate::trace::{Conditions, Obstacle, Walk, obstacle};

/// What keeps a packet from arriving under some settings, if anything does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdict {
    pub(super) conditions: Conditions,
    pub(super) obstacle: Option<Obstacle>,
}

impl Verdict {
    /// The verdicts for a host of those `facts`: two if its bridge ports differ in their mode, as
    /// nobody knows which one the client is behind. Without facts, one for each combination.
    pub(super) fn of(walk: &Walk, facts: Option<&Facts>, bridge: &Bridge) -> Vec<Self> {
        let possible = |conditions: &Conditions| {
            facts.is_none_or(|facts| {
                let family = walk.question.flow.family();
                conditions.forwarding == facts.forwarding.of(family)
                    && conditions.bridge_nf == facts.bridge_nf.of(family)
                    && port_modes(facts, bridge).contains(&conditions.port_hairpin)
            })
        };
        let verdict = |conditions| Self { conditions, obstacle: obstacle(walk, conditions) };
        Conditions::ALL.into_iter().filter(possible).map(verdict).collect()
    }
}

/// The port hairpin modes of instance ports; off, as the kernel makes them, if there are none.
fn port_modes(facts: &Facts, bridge: &Bridge) -> Vec<bool> {
    let ports = facts.ports.iter().filter(|port| bridge.is_instance_port(&port.name));
    let modes: Vec<bool> = ports.map(|port| port.hairpin).collect();
    if modes.is_empty() { vec![false] } else { modes }
}

/// The setting that forwards packets of a family.
pub(super) const fn forwarding_sysctl(family: IpFamily) -> &'static str {
    match family {
        IpFamily::V4 => "net.ipv4.ip_forward",
        IpFamily::V6 => "net.ipv6.conf.all.forwarding",
    }
}
