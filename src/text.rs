//! The bytes of others as text that a terminal can be given.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The name that somebody else chose, for people: what is no UTF-8 as `\xff`, what would not be
/// seen, or would change what else is seen, as `\u{202e}`, and a backslash as `\\`. So two names
/// that differ are shown differently.
pub(crate) fn escaped(name: &[u8]) -> Cow<'_, str> {
    let refused = |c: char| c == '\\' || is_unprintable(c);
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
                c if is_unprintable(c) => write!(shown, "{}", c.escape_unicode()),
                c => write!(shown, "{c}"),
            };
        }
        for byte in chunk.invalid() {
            let _ = write!(shown, "\\x{byte:02x}");
        }
    }
    shown.into()
}

/// Whether a terminal would not show the character, or show others in another order or place:
/// control characters, and those of the Unicode categories Cf, Zl and Zp that no language needs to
/// be written. U+200C and U+200D are needed, as in Persian and in Hindi.
pub(crate) const fn is_unprintable(c: char) -> bool {
    matches!(c,
        '\0'..='\u{1f}'
        | '\u{7f}'..='\u{9f}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;
    use std::collections::BTreeMap;

    use super::{escaped, is_unprintable};

    #[test]
    fn an_ordinary_name_is_shown_as_it_is() {
        for name in ["dnat4", "", "Brücke 7", "می‌خواهم"] {
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
            assert!(is_unprintable(c), "{c:?}");
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
            assert!(!shown.contains(is_unprintable), "{shown:?}");
            assert_eq!(seen.insert(shown, name), None);
        }
        assert_eq!(seen.len(), 8 + 64 + 512 + 4096 + 1);
    }
}
