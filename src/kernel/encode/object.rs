//! Tables, chains and rules as messages.

use std::ffi::CString;

use nftnl::{Chain, MsgType, Policy, ProtoFamily, Table};

use super::expression::expression;
use super::rule::{Unwritable, expressions};
use crate::kernel::uapi::{NFPROTO_BRIDGE, NFPROTO_INET, NFTA_TABLE_USERDATA};
use crate::netlink::{
    self, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST, ffi, put, set_flags,
};
use crate::ruleset::{
    ChainDeclaration, ChainType, Hook, Rule, TABLE_COMMENT, TABLE_NAME, TableFamily,
};

/// `NFTNL_UDATA_TABLE_COMMENT` (`enum nftnl_udata_table_types`, libnftnl).
const TABLE_COMMENT_UDATA: u8 = 0;

/// A table's family as the kernel numbers it.
pub(in crate::kernel) trait Family {
    /// The `NFPROTO_*` number.
    fn number(self) -> u8;
}

impl Family for TableFamily {
    fn number(self) -> u8 {
        match self {
            TableFamily::Bridge => NFPROTO_BRIDGE,
            TableFamily::Inet => NFPROTO_INET,
        }
    }
}

/// Makes the table, which must not be there.
pub(in crate::kernel) fn new_table(family: TableFamily, seq: u32) -> Vec<u8> {
    let mut message = ffi::message(&table(family), seq, MsgType::Add);
    set_flags(&mut message, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
    put(&mut message, NFTA_TABLE_USERDATA, &table_user_data());
    netlink::end(&mut message, 0);
    message
}

/// The comment as nft(8) keeps it with a table: a type, a length, and text that ends with NUL.
fn table_user_data() -> Vec<u8> {
    let mut out = vec![TABLE_COMMENT_UDATA, u8::try_from(TABLE_COMMENT.len() + 1).unwrap_or(0)];
    out.extend_from_slice(TABLE_COMMENT.as_bytes());
    out.push(0);
    out
}

/// Deletes the table with all that is in it.
pub(in crate::kernel) fn delete_table(family: TableFamily, seq: u32) -> Vec<u8> {
    let mut message = ffi::message(&table(family), seq, MsgType::Del);
    set_flags(&mut message, NLM_F_REQUEST);
    message
}

/// Makes the chain, which must not be there.
pub(in crate::kernel) fn new_chain(
    family: TableFamily,
    declaration: &ChainDeclaration,
    seq: u32,
) -> Vec<u8> {
    let table = table(family);
    let mut chain = Chain::new(c_string(&declaration.name), &table);
    if let Some(base) = declaration.base {
        chain.set_type(match base.chain_type {
            ChainType::Filter => nftnl::ChainType::Filter,
            ChainType::Nat => nftnl::ChainType::Nat,
        });
        let hook = match base.hook {
            Hook::Prerouting => nftnl::Hook::PreRouting,
            Hook::Input => nftnl::Hook::In,
            Hook::Forward => nftnl::Hook::Forward,
            Hook::Output => nftnl::Hook::Out,
            Hook::Postrouting => nftnl::Hook::PostRouting,
        };
        chain.set_hook(hook, base.priority);
        chain.set_policy(if base.accept { Policy::Accept } else { Policy::Drop });
    }
    let mut message = ffi::message(&chain, seq, MsgType::Add);
    set_flags(&mut message, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
    message
}

/// Adds the rule before the one with the handle `before`, or after all others.
pub(in crate::kernel) fn new_rule(
    family: TableFamily,
    chain: &str,
    rule: &Rule,
    before: Option<u64>,
    seq: u32,
) -> Result<Vec<u8>, Unwritable> {
    let table = table(family);
    let chain = Chain::new(c_string(chain), &table);
    let mut object = nftnl::Rule::new(&chain);
    for value in &expressions(rule)? {
        let raw = expression(value).ok_or_else(|| Unwritable(format!("{value:?}")))?;
        object.add_expr(&raw);
    }
    if let Some(handle) = before {
        object.set_position(handle);
    }
    let mut message = ffi::message(&object, seq, MsgType::Add);
    // NFTA_RULE_POSITION is the rule to go before, or with NLM_F_APPEND the one to go after.
    let append = if before.is_some() { 0 } else { NLM_F_APPEND };
    set_flags(&mut message, NLM_F_REQUEST | NLM_F_CREATE | append);
    Ok(message)
}

/// Deletes the rule with that handle.
pub(in crate::kernel) fn delete_rule(
    family: TableFamily,
    chain: &str,
    handle: u64,
    seq: u32,
) -> Vec<u8> {
    let table = table(family);
    let chain = Chain::new(c_string(chain), &table);
    let mut rule = nftnl::Rule::new(&chain);
    rule.set_handle(handle);
    let mut message = ffi::message(&rule, seq, MsgType::Del);
    set_flags(&mut message, NLM_F_REQUEST);
    message
}

/// Deletes all rules of the chain: what names no rule is about each (`nf_tables_delrule`).
pub(in crate::kernel) fn flush_chain(family: TableFamily, chain: &str, seq: u32) -> Vec<u8> {
    let table = table(family);
    let chain = Chain::new(c_string(chain), &table);
    let mut message = ffi::message(&nftnl::Rule::new(&chain), seq, MsgType::Del);
    set_flags(&mut message, NLM_F_REQUEST);
    message
}

fn table(family: TableFamily) -> Table {
    let family = match family {
        TableFamily::Bridge => ProtoFamily::Bridge,
        TableFamily::Inet => ProtoFamily::Inet,
    };
    Table::new(c_string(TABLE_NAME), family)
}

/// A name up to its first NUL: names come from hairnat or from the kernel, and neither makes one
/// with a NUL in it.
pub(super) fn c_string(text: &str) -> CString {
    let name = text.split('\0').next().unwrap_or_default();
    CString::new(name).unwrap_or_default()
}
