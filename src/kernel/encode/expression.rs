//! Expressions as libnftnl's objects.

use std::ffi::{CStr, CString};

use nftnl_sys as sys;

use crate::address::IpFamily;
use crate::kernel::expression::{Checksum, Expression, IPV4_CHECKSUM_OFFSET, Register};
use crate::kernel::uapi::{
    NF_ACCEPT, NF_DROP, NF_NAT_RANGE_MAP_IPS, NF_NAT_RANGE_NETMAP, NFPROTO_IPV4, NFPROTO_IPV6,
    NFT_CMP_EQ, NFT_CMP_NEQ, NFT_DYNSET_OP_UPDATE, NFT_FIB_RESULT_OIF, NFT_LOOKUP_F_INV,
    NFT_NAT_DNAT, NFT_NAT_SNAT, NFT_PAYLOAD_CSUM_INET, NFT_PAYLOAD_CSUM_NONE,
    NFT_PAYLOAD_L4CSUM_PSEUDOHDR, NFT_REG_VERDICT,
};
use crate::netlink::ffi::{RawExpression, Value};
use crate::ruleset::NatKind;

/// The `counter` that every element of a counting set gets.
pub(super) fn counter() -> RawExpression {
    raw(c"counter", vec![])
}

/// The expression; `None` for those that hairnat only ever reads.
pub(super) fn expression(expression: &Expression) -> Option<RawExpression> {
    Some(match expression {
        Expression::Meta { key, to } => raw(
            c"meta",
            vec![
                (sys::NFTNL_EXPR_META_KEY, Value::U32(*key)),
                (sys::NFTNL_EXPR_META_DREG, register(*to)),
            ],
        ),
        Expression::Payload { base, offset, len, to } => raw(
            c"payload",
            vec![
                (sys::NFTNL_EXPR_PAYLOAD_DREG, register(*to)),
                (sys::NFTNL_EXPR_PAYLOAD_BASE, Value::U32(*base)),
                (sys::NFTNL_EXPR_PAYLOAD_OFFSET, Value::U32(*offset)),
                (sys::NFTNL_EXPR_PAYLOAD_LEN, Value::U32(*len)),
            ],
        ),
        Expression::SetMeta { key, from } => raw(
            c"meta",
            vec![
                (sys::NFTNL_EXPR_META_KEY, Value::U32(*key)),
                (sys::NFTNL_EXPR_META_SREG, register(*from)),
            ],
        ),
        Expression::SetPayload { base, offset, len, from, checksum } => {
            set_payload(*base, *offset, *len, *from, *checksum)
        }
        Expression::SetConntrack { key, from } => raw(
            c"ct",
            vec![
                (sys::NFTNL_EXPR_CT_KEY, Value::U32(*key)),
                (sys::NFTNL_EXPR_CT_SREG, register(*from)),
            ],
        ),
        Expression::HasRoute { flags, to } => raw(
            c"fib",
            vec![
                (sys::NFTNL_EXPR_FIB_DREG, register(*to)),
                (sys::NFTNL_EXPR_FIB_RESULT, Value::U32(NFT_FIB_RESULT_OIF)),
                (sys::NFTNL_EXPR_FIB_FLAGS, Value::U32(*flags)),
            ],
        ),
        Expression::Reject { kind, code } => raw(
            c"reject",
            vec![
                (sys::NFTNL_EXPR_REJECT_TYPE, Value::U32(*kind)),
                (sys::NFTNL_EXPR_REJECT_CODE, Value::Bytes(vec![*code])),
            ],
        ),
        Expression::Conntrack { key, to } => raw(
            c"ct",
            vec![
                (sys::NFTNL_EXPR_CT_KEY, Value::U32(*key)),
                (sys::NFTNL_EXPR_CT_DREG, register(*to)),
            ],
        ),
        Expression::Mask { from, to, mask } => bitwise(*from, *to, mask),
        Expression::Compare { from, negated, value } => compare(*from, *negated, value),
        Expression::Lookup { set, from, negated, to } => lookup(name(set)?, *from, *negated, *to),
        Expression::Update { set, from } => raw(
            c"dynset",
            vec![
                (sys::NFTNL_EXPR_DYNSET_SREG_KEY, register(*from)),
                (sys::NFTNL_EXPR_DYNSET_OP, Value::U32(NFT_DYNSET_OP_UPDATE)),
                (sys::NFTNL_EXPR_DYNSET_SET_NAME, Value::Text(name(set)?)),
            ],
        ),
        Expression::Immediate { value, to } => raw(
            c"immediate",
            vec![
                (sys::NFTNL_EXPR_IMM_DREG, register(*to)),
                (sys::NFTNL_EXPR_IMM_DATA, Value::Bytes(value.clone())),
            ],
        ),
        Expression::Verdict { accept } => raw(
            c"immediate",
            vec![
                (sys::NFTNL_EXPR_IMM_DREG, Value::U32(NFT_REG_VERDICT)),
                (
                    sys::NFTNL_EXPR_IMM_VERDICT,
                    Value::U32(if *accept { NF_ACCEPT } else { NF_DROP }),
                ),
            ],
        ),
        Expression::Nat { kind, family, addresses, ports, prefix } => {
            nat(*kind, *family, *addresses, *ports, *prefix)
        }
        Expression::Masquerade => raw(c"masq", vec![]),
        Expression::Counter(_) => counter(),
        Expression::Nothing | Expression::Foreign(_) => return None,
    })
}

