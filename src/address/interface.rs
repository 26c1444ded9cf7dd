//! Interface names and the patterns that match them.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

use crate::printable::{escaped, is_invisible};

/// The longest interface name in bytes: `IFNAMSIZ` (16, include/uapi/linux/if.h) less the NUL.
const LONGEST_NAME: usize = 15;

/// The name of an interface: any bytes but NUL, `/`, `:` and white space (`dev_valid_name`,
/// net/core/dev.c), so that it need not be UTF-8. Shown escaped.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct InterfaceName(Vec<u8>);

impl InterfaceName {
    /// The interface of that name.
    #[must_use]
    pub fn new(name: impl Into<Vec<u8>>) -> Self {
        Self(name.into())
    }

    /// The name, if it is UTF-8.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(&self.0).ok()
    }

    /// Whether a shell takes the name for one word and for no option of a command.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let plain = |&byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        self.0.iter().all(plain) && !self.0.is_empty() && !self.0.starts_with(b"-")
    }
}

impl AsRef<[u8]> for InterfaceName {
    fn as_ref(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Display for InterfaceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&escaped(&self.0))
    }
}

/// An interface name, or the beginning of one followed by `*`, as in nft(8).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfacePattern {
    name: String,
    wildcard: bool,
}

/// Why a text is no interface pattern; the rules are those of `dev_valid_name` (net/core/dev.c).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InterfacePatternError {
    /// Nothing at all.
    #[error("an interface name is at least one byte long")]
    Empty,
    /// Over 15 bytes.
    #[error("an interface name is at most 15 bytes long")]
    TooLong,
    /// `.` or `..`, which the kernel refuses.
    #[error("`.` and `..` are not interface names")]
    Dots,
    /// A character that the kernel refuses, that would not survive in an nft script, or that a
    /// reader would not see.
    #[error("an interface name has no `/`, `:`, `\"`, `\\`, white space or invisible characters")]
    Character,
    /// A `*` that is not the last character.
    #[error("`*` stands only at the end, for any rest of the name")]
    InnerWildcard,
}

impl InterfacePattern {
    /// The literal part, without the `*`.
    #[must_use]
    pub fn literal(&self) -> &str {
        &self.name
    }

    /// Whether any rest may follow the literal part.
    #[must_use]
    pub fn is_wildcard(&self) -> bool {
        self.wildcard
    }

    /// Whether every interface matches: the pattern `*`.
    #[must_use]
    pub fn matches_everything(&self) -> bool {
        self.wildcard && self.name.is_empty()
    }

    /// Whether the interface `name` matches, byte by byte, as the kernel compares them.
    #[must_use]
    pub fn matches(&self, name: impl AsRef<[u8]>) -> bool {
        let (name, literal) = (name.as_ref(), self.name.as_bytes());
        if self.wildcard { name.starts_with(literal) } else { name == literal }
    }

    /// Whether whatever matches `other` matches this too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        if self.wildcard { other.name.starts_with(&self.name) } else { self == other }
    }
}

impl FromStr for InterfacePattern {
    type Err = InterfacePatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, wildcard) = match text.strip_suffix('*') {
            Some(name) => (name, true),
            None => (text, false),
        };
        if name.is_empty() && !wildcard {
            return Err(InterfacePatternError::Empty);
        }
        if name.len() > LONGEST_NAME {
            return Err(InterfacePatternError::TooLong);
        }
        if !wildcard && (name == "." || name == "..") {
            return Err(InterfacePatternError::Dots);
        }
        if name.contains('*') {
            return Err(InterfacePatternError::InnerWildcard);
        }
        let refused =
            |c: char| matches!(c, '/' | ':' | '"' | '\\') || c.is_whitespace() || is_invisible(c);
        if name.contains(refused) {
            return Err(InterfacePatternError::Character);
        }
        // Nothing can follow the longest name, and nft(8) has no room for its `*`.
        let wildcard = wildcard && name.len() < LONGEST_NAME;
        Ok(Self { name: name.to_owned(), wildcard })
    }
}

impl fmt::Display for InterfacePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, if self.wildcard { "*" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::{InterfaceName, InterfacePattern, InterfacePatternError};

    fn pattern(text: &str) -> InterfacePattern {
        text.parse().unwrap()
    }

    #[test]
    fn a_trailing_star_matches_any_rest() {
        assert!(pattern("vnet*").matches("vnet0"));
        assert!(pattern("vnet*").matches("vnet"));
        assert!(!pattern("vnet*").matches("tap0"));
        assert!(!pattern("vnet").matches("vnet0"));
        assert!(pattern("*").matches_everything());
    }

    #[test]
    fn names_are_compared_by_their_bytes() {
        assert!(pattern("v*").matches(b"v\xff"));
        assert!(!pattern("v\u{fffd}*").matches(b"v\xff"));
        assert!(pattern("vé").matches("vé"));
        assert!(!pattern("é*").matches(b"\xc3"));
    }

    #[test]
    fn a_name_is_shown_escaped_and_is_plain_if_a_shell_takes_it_for_a_word() {
        assert_eq!(InterfaceName::new(b"v\xff").to_string(), "v\\xff");
        assert_eq!(InterfaceName::new("vnet0").to_string(), "vnet0");
        assert!(["vnet0", "eth0.7", "a_b-c"].into_iter().all(|n| InterfaceName::new(n).is_plain()));
        for odd in [&b"v\xff"[..], b"$(reboot)", b"-v", b"a;b", b"a'b", "é".as_bytes(), b""] {
            assert!(!InterfaceName::new(odd).is_plain(), "{odd:?}");
        }
    }

    #[test]
    fn a_wildcard_covers_longer_names() {
        assert!(pattern("vnet*").covers(&pattern("vnet1*")));
        assert!(pattern("vnet*").covers(&pattern("vnet7")));
        assert!(!pattern("vnet7").covers(&pattern("vnet*")));
    }

    #[test]
    fn what_the_kernel_refuses_is_refused() {
        let refusal = |text: &str| text.parse::<InterfacePattern>().unwrap_err();
        assert_eq!(refusal(""), InterfacePatternError::Empty);
        assert_eq!(refusal("a23456789012345678"), InterfacePatternError::TooLong);
        assert_eq!(refusal(".."), InterfacePatternError::Dots);
        assert_eq!(refusal("a/b"), InterfacePatternError::Character);
        assert_eq!(refusal("a b"), InterfacePatternError::Character);
        assert_eq!(refusal("a\u{202e}b"), InterfacePatternError::Character);
        assert_eq!(refusal("a*b"), InterfacePatternError::InnerWildcard);
    }

    #[test]
    fn a_backslash_is_refused_as_nft_reads_it_before_a_star() {
        let refusal = "vnet\\*".parse::<InterfacePattern>().unwrap_err();
        assert_eq!(refusal, InterfacePatternError::Character);
    }

    #[test]
    fn a_star_after_the_longest_name_is_nothing_more() {
        assert_eq!(pattern("a23456789012345*"), pattern("a23456789012345"));
        assert!(pattern("a2345678901234*").is_wildcard());
    }
}
