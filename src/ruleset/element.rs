//! Set elements, packed.
//!
//! A policy may have a million floats, so elements are not structs but records of one byte vector,
//! laid out as the kernel wants them: the key, for intervals the last key (inclusive), the data.
//! Values are in network byte order, each field padded to 32 bits, so byte order is numeric order.

use super::SetDeclaration;

/// The elements of one set, sorted by key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Elements {
    key_len: usize,
    data_len: usize,
    interval: bool,
    len: usize,
    records: Vec<u8>,
    comments: Comments,
}

/// The comments of the elements that have one, in the order of the elements.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Comments {
    /// All of them, one after the other.
    text: String,
    /// The index of each one's element, and where in the text it ends.
    ends: Vec<(usize, usize)>,
}

/// A view of one element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element<'a> {
    /// The key, or the first one of an interval.
    pub key: &'a [u8],
    /// The last key of an interval, itself inside; the key again for any other set.
    pub last: &'a [u8],
    /// The data; empty for a set.
    pub data: &'a [u8],
    /// The comment.
    pub comment: Option<&'a str>,
}

impl Elements {
    /// No elements, for a set of that declaration.
    #[must_use]
    pub fn new(declaration: &SetDeclaration) -> Self {
        Self::with_capacity(declaration, 0)
    }

    /// No elements yet, with room for `capacity`.
    #[must_use]
    pub fn with_capacity(declaration: &SetDeclaration, capacity: usize) -> Self {
        let mut elements = Self {
            key_len: declaration.key_len(),
            data_len: declaration.data_len(),
            interval: declaration.interval,
            len: 0,
            records: Vec::new(),
            comments: Comments::default(),
        };
        elements.records.reserve_exact(capacity * elements.record_len());
        elements
    }

    /// Appends an element. Call [`Elements::sort`] after the last one unless they came in order.
    ///
    /// # Panics
    ///
    /// If a part has not the length that the declaration says.
    pub fn push(&mut self, element: Element<'_>) {
        assert_eq!(element.key.len(), self.key_len, "a key is as long as its declaration says");
        assert_eq!(element.last.len(), self.key_len, "so is the last key of an interval");
        assert_eq!(element.data.len(), self.data_len, "and so is the data");
        if let Some(comment) = element.comment {
            self.comments.push(self.len, comment);
        }
        self.len += 1;
        self.records.extend_from_slice(element.key);
        if self.interval {
            self.records.extend_from_slice(element.last);
        }
        self.records.extend_from_slice(element.data);
    }

    /// Sorts the elements by key, and gives for each the index that it had; `None` if they were in
    /// order already, which costs one pass to find out.
    pub fn sort(&mut self) -> Option<Vec<usize>> {
        if (1..self.len).all(|index| self.key(index - 1) <= self.key(index)) {
            return None;
        }
        let mut order: Vec<usize> = (0..self.len).collect();
        order.sort_by_key(|&index| self.key(index));
        let mut records = Vec::with_capacity(self.records.len());
        let mut comments = Comments::default();
        for (index, &before) in order.iter().enumerate() {
            records.extend_from_slice(self.record(before));
            if let Some(comment) = self.comments.get(before) {
                comments.push(index, comment);
            }
        }
        self.records = records;
        self.comments = comments;
        Some(order)
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The element at `index`. To see one after the other, [`Elements::iter`] is faster: it need not
    /// look for the comments.
    ///
    /// # Panics
    ///
    /// If there are not so many.
    #[must_use]
    pub fn get(&self, index: usize) -> Element<'_> {
        self.element(self.record(index), self.comments.get(index))
    }

    /// The element with that key, or the interval that it lies in; the elements must be sorted.
    #[must_use]
    pub fn containing(&self, key: &[u8]) -> Option<Element<'_>> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low.midpoint(high);
            if self.get(middle).key <= key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        let element = self.get(low.checked_sub(1)?);
        (key <= element.last).then_some(element)
    }

    /// The elements in order.
    #[must_use]
    pub fn iter(&self) -> ElementIter<'_> {
        let (records, comments) = (&*self.records, &*self.comments.ends);
        ElementIter { elements: self, index: 0, records, comments, comment_start: 0 }
    }

    fn element<'a>(&self, record: &'a [u8], comment: Option<&'a str>) -> Element<'a> {
        let (key, rest) = record.split_at(self.key_len);
        let (last, data) = if self.interval { rest.split_at(self.key_len) } else { (key, rest) };
        Element { key, last, data, comment }
    }

    fn key(&self, index: usize) -> &[u8] {
        &self.record(index)[..self.key_len]
    }

    fn record(&self, index: usize) -> &[u8] {
        let start = index * self.record_len();
        &self.records[start..start + self.record_len()]
    }

    const fn record_len(&self) -> usize {
        self.key_len * if self.interval { 2 } else { 1 } + self.data_len
    }
}

