//! Statements as expressions, with the registers that nft(8) would use.

use std::net::IpAddr;

use thiserror::Error;

use crate::address::{InterfacePattern, IpFamily};
use crate::kernel::expression::{Checksum, Expression, Register, prefix_mask, source_offset};
use crate::kernel::uapi::{
    ETH_P_IP, ETH_P_IPV6, FIB_SOURCE_BY_INTERFACE, ICMP_PORT_UNREACH, ICMPV6_PORT_UNREACH,
    IFNAMSIZ, IPS_DST_NAT, NFPROTO_IPV4, NFPROTO_IPV6, NFT_CT_STATUS, NFT_CT_ZONE, NFT_META_IIF,
    NFT_META_IIFNAME, NFT_META_L4PROTO, NFT_META_NFPROTO, NFT_META_OIF, NFT_META_OIFNAME,
    NFT_META_PKTTYPE, NFT_META_PROTOCOL, NFT_PAYLOAD_LL_HEADER, NFT_PAYLOAD_NETWORK_HEADER,
    NFT_PAYLOAD_TRANSPORT_HEADER, NFT_REJECT_ICMP_UNREACH, NFT_REJECT_TCP_RST, PACKET_HOST,
};
use crate::plan::CounterValue;
use crate::ruleset::{
    AddressSide, AnyPrefix, Direction, Group, MapKey, NatKind, NatTarget, Rule, Statement,
};

/// A rule that was read but cannot be written again.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("hairnat cannot write `{0}`")]
pub(in crate::kernel) struct Unwritable(pub(in crate::kernel) String);

/// The expressions of a rule.
pub(in crate::kernel) fn expressions(rule: &Rule) -> Result<Vec<Expression>, Unwritable> {
    let mut out = Vec::new();
    for statement in &rule.statements {
        append(&mut out, statement)?;
    }
    Ok(out)
}

fn append(out: &mut Vec<Expression>, statement: &Statement) -> Result<(), Unwritable> {
    let from = Register::FIRST;
    match statement {
        Statement::Interface { direction, negated, pattern } => {
            interface(out, *direction, *negated, pattern);
        }
        Statement::EtherDestination(group) => ether_destination(out, *group),
        Statement::LearnPort { set } => {
            let from = port_pair(out, NFT_META_IIF, NFT_META_IIF);
            out.push(Expression::Update { set: set.clone(), from });
        }
        Statement::PortPair { set } => {
            port_pair(out, NFT_META_IIF, NFT_META_OIF);
            lookup(out, set, false);
        }
        Statement::NfProto(family) => {
            out.push(Expression::Meta { key: NFT_META_NFPROTO, to: from });
            equals(out, &[nf_proto(*family)]);
        }
        Statement::EtherType(family) => {
            let protocol = match family {
                IpFamily::V4 => ETH_P_IP,
                IpFamily::V6 => ETH_P_IPV6,
            };
            out.push(Expression::Meta { key: NFT_META_PROTOCOL, to: from });
            equals(out, &protocol.to_be_bytes());
        }
        Statement::ToHost => {
            out.push(Expression::Meta { key: NFT_META_PKTTYPE, to: from });
            equals(out, &[PACKET_HOST]);
        }
        Statement::AddressInSet { family, side, negated, set } => {
            out.push(address(*family, *side, from));
            lookup(out, set, *negated);
        }
        Statement::DestinationOutside(prefix) => destination_outside(out, *prefix),
        Statement::ServiceInSet { family, set } => {
            map_key(out, *family, MapKey::AddressAndPort);
            lookup(out, set, false);
        }
        Statement::L4Protocol(protocol) => {
            out.push(Expression::Meta { key: NFT_META_L4PROTO, to: from });
            equals(out, &[protocol.number()]);
        }
        Statement::SourceUnroutable => {
            out.push(Expression::HasRoute { flags: FIB_SOURCE_BY_INTERFACE, to: from });
            // nft(8) takes the answer for a number of 32 bits.
            equals(out, &[0; 4]);
        }
        Statement::InZone(zone) => {
            out.push(Expression::Conntrack { key: NFT_CT_ZONE, to: from });
            equals(out, &zone.to_ne_bytes());
        }
        Statement::Dnated => dnated(out, true),
        Statement::NotDnated => dnated(out, false),
        Statement::SetZone(zone) => {
            out.push(Expression::Immediate { value: zone.to_ne_bytes().to_vec(), to: from });
            out.push(Expression::SetConntrack { key: NFT_CT_ZONE, from });
        }
        Statement::Rewrite { family, side, map } => {
            map_key(out, *family, MapKey::AddressPair);
            let set = map.clone();
            out.push(Expression::Lookup { set, from, negated: false, to: Some(from) });
            let (offset, len) = address_field(*family, *side);
            let checksum = Checksum::of_address(*family);
            let base = NFT_PAYLOAD_NETWORK_HEADER;
            out.push(Expression::SetPayload { base, offset, len, from, checksum });
        }
        Statement::SetEtherDestination(address) => {
            out.push(Expression::Immediate { value: address.to_vec(), to: from });
            let (base, checksum) = (NFT_PAYLOAD_LL_HEADER, Checksum::None);
            out.push(Expression::SetPayload { base, offset: 0, len: 6, from, checksum });
        }
        Statement::SetToHost => {
            out.push(Expression::Immediate { value: vec![PACKET_HOST], to: from });
            out.push(Expression::SetMeta { key: NFT_META_PKTTYPE, from });
        }
        Statement::Counter => out.push(Expression::Counter(CounterValue::default())),
        Statement::Nat { kind, family, target } => nat(out, *kind, *family, target),
        Statement::Masquerade => out.push(Expression::Masquerade),
        Statement::Accept => out.push(Expression::Verdict { accept: true }),
        Statement::Drop => out.push(Expression::Verdict { accept: false }),
        Statement::Reset => out.push(Expression::Reject { kind: NFT_REJECT_TCP_RST, code: 0 }),
        Statement::Reject(family) => {
            let code = match family {
                IpFamily::V4 => ICMP_PORT_UNREACH,
                IpFamily::V6 => ICMPV6_PORT_UNREACH,
            };
            out.push(Expression::Reject { kind: NFT_REJECT_ICMP_UNREACH, code });
        }
        Statement::Foreign(description) => return Err(Unwritable(description.clone())),
    }
    Ok(())
}

