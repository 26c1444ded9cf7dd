//! How an instance is attached to this host, by the route to its address.

use std::net::IpAddr;

use super::links::{
    AF_UNSPEC, IFINFOMSG_LEN, IFLA_INFO_KIND, IFLA_LINKINFO, RTM_GETLINK, RTM_NEWLINK, ifinfomsg,
};
use super::route::route;
use crate::netlink::{
    Attribute, Attributes, Bus, Error, Interrupted, Malformed, Message, NLM_F_REQUEST, Socket,
    begin, end,
};

// linux/if_link.h
const IFLA_LINK: u16 = 5;
const IFLA_LINK_NETNSID: u16 = 37;

/// How an instance is attached to this host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attachment {
    /// Its address is behind a Linux bridge.
    Bridge,
    /// It has an interface that is no bridge, such as a tap of its own or one of Open vSwitch, so the
    /// host routes all that it sends (`br_nf_pre_routing_finish` bridges only what the route leads
    /// back into the bridge).
    Routed,
}

/// How the instance with that address is attached to the network namespace of this process.
///
/// `None` if the kernel's route does not tell: there is none, it leads to the host itself or to a
/// gateway, or to an interface on top of another one.
#[must_use]
pub fn attachment(address: IpAddr) -> Option<Attachment> {
    let mut socket = Socket::open(Bus::Route).ok()?;
    let route = route(&mut socket, address).ok()??;
    kind_of(&mut socket, route.direct?).ok()?
}

/// What the interface of that number makes of what is behind it.
fn kind_of(socket: &mut Socket, interface: u32) -> Result<Option<Attachment>, Interrupted> {
    let mut request = Vec::new();
    let start = begin(&mut request, RTM_GETLINK, NLM_F_REQUEST, socket.next_seq());
    request.extend_from_slice(&ifinfomsg(AF_UNSPEC, interface));
    end(&mut request, start);
    let mut found = None;
    let errno = socket.request(&request, false, |message| {
        if message.kind == RTM_NEWLINK {
            found = attached_by(message)?;
        }
        Ok(())
    })?;
    Error::check(errno, "find the way to an instance")?;
    Ok(found)
}

fn attached_by(message: Message<'_>) -> Result<Option<Attachment>, Malformed> {
    let attributes = Attributes(message.body.get(IFINFOMSG_LEN..).ok_or(Malformed)?);
    let info = attributes.find(IFLA_LINKINFO)?.map(Attribute::nested);
    let kind = info.map(|info| info.find(IFLA_INFO_KIND)).transpose()?.flatten();
    if kind.is_some_and(|kind| kind.name() == b"bridge") {
        return Ok(Some(Attachment::Bridge));
    }
    // A VLAN or macvlan, whose lower interface may be a bridge; the other end of a veth pair is
    // mostly in the namespace of the instance.
    let lower = attributes.find(IFLA_LINK)?.map(number).transpose()?.unwrap_or(0);
    let elsewhere = attributes.find(IFLA_LINK_NETNSID)?.is_some();
    Ok((lower == 0 || elsewhere).then_some(Attachment::Routed))
}

fn number(attribute: Attribute<'_>) -> Result<u32, Malformed> {
    let bytes = attribute.payload.try_into().map_err(|_| Malformed)?;
    Ok(u32::from_ne_bytes(bytes))
}
