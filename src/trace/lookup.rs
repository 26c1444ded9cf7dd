//! Looks an address or an L4 port up in a set or map, as the kernel's set backends do.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::num::NonZeroU16;

use super::flow::{Flow, Transport, family};
use crate::address::{IpFamily, icmp};
use crate::ruleset::{Set, Table};

/// The set or map called `name`.
pub(super) fn set<'a>(table: &'a Table, name: &str) -> Option<&'a Set> {
    table.sets.iter().find(|set| set.declaration.name == name)
}

/// The address as a key.
pub(super) fn address_key(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// `ip daddr . meta l4proto . th dport` as a key; none if the protocol is not known.
///
/// In the place of the L4 port ICMP has its checksum, which may be anything; maps have all values of it
/// or none.
pub(super) fn port_key(flow: &Flow) -> Option<Vec<u8>> {
    let (protocol, port) = match flow.transport {
        Transport::Port(protocol, port) => (protocol.number(), port.get()),
        Transport::Icmp => (icmp(flow.family()), 0),
        Transport::Any => return None,
    };
    let mut key = address_key(flow.destination);
    key.extend([protocol, 0, 0, 0]);
    key.extend(port.to_be_bytes());
    key.extend([0, 0]);
    Some(key)
}

/// The address at the start of data, and the L4 port behind it.
pub(super) fn address_and_port(data: &[u8], like: IpAddr) -> Option<(IpAddr, Option<NonZeroU16>)> {
    let (address, rest) = first_address(data, like)?;
    let port = rest.first_chunk().and_then(|port| NonZeroU16::new(u16::from_be_bytes(*port)));
    Some((address, port))
}

/// `address` in the range that `data` is, at the same offset (`NF_NAT_RANGE_NETMAP`).
pub(super) fn in_range(data: &[u8], address: IpAddr) -> Option<IpAddr> {
    let (first, rest) = first_address(data, address)?;
    let (last, _) = first_address(rest, address)?;
    match (address, first, last) {
        (IpAddr::V4(address), IpAddr::V4(first), IpAddr::V4(last)) => {
            let (address, first, last) = (u32::from(address), u32::from(first), u32::from(last));
            let network = !(first ^ last);
            Some(IpAddr::V4(Ipv4Addr::from(first & network | address & !network)))
        }
        (IpAddr::V6(address), IpAddr::V6(first), IpAddr::V6(last)) => {
            let (address, first, last) = (u128::from(address), u128::from(first), u128::from(last));
            let network = !(first ^ last);
            Some(IpAddr::V6(Ipv6Addr::from(first & network | address & !network)))
        }
        _ => None,
    }
}

fn first_address(data: &[u8], like: IpAddr) -> Option<(IpAddr, &[u8])> {
    match like {
        IpAddr::V4(_) => {
            let (octets, rest) = data.split_first_chunk::<4>()?;
            Some((IpAddr::from(*octets), rest))
        }
        IpAddr::V6(_) => {
            let (octets, rest) = data.split_first_chunk::<16>()?;
            Some((IpAddr::from(*octets), rest))
        }
    }
}

/// The fixed network that `address` is in, as nft(8) writes it.
pub(super) fn fixed_network(table: &Table, address: IpAddr) -> Option<String> {
    let name = match family(address) {
        IpFamily::V4 => "fixed4",
        IpFamily::V6 => "fixed6",
    };
    let networks = set(table, name)?;
    let network = networks.find(&address_key(address))?;
    Some(networks.declaration.key_text(network))
}