impl Comments {
    fn push(&mut self, index: usize, comment: &str) {
        self.text.push_str(comment);
        self.ends.push((index, self.text.len()));
    }

    fn get(&self, index: usize) -> Option<&str> {
        let found = self.ends.binary_search_by_key(&index, |&(index, _)| index).ok()?;
        let start = found.checked_sub(1).map_or(0, |before| self.ends[before].1);
        Some(&self.text[start..self.ends[found].1])
    }
}

/// Walks [`Elements`] in order, each step in constant time.
#[derive(Debug, Clone)]
pub struct ElementIter<'a> {
    elements: &'a Elements,
    /// The index of the next element.
    index: usize,
    /// The records from there on.
    records: &'a [u8],
    /// The `ends` of the comments from there on, and where in the text the first of them starts.
    comments: &'a [(usize, usize)],
    comment_start: usize,
}

impl<'a> Iterator for ElementIter<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        if self.index == self.elements.len {
            return None;
        }
        let (record, records) = self.records.split_at(self.elements.record_len());
        let mut comment = None;
        if let Some((&(index, end), comments)) = self.comments.split_first()
            && index == self.index
        {
            comment = Some(&self.elements.comments.text[self.comment_start..end]);
            (self.comments, self.comment_start) = (comments, end);
        }
        (self.index, self.records) = (self.index + 1, records);
        Some(self.elements.element(record, comment))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.elements.len - self.index;
        (left, Some(left))
    }
}

impl ExactSizeIterator for ElementIter<'_> {}

impl<'a> IntoIterator for &'a Elements {
    type Item = Element<'a>;
    type IntoIter = ElementIter<'a>;

    fn into_iter(self) -> ElementIter<'a> {
        self.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::{Element, Elements};
    use crate::ruleset::{Datatype, SetDeclaration};

    fn set(interval: bool) -> SetDeclaration {
        SetDeclaration {
            name: "exempt4".to_owned(),
            key: vec![Datatype::Ipv4Addr],
            data: None,
            interval,
            learned: None,
            counter: false,
            size: None,
        }
    }

    /// One element for each comment, its key the number that is given.
    fn elements(interval: bool, comments: &[(u8, Option<&str>)]) -> Elements {
        let mut elements = Elements::new(&set(interval));
        for &(number, comment) in comments {
            let key = [10, 0, 0, number];
            elements.push(Element { key: &key, last: &key, data: &[], comment });
        }
        elements
    }

    #[test]
    fn a_walk_gives_what_each_index_does() {
        for interval in [false, true] {
            let elements = elements(
                interval,
                &[(1, None), (2, Some("b")), (3, Some("")), (4, None), (5, Some("e"))],
            );
            let walked: Vec<_> = elements.iter().collect();
            let got: Vec<_> = (0..5).map(|index| elements.get(index)).collect();
            assert_eq!(walked, got);
            let comments: Vec<_> = walked.iter().map(|element| element.comment).collect();
            assert_eq!(comments, [None, Some("b"), Some(""), None, Some("e")]);
            let mut walk = elements.iter();
            assert_eq!(walk.nth(3), Some(got[3]));
            assert_eq!((walk.len(), walk.clone().next()), (1, Some(got[4])));
        }
    }

    #[test]
    fn sorted_elements_keep_their_comments_and_tell_where_they_were() {
        for interval in [false, true] {
            let mut mixed =
                elements(interval, &[(3, Some("c")), (1, None), (4, None), (2, Some("b"))]);
            assert_eq!(mixed.sort(), Some(vec![1, 3, 0, 2]));
            let sorted = [(1, None), (2, Some("b")), (3, Some("c")), (4, None)];
            assert_eq!(mixed, elements(interval, &sorted));
            assert_eq!(mixed.sort(), None);
        }
    }
}
