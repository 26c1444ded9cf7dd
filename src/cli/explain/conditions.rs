//! Whether a packet arrives, for the settings that a host has or may have.

use crate::address::IpFamily;
use crate::host::{Attachment, Facts, PortKind};
use crate::policy::Bridge;
use crate::trace::{BridgeConditions, Conditions, End, Obstacle, Walk, obstacle};

/// What keeps a packet from arriving under some settings, if anything does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Verdict {
    pub(super) conditions: Conditions,
    pub(super) obstacle: Option<Obstacle>,
}

impl Verdict {
    /// The verdicts for a host of those `facts`: more than one if its bridge ports differ in their
    /// modes, as nobody knows which ones client and server are behind. Without facts, one for each
    /// combination.
    pub(super) fn of(walk: &Walk, facts: Option<&HostFacts>, bridge: &Bridge) -> Vec<Self> {
        let verdict = |conditions| Self { conditions, obstacle: obstacle(walk, conditions) };
        let Some(HostFacts { facts, attachment }) = facts else {
            return Conditions::ALL.into_iter().map(verdict).collect();
        };
        let family = walk.question.flow.family();
        let forwarding = facts.forwarding.of(family);
        let bridged = match attachment {
            Some(Attachment::Bridge) => true,
            Some(Attachment::Routed) => false,
            None => !facts.bridges.is_empty(),
        };
        if !bridged {
            return vec![verdict(Conditions { forwarding, bridge: None })];
        }
        let netfilter = facts.bridge_nf.of(family);
        let behind = |PortModes { hairpin, isolation }| {
            let (port_isolation, port_hairpin) = (isolation, hairpin);
            let bridge = Some(BridgeConditions { netfilter, port_isolation, port_hairpin });
            verdict(Conditions { forwarding, bridge })
        };
        port_modes(walk, facts, bridge).into_iter().map(behind).collect()
    }
}

/// What is known of a host.
pub(super) struct HostFacts {
    pub(super) facts: Facts,
    /// How the client is attached to it, if that is known.
    pub(super) attachment: Option<Attachment>,
}

/// A setting of a host that an answer can depend on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Setting {
    Forwarding,
    Bridge,
    BridgeNf,
    PortIsolation,
    PortHairpin,
}

impl Setting {
    pub(super) const ALL: [Self; 5] =
        [Self::Forwarding, Self::Bridge, Self::BridgeNf, Self::PortIsolation, Self::PortHairpin];

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
        self.others(conditions).iter().any(|other| arrives(conditions) != arrives(*other))
    }

    /// The conditions with another value of this setting; several if it brings others with it, none
    /// if it means nothing.
    fn others(self, conditions: Conditions) -> Vec<Conditions> {
        let Conditions { forwarding, bridge } = conditions;
        if self == Self::Forwarding {
            return vec![Conditions { forwarding: !forwarding, ..conditions }];
        }
        let Some(mut other) = bridge else {
            let bridged = |other: &Conditions| {
                self == Self::Bridge && other.forwarding == forwarding && other.bridge.is_some()
            };
            return Conditions::ALL.into_iter().filter(bridged).collect();
        };
        match self {
            Self::Forwarding | Self::Bridge => {
                return vec![Conditions { bridge: None, ..conditions }];
            }
            Self::BridgeNf => other.netfilter = !other.netfilter,
            Self::PortIsolation => other.port_isolation = !other.port_isolation,
            Self::PortHairpin => other.port_hairpin = !other.port_hairpin,
        }
        vec![Conditions { bridge: Some(other), ..conditions }]
    }

    /// Its value in `conditions`; `None` if it means nothing there.
    pub(super) fn value(self, conditions: Conditions) -> Option<bool> {
        match self {
            Self::Forwarding => Some(conditions.forwarding),
            Self::Bridge => Some(conditions.bridge.is_some()),
            Self::BridgeNf => conditions.bridge.map(|bridge| bridge.netfilter),
            Self::PortIsolation => conditions.bridge.map(|bridge| bridge.port_isolation),
            Self::PortHairpin => conditions.bridge.map(|bridge| bridge.port_hairpin),
        }
    }

    /// What people call it: if it is on, and if it is off.
    pub(super) const fn words(self) -> [&'static str; 2] {
        match self {
            Self::Forwarding => ["forwarding on", "forwarding off"],
            Self::Bridge => ["behind a bridge", "no bridge"],
            Self::BridgeNf => ["br_netfilter on", "br_netfilter off"],
            Self::PortIsolation => ["port isolation on", "port isolation off"],
            Self::PortHairpin => ["port hairpin mode on", "port hairpin mode off"],
        }
    }

    /// The name of its field in JSON.
    pub(super) const fn field(self) -> &'static str {
        match self {
            Self::Forwarding => "forwarding",
            Self::Bridge => "bridge",
            Self::BridgeNf => "bridge_nf",
            Self::PortIsolation => "port_isolation",
            Self::PortHairpin => "port_hairpin",
        }
    }
}

/// The modes of the bridge ports that a packet comes in and would leave by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct PortModes {
    /// Whether the first one is in hairpin mode.
    hairpin: bool,
    /// Whether both are isolated.
    isolation: bool,
}

/// The modes of any instance ports that client and server may be behind, hairpin mode and no
/// isolation first; all off, as the kernel makes ports, if there are none.
fn port_modes(walk: &Walk, facts: &Facts, bridge: &Bridge) -> Vec<PortModes> {
    let ports = facts.ports.iter().filter(|port| port.kind == PortKind::Instance);
    let ports: Vec<_> = ports.filter(|port| bridge.is_instance_port(&port.name)).collect();
    let isolated = ports.iter().filter(|port| port.isolated).count();
    let mut modes: Vec<PortModes> = Vec::new();
    for client in &ports {
        let isolated_others = isolated - usize::from(client.isolated);
        let other_servers = match walk.answer.end {
            End::Itself => [false, false],
            End::Instance { .. }
            | End::Host
            | End::Elsewhere
            | End::Dropped
            | End::Rejected
            | End::Unknown => [isolated_others > 0, ports.len() - 1 > isolated_others],
        };
        // Where there is no other port, the server may come to be behind one like it.
        let servers = match other_servers {
            [false, false] => [client.isolated, !client.isolated],
            others => others,
        };
        let is_there = |&(there, _): &(bool, bool)| there;
        let servers = servers.into_iter().zip([true, false]).filter(is_there);
        modes.extend(servers.map(|(_, server)| PortModes {
            hairpin: client.hairpin,
            isolation: client.isolated && server,
        }));
    }
    if modes.is_empty() {
        modes.push(PortModes { hairpin: false, isolation: false });
    }
    modes.sort_by_key(|modes| (modes.isolation, !modes.hairpin));
    modes.dedup();
    modes
}

/// The setting that forwards packets of a family.
pub(super) const fn forwarding_sysctl(family: IpFamily) -> &'static str {
    match family {
        IpFamily::V4 => "net.ipv4.ip_forward",
        IpFamily::V6 => "net.ipv6.conf.all.forwarding",
    }
}
