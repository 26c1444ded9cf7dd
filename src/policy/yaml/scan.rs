//! Where the tokens of YAML end (libyaml, scanner.c).

/// The line that a scan is in.
#[derive(Debug)]
pub(super) struct Line {
    /// The number, from 0.
    pub(super) number: usize,
    /// The byte that it starts with.
    pub(super) start: usize,
    /// The column of the innermost key or dash of block style, from 0; −1 before the first.
    pub(super) indent: isize,
    /// The dashes of block style so far, each a list inside the one before it.
    pub(super) dashes: usize,
}

impl Default for Line {
    fn default() -> Self {
        Self { number: 0, start: 0, indent: -1, dashes: 0 }
    }
}

impl Line {
    /// Goes on to the line that starts with the byte `start`.
    pub(super) fn next(&mut self, start: usize) {
        self.number += 1;
        self.start = start;
        self.dashes = 0;
    }
}

/// Whether `byte` separates tokens; the end of the text does.
pub(super) fn is_blank(byte: Option<&u8>) -> bool {
    matches!(byte, None | Some(b' ' | b'\t' | b'\n' | b'\r'))
}

/// The end of the line that `at` is in, its line feed left out.
pub(super) fn line_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())
}

/// The end of the quoted value that starts at `at`, behind its closing quote, if it has one.
pub(super) fn quoted_end(bytes: &[u8], at: usize) -> Option<usize> {
    let quote = bytes.get(at).copied();
    let mut end = at + 1;
    while let Some(&byte) = bytes.get(end) {
        if byte == b'\\' && quote == Some(b'"') {
            end += 2;
        } else if Some(byte) != quote {
            end += 1;
        } else if byte == b'\'' && bytes.get(end + 1) == Some(&b'\'') {
            end += 2;
        } else {
            return Some(end + 1);
        }
    }
    None
}

/// The end of the plain value that starts at `at`, in its line, without blanks at its end.
pub(super) fn plain_end(bytes: &[u8], at: usize, in_flow: bool) -> usize {
    // Behind the last byte that was no blank; the first byte belongs to the value whatever it is.
    let mut end = at + 1;
    let mut next = end;
    while let Some(&byte) = bytes.get(next) {
        match byte {
            b'\n' | b'\r' => break,
            b'#' if next > end => break,
            b':' if ends_key(bytes, next, in_flow) => break,
            b',' | b'[' | b']' | b'{' | b'}' if in_flow => break,
            b' ' => next += 1,
            _ => {
                next += 1;
                end = next;
            }
        }
    }
    end
}

/// Whether a token that ends at `end` is the key of a map.
pub(super) fn is_key(bytes: &[u8], end: usize, in_flow: bool) -> bool {
    let rest = bytes.get(end..).unwrap_or_default();
    let blanks = rest.iter().take_while(|&&byte| byte == b' ').count();
    bytes.get(end + blanks) == Some(&b':') && ends_key(bytes, end + blanks, in_flow)
}

/// Whether the colon at `at` ends a key.
fn ends_key(bytes: &[u8], at: usize, in_flow: bool) -> bool {
    let next = bytes.get(at + 1);
    is_blank(next) || (in_flow && matches!(next, Some(b',' | b'[' | b']' | b'{' | b'}')))
}

/// What comes next behind a token, and where it starts and ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A list or map in brackets.
    Opening(usize),
    /// A scalar, or the first token of a list or map of block style.
    Token(usize, usize),
}

/// Behind the dash that comes next behind `at`, if one does.
pub(super) fn after_dash(bytes: &[u8], mut at: usize) -> Option<usize> {
    loop {
        at = match bytes.get(at)? {
            b' ' | b'\n' | b'\r' | b']' | b'}' | b':' => at + 1,
            b'#' => line_end(bytes, at),
            b'-' if is_blank(bytes.get(at + 1)) => return Some(at + 1),
            _ => return None,
        };
    }
}

/// The token behind `at`, where a token ends, in text that the guard let pass.
pub(super) fn next_token(bytes: &[u8], mut at: usize) -> Next {
    loop {
        let Some(&byte) = bytes.get(at) else { return Next::Token(at, at) };
        at = match byte {
            b' ' | b'\t' | b'\n' | b'\r' | b',' | b']' | b'}' | b':' => at + 1,
            b'#' => line_end(bytes, at),
            b'-' if is_blank(bytes.get(at + 1)) => at + 1,
            b'-' if bytes.get(at..at + 3) == Some(b"---") && is_blank(bytes.get(at + 3)) => at + 3,
            b'[' | b'{' => return Next::Opening(at),
            b'"' | b'\'' => {
                return Next::Token(at, quoted_end(bytes, at).unwrap_or(bytes.len()));
            }
            _ => return Next::Token(at, plain_end(bytes, at, true)),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::{Next, next_token, plain_end, quoted_end};

    #[test]
    fn a_plain_value_ends_before_a_comment_and_a_colon() {
        let end = |text: &str, in_flow| plain_end(text.as_bytes(), 0, in_flow);
        assert_eq!(end("10.0.0.1  # web", false), 8);
        assert_eq!(end("a#b c\n", false), 5);
        assert_eq!(end("fd00::1: x", false), 7);
        assert_eq!(end("a, b", true), 1);
        assert_eq!(end("a, b", false), 4);
    }

    #[test]
    fn a_quoted_value_ends_with_its_quote() {
        assert_eq!(quoted_end(br#""a\"b" c"#, 0), Some(6));
        assert_eq!(quoted_end(b"'it''s' c", 0), Some(7));
        assert_eq!(quoted_end(b"\"never", 0), None);
    }

    #[test]
    fn separators_and_comments_lie_between_tokens() {
        assert_eq!(next_token(b": # one\n  - 12\n", 0), Next::Token(12, 14));
        assert_eq!(next_token(b": [1]", 0), Next::Opening(2));
    }
}
