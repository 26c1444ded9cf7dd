//! Which bridge ports must change their hairpin mode.

use super::{BridgePort, Facts};
use crate::policy::{Bridge, HairpinMode};

/// A port whose hairpin mode is not the declared one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PortChange {
    /// The port as it is.
    pub port: BridgePort,
    /// The mode that it shall have.
    pub on: bool,
}

/// The ports that match the policy's patterns and are in another mode than it declares.
#[must_use]
pub fn port_changes(bridge: &Bridge, facts: &Facts) -> Vec<PortChange> {
    let on = match bridge.hairpin_mode {
        HairpinMode::Keep => return Vec::new(),
        HairpinMode::On => true,
        HairpinMode::Off => false,
    };
    facts
        .ports
        .iter()
        .filter(|port| bridge.is_instance_port(&port.name) && port.hairpin != on)
        .map(|port| PortChange { port: port.clone(), on })
        .collect()
}
