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
    records: Vec<u8>,
    /// The comments of the elements that have one, with their indices, by index.
    comments: Vec<(usize, Box<str>)>,
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
            records: Vec::new(),
            comments: Vec::new(),
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
            self.comments.push((self.len(), comment.into()));
        }
        self.records.extend_from_slice(element.key);
        if self.interval {
            self.records.extend_from_slice(element.last);
        }
        self.records.extend_from_slice(element.data);
    }

    /// Sorts the elements by key; those in order already cost one pass.
    pub fn sort(&mut self) {
        if (1..self.len()).all(|index| self.get(index - 1).key <= self.get(index).key) {
            return;
        }
        let mut order: Vec<usize> = (0..self.len()).collect();
        order.sort_by_key(|&index| self.get(index).key);
        let mut records = Vec::with_capacity(self.records.len());
        for &index in &order {
            records.extend_from_slice(self.record(index));
        }
        if !self.comments.is_empty() {
            let mut index_of = vec![0; order.len()];
            for (index, &before) in order.iter().enumerate() {
                index_of[before] = index;
            }
            for (index, _) in &mut self.comments {
                *index = index_of[*index];
            }
            self.comments.sort_unstable_by_key(|&(index, _)| index);
        }
        self.records = records;
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.records.len() / self.record_len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    /// The element at `index`.
    ///
    /// # Panics
    ///
    /// If there are not so many.
    #[must_use]
    pub fn get(&self, index: usize) -> Element<'_> {
        let (key, rest) = self.record(index).split_at(self.key_len);
        let (last, data) = if self.interval { rest.split_at(self.key_len) } else { (key, rest) };
        let comment = self.comments.binary_search_by_key(&index, |&(index, _)| index);
        let comment = comment.ok().map(|found| &*self.comments[found].1);
        Element { key, last, data, comment }
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
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Element<'_>> + Clone {
        (0..self.len()).map(|index| self.get(index))
    }

    fn record(&self, index: usize) -> &[u8] {
        let start = index * self.record_len();
        &self.records[start..start + self.record_len()]
    }

    const fn record_len(&self) -> usize {
        self.key_len * if self.interval { 2 } else { 1 } + self.data_len
    }
}
