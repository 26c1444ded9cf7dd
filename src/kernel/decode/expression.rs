//! Expressions from attributes.
//!
//! Whatever hairnat would not write becomes [`Expression::Foreign`]: an unknown expression, an
//! attribute that is not among those that hairnat knows, or a value that it never uses.

use super::data;
use crate::address::IpFamily;
use crate::kernel::expression::{Checksum, Expression, Register};
use crate::kernel::uapi::{
    NF_ACCEPT, NF_DROP, NF_NAT_RANGE_MAP_IPS, NF_NAT_RANGE_NETMAP, NF_NAT_RANGE_PROTO_SPECIFIED,
    NFPROTO_IPV4, NFPROTO_IPV6, NFT_CMP_EQ, NFT_CMP_NEQ, NFT_DYNSET_OP_UPDATE, NFT_FIB_RESULT_OIF,
    NFT_LOOKUP_F_INV, NFT_NAT_DNAT, NFT_NAT_SNAT, NFT_REG_VERDICT, NFTA_DATA_VERDICT,
    NFTA_EXPR_DATA, NFTA_EXPR_NAME, NFTA_FIB_F_PRESENT, NFTA_VERDICT_CHAIN, NFTA_VERDICT_CODE,
};
use crate::netlink::{Attribute, Attributes, Malformed};
use crate::plan::CounterValue;
use crate::ruleset::NatKind;

/// The expression in a nest of `enum nft_expr_attributes`.
pub(in crate::kernel) fn expression(nest: Attributes<'_>) -> Result<Expression, Malformed> {
    let name = nest.find(NFTA_EXPR_NAME)?.ok_or(Malformed)?.text();
    let data = nest.find(NFTA_EXPR_DATA)?.map_or(Attributes(&[]), Attribute::nested);
    let fields = Fields::read(data)?;
    let known = match &*name {
        "meta" => meta(&fields)?,
        "payload" => payload(&fields)?,
        "ct" => conntrack(&fields)?,
        "bitwise" => mask(&fields)?,
        "cmp" => compare(&fields)?,
        "lookup" => lookup(&fields)?,
        "dynset" => update(&fields)?,
        "immediate" => immediate(&fields)?,
        "nat" => nat(&fields)?,
        "masq" => fields.only(&[]).then_some(Expression::Masquerade),
        "counter" => counter(&fields)?,
        "fib" => has_route(&fields)?,
        "reject" => reject(&fields)?,
        "byteorder" => byte_order(&fields)?,
        _ => None,
    };
    Ok(known.unwrap_or_else(|| Expression::Foreign(name.into_owned())))
}

/// The attributes of one expression, by their number.
struct Fields<'a>([Option<Attribute<'a>>; FIELDS]);

/// One more than the highest attribute of any expression that hairnat knows.
const FIELDS: usize = 16;

impl<'a> Fields<'a> {
    fn read(attributes: Attributes<'a>) -> Result<Self, Malformed> {
        let mut fields = Self([None; FIELDS]);
        for attribute in attributes {
            let attribute = attribute?;
            // An attribute from the future is put in place 0, which no expression knows.
            let place = usize::from(attribute.kind);
            let place = if place < FIELDS { place } else { 0 };
            if let Some(field) = fields.0.get_mut(place) {
                *field = Some(attribute);
            }
        }
        Ok(fields)
    }

    fn get(&self, number: usize) -> Option<Attribute<'a>> {
        self.0.get(number).copied().flatten()
    }

    /// Whether there are no attributes but those.
    fn only(&self, known: &[usize]) -> bool {
        self.0.iter().enumerate().all(|(number, field)| field.is_none() || known.contains(&number))
    }

    fn number(&self, number: usize) -> Result<Option<u32>, Malformed> {
        self.get(number).map(Attribute::be32).transpose()
    }

    /// The number of an attribute which means nothing if it is zero, as it is when it is absent.
    fn number_or_0(&self, number: usize) -> Result<u32, Malformed> {
        Ok(self.number(number)?.unwrap_or(0))
    }

    fn register(&self, number: usize) -> Result<Option<Register>, Malformed> {
        Ok(self.number(number)?.and_then(Register::from_number))
    }

    fn text(&self, number: usize) -> Option<String> {
        self.get(number).map(|field| field.text().into_owned())
    }

    fn data(&self, number: usize) -> Result<Option<&'a [u8]>, Malformed> {
        Ok(self.get(number).map(|field| data(field.nested())).transpose()?.flatten())
    }
}

/// What one of the functions below makes of the attributes; `None`: nothing that hairnat writes.
type Decoded = Result<Option<Expression>, Malformed>;

/// `NFTA_META_DREG`, `NFTA_META_KEY`, `NFTA_META_SREG`.
fn meta(fields: &Fields<'_>) -> Decoded {
    let Some(key) = fields.number(2)? else { return Ok(None) };
    Ok(match (fields.register(1)?, fields.register(3)?) {
        (Some(to), None) if fields.only(&[1, 2]) => Some(Expression::Meta { key, to }),
        (None, Some(from)) if fields.only(&[2, 3]) => Some(Expression::SetMeta { key, from }),
        _ => None,
    })
}

