//! One route, as the kernel finds it for an address.

use std::net::IpAddr;

use super::routes::NextHop;
use crate::netlink::{
    Attribute, Attributes, Error, Interrupted, Malformed, Message, NLM_F_REQUEST, Socket, begin,
    end, put,
};

// linux/socket.h, linux/rtnetlink.h
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const RTM_NEWROUTE: u16 = 24;
const RTM_GETROUTE: u16 = 26;
const RTN_UNICAST: u8 = 1;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_VIA: u16 = 18;
/// The answer is the route that matched, with its prefix, and not one to the address alone.
const RTM_F_FIB_MATCH: u32 = 0x2000;

/// The length of `struct rtmsg`, and where its `rtm_dst_len`, `rtm_type` and `rtm_flags` are.
const RTMSG_LEN: usize = 12;
const RTM_DST_LEN: usize = 1;
const RTM_TYPE: usize = 7;
const RTM_FLAGS: usize = 8;

/// A route that matched an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Route {
    /// The length of its prefix in bits: 0 for a default route.
    pub(super) length: u8,
    /// The router that it leads to.
    pub(super) next_hop: Option<NextHop>,
    /// The interface, if the address is reached by it directly.
    pub(super) direct: Option<u32>,
}

/// The route of a packet that this host sends to `address`; `None` if there is none, or one that
/// discards it. A rule with `iif` does not count (ip-rule(8)).
pub(super) fn route(socket: &mut Socket, address: IpAddr) -> Result<Option<Route>, Interrupted> {
    let (family, octets) = match address {
        IpAddr::V4(address) => (AF_INET, address.octets().to_vec()),
        IpAddr::V6(address) => (AF_INET6, address.octets().to_vec()),
    };
    let mut rtmsg = [0; RTMSG_LEN];
    rtmsg[0] = family;
    rtmsg[RTM_DST_LEN] = if address.is_ipv4() { 32 } else { 128 };
    rtmsg[RTM_FLAGS..].copy_from_slice(&RTM_F_FIB_MATCH.to_ne_bytes());
    let mut request = Vec::new();
    let start = begin(&mut request, RTM_GETROUTE, NLM_F_REQUEST, socket.next_seq());
    request.extend_from_slice(&rtmsg);
    put(&mut request, RTA_DST, &octets);
    end(&mut request, start);
    let mut found = None;
    let errno = socket.request(&request, false, |message| {
        if message.kind == RTM_NEWROUTE {
            found = Some(decode(message)?);
        }
        Ok(())
    })?;
    match errno {
        // Without a route, or with one of type unreachable, prohibit or blackhole (`fib_props`).
        libc::ENETUNREACH | libc::EHOSTUNREACH | libc::EACCES | libc::EINVAL => Ok(None),
        errno => {
            Error::check(errno, "look a route up")?;
            Ok(found)
        }
    }
}

fn decode(message: Message<'_>) -> Result<Route, Malformed> {
    let [length, kind] = [RTM_DST_LEN, RTM_TYPE].map(|place| message.body.get(place).copied());
    let attributes = Attributes(message.body.get(RTMSG_LEN..).ok_or(Malformed)?);
    let interface = attributes.find(RTA_OIF)?.map(number).transpose()?;
    let gateway = attributes.find(RTA_GATEWAY)?.map(router).transpose()?;
    let by_router = gateway.is_some() || attributes.find(RTA_VIA)?.is_some();
    Ok(Route {
        length: length.ok_or(Malformed)?,
        next_hop: gateway.zip(interface).map(|(address, interface)| NextHop { address, interface }),
        direct: interface.filter(|_| kind == Some(RTN_UNICAST) && !by_router),
    })
}

fn router(attribute: Attribute<'_>) -> Result<IpAddr, Malformed> {
    let payload = attribute.payload;
    let ipv4 = <[u8; 4]>::try_from(payload).map(IpAddr::from);
    ipv4.or_else(|_| <[u8; 16]>::try_from(payload).map(IpAddr::from)).map_err(|_| Malformed)
}

fn number(attribute: Attribute<'_>) -> Result<u32, Malformed> {
    attribute.payload.try_into().map(u32::from_ne_bytes).map_err(|_| Malformed)
}
