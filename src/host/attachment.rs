//! How an instance is attached to this host, by the route to its address.

use std::net::IpAddr;

use super::links::{
    AF_UNSPEC, IFINFOMSG_LEN, IFLA_INFO_KIND, IFLA_LINKINFO, RTM_GETLINK, RTM_NEWLINK, ifinfomsg,
};
use crate::netlink::{
    Attribute, Attributes, Bus, Error, Interrupted, Malformed, Message, NLM_F_ACK, NLM_F_REQUEST,
    Socket, begin, end, put,
};

// linux/socket.h, linux/rtnetlink.h, linux/if_link.h
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;
const RTN_UNICAST: u8 = 1;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_VIA: u16 = 18;
const IFLA_LINK: u16 = 5;
const IFLA_LINK_NETNSID: u16 = 37;

/// The length of `struct rtmsg`, and where its `rtm_dst_len` and `rtm_type` are.
const RTMSG_LEN: usize = 12;
const RTM_DST_LEN: usize = 1;
const RTM_TYPE: usize = 7;

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
    let interface = interface_to(&mut socket, address).ok()??;
    kind_of(&mut socket, interface).ok()?
}

/// The number of the interface that the address is directly reached by.
fn interface_to(socket: &mut Socket, address: IpAddr) -> Result<Option<u32>, Interrupted> {
    let (family, octets) = match address {
        IpAddr::V4(address) => (AF_INET, address.octets().to_vec()),
        IpAddr::V6(address) => (AF_INET6, address.octets().to_vec()),
    };
    let mut rtmsg = [0; RTMSG_LEN];
    rtmsg[0] = family;
    rtmsg[RTM_DST_LEN] = if address.is_ipv4() { 32 } else { 128 };
    let mut found = None;
    let attributes = |out: &mut Vec<u8>| put(out, RTA_DST, &octets);
    ask(socket, RTM_GETROUTE, &rtmsg, attributes, |message| {
        if message.kind == RTM_NEWROUTE {
            found = direct_interface(message)?;
        }
        Ok(())
    })?;
    Ok(found)
}

fn direct_interface(message: Message<'_>) -> Result<Option<u32>, Malformed> {
    let kind = *message.body.get(RTM_TYPE).ok_or(Malformed)?;
    let attributes = Attributes(message.body.get(RTMSG_LEN..).ok_or(Malformed)?);
    let via = attributes.find(RTA_GATEWAY)?.or(attributes.find(RTA_VIA)?);
    if kind != RTN_UNICAST || via.is_some() {
        return Ok(None);
    }
    let interface = attributes.find(RTA_OIF)?.map(number).transpose()?;
    Ok(interface)
}

/// What the interface of that number makes of what is behind it.
fn kind_of(socket: &mut Socket, interface: u32) -> Result<Option<Attachment>, Interrupted> {
    let mut found = None;
    let header = ifinfomsg(AF_UNSPEC, interface);
    ask(
        socket,
        RTM_GETLINK,
        &header,
        |_| {},
        |message| {
            if message.kind == RTM_NEWLINK {
                found = attached_by(message)?;
            }
            Ok(())
        },
    )?;
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

/// Sends one request and has each answer taken.
fn ask(
    socket: &mut Socket,
    kind: u16,
    header: &[u8],
    attributes: impl FnOnce(&mut Vec<u8>),
    take: impl FnMut(Message<'_>) -> Result<(), Interrupted>,
) -> Result<(), Interrupted> {
    let mut request = Vec::new();
    let start = begin(&mut request, kind, NLM_F_REQUEST | NLM_F_ACK, socket.next_seq());
    request.extend_from_slice(header);
    attributes(&mut request);
    end(&mut request, start);
    let errno = socket.request(&request, false, take)?;
    Error::check(errno, "find the way to an instance")?;
    Ok(())
}

fn number(attribute: Attribute<'_>) -> Result<u32, Malformed> {
    let bytes = attribute.payload.try_into().map_err(|_| Malformed)?;
    Ok(u32::from_ne_bytes(bytes))
}
