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

/// The most files of a policy: their numbers fit into a [`FloatPlace`].
pub(super) const MOST_FILES: usize = u16::MAX as usize;

/// Where a value stands; ordered as a reader meets them.
///
/// 32 bits are enough: a file is at most [`super::LARGEST_FILE`] bytes long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    source: u32,
    start: u32,
    length: u32,
}

/// Where a float and what it leads to stand, both scalars, in 8 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct FloatPlace {
    source: u16,
    start: u32,
    /// From the float to what it leads to; 0 if that is too far or does not exist.
    gap: u16,
}

impl FloatPlace {
    /// The places of the float and of what it leads to, which stands behind it.
    pub(super) fn new(float: Place, fixed: Option<Place>) -> Self {
        let gap = fixed.and_then(|fixed| fixed.start.checked_sub(float.start));
        Self {
            source: u16::try_from(float.source).unwrap_or(u16::MAX),
            start: float.start,
            gap: gap.and_then(|gap| u16::try_from(gap).ok()).unwrap_or(0),
        }
    }

    /// Where the float stands.
    pub(super) fn float(self) -> Place {
        Place { source: self.source.into(), start: self.start, length: OF_SCALAR }
    }

    /// Where that stands which it leads to.
    pub(super) fn fixed(self) -> Place {
        Place { start: self.start + u32::from(self.gap), ..self.float() }
    }
}

/// In the place of a length: that of the address or prefix which stands there.
const OF_SCALAR: u32 = u32::MAX;

/// The length of the address or prefix at the start of `text`, with its quotes: neither has white space,
/// escapes, or a colon before white space.
fn scalar_length(text: &[u8]) -> usize {
    let (quote, rest) = match text.split_first() {
        Some((&quote @ (b'"' | b'\''), rest)) => (Some(quote), rest),
        Some(_) | None => (None, text),
    };
    if let Some(quote) = quote {
        return rest.iter().position(|&byte| byte == quote).map_or(text.len(), |end| end + 2);
    }
    let is_end = |(index, &byte): (usize, &u8)| match byte {
        b',' | b'}' | b']' => true,
        b':' => text.get(index + 1).is_none_or(u8::is_ascii_whitespace),
        byte => byte.is_ascii_whitespace(),
    };
    text.iter().enumerate().position(is_end).unwrap_or(text.len())
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
        let length = match self.length {
            OF_SCALAR => scalar_length(on_line),
            length => length as usize,
        };
        let marked = on_line.get(..length).unwrap_or(on_line);
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
    use super::{FloatPlace, Place, Source};

    #[test]
    fn a_float_and_what_it_leads_to_are_found_without_their_lengths() {
        for text in [
            "  A: B",
            "  A : B # c",
            "  {A: B, c: d}",
            "  {A: B}",
            "  {A: {name: c, fixed: B}}",
            "  A:\n    fixed: B\n    name: c",
        ] {
            for [float, fixed] in [
                ["203.0.113.10", "10.0.0.10"],
                ["2001:db8::/64", "fd00:10::10"],
                ["'2001:db8::'", "\"fd00::\""],
            ] {
                let text = text.replace('A', float).replace('B', fixed);
                let place = |of: &str| Place::new(0, text.find(of).unwrap(), of.len());
                let found = FloatPlace::new(place(float), Some(place(fixed)));
                let sources = [Source { name: String::new(), text: text.clone().into() }];
                for (found, expected) in [(found.float(), float), (found.fixed(), fixed)] {
                    assert_eq!(found.locate(&sources).marked, expected, "{text}");
                }
            }
        }
    }

    #[test]
    fn what_is_too_far_from_its_float_is_shown_at_the_float() {
        let far = FloatPlace::new(Place::new(1, 100, 12), Some(Place::new(1, 100_000, 9)));
        assert_eq!(far.fixed(), far.float());
    }

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
