//! The elements of one set: one walk over both sorted lists.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::iter::Peekable;

use super::{Action, Change, ChangeOp, Op, Subject};
use crate::ruleset::{Element, ElementIter, Elements, Set, TableFamily};

/// How many elements of a set come and go.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Edits {
    pub(super) deleted: usize,
    pub(super) added: usize,
}

/// Adds to `changes` and `ops` what makes the elements of `live` those of `desired`.
///
/// The kernel changes no element in place (EEXIST), so one that differs is deleted and added;
/// deletes go first.
pub(super) fn plan<'a>(
    family: TableFamily,
    live: &'a Set,
    desired: &'a Set,
    changes: &mut Vec<Change<'a>>,
    ops: &mut Vec<Op<'a>>,
) -> Edits {
    let set = &desired.declaration;
    if set.learned.is_some() {
        return Edits::default();
    }
    let mut deleted = Elements::new(set);
    let mut added = Elements::new(set);
    for pair in Merge::new(&live.elements, &desired.elements) {
        let (op, live, desired) = match pair {
            (Some(live), Some(desired)) if live == desired => continue,
            (Some(_), Some(_)) => (ChangeOp::Replace, pair.0, pair.1),
            (None, _) => (ChangeOp::Add, None, pair.1),
            (_, None) => (ChangeOp::Delete, pair.0, None),
        };
        changes.push(Change { family, op, subject: Subject::Element { set, live, desired } });
        if let Some(element) = live {
            deleted.push(element);
        }
        if let Some(element) = desired {
            added.push(element);
        }
    }
    let edits = Edits { deleted: deleted.len(), added: added.len() };
    if edits.deleted > 0 {
        let elements = Cow::Owned(deleted);
        ops.push(Op { family, action: Action::DeleteElements { set, elements } });
    }
    if edits.added > 0 {
        let elements = Cow::Owned(added);
        ops.push(Op { family, action: Action::AddElements { set, elements } });
    }
    edits
}

/// Pairs up elements with the same key, in key order. Two intervals are the same element only if
/// both ends agree.
struct Merge<'a> {
    live: Peekable<ElementIter<'a>>,
    desired: Peekable<ElementIter<'a>>,
}

impl<'a> Merge<'a> {
    fn new(live: &'a Elements, desired: &'a Elements) -> Self {
        Self { live: live.iter().peekable(), desired: desired.iter().peekable() }
    }
}

impl<'a> Iterator for Merge<'a> {
    type Item = (Option<Element<'a>>, Option<Element<'a>>);

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.live.peek(), self.desired.peek()) {
            (None, None) => return None,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(live), Some(desired)) => (live.key, live.last).cmp(&(desired.key, desired.last)),
        };
        let live = if order.is_le() { self.live.next() } else { None };
        let desired = if order.is_ge() { self.desired.next() } else { None };
        Some((live, desired))
    }
}
