//! Statements as expressions, with the registers that nft(8) would use.

use std::net::IpAddr;

use thiserror::Error;

use crate::address::{InterfacePattern, IpFamily};
use crate::kernel::expression::{Expression, Register, source_offset};
use crate::kernel::uapi::{
    IFNAMSIZ, IPS_DST_NAT, NFPROTO_IPV4, NFPROTO_IPV6, NFT_CT_STATUS, NFT_META_IIF,
    NFT_META_IIFNAME, NFT_META_L4PROTO, NFT_META_NFPROTO, NFT_META_OIF, NFT_META_OIFNAME,
    NFT_PAYLOAD_LL_HEADER, NFT_PAYLOAD_NETWORK_HEADER, NFT_PAYLOAD_TRANSPORT_HEADER,
};
use crate::plan::CounterValue;
use crate::ruleset::{AddressSide, Direction, Group, NatKey, NatKind, NatTarget, Rule, Statement};

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
            let from = port_pair(out, NFT_META_IIF, NFT_META_OIF);
            out.push(Expression::Lookup { set: set.clone(), from, to: None });
        }
        Statement::NfProto(family) => {
            let protocol = match family {
                IpFamily::V4 => NFPROTO_IPV4,
                IpFamily::V6 => NFPROTO_IPV6,
            };
            out.push(Expression::Meta { key: NFT_META_NFPROTO, to: Register::FIRST });
            equals(out, &[protocol]);
        }
        Statement::AddressInSet { family, side, set } => {
            out.push(address(*family, *side));
            let from = Register::FIRST;
            out.push(Expression::Lookup { set: set.clone(), from, to: None });
        }
        Statement::NotDnated => {
            let register = Register::FIRST;
            out.push(Expression::Conntrack { key: NFT_CT_STATUS, to: register });
            let mask = IPS_DST_NAT.to_ne_bytes().to_vec();
            out.push(Expression::Mask { from: register, to: register, mask });
            equals(out, &[0; 4]);
        }
        Statement::Counter => out.push(Expression::Counter(CounterValue::default())),
        Statement::Nat { kind, family, target } => nat(out, *kind, *family, target),
        Statement::Masquerade => out.push(Expression::Masquerade),
        Statement::Accept => out.push(Expression::Verdict { accept: true }),
        Statement::Drop => out.push(Expression::Verdict { accept: false }),
        Statement::Foreign(description) => return Err(Unwritable(description.clone())),
    }
    Ok(())
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

fn address(family: IpFamily, side: AddressSide) -> Expression {
    let len = match family {
        IpFamily::V4 => 4,
        IpFamily::V6 => 16,
    };
    let offset = match side {
        AddressSide::Source => source_offset(family),
        AddressSide::Destination => source_offset(family) + len,
    };
    Expression::Payload { base: NFT_PAYLOAD_NETWORK_HEADER, offset, len, to: Register::FIRST }
}

fn equals(out: &mut Vec<Expression>, value: &[u8]) {
    let value = value.to_vec();
    out.push(Expression::Compare { from: Register::FIRST, negated: false, value });
}

fn nat(out: &mut Vec<Expression>, kind: NatKind, family: IpFamily, target: &NatTarget) {
    let first = Register::FIRST;
    let behind = first.after(family.address_len());
    let lookup =
        |map: &String| Expression::Lookup { set: map.clone(), from: first, to: Some(first) };
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
            match key {
                NatKey::Address(side) => out.push(address(family, *side)),
                NatKey::AddressAndPort => {
                    out.push(address(family, AddressSide::Destination));
                    out.push(Expression::Meta { key: NFT_META_L4PROTO, to: behind });
                    // The destination port, for every transport with ports (RFC 9293 §3.1,
                    // RFC 768, RFC 9260 §3.1).
                    let base = NFT_PAYLOAD_TRANSPORT_HEADER;
                    let to = behind.after(1);
                    out.push(Expression::Payload { base, offset: 2, len: 2, to });
                }
            }
            out.push(lookup(map));
            (first, with_port.then_some((behind, behind)), false)
        }
        NatTarget::PrefixMap { side, map } => {
            out.push(address(family, *side));
            out.push(lookup(map));
            (behind, None, true)
        }
    };
    out.push(Expression::Nat { kind, family, addresses: (first, last), ports, prefix });
}