const fn nf_proto(family: IpFamily) -> u8 {
    match family {
        IpFamily::V4 => NFPROTO_IPV4,
        IpFamily::V6 => NFPROTO_IPV6,
    }
}

/// Goes on only if the set has the key in the first register, or with `negated` has not.
fn lookup(out: &mut Vec<Expression>, set: &str, negated: bool) {
    let (set, from) = (set.to_owned(), Register::FIRST);
    out.push(Expression::Lookup { set, from, negated, to: None });
}

/// The bit test of `ct status`: a comparison of the whole word would be another.
fn dnated(out: &mut Vec<Expression>, translated: bool) {
    let register = Register::FIRST;
    out.push(Expression::Conntrack { key: NFT_CT_STATUS, to: register });
    let mask = IPS_DST_NAT.to_ne_bytes().to_vec();
    out.push(Expression::Mask { from: register, to: register, mask });
    // As nft(8) writes them: `ct status dnat` is "any of the bits", `ct status ! dnat` "none".
    out.push(Expression::Compare { from: register, negated: translated, value: vec![0; 4] });
}

/// A prefix of whole bytes is loaded and compared alone, as nft(8) does it; any other is masked.
fn destination_outside(out: &mut Vec<Expression>, prefix: AnyPrefix) {
    let (bytes, len) = match prefix {
        AnyPrefix::V4(prefix) => (prefix.first().octets().to_vec(), prefix.len()),
        AnyPrefix::V6(prefix) => (prefix.first().octets().to_vec(), prefix.len()),
    };
    let (offset, address_len) = address_field(prefix.family(), AddressSide::Destination);
    let (base, from) = (NFT_PAYLOAD_NETWORK_HEADER, Register::FIRST);
    let value = if len % 8 == 0 && len > 0 {
        let len = len / 8;
        out.push(Expression::Payload { base, offset, len: u32::from(len), to: from });
        bytes.get(..usize::from(len)).unwrap_or_default().to_vec()
    } else {
        out.push(Expression::Payload { base, offset, len: address_len, to: from });
        out.push(Expression::Mask { from, to: from, mask: prefix_mask(bytes.len(), len) });
        bytes
    };
    out.push(Expression::Compare { from, negated: true, value });
}