/// `NFTA_PAYLOAD_DREG`, `_BASE`, `_OFFSET`, `_LEN`, `_SREG`, `_CSUM_TYPE`, `_CSUM_OFFSET`,
/// `_CSUM_FLAGS`.
fn payload(fields: &Fields<'_>) -> Decoded {
    let (Some(base), Some(offset), Some(len)) =
        (fields.number(2)?, fields.number(3)?, fields.number(4)?)
    else {
        return Ok(None);
    };
    Ok(match (fields.register(1)?, fields.register(5)?) {
        (Some(to), None) if fields.only(&[1, 2, 3, 4]) => {
            Some(Expression::Payload { base, offset, len, to })
        }
        (None, Some(from)) if fields.only(&[2, 3, 4, 5, 6, 7, 8]) => {
            let (kind, at) = (fields.number_or_0(6)?, fields.number_or_0(7)?);
            let flags = fields.number_or_0(8)?;
            [Checksum::None, Checksum::Transport, Checksum::Ipv4]
                .into_iter()
                .find(|one| (one.kind(), one.offset(), one.flags()) == (kind, at, flags))
                .map(|checksum| Expression::SetPayload { base, offset, len, from, checksum })
        }
        _ => None,
    })
}

/// `NFTA_CT_DREG`, `NFTA_CT_KEY`, `NFTA_CT_SREG` (4).
fn conntrack(fields: &Fields<'_>) -> Decoded {
    let Some(key) = fields.number(2)? else { return Ok(None) };
    Ok(match (fields.register(1)?, fields.register(4)?) {
        (Some(to), None) if fields.only(&[1, 2]) => Some(Expression::Conntrack { key, to }),
        (None, Some(from)) if fields.only(&[2, 4]) => Some(Expression::SetConntrack { key, from }),
        _ => None,
    })
}

/// `NFTA_FIB_DREG`, `_RESULT`, `_FLAGS`. Without `NFTA_FIB_F_PRESENT` it loads an interface number.
fn has_route(fields: &Fields<'_>) -> Decoded {
    let (Some(to), Some(flags)) = (fields.register(1)?, fields.number(3)?) else {
        return Ok(None);
    };
    let ours = fields.only(&[1, 2, 3])
        && fields.number(2)? == Some(NFT_FIB_RESULT_OIF)
        && flags & NFTA_FIB_F_PRESENT != 0;
    Ok(ours.then_some(Expression::HasRoute { flags, to }))
}

/// `NFTA_REJECT_TYPE`, `_ICMP_CODE`, which the kernel leaves out of a TCP reset.
fn reject(fields: &Fields<'_>) -> Decoded {
    let code = fields.get(2).and_then(|code| code.payload.first().copied()).unwrap_or(0);
    let Some(kind) = fields.number(1)? else { return Ok(None) };
    Ok(fields.only(&[1, 2]).then_some(Expression::Reject { kind, code }))
}

/// `NFTA_BITWISE_SREG`, `_DREG`, `_LEN`, `_MASK`, `_XOR`, `_OP` (0: mask and xor).
fn mask(fields: &Fields<'_>) -> Decoded {
    let (Some(from), Some(to)) = (fields.register(1)?, fields.register(2)?) else {
        return Ok(None);
    };
    let (Some(len), Some(mask), Some(xor)) = (fields.number(3)?, fields.data(4)?, fields.data(5)?)
    else {
        return Ok(None);
    };
    let ours = fields.only(&[1, 2, 3, 4, 5, 6])
        && fields.number_or_0(6)? == 0
        && usize::try_from(len) == Ok(mask.len())
        && xor.iter().all(|&byte| byte == 0);
    Ok(ours.then(|| Expression::Mask { from, to, mask: mask.to_vec() }))
}

/// `NFTA_CMP_SREG`, `_OP`, `_DATA`.
fn compare(fields: &Fields<'_>) -> Decoded {
    let (Some(from), Some(value)) = (fields.register(1)?, fields.data(3)?) else {
        return Ok(None);
    };
    let negated = match fields.number(2)? {
        Some(NFT_CMP_EQ) => false,
        Some(NFT_CMP_NEQ) => true,
        _ => return Ok(None),
    };
    let value = value.to_vec();
    Ok(fields.only(&[1, 2, 3]).then_some(Expression::Compare { from, negated, value }))
}

/// `NFTA_LOOKUP_SET`, `_SREG`, `_DREG`, `_SET_ID` (only for the kernel), `_FLAGS` (1: inverted).
fn lookup(fields: &Fields<'_>) -> Decoded {
    let (Some(set), Some(from)) = (fields.text(1), fields.register(2)?) else { return Ok(None) };
    let to = fields.register(3)?;
    let negated = match fields.number_or_0(5)? {
        0 => false,
        NFT_LOOKUP_F_INV => true,
        _ => return Ok(None),
    };
    let ours = fields.only(&[1, 2, 3, 4, 5]) && fields.get(3).is_some() == to.is_some();
    Ok(ours.then_some(Expression::Lookup { set, from, negated, to }))
}