fn set_payload(
    base: u32,
    offset: u32,
    len: u32,
    from: Register,
    checksum: Checksum,
) -> RawExpression {
    raw(
        c"payload",
        vec![
            (sys::NFTNL_EXPR_PAYLOAD_SREG, register(from)),
            (sys::NFTNL_EXPR_PAYLOAD_BASE, Value::U32(base)),
            (sys::NFTNL_EXPR_PAYLOAD_OFFSET, Value::U32(offset)),
            (sys::NFTNL_EXPR_PAYLOAD_LEN, Value::U32(len)),
            (sys::NFTNL_EXPR_PAYLOAD_CSUM_TYPE, Value::U32(checksum.kind())),
            (sys::NFTNL_EXPR_PAYLOAD_CSUM_OFFSET, Value::U32(checksum.offset())),
            (sys::NFTNL_EXPR_PAYLOAD_FLAGS, Value::U32(checksum.flags())),
        ],
    )
}

fn bitwise(from: Register, to: Register, mask: &[u8]) -> RawExpression {
    raw(
        c"bitwise",
        vec![
            (sys::NFTNL_EXPR_BITWISE_SREG, register(from)),
            (sys::NFTNL_EXPR_BITWISE_DREG, register(to)),
            (sys::NFTNL_EXPR_BITWISE_LEN, Value::U32(length(mask))),
            (sys::NFTNL_EXPR_BITWISE_MASK, Value::Bytes(mask.to_vec())),
            (sys::NFTNL_EXPR_BITWISE_XOR, Value::Bytes(vec![0; mask.len()])),
        ],
    )
}

fn compare(from: Register, negated: bool, value: &[u8]) -> RawExpression {
    let op = if negated { NFT_CMP_NEQ } else { NFT_CMP_EQ };
    raw(
        c"cmp",
        vec![
            (sys::NFTNL_EXPR_CMP_SREG, register(from)),
            (sys::NFTNL_EXPR_CMP_OP, Value::U32(op)),
            (sys::NFTNL_EXPR_CMP_DATA, Value::Bytes(value.to_vec())),
        ],
    )
}

fn lookup(set: CString, from: Register, negated: bool, to: Option<Register>) -> RawExpression {
    let mut attributes = vec![
        (sys::NFTNL_EXPR_LOOKUP_SREG, register(from)),
        (sys::NFTNL_EXPR_LOOKUP_SET, Value::Text(set)),
    ];
    attributes.extend(to.map(|to| (sys::NFTNL_EXPR_LOOKUP_DREG, register(to))));
    if negated {
        attributes.push((sys::NFTNL_EXPR_LOOKUP_FLAGS, Value::U32(NFT_LOOKUP_F_INV)));
    }
    raw(c"lookup", attributes)
}

fn nat(
    kind: NatKind,
    family: IpFamily,
    addresses: (Register, Register),
    ports: Option<(Register, Register)>,
    prefix: bool,
) -> RawExpression {
    let kind = match kind {
        NatKind::Snat => NFT_NAT_SNAT,
        NatKind::Dnat => NFT_NAT_DNAT,
    };
    let family = match family {
        IpFamily::V4 => NFPROTO_IPV4,
        IpFamily::V6 => NFPROTO_IPV6,
    };
    let mut attributes = vec![
        (sys::NFTNL_EXPR_NAT_TYPE, Value::U32(kind)),
        (sys::NFTNL_EXPR_NAT_FAMILY, Value::U32(u32::from(family))),
        (sys::NFTNL_EXPR_NAT_REG_ADDR_MIN, register(addresses.0)),
    ];
    if addresses.0 != addresses.1 {
        attributes.push((sys::NFTNL_EXPR_NAT_REG_ADDR_MAX, register(addresses.1)));
    }
    if let Some((first, last)) = ports {
        attributes.push((sys::NFTNL_EXPR_NAT_REG_PROTO_MIN, register(first)));
        if first != last {
            attributes.push((sys::NFTNL_EXPR_NAT_REG_PROTO_MAX, register(last)));
        }
    }
    if prefix {
        // The kernel adds MAP_IPS and PROTO_SPECIFIED for the registers that there are; nft(8)
        // spells the first out only here.
        let flags = NF_NAT_RANGE_NETMAP | NF_NAT_RANGE_MAP_IPS;
        attributes.push((sys::NFTNL_EXPR_NAT_FLAGS, Value::U32(flags)));
    }
    raw(c"nat", attributes)
}

impl Checksum {
    /// `NFTA_PAYLOAD_CSUM_TYPE`: the checksum within the header that changes.
    pub(in crate::kernel) const fn kind(self) -> u32 {
        match self {
            Checksum::None | Checksum::Transport => NFT_PAYLOAD_CSUM_NONE,
            Checksum::Ipv4 => NFT_PAYLOAD_CSUM_INET,
        }
    }

    /// `NFTA_PAYLOAD_CSUM_OFFSET`: where that one is.
    pub(in crate::kernel) const fn offset(self) -> u32 {
        match self {
            Checksum::None | Checksum::Transport => 0,
            Checksum::Ipv4 => IPV4_CHECKSUM_OFFSET,
        }
    }

    /// `NFTA_PAYLOAD_CSUM_FLAGS`: whether the transport header's checksum changes too.
    pub(in crate::kernel) const fn flags(self) -> u32 {
        match self {
            Checksum::None => 0,
            Checksum::Transport | Checksum::Ipv4 => NFT_PAYLOAD_L4CSUM_PSEUDOHDR,
        }
    }
}

fn raw(name: &'static CStr, attributes: Vec<(u32, Value)>) -> RawExpression {
    RawExpression { name, attributes }
}

fn register(register: Register) -> Value {
    Value::U32(register.number())
}

fn length(bytes: &[u8]) -> u32 {
    u32::try_from(bytes.len()).unwrap_or(u32::MAX)
}

/// `None` for a name with a NUL in it, which no object can have.
fn name(text: &str) -> Option<CString> {
    CString::new(text).ok()
}
