//! Where a document can be read piece by piece.
//!
//! The library holds all events of what it reads at once, about ten times the text. A map in block
//! style is as good a map from any of its entries on; so the one section that may be long is cut
//! before some of its entries. Each piece of entries is then read by itself, by any thread.

use std::ops::Range;

/// The least bytes of a piece but the last. A fuzzer's documents are short, and are to be cut too.
pub(super) const LEAST: usize = if cfg!(fuzzing) { 64 } else { 16 << 10 };

/// The parts of a document that are left when the pieces of entries are taken out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Rest {
    /// From the start up to the first piece of entries; all of the text if there is none.
    pub(super) head: Range<usize>,
    /// The sections behind the last piece of entries; empty if there are none.
    pub(super) tail: Range<usize>,
}

/// Finds where to cut while the guard walks through the text.
pub(super) struct Cuts<'c> {
    text: &'c str,
    /// The name of the section to cut.
    section: &'c str,
    least: usize,
    /// Called with each piece of entries as soon as the guard is past it.
    take: &'c mut dyn FnMut(Range<usize>),
    /// Where the piece starts that the guard is in.
    start: usize,
    at: At,
    rest: Rest,
    /// Whether the document can be cut at all.
    regular: Option<bool>,
}

/// Where in the document the guard is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Before the section.
    Before,
    /// In the section, before its first entry.
    Opened,
    /// In its first piece, which stays with the section: only so it is known to be a map. The
    /// entries stand in this column.
    First(isize),
    /// In a piece of entries.
    Entries(isize),
    /// Behind the section.
    Behind,
}

impl<'c> Cuts<'c> {
    /// No cuts yet, in the section of that name, none closer to each other than `least` bytes.
    pub(super) fn new(
        text: &'c str,
        section: &'c str,
        least: usize,
        take: &'c mut dyn FnMut(Range<usize>),
    ) -> Self {
        let rest = Rest::default();
        Self { text, section, least, take, start: 0, at: At::Before, rest, regular: None }
    }

    /// A key of block style is the first token of the line that starts at `line`.
    pub(super) fn key(&mut self, line: usize, column: isize) {
        // The sections have to start in the first column.
        if !*self.regular.get_or_insert(column == 0) {
            return;
        }
        let long_enough = line - self.start >= self.least;
        match self.at {
            _ if column == 0 => self.section(line),
            At::Opened => self.at = At::First(column),
            At::First(entries) if column == entries && long_enough => {
                self.rest.head = 0..line;
                self.start = line;
                self.at = At::Entries(column);
            }
            At::Entries(entries) if column == entries && long_enough => {
                (self.take)(self.start..line);
                self.start = line;
            }
            _ => {}
        }
    }

    fn section(&mut self, line: usize) {
        if let At::Entries(_) = self.at {
            (self.take)(self.start..line);
            self.rest.tail = line..line;
        }
        let rest = self.text.get(line..).unwrap_or_default();
        let named = rest.strip_prefix(self.section).is_some_and(|rest| rest.starts_with(':'));
        self.at = match (named, self.at) {
            (false, At::Before) => At::Before,
            (false, _) => At::Behind,
            (true, At::Before) => At::Opened,
            // Given twice: an error, whose words need the whole.
            (true, _) => {
                self.regular = Some(false);
                At::Behind
            }
        };
    }

    /// What is left of the text; `None` if it has to be read as a whole: nothing was cut, or
    /// something that must not have been.
    pub(super) fn finish(mut self) -> Option<Rest> {
        let end = self.text.len();
        match self.at {
            _ if self.regular == Some(false) => return None,
            At::Entries(_) => (self.take)(self.start..end),
            At::Behind if !self.rest.head.is_empty() => self.rest.tail.end = end,
            _ => return None,
        }
        Some(self.rest)
    }
}
