//! The real host: interfaces over rtnetlink, settings from /proc/sys.
//!
//! rtnetlink, not /sys/class/net: sysfs shows the network namespace that it was mounted in, which
//! need not be the one that the rules go to. /proc/sys/net follows the process.

use std::collections::HashMap;
use std::fs;

use super::port_kind::{Device, Peer};
use super::{BridgeDevice, BridgePort, Facts, Host, HostError, PerFamily, PortKind, Routes};
use crate::address::InterfaceName;
use crate::netlink::{
    Attribute, Attributes, Bus, Error, Interrupted, Malformed, Message, NLM_F_ACK, NLM_F_DUMP,
    NLM_F_REQUEST, Socket, begin, end, put, put_nest,
};

// linux/rtnetlink.h, linux/if_link.h, linux/socket.h
pub(super) const RTM_NEWLINK: u16 = 16;
pub(super) const RTM_GETLINK: u16 = 18;
const RTM_SETLINK: u16 = 19;
pub(super) const AF_UNSPEC: u8 = 0;
pub(super) const AF_BRIDGE: u8 = 7;
const IFLA_ADDRESS: u16 = 1;
const IFLA_IFNAME: u16 = 3;
const IFLA_LINK: u16 = 5;
const IFLA_MASTER: u16 = 10;
const IFLA_PROTINFO: u16 = 12;
pub(super) const IFLA_LINKINFO: u16 = 18;
const IFLA_LINK_NETNSID: u16 = 37;
/// Since Linux 5.14.
const IFLA_PARENT_DEV_BUS_NAME: u16 = 57;
pub(super) const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_INFO_SLAVE_KIND: u16 = 4;
const IFLA_INFO_SLAVE_DATA: u16 = 5;
const IFLA_BR_NF_CALL_IPTABLES: u16 = 36;
const IFLA_BR_NF_CALL_IP6TABLES: u16 = 37;
/// Port hairpin mode, by its older name.
const IFLA_BRPORT_MODE: u16 = 4;
const IFLA_BRPORT_ISOLATED: u16 = 33;

/// The length of `struct ifinfomsg`.
pub(super) const IFINFOMSG_LEN: usize = 16;

/// How often the interfaces are listed again when they change meanwhile.
const TRIES: usize = 10;

/// The network namespace that the process is in.
pub struct LiveHost {
    pub(super) socket: Socket,
}

impl LiveHost {
    /// Opens a netlink socket.
    ///
    /// # Errors
    ///
    /// [`HostError::Links`] if there is none to be had.
    pub fn open() -> Result<Self, HostError> {
        Ok(Self { socket: Socket::open(Bus::Route).map_err(HostError::Links)? })
    }

    fn links(&mut self) -> Result<Vec<Link>, HostError> {
        for _ in 0..TRIES {
            match self.list() {
                Ok(links) => return Ok(links),
                Err(Interrupted::Again) => {}
                Err(Interrupted::Failed(error)) => return Err(HostError::Links(error)),
            }
        }
        Err(HostError::Restless)
    }

    fn list(&mut self) -> Result<Vec<Link>, Interrupted> {
        let mut request = Vec::new();
        let start =
            begin(&mut request, RTM_GETLINK, NLM_F_REQUEST | NLM_F_DUMP, self.socket.next_seq());
        request.extend_from_slice(&ifinfomsg(AF_UNSPEC, 0));
        end(&mut request, start);
        let mut links = Vec::new();
        let errno = self.socket.request(&request, true, |message| {
            if message.kind == RTM_NEWLINK {
                links.push(Link::decode(message)?);
            }
            Ok(())
        })?;
        Error::check(errno, "list the network interfaces")?;
        Ok(links)
    }
}

