//! Two sorted lists of elements side by side.

use std::cmp::Ordering;
use std::iter::Peekable;

use crate::ruleset::{Element, ElementIter, Elements};

/// An element of the one list and of the other, with the same key; one of them is there.
pub(super) type MergedPair<'a> = (Option<Element<'a>>, Option<Element<'a>>);

/// Pairs up elements with the same key, in key order. Two intervals are the same element only if
/// both ends agree.
pub(super) struct Merge<'a> {
    live: Peekable<ElementIter<'a>>,
    desired: Peekable<ElementIter<'a>>,
}

impl<'a> Merge<'a> {
    /// Both lists must be sorted, and their keys of one form.
    pub(super) fn new(live: &'a Elements, desired: &'a Elements) -> Self {
        Self { live: live.iter().peekable(), desired: desired.iter().peekable() }
    }
}

impl<'a> Iterator for Merge<'a> {
    type Item = MergedPair<'a>;

    fn next(&mut self) -> Option<MergedPair<'a>> {
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
