//! Policy files as bytes, and places in them.

use std::borrow::Cow;

/// One file of a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What diagnostics call it, such as `policy.yaml` or `<stdin>`: any text.
    pub name: String,
    /// What it contains.
    pub text: Vec<u8>,
}

/// The mark that some editors put at the start of UTF-8 text.
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

impl Source {
    /// The text without a byte order mark; places count from here.
    pub(super) fn content(&self) -> &[u8] {
        self.text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&self.text)
    }
}

/// Where a value stands; ordered as a reader meets them.
///
/// 32 bits are enough: a file is at most [`super::LARGEST_FILE`] bytes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    source: u32,
    start: u32,
    length: u32,
}

impl Place {
    /// `length` bytes from the byte `start` of the source number `source`.
    pub(super) fn new(source: usize, start: usize, length: usize) -> Self {
        let narrow = |number| u32::try_from(number).unwrap_or(u32::MAX);
        Self { source: narrow(source), start: narrow(start), length: narrow(length) }
    }

    /// The number of the source.
    pub(super) fn source(self) -> usize {
        self.source as usize
    }

    /// The bytes of the source before it.
    pub(super) fn start(self) -> usize {
        self.start as usize
    }

    /// The place as a reader counts.
    pub(super) fn locate(self, sources: &[Source]) -> Location<'_> {
        let Some(source) = sources.get(self.source()) else {
            return Location::default();
        };
        let content = source.content();
        let start = content.len().min(self.start());
        let (before, rest) = content.split_at(start);
        let line_start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        let line_end = rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len());
        let on_line = rest.get(..line_end).unwrap_or(rest);
        let on_line = on_line.strip_suffix(b"\r").unwrap_or(on_line);
        let marked = on_line.get(..self.length as usize).unwrap_or(on_line);
        Location {
            file: &source.name,
            line: before.split(|&byte| byte == b'\n').count(),
            before: String::from_utf8_lossy(before.get(line_start..).unwrap_or_default()),
            marked: String::from_utf8_lossy(marked),
            after: String::from_utf8_lossy(on_line.get(marked.len()..).unwrap_or_default()),
        }
    }
}

/// A place as a reader counts: the file, the line from 1, and the line in three parts.
#[derive(Debug, Default)]
pub(super) struct Location<'a> {
    pub(super) file: &'a str,
    pub(super) line: usize,
    pub(super) before: Cow<'a, str>,
    pub(super) marked: Cow<'a, str>,
    pub(super) after: Cow<'a, str>,
}

impl Location<'_> {
    /// The column from 1, in characters.
    pub(super) fn column(&self) -> usize {
        1 + self.before.chars().count()
    }
}

#[cfg(test)]
mod tests {
    use super::{Place, Source};

    #[test]
    fn columns_count_characters_after_the_byte_order_mark() {
        let text = "\u{feff}a: 1\r\n# \u{e9}\r\nb: \u{e9}\u{e9} here\r\n";
        let sources = [Source { name: "p.yaml".to_owned(), text: text.into() }];
        let start = text.find("here").unwrap() - '\u{feff}'.len_utf8();
        let location = Place::new(0, start, 400).locate(&sources);
        assert_eq!((location.line, location.column()), (3, 7));
        assert_eq!(location.marked, "here");
        assert_eq!(location.after, "");
    }
}
