//! Elements as messages, written from their records straight into the batch.

use super::object::Family;
use super::set::is_concatenation_of_ranges;
use crate::kernel::nfnetlink::{self, Header};
use crate::kernel::uapi::{
    DELSETELEM, GETSETELEM, NEWSETELEM, NFT_SET_ELEM_CATCHALL, NFT_SET_ELEM_INTERVAL_END,
    NFTA_DATA_VALUE, NFTA_LIST_ELEM, NFTA_SET_ELEM_DATA, NFTA_SET_ELEM_FLAGS, NFTA_SET_ELEM_KEY,
    NFTA_SET_ELEM_KEY_END, NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_LIST_SET,
    NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_ELEM_USERDATA,
};
use crate::netlink::{
    self, LONGEST, NLM_F_ACK, NLM_F_CREATE, NLM_F_REQUEST, close, open, open_nest, put, put_be32,
    put_nest, put_text,
};
use crate::ruleset::{Element, ElementIter, Elements, SetDeclaration, TABLE_NAME, TableFamily};

/// The most that a message takes besides its elements: its header and the names of the table and of
/// the set, of which ours are short.
const AROUND: usize = 256;

// Types of the user data that nft(8) keeps with an element (`enum nftnl_udata_set_elem_types`).
pub(in crate::kernel) const COMMENT: u8 = 0;
pub(in crate::kernel) const FLAGS: u8 = 1;
/// `NFTNL_SET_ELEM_F_INTERVAL_OPEN`: the interval has no end, as it reaches the last key of all.
pub(in crate::kernel) const INTERVAL_OPEN: u32 = 1;

/// Writes elements of one set, as messages of one kind.
#[derive(Debug, Clone, Copy)]
pub(in crate::kernel) struct ElementWriter<'a> {
    family: TableFamily,
    set: &'a SetDeclaration,
    kind: u16,
    flags: u16,
    /// Whether data and comments are written too, or only what tells which element it is.
    whole: bool,
    /// The most elements of one message.
    most: usize,
}

impl<'a> ElementWriter<'a> {
    /// Adds the elements.
    pub(in crate::kernel) fn adding(family: TableFamily, set: &'a SetDeclaration) -> Self {
        let flags = NLM_F_REQUEST | NLM_F_CREATE;
        Self { family, set, kind: NEWSETELEM, flags, whole: true, most: usize::MAX }
    }

    /// Deletes the elements.
    pub(in crate::kernel) fn deleting(family: TableFamily, set: &'a SetDeclaration) -> Self {
        let flags = NLM_F_REQUEST;
        Self { family, set, kind: DELSETELEM, flags, whole: false, most: usize::MAX }
    }

    /// Asks for the live elements of the same keys, at most so many at once.
    pub(in crate::kernel) fn asking(
        family: TableFamily,
        set: &'a SetDeclaration,
        most: usize,
    ) -> Self {
        let flags = NLM_F_REQUEST | NLM_F_ACK;
        Self { family, set, kind: GETSETELEM, flags, whole: false, most }
    }

    /// Appends one message with the next of `elements`, as many as fit; those are taken from it.
    pub(in crate::kernel) fn write(
        &self,
        out: &mut Vec<u8>,
        elements: &mut ElementIter<'_>,
        seq: u32,
    ) {
        let Self { family, kind, flags, .. } = *self;
        let header = Header { kind, flags, seq, family: family.number(), resource: 0 };
        let start = nfnetlink::begin(out, header);
        put_text(out, NFTA_SET_ELEM_LIST_TABLE, TABLE_NAME);
        put_text(out, NFTA_SET_ELEM_LIST_SET, &self.set.name);
        let list = open_nest(out, NFTA_SET_ELEM_LIST_ELEMENTS);
        for _ in 0..self.most {
            let (before, rest) = (out.len(), elements.clone());
            let Some(element) = elements.next() else { break };
            self.element(out, element);
            if out.len() - list > LONGEST {
                out.truncate(before);
                *elements = rest;
                break;
            }
        }
        close(out, list);
        netlink::end(out, start);
    }

    /// The bytes that the messages of all the elements take, and hardly more: all but the comments
    /// are of one length.
    pub(in crate::kernel) fn room(&self, elements: &Elements) -> usize {
        let Some(first) = elements.iter().next() else { return 0 };
        let mut sample = Vec::new();
        self.element(&mut sample, Element { comment: None, ..first });
        let longest = sample.len() + 2 * usize::from(u8::MAX);
        let comments = elements.iter().filter(|_| self.whole).filter_map(|element| element.comment);
        let comments: usize = comments.map(|comment| comment.len() + 10).sum();
        let total = elements.len() * sample.len() + comments;
        total + (total / (LONGEST - longest) + 1) * AROUND
    }

