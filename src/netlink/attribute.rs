//! Netlink attributes: a reader that no input makes panic, and a writer.
//!
//! An attribute is a length (its header included), a type and a payload, padded to 32 bits
//! (`struct nlattr`, include/uapi/linux/netlink.h). The header is in host byte order; the payloads
//! of `nf_tables` are in network byte order.

use std::borrow::Cow;

use thiserror::Error;

use crate::printable::escaped;

/// The length of `struct nlattr`.
const HEADER: usize = 4;

/// Without `NLA_F_NESTED` and `NLA_F_NET_BYTEORDER`.
const NLA_TYPE_MASK: u16 = 0x3fff;

/// `NLA_F_NESTED`.
const NESTED: u16 = 0x8000;

/// The most bytes that one attribute can hold, its header included: `nla_len` has 16 bits.
pub(crate) const LONGEST: usize = u16::MAX as usize;

/// A message or attribute that ends too early or has not the length that its type asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a netlink message is cut short")]
pub struct Malformed;

/// One attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Attribute<'a> {
    /// The type, without its flags.
    pub(crate) kind: u16,
    /// The value.
    pub(crate) payload: &'a [u8],
}

impl<'a> Attribute<'a> {
    /// The value as a 32-bit number.
    pub(crate) fn be32(self) -> Result<u32, Malformed> {
        self.payload.try_into().map(u32::from_be_bytes).map_err(|_| Malformed)
    }

    /// The value as a 64-bit number.
    pub(crate) fn be64(self) -> Result<u64, Malformed> {
        self.payload.try_into().map(u64::from_be_bytes).map_err(|_| Malformed)
    }

    /// The value as a name: bytes up to the NUL, as the kernel asks nobody for UTF-8.
    pub(crate) fn name(self) -> &'a [u8] {
        self.payload.split(|&byte| byte == 0).next().unwrap_or_default()
    }

    /// The same for people, [`escaped`]; names that differ are different text.
    pub(crate) fn text(self) -> Cow<'a, str> {
        escaped(self.name())
    }

    /// The attributes within.
    pub(crate) fn nested(self) -> Attributes<'a> {
        Attributes(self.payload)
    }
}

/// Attributes one after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Attributes<'a>(pub(crate) &'a [u8]);

impl<'a> Attributes<'a> {
    /// The first attribute of that type, if there is one.
    pub(crate) fn find(self, kind: u16) -> Result<Option<Attribute<'a>>, Malformed> {
        for attribute in self {
            let attribute = attribute?;
            if attribute.kind == kind {
                return Ok(Some(attribute));
            }
        }
        Ok(None)
    }
}

impl<'a> IntoIterator for Attributes<'a> {
    type Item = Result<Attribute<'a>, Malformed>;
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        Iter(self.0)
    }
}

/// Walks [`Attributes`]; after a malformed one it ends.
#[derive(Debug)]
pub(crate) struct Iter<'a>(&'a [u8]);

impl<'a> Iterator for Iter<'a> {
    type Item = Result<Attribute<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let Some((attribute, rest)) = split_first(self.0) else {
            self.0 = &[];
            return Some(Err(Malformed));
        };
        self.0 = rest;
        Some(Ok(attribute))
    }
}

fn split_first(bytes: &[u8]) -> Option<(Attribute<'_>, &[u8])> {
    let (&[l0, l1, k0, k1], _) = bytes.split_first_chunk::<HEADER>()?;
    let len = usize::from(u16::from_ne_bytes([l0, l1]));
    let kind = u16::from_ne_bytes([k0, k1]) & NLA_TYPE_MASK;
    let payload = bytes.get(HEADER..len)?;
    let rest = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
    Some((Attribute { kind, payload }, rest))
}

/// Appends an attribute.
pub(crate) fn put(out: &mut Vec<u8>, kind: u16, payload: &[u8]) {
    let start = open(out, kind);
    out.extend_from_slice(payload);
    close(out, start);
}

