//! Tables, and what hairnat never makes in them.

use std::borrow::Cow;

use super::is_ours;
use crate::kernel::uapi::{
    NFT_TABLE_F_DORMANT, NFTA_OBJ_TYPE, NFTA_OTHER_NAME, NFTA_OTHER_TABLE, NFTA_TABLE_FLAGS,
    NFTA_TABLE_NAME, NFTA_TABLE_OWNER,
};
use crate::netlink::{Attributes, Malformed};

/// What the kernel says about a table as such.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::kernel) struct TableFacts {
    /// Whether it is switched off.
    pub(in crate::kernel) dormant: bool,
    /// The netlink port of its owner.
    pub(in crate::kernel) owner: Option<u32>,
}

/// The table of a message; `None` if it is not ours.
pub(in crate::kernel) fn table(
    attributes: Attributes<'_>,
) -> Result<Option<TableFacts>, Malformed> {
    if !is_ours(attributes, NFTA_TABLE_NAME)? {
        return Ok(None);
    }
    let mut facts = TableFacts::default();
    for attribute in attributes {
        let attribute = attribute?;
        match attribute.kind {
            NFTA_TABLE_FLAGS => facts.dormant = attribute.be32()? & NFT_TABLE_F_DORMANT != 0,
            NFTA_TABLE_OWNER => facts.owner = Some(attribute.be32()?),
            _ => {}
        }
    }
    Ok(Some(facts))
}

/// A stateful object or flowtable as nft(8) names it; `None` if it is in no table of ours.
pub(in crate::kernel) fn other_name(
    attributes: Attributes<'_>,
    flowtable: bool,
) -> Result<Option<String>, Malformed> {
    if !is_ours(attributes, NFTA_OTHER_TABLE)? {
        return Ok(None);
    }
    let mut name = Cow::Borrowed("");
    let mut kind = Cow::Borrowed(if flowtable { "flowtable" } else { "object" });
    for attribute in attributes {
        let attribute = attribute?;
        match attribute.kind {
            NFTA_OTHER_NAME => name = attribute.text(),
            NFTA_OBJ_TYPE if !flowtable => kind = object_keyword(attribute.be32()?),
            _ => {}
        }
    }
    Ok(Some(format!("{kind} `{name}`")))
}

/// `NFT_OBJECT_*` as nft(8) calls them. Two objects of a table have the same name only if they are
/// of different types, so an unknown type is told by its number.
fn object_keyword(kind: u32) -> Cow<'static, str> {
    let known = match kind {
        1 => "counter",
        2 => "quota",
        3 => "ct helper",
        4 => "limit",
        5 => "connlimit",
        6 => "tunnel",
        7 => "ct timeout",
        8 => "secmark",
        9 => "ct expectation",
        10 => "synproxy",
        _ => return format!("object of type {kind}").into(),
    };
    known.into()
}