    fn element(&self, out: &mut Vec<u8>, element: Element<'_>) {
        let concatenation = is_concatenation_of_ranges(self.set);
        // What ends an interval of an `rbtree` set is an element of its own, one key further on.
        let end = (self.set.interval && !concatenation).then(|| successor(element.last));
        let endless = end == Some(None);
        put_nest(out, NFTA_LIST_ELEM, |out| {
            put_data(out, NFTA_SET_ELEM_KEY, element.key);
            if concatenation {
                put_data(out, NFTA_SET_ELEM_KEY_END, element.last);
            }
            if self.whole {
                if self.set.data.is_some() {
                    put_data(out, NFTA_SET_ELEM_DATA, element.data);
                }
                put_user_data(out, element.comment, endless);
            }
        });
        if let Some(Some(end)) = end {
            put_nest(out, NFTA_LIST_ELEM, |out| {
                put_be32(out, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_INTERVAL_END);
                put_data(out, NFTA_SET_ELEM_KEY, end.bytes());
            });
        }
    }
}

/// Asks for the catch-all element, which has no key.
pub(in crate::kernel) fn get_catch_all(family: TableFamily, set: &str, seq: u32) -> Vec<u8> {
    let mut out = Vec::new();
    let flags = NLM_F_REQUEST | NLM_F_ACK;
    let header = Header { kind: GETSETELEM, flags, seq, family: family.number(), resource: 0 };
    let start = nfnetlink::begin(&mut out, header);
    put_text(&mut out, NFTA_SET_ELEM_LIST_TABLE, TABLE_NAME);
    put_text(&mut out, NFTA_SET_ELEM_LIST_SET, set);
    put_nest(&mut out, NFTA_SET_ELEM_LIST_ELEMENTS, |out| {
        put_nest(out, NFTA_LIST_ELEM, |out| {
            put_be32(out, NFTA_SET_ELEM_FLAGS, NFT_SET_ELEM_CATCHALL);
        });
    });
    netlink::end(&mut out, start);
    out
}

fn put_data(out: &mut Vec<u8>, kind: u16, value: &[u8]) {
    put_nest(out, kind, |out| put(out, NFTA_DATA_VALUE, value));
}

fn put_user_data(out: &mut Vec<u8>, comment: Option<&str>, endless: bool) {
    // The length has one byte and counts the NUL; policies allow 64 bytes.
    let comment = comment.filter(|comment| comment.len() < usize::from(u8::MAX));
    if comment.is_none() && !endless {
        return;
    }
    let attribute = open(out, NFTA_SET_ELEM_USERDATA);
    if let Some(comment) = comment {
        out.extend_from_slice(&[COMMENT, u8::try_from(comment.len() + 1).unwrap_or(0)]);
        out.extend_from_slice(comment.as_bytes());
        out.push(0);
    }
    if endless {
        out.extend_from_slice(&[FLAGS, 4]);
        out.extend_from_slice(&INTERVAL_OPEN.to_ne_bytes());
    }
    close(out, attribute);
}

/// A key of one field, which is at most an IPv6 address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Key {
    number: [u8; 16],
    len: usize,
}

impl Key {
    fn bytes(&self) -> &[u8] {
        self.number.get(16 - self.len..).unwrap_or_default()
    }
}

/// The key after that one; `None` if it is the last of all.
fn successor(key: &[u8]) -> Option<Key> {
    let len = key.len().min(16);
    let mut number = [0; 16];
    for (to, from) in number.iter_mut().rev().zip(key.iter().rev()) {
        *to = *from;
    }
    let next = u128::from_be_bytes(number).checked_add(1)?.to_be_bytes();
    let overflow = next.iter().take(16 - len).any(|&byte| byte != 0);
    (!overflow).then_some(Key { number: next, len })
}

#[cfg(test)]
mod tests {
    use super::{ElementWriter, successor};
    use crate::ruleset::{Data, Datatype, Element, Elements, SetDeclaration, TableFamily};

    #[test]
    fn there_is_room_for_all_messages_and_hardly_more() {
        for interval in [false, true] {
            let set = SetDeclaration {
                name: "dnat6".to_owned(),
                key: vec![Datatype::Ipv4Addr],
                data: Some(Data { types: vec![Datatype::Ipv4Addr], interval: false }),
                interval,
                learned: None,
                counter: false,
                size: None,
            };
            let mut many = Elements::new(&set);
            for number in 0..20_000_u32 {
                let key = (number * 2).to_be_bytes();
                let name = format!("float-{number}");
                let comment = number.is_multiple_of(3).then_some(name.as_str());
                many.push(Element { key: &key, last: &key, data: &key, comment });
            }
            let family = TableFamily::Inet;
            for writer in
                [ElementWriter::adding(family, &set), ElementWriter::deleting(family, &set)]
            {
                let (mut out, mut rest) = (Vec::new(), many.iter());
                while rest.len() > 0 {
                    writer.write(&mut out, &mut rest, 1);
                }
                let (used, room) = (out.len(), writer.room(&many));
                assert!((used..used + used / 20).contains(&room), "{used} of {room}");
            }
        }
    }

    #[test]
    fn the_key_after_the_last_one_is_none() {
        assert_eq!(successor(&[10, 0, 0, 255]).unwrap().bytes(), [10, 0, 1, 0]);
        assert_eq!(successor(&[255; 4]), None);
        assert_eq!(successor(&[255; 16]), None);
        let mut last_but_one = [255; 16];
        last_but_one[15] = 254;
        assert_eq!(successor(&last_but_one).unwrap().bytes(), [255; 16]);
    }
}
