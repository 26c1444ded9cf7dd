//! What nfnetlink puts between a netlink header and the attributes: `struct nfgenmsg`.

use super::uapi::NFGENMSG_LEN;
use crate::netlink::{self, Attributes, Malformed, Message};

/// The header of a message to send; its length is set by [`netlink::end`].
#[derive(Debug, Clone, Copy)]
pub(super) struct Header {
    /// `nlmsg_type`.
    pub(super) kind: u16,
    /// `nlmsg_flags`.
    pub(super) flags: u16,
    /// `nlmsg_seq`.
    pub(super) seq: u32,
    /// `nfgen_family`.
    pub(super) family: u8,
    /// `res_id`.
    pub(super) resource: u16,
}

/// Appends a header; what is appended next belongs to its message, until [`netlink::end`].
pub(super) fn begin(out: &mut Vec<u8>, header: Header) -> usize {
    let start = netlink::begin(out, header.kind, header.flags, header.seq);
    out.extend_from_slice(&[header.family, 0]);
    out.extend_from_slice(&header.resource.to_be_bytes());
    start
}

/// The attributes after `struct nfgenmsg`.
pub(super) fn attributes<'a>(message: &Message<'a>) -> Result<Attributes<'a>, Malformed> {
    message.body.get(NFGENMSG_LEN..).map(Attributes).ok_or(Malformed)
}
