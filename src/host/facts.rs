//! What is so on this host.

use std::fmt;

use super::port_kind::PortKind;
use super::routes::Routes;
use crate::address::{InterfaceName, IpFamily};

/// The facts that decide whether a declared path works.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Facts {
    /// The bridges, by name.
    pub bridges: Vec<BridgeDevice>,
    /// The ports of all bridges, by name.
    pub ports: Vec<BridgePort>,
    /// Whether packets are forwarded (`net.ipv4.ip_forward`, `net.ipv6.conf.all.forwarding`).
    pub forwarding: PerFamily,
    /// Whether bridged frames pass the inet hooks (`net.bridge.bridge-nf-call-iptables` and
    /// `…-ip6tables`, or the bridge's own switches).
    pub bridge_nf: PerFamily,
    /// The routes that decide about a policy; none, where it was not asked for them.
    pub routes: Routes,
}

/// A Linux bridge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BridgeDevice {
    /// The interface number.
    pub index: u32,
    /// The interface name.
    pub name: InterfaceName,
    /// The Ethernet address (`IFLA_ADDRESS`).
    pub address: Option<[u8; 6]>,
}

/// An interface that is a port of a bridge.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BridgePort {
    /// The interface number.
    pub index: u32,
    /// The interface name.
    pub name: InterfaceName,
    /// The name of its bridge.
    pub bridge: InterfaceName,
    /// The kind of thing that it leads to.
    pub kind: PortKind,
    /// Whether the port is in hairpin mode (`BR_HAIRPIN_MODE`).
    pub hairpin: bool,
    /// Whether the bridge keeps it from other isolated ports (`BR_ISOLATED`).
    pub isolated: bool,
    /// How many Ethernet addresses its bridge has learned there; 0 unless the port is in hairpin mode.
    pub learned: usize,
}

impl BridgePort {
    /// What bridge(8) finds the port by, as a word of a shell: its name, or its number if the name
    /// is none (`ll_name_to_index`, `lib/ll_map.c` of iproute2).
    #[must_use]
    pub fn argument(&self) -> String {
        argument(&self.name, self.index)
    }
}

impl BridgeDevice {
    /// What ip(8) finds the bridge by, as a word of a shell, as [`BridgePort::argument`].
    #[must_use]
    pub fn argument(&self) -> String {
        argument(&self.name, self.index)
    }
}

fn argument(name: &InterfaceName, index: u32) -> String {
    if name.is_plain() { name.to_string() } else { format!("if{index}") }
}

impl fmt::Display for BridgePort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
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
