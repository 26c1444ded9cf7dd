//! Characters that must not reach a terminal or a reader as they are.
//!
//! A control character can rewrite what a terminal shows, and a bidirectional override (U+202E) the
//! order in which it is read; an invisible character makes two names look alike. Text of others is
//! printed with escapes in their place: `\u{202e}`.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io;
use std::ops::RangeInclusive;

/// The characters without a look of their own, control characters left out: those that have the
/// property `Default_Ignorable_Code_Point` of Unicode 16 (DerivedCoreProperties.txt), U+2028 and
/// U+2029, which separate lines, and the interlinear annotations. The variation selectors U+FE00 to
/// U+FE0F are not among them: an emoji is made of one.
const INVISIBLE: [RangeInclusive<char>; 16] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
];

/// Whether a reader would not see the character, or see others elsewhere on account of it.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control() || INVISIBLE.iter().any(|range| range.contains(&character))
}

/// `text` with an escape in the place of each invisible character, as in Rust: `\u{202e}`.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if text.contains(is_invisible) {
        Escapes::Braces.escaped(text, |_| false).into()
    } else {
        text.into()
    }
}

/// The name that somebody else chose, for people: what is no UTF-8 as `\xff`, what would not be
/// seen, or would change what else is seen, as `\u{202e}`, and a backslash as `\\`. So two names
/// that differ are shown differently.
#[must_use]
pub fn escaped(name: &[u8]) -> Cow<'_, str> {
    let refused = |c: char| c == '\\' || is_invisible(c);
    if let Ok(text) = std::str::from_utf8(name)
        && !text.contains(refused)
    {
        return text.into();
    }
    let mut shown = String::new();
    for chunk in name.utf8_chunks() {
        for c in chunk.valid().chars() {
            // Writing to a String never fails.
            let _ = match c {
                '\\' => write!(shown, "\\\\"),
                c if is_invisible(c) => write!(shown, "{}", c.escape_unicode()),
                c => write!(shown, "{c}"),
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown.into()
}

/// How an invisible character is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Escapes {
    /// `\u{e0041}`, for people.
    Braces,
    /// `\udb40\udc41`, UTF-16 as in JSON strings (RFC 8259 §7).
    Json,
}

impl Escapes {
    fn escaped(self, text: &str, keep: impl Fn(char) -> bool) -> String {
        let mut escaped = String::with_capacity(text.len() + 16);
        for character in text.chars() {
            if keep(character) || !is_invisible(character) {
                escaped.push(character);
                continue;
            }
            // Writing to a String never fails.
            let _ = match self {
                Self::Braces => write!(escaped, "{}", character.escape_unicode()),
                Self::Json => character
                    .encode_utf16(&mut [0; 2])
                    .iter()
                    .try_for_each(|unit| write!(escaped, "\\u{unit:04x}")),
            };
        }
        escaped
    }
}

/// Escapes invisible characters, but for tabs and ends of lines, in text on its way to a stream.
///
/// Each write must be whole characters, as those of `write!` and of `serde_json` are; bytes that are
/// no text become U+FFFD.
#[derive(Debug)]
pub struct Escaping<W> {
    stream: W,
    escapes: Escapes,
}

impl<W: io::Write> Escaping<W> {
    /// For text that goes to `stream`.
    pub fn new(stream: W, escapes: Escapes) -> Self {
        Self { stream, escapes }
    }
}

impl<W: io::Write> io::Write for Escaping<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if bytes.iter().all(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n')) {
            return self.stream.write(bytes);
        }
        let text = String::from_utf8_lossy(bytes);
        self.stream
            .write_all(self.escapes.escaped(&text, |c| matches!(c, '\t' | '\n')).as_bytes())?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;
    use std::io::Write as _;

    use super::{Escapes, Escaping, escaped, is_invisible, printable};

    #[test]
    fn text_that_people_can_read_is_left_alone() {
        for text in ["", "web-1", "größe", "日本", "שלום", "a\u{a0}b", "❤\u{fe0f}", "\\u{202e}"]
        {
            assert_eq!(printable(text), text);
        }
    }

    #[test]
    fn every_kind_of_invisible_character_is_escaped_by_its_number() {
        let controls = (0..0x20).chain(0x7f..0xa0);
        let marks = (0x200b..=0x200f).chain(0x2028..=0x202e).chain(0x2060..=0x2069);
        let others = [0xad, 0x61c, 0x180e, 0xfeff, 0xfff9, 0xe0001, 0xe0041, 0xe007f];
        for code in controls.chain(marks).chain(others) {
            let text = format!("a{}b", char::from_u32(code).unwrap());
            assert_eq!(printable(&text), format!("a\\u{{{code:x}}}b"));
        }
    }

    #[test]
    fn the_ranges_are_in_order() {
        let bounds: Vec<char> =
            super::INVISIBLE.iter().flat_map(|range| [*range.start(), *range.end()]).collect();
        assert!(bounds.is_sorted(), "{bounds:?}");
        assert!(!is_invisible('\u{fe0f}') && !is_invisible('\u{202f}'));
    }

    fn written(escapes: Escapes, text: &str) -> String {
        let mut out = Vec::new();
        Escaping::new(&mut out, escapes).write_all(text.as_bytes()).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_stream_keeps_its_lines() {
        assert_eq!(written(Escapes::Braces, "é\n\u{202e}\t\r\n"), "é\n\\u{202e}\t\\u{d}\n");
    }

    #[test]
    fn json_stays_the_same_value() {
        let value =
            serde_json::json!({ "na\u{202e}me": "a\u{7f}\u{9b}\u{e0041}\n\u{1b}é\u{2028}" });
        let text = serde_json::to_string_pretty(&value).unwrap();
        let escaped = written(Escapes::Json, &text);
        assert!(!escaped.contains(|c| is_invisible(c) && c != '\n'), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).unwrap(), value);
    }

    #[test]
    fn an_ordinary_name_is_shown_as_it_is() {
        for name in ["dnat4", "", "Brücke 7"] {
            assert!(matches!(escaped(name.as_bytes()), Cow::Borrowed(shown) if shown == name));
        }
    }

    #[test]
    fn what_a_terminal_must_not_get_is_escaped() {
        assert_eq!(escaped(b"caf\xe9"), "caf\\xe9");
        assert_eq!(escaped(b"\xf0\x9f\x92v"), "\\xf0\\x9f\\x92v");
        assert_eq!(escaped("a\u{1b}[2J".as_bytes()), "a\\u{1b}[2J");
        assert_eq!(escaped("a\u{202e}b".as_bytes()), "a\\u{202e}b");
        assert_eq!(escaped(br"a\xff"), r"a\\xff");
        for c in (0..0x11_0000).filter_map(char::from_u32).filter(|c| c.is_control()) {
            assert!(is_invisible(c), "{c:?}");
        }
    }

    #[test]
    fn names_that_differ_are_shown_differently() {
        let bytes = [b'a', b'\\', b'x', b'f', 0x1b, 0xff, 0xc3, 0xa9];
        let mut names = vec![Vec::new()];
        for length in 0..4 {
            let longest: Vec<Vec<u8>> =
                names.iter().filter(|name| name.len() == length).cloned().collect();
            for name in longest {
                names.extend(bytes.iter().map(|&byte| [&*name, &[byte]].concat()));
            }
        }
        let mut seen = BTreeMap::new();
        for name in &names {
            let shown = escaped(name);
            assert!(!shown.contains(is_invisible), "{shown:?}");
            assert_eq!(seen.insert(shown, name), None);
        }
        assert_eq!(seen.len(), 8 + 64 + 512 + 4096 + 1);
    }
}
