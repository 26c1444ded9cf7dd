//! Elements as messages, written from their records straight into the batch.

use super::object::Family;
use super::set::is_concatenation_of_ranges;
use crate::kernel::nfnetlink::{self, Header};
use crate::kernel::uapi::{
    DELSETELEM, NEWSETELEM, NFT_SET_ELEM_INTERVAL_END, NFTA_DATA_VALUE, NFTA_LIST_ELEM,
    NFTA_SET_ELEM_DATA, NFTA_SET_ELEM_FLAGS, NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_KEY_END,
    NFTA_SET_ELEM_LIST_ELEMENTS, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE,
    NFTA_SET_ELEM_USERDATA,
};
use crate::netlink::{
    self, LONGEST, NLM_F_CREATE, NLM_F_REQUEST, close, open, open_nest, put, put_be32, put_nest,
    put_text,
};
use crate::ruleset::{Element, Elements, SetDeclaration, TABLE_NAME, TableFamily};

// Types of the user data that nft(8) keeps with an element (`enum nftnl_udata_set_elem_types`).
pub(in crate::kernel) const COMMENT: u8 = 0;
pub(in crate::kernel) const FLAGS: u8 = 1;
/// `NFTNL_SET_ELEM_F_INTERVAL_OPEN`: the interval has no end, as it reaches the last key of all.
pub(in crate::kernel) const INTERVAL_OPEN: u32 = 1;

/// Appends one message that adds the elements from number `first` on, as many as fit; gives the
/// number of the first that did not.
pub(in crate::kernel) fn new_elements(
    out: &mut Vec<u8>,
    family: TableFamily,
    set: &SetDeclaration,
    elements: &Elements,
    first: usize,
    seq: u32,
) -> usize {
    let flags = NLM_F_REQUEST | NLM_F_CREATE;
    let header = Header { kind: NEWSETELEM, flags, seq, family: family.number(), resource: 0 };
    Writer { set, whole: true }.write(out, header, elements, first)
}

/// Appends one message that deletes the elements from number `first` on, as many as fit; gives the
/// number of the first that did not.
pub(in crate::kernel) fn delete_elements(
    out: &mut Vec<u8>,
    family: TableFamily,
    set: &SetDeclaration,
    elements: &Elements,
    first: usize,
    seq: u32,
) -> usize {
    let flags = NLM_F_REQUEST;
    let header = Header { kind: DELSETELEM, flags, seq, family: family.number(), resource: 0 };
    Writer { set, whole: false }.write(out, header, elements, first)
}

struct Writer<'a> {
    set: &'a SetDeclaration,
    /// Whether data and comments are written too, or only what tells which element it is.
    whole: bool,
}

impl Writer<'_> {
    fn write(&self, out: &mut Vec<u8>, header: Header, elements: &Elements, first: usize) -> usize {
        let start = nfnetlink::begin(out, header);
        put_text(out, NFTA_SET_ELEM_LIST_TABLE, TABLE_NAME);
        put_text(out, NFTA_SET_ELEM_LIST_SET, &self.set.name);
        let list = open_nest(out, NFTA_SET_ELEM_LIST_ELEMENTS);
        let mut next = first;
        while next < elements.len() {
            let before = out.len();
            self.element(out, elements.get(next));
            if out.len() - list > LONGEST {
                out.truncate(before);
                break;
            }
            next += 1;
        }
        close(out, list);
        netlink::end(out, start);
        next
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
    use super::successor;

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