impl Host for LiveHost {
    fn facts(&mut self) -> Result<Facts, HostError> {
        let links = self.links()?;
        let bridges = || links.iter().filter_map(|link| Some((link, link.bridge?)));
        let mut facts = Facts {
            bridges: bridges()
                .map(|(link, _)| BridgeDevice {
                    index: link.index,
                    name: link.name.clone(),
                    address: link.address,
                })
                .collect(),
            ports: ports(&links),
            forwarding: PerFamily {
                ipv4: sysctl("ipv4/ip_forward").unwrap_or(false),
                ipv6: sysctl("ipv6/conf/all/forwarding").unwrap_or(false),
            },
            routes: Routes::default(),
            // Without the module, br_netfilter, there is neither a sysctl nor a hook to call.
            bridge_nf: PerFamily {
                ipv4: sysctl("bridge/bridge-nf-call-iptables")
                    .is_some_and(|all| all || bridges().any(|(_, calls)| calls.ipv4)),
                ipv6: sysctl("bridge/bridge-nf-call-ip6tables")
                    .is_some_and(|all| all || bridges().any(|(_, calls)| calls.ipv6)),
            },
        };
        self.add_learned(&mut facts.ports)?;
        facts.bridges.sort_by(|a, b| a.name.cmp(&b.name));
        facts.ports.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(facts)
    }

    fn set_hairpin(&mut self, port: &BridgePort, on: bool) -> Result<(), Error> {
        const ACTION: &str = "set the port hairpin mode";
        let mut request = Vec::new();
        let start =
            begin(&mut request, RTM_SETLINK, NLM_F_REQUEST | NLM_F_ACK, self.socket.next_seq());
        request.extend_from_slice(&ifinfomsg(AF_BRIDGE, port.index));
        put_nest(&mut request, IFLA_PROTINFO, |out| put(out, IFLA_BRPORT_MODE, &[u8::from(on)]));
        end(&mut request, start);
        match self.socket.request(&request, false, |_| Ok::<(), Interrupted>(())) {
            Ok(errno) => Error::check(errno, ACTION),
            // The answer was lost.
            Err(Interrupted::Again) => Err(Error::refused(libc::ENOBUFS, ACTION)),
            Err(Interrupted::Failed(error)) => Err(error),
        }
    }
}

/// What is read of an interface.
struct Link {
    index: u32,
    name: InterfaceName,
    address: Option<[u8; 6]>,
    /// For a bridge: which bridged frames it hands to the inet hooks by itself.
    bridge: Option<PerFamily>,
    /// For a port of a bridge: the number of its bridge, and its modes.
    port: Option<(u32, PortModes)>,
    device: Device,
}

/// What is read of a port of a bridge.
#[derive(Clone, Copy)]
struct PortModes {
    hairpin: bool,
    isolated: bool,
}

fn ports(links: &[Link]) -> Vec<BridgePort> {
    let by_index: HashMap<u32, &Link> = links.iter().map(|link| (link.index, link)).collect();
    let port = |link: &Link| {
        let (bridge, PortModes { hairpin, isolated }) = link.port?;
        let is_port = |index| by_index.get(&index).is_some_and(|link| link.port.is_some());
        Some(BridgePort {
            index: link.index,
            name: link.name.clone(),
            bridge: by_index.get(&bridge).map(|bridge| bridge.name.clone()).unwrap_or_default(),
            kind: PortKind::of(&link.name, link.device, is_port),
            hairpin,
            isolated,
            learned: 0,
        })
    };
    links.iter().filter_map(port).collect()
}

