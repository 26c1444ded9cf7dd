//! From messages to values. Pure, and without a panic whatever the bytes.

mod chain;
mod element;
mod expression;
mod interval;
mod other;
mod rule;
mod set;
mod value;

pub(super) use chain::{chain, foreign_nat};
pub(super) use element::ElementReader;
pub(super) use other::{TableFacts, other_name, table};
pub(super) use rule::rule;
pub(super) use set::{FoundSet, set};

use super::uapi::NFTA_DATA_VALUE;
use crate::netlink::{Attributes, Malformed};
use crate::ruleset::TABLE_NAME;

/// Whether a message is about a table of ours, or something in it, by the attribute that names the
/// table. Of what others have in theirs nothing else is decoded, so that nothing in it can be an
/// error.
pub(super) fn is_ours(attributes: Attributes<'_>, table: u16) -> Result<bool, Malformed> {
    Ok(attributes.find(table)?.is_some_and(|name| name.name() == TABLE_NAME.as_bytes()))
}

/// Whether nft(8) could write the name of a chain, set or map: an identifier (`string`,
/// src/scanner.l). The kernel takes any bytes; hairnat gives no other names.
fn is_identifier(name: &[u8]) -> bool {
    let first = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'.');
    let other = |byte: &u8| first(byte) || byte.is_ascii_digit() || matches!(byte, b'/' | b'-');
    name.first().is_some_and(first) && name.iter().all(other)
}

/// The value within a nest of `enum nft_data_attributes`; `None` for a verdict.
fn data(nest: Attributes<'_>) -> Result<Option<&[u8]>, Malformed> {
    Ok(nest.find(NFTA_DATA_VALUE)?.map(|value| value.payload))
}
