//! Which bridge ports must change their hairpin mode, and how that is seen to.

use super::{BridgePort, Facts, Host, HostError};
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

/// Sets every port, whatever becomes of the others. A port that is gone by now has no mode to be
/// wrong.
///
/// # Errors
///
/// [`HostError::Port`] of the first port that is there and in the other mode still.
pub fn set_ports(host: &mut impl Host, changes: &[PortChange]) -> Result<(), HostError> {
    let mut refused = Vec::new();
    for change in changes {
        if let Err(source) = host.set_hairpin(&change.port, change.on) {
            refused.push((change, source));
        }
    }
    if refused.is_empty() {
        return Ok(());
    }
    let facts = host.facts();
    let remains = |change: &PortChange| match &facts {
        Ok(facts) => facts
            .ports
            .iter()
            .any(|port| port.index == change.port.index && port.hairpin != change.on),
        Err(_) => true,
    };
    match refused.into_iter().find(|(change, _)| remains(change)) {
        None => Ok(()),
        Some((PortChange { port, on }, source)) => {
            let mode = if *on { "on" } else { "off" };
            Err(HostError::Port { port: port.name.clone(), mode, source })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{PortChange, set_ports};
    use crate::host::{BridgePort, Facts, Host, HostError};
    use crate::netlink::Error;

    /// Ports of which some refuse and some have gone.
    struct FakeHost {
        facts: Facts,
        refusing: &'static [u32],
    }

    impl Host for FakeHost {
        fn facts(&mut self) -> Result<Facts, HostError> {
            Ok(self.facts.clone())
        }

        fn set_hairpin(&mut self, port: &BridgePort, on: bool) -> Result<(), Error> {
            if self.refusing.contains(&port.index) {
                return Err(Error::refused(libc::EPERM, "set the port hairpin mode"));
            }
            let live = self.facts.ports.iter_mut().find(|live| live.index == port.index);
            live.ok_or(Error::refused(libc::EINVAL, "set the port hairpin mode"))?.hairpin = on;
            Ok(())
        }
    }

    fn port(index: u32) -> BridgePort {
        BridgePort { index, name: format!("vnet{index}"), hairpin: false, isolated: false }
    }

    /// Switches `vnet0` to `vnet2` on, where only `there` are left.
    fn switched_on(there: &[u32], refusing: &'static [u32]) -> (Result<(), HostError>, Vec<bool>) {
        let ports = there.iter().map(|&index| port(index)).collect();
        let mut host = FakeHost { facts: Facts { ports, ..Facts::default() }, refusing };
        let changes = [0, 1, 2].map(|index| PortChange { port: port(index), on: true });
        let result = set_ports(&mut host, &changes);
        (result, host.facts.ports.iter().map(|port| port.hairpin).collect())
    }

    #[test]
    fn a_port_that_refuses_is_named_and_the_others_are_set() {
        let (result, modes) = switched_on(&[0, 1, 2], &[1]);
        assert_eq!(modes, [true, false, true]);
        let Err(HostError::Port { port, mode, .. }) = result else { panic!("{result:?}") };
        assert_eq!((port.as_str(), mode), ("vnet1", "on"));
    }

    #[test]
    fn a_port_that_is_gone_is_no_error() {
        let (result, modes) = switched_on(&[0, 2], &[]);
        assert!(result.is_ok(), "{result:?}");
        assert_eq!(modes, [true, true]);
    }
}
