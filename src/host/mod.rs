//! The host around the ruleset: bridge ports and the settings that decide whether a path works.
//!
//! Facts come in, port hairpin modes go out. What follows from the facts is computed without them
//! being at hand, so that it can be tested without a host.

mod attachment;
mod facts;
mod guard;
mod hairpin;
mod instances;
mod learned;
mod links;
mod lock;
mod port_kind;
mod redirect;
mod route;
mod routes;
mod unrouted;
mod warnings;

use thiserror::Error;

use crate::netlink;

pub use attachment::{Attachment, attachment};
pub use facts::{BridgeDevice, BridgePort, Facts, PerFamily};
pub use guard::Guard;
pub use hairpin::{PortChange, PortPlan, plan_ports, set_ports};
pub use instances::hairpin_loop;
pub use lock::{ChangeLock, Holder, LockError, ORDINARY_WAIT};
pub use port_kind::PortKind;
pub use redirect::host_addresses;
pub use routes::{NextHop, Routes};
pub use warnings::{Warning, warnings};

/// The host's part of the kernel, read and changed.
pub trait Host {
    /// Reads bridges, their ports and the settings.
    ///
    /// # Errors
    ///
    /// [`HostError::Links`] if the kernel does not list its interfaces.
    fn facts(&mut self) -> Result<Facts, HostError>;

    /// Sets the port hairpin mode.
    ///
    /// # Errors
    ///
    /// What the kernel answers, also of a port that is gone by now; [`set_ports`] tells the two apart.
    fn set_hairpin(&mut self, port: &BridgePort, on: bool) -> Result<(), netlink::Error>;
}

pub use links::LiveHost;

/// Why a fact could not be read or a setting not be made.
#[derive(Debug, Error)]
pub enum HostError {
    /// A route could not be looked up.
    #[error("cannot look a route up")]
    Routes(#[source] netlink::Error),
    /// The interfaces could not be listed.
    #[error("cannot list the network interfaces")]
    Links(#[source] netlink::Error),
    /// The list of interfaces never stood still.
    #[error("the network interfaces kept changing while they were listed")]
    Restless,
    /// A port kept its mode.
    #[error("the hairpin mode of bridge port `{port}` cannot be set")]
    Port {
        /// The port.
        port: Box<BridgePort>,
        /// The mode that it should have: `on` or `off`.
        mode: &'static str,
        /// Why.
        #[source]
        source: netlink::Error,
    },
}

impl HostError {
    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Links(_) | Self::Routes(_) => None,
            Self::Restless => Some("run hairnat again when the host is quieter".to_owned()),
            Self::Port { port, mode, .. } => Some(format!(
                "try `bridge link set dev {} hairpin {mode}`, then run hairnat again; it does \
                 only what is missing",
                port.argument()
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{BridgePort, HostError};
    use crate::address::InterfaceName;
    use crate::netlink::Error;

    #[test]
    fn a_hint_names_a_port_so_that_it_can_be_pasted() {
        let hint = |name: &[u8]| {
            let port =
                BridgePort { index: 7, name: InterfaceName::new(name), ..BridgePort::default() };
            let source = Error::refused(libc::EPERM, "set the port hairpin mode");
            HostError::Port { port: Box::new(port), mode: "on", source }.hint().unwrap()
        };
        assert!(hint(b"vnet0").starts_with("try `bridge link set dev vnet0 hairpin on`"));
        for odd in [&b"v\xff"[..], b"$(reboot)"] {
            assert!(hint(odd).starts_with("try `bridge link set dev if7 hairpin on`"), "{odd:?}");
        }
    }
}
