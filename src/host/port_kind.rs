//! The far side of a bridge port: an instance, another bridge, or a network.

use crate::address::InterfaceName;

/// The far side of a bridge port, as the kind of its device tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PortKind {
    /// An instance: a TAP device, a veth whose other end is in another network namespace, or a
    /// network backend of Xen.
    #[default]
    Instance,
    /// A bridge of this host: a veth whose other end is a bridge port too, by its interface number.
    Bridge {
        /// The interface number of the other end.
        peer: u32,
    },
    /// A network, or the host itself: a network card, a bond, a VLAN, a tunnel, a veth whose other
    /// end is an interface of the host.
    Uplink,
}

/// A device, as rtnetlink describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Device {
    /// `tun`, the link kind of TAP devices too (`drivers/net/tun.c`).
    Tap,
    /// `veth` with its other end.
    Veth(Peer),
    /// A device of the bus `xen-backend`: the host's end of an interface of a Xen guest.
    XenBackend,
    /// Any other.
    Other,
}

/// Where the other end of a veth is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Peer {
    /// In another network namespace.
    Elsewhere,
    /// Here, by its interface number.
    Here(u32),
}

impl PortKind {
    /// The far side of the port `name`, which is that `device`; `is_port` tells which interfaces are
    /// bridge ports.
    pub(super) fn of(
        name: &InterfaceName,
        device: Device,
        is_port: impl FnOnce(u32) -> bool,
    ) -> Self {
        match device {
            Device::Veth(Peer::Elsewhere) if is_named_as_uplink(name) => Self::Uplink,
            Device::Tap | Device::XenBackend | Device::Veth(Peer::Elsewhere) => Self::Instance,
            Device::Veth(Peer::Here(peer)) if is_port(peer) => Self::Bridge { peer },
            Device::Veth(Peer::Here(_)) | Device::Other => Self::Uplink,
        }
    }
}

/// Whether a network card would have that name (`eth0`; systemd.net-naming-scheme(7): `eno1`,
/// `enp3s0`). In a container, the uplink is one end of a veth and has such a name; the host's end of
/// an instance's veth has none.
fn is_named_as_uplink(name: &InterfaceName) -> bool {
    let Some(name) = name.as_text() else { return false };
    let numbered = |rest: &str| rest.starts_with(|c: char| c.is_ascii_hexdigit());
    name.strip_prefix("eth").is_some_and(numbered)
        || name
            .strip_prefix("en")
            .and_then(|rest| rest.strip_prefix(['o', 'p', 's', 'x']))
            .is_some_and(numbered)
}

#[cfg(test)]
mod tests {
    use super::{Device, Peer, PortKind};
    use crate::address::InterfaceName;

    #[test]
    fn the_device_tells_what_is_beyond_a_port() {
        let kind = |device| PortKind::of(&InterfaceName::new("vnet0"), device, |index| index == 7);
        for device in [Device::Tap, Device::XenBackend, Device::Veth(Peer::Elsewhere)] {
            assert_eq!(kind(device), PortKind::Instance, "{device:?}");
        }
        assert_eq!(kind(Device::Veth(Peer::Here(7))), PortKind::Bridge { peer: 7 });
        for device in [Device::Other, Device::Veth(Peer::Here(8))] {
            assert_eq!(kind(device), PortKind::Uplink, "{device:?}");
        }
    }

    #[test]
    fn the_uplink_of_a_container_is_told_by_its_name() {
        let kind = |name| {
            PortKind::of(&InterfaceName::new(name), Device::Veth(Peer::Elsewhere), |_| false)
        };
        for name in ["eth0", "eno1", "enp3s0", "ens18", "enx001122334455"] {
            assert_eq!(kind(name), PortKind::Uplink, "{name}");
        }
        for name in ["ethos", "veth0", "enclave", "en", "vnet0", ""] {
            assert_eq!(kind(name), PortKind::Instance, "{name}");
        }
    }
}
