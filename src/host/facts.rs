//! What is so on this host.

use super::port_kind::PortKind;
use crate::address::IpFamily;

/// The facts that decide whether a declared path works.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// Names of the bridges.
    pub bridges: Vec<String>,
    /// The ports of all bridges, by name.
    pub ports: Vec<BridgePort>,
    /// Whether packets are forwarded (`net.ipv4.ip_forward`, `net.ipv6.conf.all.forwarding`).
    pub forwarding: PerFamily,
    /// Whether bridged frames pass the inet hooks (`net.bridge.bridge-nf-call-iptables` and
    /// `…-ip6tables`, or the bridge's own switches).
    pub bridge_nf: PerFamily,
}

/// An interface that is a port of a bridge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BridgePort {
    /// The interface number.
    pub index: u32,
    /// The interface name.
    pub name: String,
    /// The name of its bridge.
    pub bridge: String,
    /// The kind of thing that it leads to.
    pub kind: PortKind,
    /// Whether the port is in hairpin mode (`BR_HAIRPIN_MODE`).
    pub hairpin: bool,
}

/// A setting that each IP family has of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PerFamily {
    /// For IPv4.
    pub ipv4: bool,
    /// For IPv6.
    pub ipv6: bool,
}

impl PerFamily {
    /// The setting of `family`.
    #[must_use]
    pub const fn of(self, family: IpFamily) -> bool {
        match family {
            IpFamily::V4 => self.ipv4,
            IpFamily::V6 => self.ipv6,
        }
    }
}
