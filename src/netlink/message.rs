//! Netlink messages (RFC 3549 §2.3): framing what is received, heading what is sent.

use super::attribute::{Attributes, Malformed};

// `include/uapi/linux/netlink.h`
/// The request flag that every request has.
pub(crate) const NLM_F_REQUEST: u16 = 0x01;
/// Asks for an answer also when all went well.
pub(crate) const NLM_F_ACK: u16 = 0x04;
/// Asks for all objects.
pub(crate) const NLM_F_DUMP: u16 = 0x300;
/// What is made must not be there.
pub(crate) const NLM_F_EXCL: u16 = 0x200;
/// What is not there is made.
pub(crate) const NLM_F_CREATE: u16 = 0x400;
/// What is made goes to the end.
pub(crate) const NLM_F_APPEND: u16 = 0x800;
/// The length of `struct nlmsghdr`.
pub(crate) const NLMSG_HDRLEN: usize = 16;
const NLMSG_ERROR: u16 = 2;
pub(super) const NLMSG_DONE: u16 = 3;
const NLM_F_DUMP_INTR: u16 = 0x10;
const NLM_F_CAPPED: u16 = 0x100;
const NLM_F_ACK_TLVS: u16 = 0x200;
const NLMSGERR_ATTR_MSG: u16 = 1;
const NLMSGERR_ATTR_OFFS: u16 = 2;

/// One received message.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Message<'a> {
    /// `nlmsg_type`.
    pub(crate) kind: u16,
    /// `nlmsg_flags`.
    pub(crate) flags: u16,
    /// `nlmsg_seq`: that of the request which this answers.
    pub(crate) seq: u32,
    /// What follows the header.
    pub(crate) body: &'a [u8],
}

/// What the kernel says about one message that it was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// The message.
    pub(crate) seq: u32,
    /// The errno; 0 acknowledges.
    pub(crate) errno: i32,
    /// The kernel's own words.
    pub(crate) text: Option<String>,
    /// Where in the message the offending attribute starts, counted from the message's header.
    pub(crate) offset: Option<usize>,
}

impl Message<'_> {
    /// Whether the dump that the message is part of saw a change.
    pub(crate) fn interrupted(&self) -> bool {
        self.flags & NLM_F_DUMP_INTR != 0
    }

    /// The errno that an `NLMSG_DONE` ends a dump with; 0 if all went well.
    pub(crate) fn done_errno(&self) -> Result<i32, Malformed> {
        let (&code, _) = self.body.split_first_chunk::<4>().ok_or(Malformed)?;
        Ok(i32::from_ne_bytes(code).saturating_neg())
    }

    /// What an `NLMSG_ERROR` says; `None` for any other message.
    pub(crate) fn verdict(&self) -> Result<Option<Verdict>, Malformed> {
        if self.kind != NLMSG_ERROR {
            return Ok(None);
        }
        let (&code, about) = self.body.split_first_chunk::<4>().ok_or(Malformed)?;
        let errno = i32::from_ne_bytes(code).saturating_neg();
        let mut verdict = Verdict { seq: self.seq, errno, text: None, offset: None };
        if self.flags & NLM_F_ACK_TLVS != 0 {
            let (&len, _) = about.split_first_chunk::<4>().ok_or(Malformed)?;
            // A capped answer repeats only the header of the message that it is about.
            let repeated = if self.flags & NLM_F_CAPPED != 0 {
                NLMSG_HDRLEN
            } else {
                usize::try_from(u32::from_ne_bytes(len)).map_err(|_| Malformed)?
            };
            for attribute in Attributes(about.get(repeated..).ok_or(Malformed)?) {
                let attribute = attribute?;
                match attribute.kind {
                    NLMSGERR_ATTR_MSG => verdict.text = Some(attribute.text().into_owned()),
                    NLMSGERR_ATTR_OFFS => {
                        let offset = attribute.payload.try_into().map_err(|_| Malformed)?;
                        verdict.offset = usize::try_from(u32::from_ne_bytes(offset)).ok();
                    }
                    _ => {}
                }
            }
        }
        Ok(Some(verdict))
    }
}