fn interface(
    out: &mut Vec<Expression>,
    direction: Direction,
    negated: bool,
    pattern: &InterfacePattern,
) {
    if pattern.matches_everything() && !negated {
        return;
    }
    let key = match direction {
        Direction::In => NFT_META_IIFNAME,
        Direction::Out => NFT_META_OIFNAME,
    };
    out.push(Expression::Meta { key, to: Register::FIRST });
    let mut value = pattern.literal().as_bytes().to_vec();
    // The name is in the register with all its NULs; without them only the beginning is compared.
    // Nothing at all cannot be compared: no interface has the name of 16 NULs.
    if !pattern.is_wildcard() || value.is_empty() {
        value.resize(IFNAMSIZ, 0);
    }
    let negated = negated && !pattern.matches_everything();
    out.push(Expression::Compare { from: Register::FIRST, negated, value });
}

fn ether_destination(out: &mut Vec<Expression>, group: Group) {
    let to = Register::FIRST;
    out.push(Expression::Payload { base: NFT_PAYLOAD_LL_HEADER, offset: 0, len: 6, to });
    out.push(Expression::Mask { from: to, to, mask: group.mask().to_vec() });
    equals(out, &group.value());
}

fn port_pair(out: &mut Vec<Expression>, first: u32, second: u32) -> Register {
    let register = Register::FIRST;
    out.push(Expression::Meta { key: first, to: register });
    out.push(Expression::Meta { key: second, to: register.after(4) });
    register
}

/// The offset and the length of an address in the network header.
fn address_field(family: IpFamily, side: AddressSide) -> (u32, u32) {
    let len = match family {
        IpFamily::V4 => 4,
        IpFamily::V6 => 16,
    };
    match side {
        AddressSide::Source => (source_offset(family), len),
        AddressSide::Destination => (source_offset(family) + len, len),
    }
}

fn address(family: IpFamily, side: AddressSide, to: Register) -> Expression {
    let (offset, len) = address_field(family, side);
    Expression::Payload { base: NFT_PAYLOAD_NETWORK_HEADER, offset, len, to }
}

/// Loads what a set or map is asked for, from the first register on.
fn map_key(out: &mut Vec<Expression>, family: IpFamily, key: MapKey) {
    let first = Register::FIRST;
    let behind = first.after(family.address_len());
    match key {
        MapKey::Address(side) => out.push(address(family, side, first)),
        MapKey::AddressPair => {
            out.push(address(family, AddressSide::Source, first));
            out.push(address(family, AddressSide::Destination, behind));
        }
        MapKey::AddressAndPort => {
            out.push(address(family, AddressSide::Destination, first));
            out.push(Expression::Meta { key: NFT_META_L4PROTO, to: behind });
            // The destination port, for every transport with ports (RFC 9293 §3.1, RFC 768,
            // RFC 9260 §3.1).
            let (base, to) = (NFT_PAYLOAD_TRANSPORT_HEADER, behind.after(1));
            out.push(Expression::Payload { base, offset: 2, len: 2, to });
        }
    }
}

fn equals(out: &mut Vec<Expression>, value: &[u8]) {
    let value = value.to_vec();
    out.push(Expression::Compare { from: Register::FIRST, negated: false, value });
}

fn nat(out: &mut Vec<Expression>, kind: NatKind, family: IpFamily, target: &NatTarget) {
    let first = Register::FIRST;
    let behind = first.after(family.address_len());
    let lookup = |map: &String| {
        let set = map.clone();
        Expression::Lookup { set, from: first, negated: false, to: Some(first) }
    };
    let (last, ports, prefix) = match target {
        NatTarget::Address(target) => {
            let value = match target {
                IpAddr::V4(address) => address.octets().to_vec(),
                IpAddr::V6(address) => address.octets().to_vec(),
            };
            out.push(Expression::Immediate { value, to: first });
            (first, None, false)
        }
        NatTarget::Map { key, map, with_port } => {
            map_key(out, family, *key);
            out.push(lookup(map));
            (first, with_port.then_some((behind, behind)), false)
        }
        NatTarget::PrefixMap { side, map } => {
            map_key(out, family, MapKey::Address(*side));
            out.push(lookup(map));
            (behind, None, true)
        }
    };
    out.push(Expression::Nat { kind, family, addresses: (first, last), ports, prefix });
}
