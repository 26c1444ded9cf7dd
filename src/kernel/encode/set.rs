//! Sets and maps as messages, without their elements.

use nftnl::MsgType;
use nftnl_sys as sys;

use super::expression::counter;
use super::object::{Family, c_string};
use crate::kernel::uapi::{
    NFT_SET_CONCAT, NFT_SET_EVAL, NFT_SET_INTERVAL, NFT_SET_MAP, NFT_SET_TIMEOUT,
};
use crate::netlink::ffi::{self, SetObject};
use crate::netlink::set_flags;
use crate::netlink::{NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST};
use crate::ruleset::{Datatype, SetDeclaration, TABLE_NAME, TableFamily};

// Types of the user data that nft(8) keeps with a set (`enum nftnl_udata_set_types`, libnftnl).
const KEY_BYTE_ORDER: u8 = 0;
const DATA_BYTE_ORDER: u8 = 1;
const DATA_INTERVAL: u8 = 6;

/// Makes the set, which must not be there. `seq` is also its id within the batch.
pub(in crate::kernel) fn new_set(
    family: TableFamily,
    declaration: &SetDeclaration,
    seq: u32,
) -> Vec<u8> {
    let name = c_string(&declaration.name);
    let mut set = SetObject::new(family.number(), &c_string(TABLE_NAME), &name);
    set.set_u32(sys::NFTNL_SET_ID, seq);
    set.set_u32(sys::NFTNL_SET_FLAGS, flags(declaration));
    set.set_u32(sys::NFTNL_SET_KEY_TYPE, type_number(&declaration.key));
    set.set_u32(sys::NFTNL_SET_KEY_LEN, length(declaration.key_len()));
    if let Some(data) = &declaration.data {
        set.set_u32(sys::NFTNL_SET_DATA_TYPE, type_number(&data.types));
        set.set_u32(sys::NFTNL_SET_DATA_LEN, length(declaration.data_len()));
    }
    if let Some(size) = declaration.size {
        set.set_u32(sys::NFTNL_SET_DESC_SIZE, size);
    }
    if is_concatenation_of_ranges(declaration) {
        // The lengths without padding: they tell the kernel where the fields of a range are.
        let lengths: Vec<u8> = declaration
            .key
            .iter()
            .map(|field| u8::try_from(field.value_len()).unwrap_or(0))
            .collect();
        set.set_bytes(sys::NFTNL_SET_DESC_CONCAT, &lengths);
    }
    if let Some(seconds) = declaration.learned {
        set.set_u64(sys::NFTNL_SET_TIMEOUT, u64::from(seconds) * 1000);
    }
    if declaration.counter {
        set.add_expression(&counter());
    }
    set.set_bytes(sys::NFTNL_SET_USERDATA, &user_data(declaration));
    let mut message = ffi::message(&set, seq, MsgType::Add);
    set_flags(&mut message, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
    message
}

/// `NFTA_SET_FLAGS`.
pub(in crate::kernel) fn flags(declaration: &SetDeclaration) -> u32 {
    let mut flags = 0;
    if declaration.interval {
        flags |= NFT_SET_INTERVAL;
    }
    if is_concatenation_of_ranges(declaration) {
        flags |= NFT_SET_CONCAT;
    }
    if declaration.data.is_some() {
        flags |= NFT_SET_MAP;
    }
    if declaration.learned.is_some() {
        flags |= NFT_SET_EVAL | NFT_SET_TIMEOUT;
    }
    flags
}

/// Whether each field of a key is a range of its own, so that the set is a `pipapo` one; a range of
/// one field makes it an `rbtree`.
pub(in crate::kernel) fn is_concatenation_of_ranges(declaration: &SetDeclaration) -> bool {
    declaration.interval && declaration.key.len() > 1
}

/// The number of a concatenation: 6 bits a datatype (`TYPE_BITS`, nftables).
pub(in crate::kernel) fn type_number(types: &[Datatype]) -> u32 {
    types.iter().fold(0, |number, &datatype| number << 6 | datatype as u32)
}

/// What makes nft(8) print the values in their byte order.
///
/// Datatypes could be given as expressions too (`NFTNL_UDATA_SET_KEY_TYPEOF`); never do that:
/// nft 1.0.6 crashes on some.
fn user_data(declaration: &SetDeclaration) -> Vec<u8> {
    let mut out = Vec::new();
    put_u32(&mut out, KEY_BYTE_ORDER, byte_order(&declaration.key));
    if let Some(data) = &declaration.data {
        put_u32(&mut out, DATA_BYTE_ORDER, byte_order(&data.types));
        put_u32(&mut out, DATA_INTERVAL, u32::from(data.interval));
    }
    out
}

/// `enum byteorder` of nftables, which knows none for a concatenation.
fn byte_order(types: &[Datatype]) -> u32 {
    match types {
        [Datatype::IfaceIndex] => 1,
        [_] => 2,
        _ => 0,
    }
}

/// A type, a length and a value, as `nftnl_udata_put_u32` writes it: host endian.
fn put_u32(out: &mut Vec<u8>, kind: u8, value: u32) {
    out.extend_from_slice(&[kind, 4]);
    out.extend_from_slice(&value.to_ne_bytes());
}

fn length(bytes: usize) -> u32 {
    u32::try_from(bytes).unwrap_or(u32::MAX)
}