impl Link {
    fn decode(message: Message<'_>) -> Result<Self, Malformed> {
        let index = message.body.get(4..8).and_then(|index| index.try_into().ok());
        let index = index.map(u32::from_ne_bytes).ok_or(Malformed)?;
        let attributes = Attributes(message.body.get(IFINFOMSG_LEN..).ok_or(Malformed)?);
        let name = attributes.find(IFLA_IFNAME)?.ok_or(Malformed)?.name();
        let name = InterfaceName::new(name);
        let device = device(attributes)?;
        let address = attributes.find(IFLA_ADDRESS)?;
        let address = address.and_then(|address| address.payload.try_into().ok());
        let mut link = Self { index, name, address, bridge: None, port: None, device };
        let Some(info) = attributes.find(IFLA_LINKINFO)?.map(Attribute::nested) else {
            return Ok(link);
        };
        let is_bridge = |kind| -> Result<bool, Malformed> {
            Ok(info.find(kind)?.is_some_and(|kind| kind.name() == b"bridge"))
        };
        if is_bridge(IFLA_INFO_KIND)? {
            let data = info.find(IFLA_INFO_DATA)?.map(Attribute::nested);
            link.bridge = Some(PerFamily {
                ipv4: flag(data, IFLA_BR_NF_CALL_IPTABLES)?,
                ipv6: flag(data, IFLA_BR_NF_CALL_IP6TABLES)?,
            });
        }
        let is_port = is_bridge(IFLA_INFO_SLAVE_KIND)?;
        let master = number(attributes, IFLA_MASTER)?;
        if let Some(bridge) = master.filter(|_| is_port) {
            let data = info.find(IFLA_INFO_SLAVE_DATA)?.map(Attribute::nested);
            let modes = PortModes {
                hairpin: flag(data, IFLA_BRPORT_MODE)?,
                isolated: flag(data, IFLA_BRPORT_ISOLATED)?,
            };
            link.port = Some((bridge, modes));
        }
        Ok(link)
    }
}

/// The kind of device; of a name or kind that is no text, another one.
fn device(attributes: Attributes<'_>) -> Result<Device, Malformed> {
    let info = attributes.find(IFLA_LINKINFO)?.map(Attribute::nested);
    let kind = info.map(|info| info.find(IFLA_INFO_KIND)).transpose()?.flatten();
    let Some(kind) = kind else {
        let bus = attributes.find(IFLA_PARENT_DEV_BUS_NAME)?;
        let xen = bus.is_some_and(|bus| bus.payload.starts_with(b"xen-backend\0"));
        return Ok(if xen { Device::XenBackend } else { Device::Other });
    };
    Ok(match kind.payload.strip_suffix(b"\0").unwrap_or(kind.payload) {
        b"tun" => Device::Tap,
        b"veth" => Device::Veth(match number(attributes, IFLA_LINK)? {
            Some(peer) if attributes.find(IFLA_LINK_NETNSID)?.is_none() => Peer::Here(peer),
            Some(_) | None => Peer::Elsewhere,
        }),
        _ => Device::Other,
    })
}

/// A 32-bit attribute in host byte order.
fn number(attributes: Attributes<'_>, kind: u16) -> Result<Option<u32>, Malformed> {
    let Some(attribute) = attributes.find(kind)? else { return Ok(None) };
    attribute.payload.try_into().map(u32::from_ne_bytes).map(Some).map_err(|_| Malformed)
}

/// An 8-bit attribute that is on or off; one that is missing is off.
fn flag(attributes: Option<Attributes<'_>>, kind: u16) -> Result<bool, Malformed> {
    let attribute = attributes.map(|attributes| attributes.find(kind)).transpose()?.flatten();
    Ok(attribute.is_some_and(|attribute| attribute.payload.first().is_some_and(|&on| on != 0)))
}

/// `struct ifinfomsg` for the interface of that number, 0 for all.
pub(super) fn ifinfomsg(family: u8, index: u32) -> [u8; IFINFOMSG_LEN] {
    let mut message = [0; IFINFOMSG_LEN];
    message[0] = family;
    message[4..8].copy_from_slice(&index.to_ne_bytes());
    message
}

/// Whether a setting of /proc/sys/net is on; `None` if there is no such setting.
fn sysctl(path: &str) -> Option<bool> {
    let value = fs::read_to_string(format!("/proc/sys/net/{path}")).ok()?;
    Some(value.trim() != "0")
}
