//! Whether a packet arrives, for the settings that a host has or may have.

use crate::address::IpFamily;
use crate::host::{Facts, PortKind};
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

/// A setting of a host that an answer can depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    Forwarding,
    BridgeNf,
    PortHairpin,
}

impl Setting {
    const ALL: [Self; 3] = [Self::Forwarding, Self::BridgeNf, Self::PortHairpin];

    /// The settings that decide whether the packet of `walk` arrives, on one host or another.
    pub(super) fn decisive(walk: &Walk) -> Vec<Self> {
        let decides = |setting: &Self| {
            Conditions::ALL.into_iter().any(|conditions| setting.decides(walk, conditions))
        };
        Self::ALL.into_iter().filter(decides).collect()
    }

    /// Those that decide it on a host of those `conditions`: with another value of one, the answer
    /// would be another.
    pub(super) fn decisive_with(walk: &Walk, conditions: Conditions) -> Vec<Self> {
        let decides = |setting: &Self| setting.decides(walk, conditions);
        let here: Vec<Self> = Self::ALL.into_iter().filter(decides).collect();
        if here.is_empty() { Self::decisive(walk) } else { here }
    }

    fn decides(self, walk: &Walk, conditions: Conditions) -> bool {
        let arrives = |conditions| obstacle(walk, conditions).is_none();
        arrives(conditions) != arrives(self.other(conditions))
    }

    fn other(self, conditions: Conditions) -> Conditions {
        let mut other = conditions;
        match self {
            Self::Forwarding => other.forwarding = !other.forwarding,
            Self::BridgeNf => other.bridge_nf = !other.bridge_nf,
            Self::PortHairpin => other.port_hairpin = !other.port_hairpin,
        }
        other
    }

    /// Its value in `conditions`.
    pub(super) const fn value(self, conditions: Conditions) -> bool {
        match self {
            Self::Forwarding => conditions.forwarding,
            Self::BridgeNf => conditions.bridge_nf,
            Self::PortHairpin => conditions.port_hairpin,
        }
    }

    /// What people call it.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Forwarding => "forwarding",
            Self::BridgeNf => "br_netfilter",
            Self::PortHairpin => "port hairpin mode",
        }
    }

    /// The name of its field in JSON.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Forwarding => "forwarding",
            Self::BridgeNf => "bridge_nf",
            Self::PortHairpin => "port_hairpin",
        }
    }
}

/// The port hairpin modes of instance ports; off, as the kernel makes them, if there are none.
fn port_modes(facts: &Facts, bridge: &Bridge) -> Vec<bool> {
    let ports = facts.ports.iter().filter(|port| port.kind == PortKind::Instance);
    let ports = ports.filter(|port| bridge.is_instance_port(&port.name));
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
