//! Elements from messages.

use super::data;
use super::expression::expression;
use super::interval::{Bound, pair};
use crate::kernel::encode::{COMMENT, FLAGS, is_concatenation_of_ranges};
use crate::kernel::expression::Expression;
use crate::kernel::uapi::{
    NFT_SET_ELEM_INTERVAL_END, NFTA_SET_ELEM_DATA, NFTA_SET_ELEM_EXPR, NFTA_SET_ELEM_EXPRESSIONS,
    NFTA_SET_ELEM_FLAGS, NFTA_SET_ELEM_KEY, NFTA_SET_ELEM_KEY_END, NFTA_SET_ELEM_LIST_ELEMENTS,
    NFTA_SET_ELEM_USERDATA,
};
use crate::netlink::{Attributes, Malformed};
use crate::plan::CounterValue;
use crate::ruleset::{Element, Elements, SetDeclaration};

/// Collects the elements of one set from the messages of a dump.
pub(in crate::kernel) struct ElementReader<'a> {
    declaration: &'a SetDeclaration,
    elements: Elements,
    counters: Vec<CounterValue>,
    strays: usize,
    /// The bounds of an `rbtree` set, which come in any order.
    bounds: Vec<Bound>,
}

/// One element as the kernel gives it; `None` for whatever hairnat never writes.
struct Raw<'a> {
    key: &'a [u8],
    key_end: Option<&'a [u8]>,
    data: &'a [u8],
    is_end: bool,
    comment: Option<&'a str>,
    counter: Option<CounterValue>,
}

impl<'a> ElementReader<'a> {
    /// No elements yet.
    pub(in crate::kernel) fn new(declaration: &'a SetDeclaration) -> Self {
        Self::with_capacity(declaration, 0)
    }

    /// No elements yet, with room for `capacity`.
    pub(in crate::kernel) fn with_capacity(
        declaration: &'a SetDeclaration,
        capacity: usize,
    ) -> Self {
        let counters = if declaration.counter { capacity } else { 0 };
        Self {
            declaration,
            elements: Elements::with_capacity(declaration, capacity),
            counters: Vec::with_capacity(counters),
            strays: 0,
            bounds: Vec::new(),
        }
    }

    /// How many were read of a set without intervals, the strays among them.
    pub(in crate::kernel) fn count(&self) -> usize {
        self.elements.len() + self.strays
    }

    /// Takes the elements of one message.
    pub(in crate::kernel) fn read(&mut self, attributes: Attributes<'_>) -> Result<(), Malformed> {
        let Some(list) = attributes.find(NFTA_SET_ELEM_LIST_ELEMENTS)? else { return Ok(()) };
        for element in list.nested() {
            match self.raw(element?.nested())? {
                Some(raw) => self.take(&raw),
                None => self.strays += 1,
            }
        }
        Ok(())
    }

    /// The elements in order, their counters and the number of strays.
    pub(in crate::kernel) fn finish(mut self) -> (Elements, Vec<CounterValue>, usize) {
        let (intervals, strays) = pair(std::mem::take(&mut self.bounds));
        self.strays += strays;
        for (start, last) in intervals {
            let element = Element {
                key: &start.key,
                last: &last,
                data: &start.data,
                comment: start.comment.as_deref(),
            };
            self.push(element, start.counter);
        }
        if let Some(order) = self.elements.sort()
            && self.declaration.counter
        {
            self.counters =
                order.iter().filter_map(|&index| self.counters.get(index).copied()).collect();
        }
        (self.elements, self.counters, self.strays)
    }

    fn push(&mut self, element: Element<'_>, counter: Option<CounterValue>) {
        self.elements.push(element);
        if self.declaration.counter {
            self.counters.push(counter.unwrap_or_default());
        }
    }

    fn take(&mut self, raw: &Raw<'_>) {
        if self.declaration.interval && !is_concatenation_of_ranges(self.declaration) {
            self.bounds.push(Bound {
                key: raw.key.to_vec(),
                is_end: raw.is_end,
                data: raw.data.to_vec(),
                comment: raw.comment.map(Into::into),
                counter: raw.counter,
            });
            return;
        }
        let last = raw.key_end.unwrap_or(raw.key);
        let element = Element { key: raw.key, last, data: raw.data, comment: raw.comment };
        self.push(element, raw.counter);
    }

    fn raw<'m>(&self, nest: Attributes<'m>) -> Result<Option<Raw<'m>>, Malformed> {
        let mut raw =
            Raw { key: &[], key_end: None, data: &[], is_end: false, comment: None, counter: None };
        let mut ours = true;
        for attribute in nest {
            let attribute = attribute?;
            match attribute.kind {
                NFTA_SET_ELEM_KEY => raw.key = data(attribute.nested())?.unwrap_or_default(),
                NFTA_SET_ELEM_KEY_END => raw.key_end = data(attribute.nested())?,
                NFTA_SET_ELEM_DATA => raw.data = data(attribute.nested())?.unwrap_or_default(),
                NFTA_SET_ELEM_FLAGS => {
                    let flags = attribute.be32()?;
                    raw.is_end = flags & NFT_SET_ELEM_INTERVAL_END != 0;
                    ours &= flags & !NFT_SET_ELEM_INTERVAL_END == 0;
                }
                NFTA_SET_ELEM_USERDATA => match comment(attribute.payload) {
                    Ok(comment) => raw.comment = comment,
                    Err(Strange) => ours = false,
                },
                NFTA_SET_ELEM_EXPR => ours &= count(attribute.nested(), &mut raw)?,
                NFTA_SET_ELEM_EXPRESSIONS => {
                    for element in attribute.nested() {
                        ours &= count(element?.nested(), &mut raw)?;
                    }
                }
                // A timeout, an expiration, an object or something from the future.
                _ => ours = false,
            }
        }
        ours &= raw.counter.is_none() || self.declaration.counter;
        ours &= self.has_the_right_lengths(&raw);
        Ok(ours.then_some(raw))
    }

    fn has_the_right_lengths(&self, raw: &Raw<'_>) -> bool {
        let key_len = self.declaration.key_len();
        // The end of an interval has no data.
        let data_len = if raw.is_end { 0 } else { self.declaration.data_len() };
        let ends = self.declaration.interval && !is_concatenation_of_ranges(self.declaration);
        raw.key.len() == key_len
            && raw.key_end.is_none_or(|key| key.len() == key_len && !ends)
            && (raw.data.len() == data_len)
            && (ends || !raw.is_end)
    }
}

/// Takes a counter; anything else, or a second one, is none of ours.
fn count(nest: Attributes<'_>, raw: &mut Raw<'_>) -> Result<bool, Malformed> {
    Ok(match expression(nest)? {
        Expression::Counter(value) => raw.counter.replace(value).is_none(),
        _ => false,
    })
}

/// User data that neither hairnat nor nft(8) puts with an element.
struct Strange;

/// The comment in the user data of an element, if there is any.
fn comment(mut user_data: &[u8]) -> Result<Option<&str>, Strange> {
    let mut comment = None;
    while let [kind, len, rest @ ..] = user_data {
        let (value, rest) = rest.split_at_checked(usize::from(*len)).ok_or(Strange)?;
        match *kind {
            COMMENT => {
                let text = value.strip_suffix(&[0]).ok_or(Strange)?;
                comment = Some(std::str::from_utf8(text).map_err(|_| Strange)?);
            }
            FLAGS => {}
            _ => return Err(Strange),
        }
        user_data = rest;
    }
    if user_data.is_empty() { Ok(comment) } else { Err(Strange) }
}