/// `NFTA_DYNSET_SET_NAME`, `_SET_ID`, `_OP`, `_SREG_KEY`, `_SREG_DATA` (5), `_TIMEOUT` (6, 0: that
/// of the set), `_PAD` (8), `_FLAGS` (9).
fn update(fields: &Fields<'_>) -> Decoded {
    let (Some(set), Some(from)) = (fields.text(1), fields.register(4)?) else { return Ok(None) };
    let timeout = fields.get(6).map(Attribute::be64).transpose()?.unwrap_or(0);
    let ours = fields.only(&[1, 2, 3, 4, 6, 8, 9])
        && fields.number(3)? == Some(NFT_DYNSET_OP_UPDATE)
        && timeout == 0
        && fields.number_or_0(9)? == 0;
    Ok(ours.then_some(Expression::Update { set, from }))
}

/// `NFTA_IMMEDIATE_DREG`, `_DATA`.
fn immediate(fields: &Fields<'_>) -> Decoded {
    let (Some(number), Some(nest)) = (fields.number(1)?, fields.get(2)) else { return Ok(None) };
    if !fields.only(&[1, 2]) {
        return Ok(None);
    }
    if number == NFT_REG_VERDICT {
        return verdict(nest.nested());
    }
    let (Some(to), Some(value)) = (Register::from_number(number), data(nest.nested())?) else {
        return Ok(None);
    };
    Ok(Some(Expression::Immediate { value: value.to_vec(), to }))
}

fn verdict(nest: Attributes<'_>) -> Decoded {
    let Some(verdict) = nest.find(NFTA_DATA_VERDICT)? else { return Ok(None) };
    let code = verdict.nested().find(NFTA_VERDICT_CODE)?.map(Attribute::be32).transpose()?;
    let chain = verdict.nested().find(NFTA_VERDICT_CHAIN)?.map(Attribute::text);
    Ok(Some(match (code, chain) {
        (Some(NF_ACCEPT), None) => Expression::Verdict { accept: true },
        (Some(NF_DROP), None) => Expression::Verdict { accept: false },
        (_, Some(chain)) => Expression::Foreign(format!("jump or goto {chain}")),
        _ => Expression::Foreign("verdict".to_owned()),
    }))
}

/// `NFTA_NAT_TYPE`, `_FAMILY`, `_REG_ADDR_MIN`, `_REG_ADDR_MAX`, `_REG_PROTO_MIN`,
/// `_REG_PROTO_MAX`, `_FLAGS`. The kernel fills in what was left out: the last address and L4 port
/// are the first ones, and the flags say which registers there are (`nft_nat_init`).
fn nat(fields: &Fields<'_>) -> Decoded {
    let kind = match fields.number(1)? {
        Some(NFT_NAT_SNAT) => NatKind::Snat,
        Some(NFT_NAT_DNAT) => NatKind::Dnat,
        _ => return Ok(None),
    };
    let family = match fields.number(2)? {
        Some(number) if number == u32::from(NFPROTO_IPV4) => IpFamily::V4,
        Some(number) if number == u32::from(NFPROTO_IPV6) => IpFamily::V6,
        _ => return Ok(None),
    };
    let Some(first) = fields.register(3)? else { return Ok(None) };
    let last = fields.register(4)?.unwrap_or(first);
    let ports = fields.register(5)?;
    let ports = match (ports, fields.register(6)?) {
        (Some(first), last) => Some((first, last.unwrap_or(first))),
        (None, None) => None,
        (None, Some(_)) => return Ok(None),
    };
    let flags = fields.number_or_0(7)?;
    let known = NF_NAT_RANGE_MAP_IPS | NF_NAT_RANGE_PROTO_SPECIFIED | NF_NAT_RANGE_NETMAP;
    if flags & !known != 0 || !fields.only(&[1, 2, 3, 4, 5, 6, 7]) {
        return Ok(None);
    }
    let prefix = flags & NF_NAT_RANGE_NETMAP != 0;
    Ok(Some(Expression::Nat { kind, family, addresses: (first, last), ports, prefix }))
}

/// `NFTA_COUNTER_BYTES`, `NFTA_COUNTER_PACKETS`.
fn counter(fields: &Fields<'_>) -> Decoded {
    let value = |number| fields.get(number).map(Attribute::be64).transpose();
    let bytes = value(1)?.unwrap_or(0);
    let packets = value(2)?.unwrap_or(0);
    let counter = Expression::Counter(CounterValue { packets, bytes });
    Ok(fields.only(&[1, 2, 3]).then_some(counter))
}

/// `NFTA_BYTEORDER_SREG`, `_DREG`, `_OP`, `_LEN`, `_SIZE`.
fn byte_order(fields: &Fields<'_>) -> Decoded {
    let in_place = fields.number(1)? == fields.number(2)?;
    let nothing = match (fields.number(4)?, fields.number(5)?) {
        (Some(len), Some(size)) => len < size,
        _ => false,
    };
    Ok((in_place && nothing && fields.only(&[1, 2, 3, 4, 5])).then_some(Expression::Nothing))
}