/// Appends a 32-bit number.
pub(crate) fn put_be32(out: &mut Vec<u8>, kind: u16, value: u32) {
    put(out, kind, &value.to_be_bytes());
}

/// Appends text and its NUL.
pub(crate) fn put_text(out: &mut Vec<u8>, kind: u16, text: &str) {
    let start = open(out, kind);
    out.extend_from_slice(text.as_bytes());
    out.push(0);
    close(out, start);
}

/// As [`open`], for an attribute that holds others.
pub(crate) fn open_nest(out: &mut Vec<u8>, kind: u16) -> usize {
    open(out, kind | NESTED)
}

/// Appends an attribute that holds whatever `fill` appends.
pub(crate) fn put_nest(out: &mut Vec<u8>, kind: u16, fill: impl FnOnce(&mut Vec<u8>)) {
    let start = open_nest(out, kind);
    fill(out);
    close(out, start);
}

/// Appends the header of an attribute; what is appended next belongs to it, until [`close`] with
/// what this returns.
pub(crate) fn open(out: &mut Vec<u8>, kind: u16) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0, 0]);
    out.extend_from_slice(&kind.to_ne_bytes());
    start
}

/// Ends the attribute whose header is at `start`: sets its length and pads it.
pub(crate) fn close(out: &mut Vec<u8>, start: usize) {
    let len = out.len() - start;
    debug_assert!(len <= LONGEST, "an attribute of {len} bytes");
    let len = u16::try_from(len).unwrap_or(u16::MAX);
    if let Some(header) = out.get_mut(start..start + 2) {
        header.copy_from_slice(&len.to_ne_bytes());
    }
    out.resize(out.len().next_multiple_of(4), 0);
}

#[cfg(test)]
mod tests {
    use super::{Attribute, Attributes, Malformed, put, put_be32, put_nest, put_text};

    #[test]
    fn what_is_written_is_read_back() {
        let mut bytes = Vec::new();
        put_text(&mut bytes, 1, "hairnat");
        put_nest(&mut bytes, 2, |out| put_be32(out, 3, 7));
        let attributes: Vec<_> = Attributes(&bytes).into_iter().map(Result::unwrap).collect();
        assert_eq!(attributes[0].name(), b"hairnat");
        assert_eq!(attributes[1].kind, 2, "the nesting flag is no part of the type");
        let inner = attributes[1].nested().find(3).unwrap().unwrap();
        assert_eq!(inner.be32(), Ok(7));
        assert_eq!(inner.be64(), Err(Malformed));
    }

    #[test]
    fn a_name_is_bytes_up_to_the_nul() {
        let attribute = |payload| Attribute { kind: 1, payload };
        assert_eq!(attribute(b"web\0\xff").name(), b"web");
        assert_eq!(attribute(b"w\xffb").name(), b"w\xffb");
        assert_eq!(attribute(b"w\xffb\0").text(), "w\\xffb");
        assert_eq!(attribute(b"").name(), b"");
    }

    #[test]
    fn a_payload_is_padded_to_32_bits_but_its_length_is_not() {
        let mut bytes = Vec::new();
        put(&mut bytes, 6, b"\x00\x04web\x00");
        let [len0, len1] = 10_u16.to_ne_bytes();
        let [kind0, kind1] = 6_u16.to_ne_bytes();
        let mut expected = vec![len0, len1, kind0, kind1];
        expected.extend_from_slice(b"\x00\x04web\x00\x00\x00");
        assert_eq!(bytes, expected);
    }

    #[test]
    fn a_missing_end_is_an_error_and_missing_padding_is_not() {
        let mut bytes = Vec::new();
        put(&mut bytes, 6, b"web");
        assert_eq!(Attributes(&bytes[..7]).into_iter().next().unwrap().unwrap().payload, b"web");
        assert_eq!(Attributes(&bytes[..6]).into_iter().next(), Some(Err(Malformed)));
        assert_eq!(
            Attributes(&[3, 0, 1, 0]).into_iter().next(),
            Some(Err(Malformed)),
            "shorter than its header"
        );
    }
}