/// The messages of one datagram.
#[derive(Debug, Clone)]
pub(crate) struct Messages<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Messages<'a> {
    type Item = Result<Message<'a>, Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let Some((message, rest)) = split_first(self.0) else {
            self.0 = &[];
            return Some(Err(Malformed));
        };
        self.0 = rest;
        Some(Ok(message))
    }
}

fn split_first(bytes: &[u8]) -> Option<(Message<'_>, &[u8])> {
    let (&[l0, l1, l2, l3, k0, k1, f0, f1, s0, s1, s2, s3, ..], _) =
        bytes.split_first_chunk::<NLMSG_HDRLEN>()?;
    let len = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).ok()?;
    let message = Message {
        kind: u16::from_ne_bytes([k0, k1]),
        flags: u16::from_ne_bytes([f0, f1]),
        seq: u32::from_ne_bytes([s0, s1, s2, s3]),
        body: bytes.get(NLMSG_HDRLEN..len)?,
    };
    // The last message of a datagram need not be padded.
    let rest = bytes.get(len.checked_next_multiple_of(4)?..).unwrap_or_default();
    Some((message, rest))
}

/// Appends a header; what is appended next belongs to its message, until [`end`].
pub(crate) fn begin(out: &mut Vec<u8>, kind: u16, flags: u16, seq: u32) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&kind.to_ne_bytes());
    out.extend_from_slice(&flags.to_ne_bytes());
    out.extend_from_slice(&seq.to_ne_bytes());
    // The port of the sender, which the kernel knows.
    out.extend_from_slice(&[0; 4]);
    start
}

/// Ends the message whose header is at `start`.
pub(crate) fn end(out: &mut [u8], start: usize) {
    let len = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    if let Some(field) = out.get_mut(start..start + 4) {
        field.copy_from_slice(&len.to_ne_bytes());
    }
}

/// Sets the flags of a message that others wrote.
pub(crate) fn set_flags(message: &mut [u8], flags: u16) {
    if let Some(field) = message.get_mut(6..8) {
        field.copy_from_slice(&flags.to_ne_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::super::attribute::{Malformed, put, put_text};
    use super::{Messages, NLM_F_ACK_TLVS, NLM_F_CAPPED, NLMSG_ERROR, begin, end};

    /// An answer to message 7: the code, the header of what it is about, then what `fill` adds.
    fn answer(flags: u16, code: i32, fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        begin(&mut bytes, NLMSG_ERROR, flags, 7);
        bytes.extend_from_slice(&code.to_ne_bytes());
        bytes.extend_from_slice(&[0; 16]);
        fill(&mut bytes);
        end(&mut bytes, 0);
        bytes
    }

    #[test]
    fn an_error_names_the_message_the_words_and_the_place() {
        let bytes = answer(NLM_F_CAPPED | NLM_F_ACK_TLVS, -17, |out| {
            put_text(out, 1, "element exists");
            put(out, 2, &60_u32.to_ne_bytes());
        });
        let message = Messages(&bytes).next().unwrap().unwrap();
        let verdict = message.verdict().unwrap().unwrap();
        assert_eq!((verdict.seq, verdict.errno), (7, 17));
        assert_eq!(verdict.text.as_deref(), Some("element exists"));
        assert_eq!(verdict.offset, Some(60));
    }

    #[test]
    fn an_acknowledgement_is_errno_0() {
        let bytes = answer(NLM_F_CAPPED, 0, |_| {});
        let verdict = Messages(&bytes).next().unwrap().unwrap().verdict().unwrap().unwrap();
        assert_eq!((verdict.errno, verdict.text, verdict.offset), (0, None, None));
    }

    #[test]
    fn the_last_message_need_not_be_padded() {
        let bytes = answer(0, 0, |out| out.push(1));
        assert_eq!(bytes.len() % 4, 1);
        assert_eq!(Messages(&bytes).flatten().count(), 1);
    }

    #[test]
    fn a_length_beyond_the_datagram_is_an_error() {
        let bytes = answer(0, 0, |_| {});
        let mut messages = Messages(&bytes[..30]);
        assert!(matches!(messages.next(), Some(Err(Malformed))));
        assert!(messages.next().is_none());
    }
}
