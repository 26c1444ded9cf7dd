//! From messages to values. Pure, and without a panic whatever the bytes.

mod chain;
mod element;
mod expression;
mod interval;
mod other;
mod rule;
mod set;
mod value;

pub(super) use chain::chain;
pub(super) use element::ElementReader;
pub(super) use other::{TableFacts, other_name, table};
pub(super) use rule::rule;
pub(super) use set::{FoundSet, set};

use super::uapi::NFTA_DATA_VALUE;
use crate::netlink::{Attributes, Malformed};

/// The value within a nest of `enum nft_data_attributes`; `None` for a verdict.
fn data(nest: Attributes<'_>) -> Result<Option<&[u8]>, Malformed> {
    Ok(nest.find(NFTA_DATA_VALUE)?.map(|value| value.payload))
}
