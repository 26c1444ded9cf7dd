//! Netlink as bytes: attributes, messages, the socket, and the only unsafe code.

mod attribute;
mod error;
pub(crate) mod ffi;
mod message;
mod socket;

pub(crate) use attribute::{
    Attribute, Attributes, LONGEST, close, open, open_nest, put, put_be32, put_nest, put_text,
};
pub(crate) use message::{
    Message, Messages, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL,
    NLM_F_REQUEST, NLMSG_HDRLEN, Verdict, begin, end, set_flags,
};
pub(crate) use mnl::Bus;
pub(crate) use socket::{Interrupted, Queue, Socket};

pub use attribute::Malformed;
pub use error::Error;
