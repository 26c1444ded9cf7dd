//! What stands at an offset of a message that was sent: the very element or expression.

use super::nfnetlink;
use super::uapi::{
    NFGENMSG_LEN, NFT_SET_ELEM_INTERVAL_END, NFTA_EXPR_NAME, NFTA_RULE_EXPRESSIONS,
    NFTA_SET_ELEM_FLAGS, NFTA_SET_ELEM_LIST_ELEMENTS,
};
use crate::netlink::{Attribute, Attributes, Messages, NLMSG_HDRLEN};

/// The length of the header of an attribute, `struct nlattr`.
const HEADER: usize = 4;

/// Where the first attribute of a message starts.
const FIRST: usize = NLMSG_HDRLEN + NFGENMSG_LEN;

/// What a message holds many of.
pub(super) enum Inner {
    /// The element of that number within the message.
    Element(usize),
    /// The expression of that name.
    Expression(String),
}

/// The element or expression at `offset` of the first message in `bytes`, as `NLMSGERR_ATTR_OFFS`
/// counts: from the message's header to the header of some attribute.
pub(super) fn inner(bytes: &[u8], offset: usize) -> Option<Inner> {
    let message = Messages(bytes).next()?.ok()?;
    let (list, within) = at(nfnetlink::attributes(&message).ok()?, offset.checked_sub(FIRST)?)?;
    let number = position(list.nested(), within)?;
    match list.kind {
        NFTA_SET_ELEM_LIST_ELEMENTS => {
            let before = list.nested().into_iter().take(number + 1).flatten();
            let elements = before.filter(|element| !is_end(element.nested())).count();
            elements.checked_sub(1).map(Inner::Element)
        }
        NFTA_RULE_EXPRESSIONS => {
            let expression = list.nested().into_iter().nth(number)?.ok()?;
            let name = expression.nested().find(NFTA_EXPR_NAME).ok()??.text();
            Some(Inner::Expression(name.into_owned()))
        }
        _ => None,
    }
}

/// The attribute at `offset`, and how far into its payload that is.
fn at(attributes: Attributes<'_>, offset: usize) -> Option<(Attribute<'_>, usize)> {
    let number = position(attributes, offset)?;
    let start = attributes.into_iter().take(number).flatten().map(size).sum::<usize>() + HEADER;
    let attribute = attributes.into_iter().nth(number)?.ok()?;
    Some((attribute, offset.checked_sub(start)?))
}

/// The number of the attribute at `offset`.
fn position(attributes: Attributes<'_>, offset: usize) -> Option<usize> {
    let mut end = 0;
    attributes.into_iter().flatten().position(|attribute| {
        end += size(attribute);
        offset < end
    })
}

/// What an attribute takes with its header and its padding.
fn size(attribute: Attribute<'_>) -> usize {
    (HEADER + attribute.payload.len()).next_multiple_of(4)
}

/// Whether an element only ends the interval of the one before it.
fn is_end(element: Attributes<'_>) -> bool {
    let flags = element.find(NFTA_SET_ELEM_FLAGS).ok().flatten().map(Attribute::be32);
    matches!(flags, Some(Ok(flags)) if flags & NFT_SET_ELEM_INTERVAL_END != 0)
}
