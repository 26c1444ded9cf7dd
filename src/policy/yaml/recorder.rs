//! The places of values while a [`Tape`] is recorded.
//!
//! The library tells the place of a value only when reading ends with an error. But plain and
//! quoted text comes as a slice of the input, whose address is its place; and a number, a boolean
//! or text with escapes is the next token behind the value before it.

use serde::de;

use super::scan::{Next, after_dash, next_token};
use super::tape::{Kind, Node, Tape};
use super::{DEEPEST_NESTING, LARGEST_FILE};

/// The tape so far, and what places are found with.
pub(super) struct Recorder<'a> {
    pub(super) tape: Tape<'a>,
    /// Behind the last token.
    pub(super) cursor: usize,
    /// The token that was found ahead, so that values written as nothing do not look for it again.
    ahead: Next,
    depth: usize,
    /// Where a list or map is nested too deep.
    pub(super) too_deep: Option<usize>,
}

impl<'a> Recorder<'a> {
    /// Goes on recording on `tape` what stands from byte `start` of its text on.
    pub(super) fn new(tape: Tape<'a>, start: usize) -> Self {
        let ahead = next_token(tape.text.as_bytes(), start);
        Self { tape, cursor: start, ahead, depth: 0, too_deep: None }
    }

    /// Goes on one list or map deeper than the tape tells.
    pub(super) fn descend(&mut self) {
        self.depth += 1;
    }

    /// Opens the outermost map of the tape again, to close it once more behind further entries.
    pub(super) fn reopen(&mut self) -> Option<usize> {
        self.tape.nodes.first().filter(|node| node.kind == Kind::Map)?;
        self.depth += 1;
        Some(0)
    }

    /// The token behind the last one.
    fn next(&mut self) -> Next {
        let (Next::Opening(start) | Next::Token(start, _)) = self.ahead;
        if start < self.cursor {
            self.ahead = next_token(self.tape.text.as_bytes(), self.cursor);
        }
        self.ahead
    }

    fn push(&mut self, kind: Kind, start: usize, length: usize, link: u32) {
        const { assert!(LARGEST_FILE < u32::MAX as usize) };
        let narrow = |number| u32::try_from(number).unwrap_or(u32::MAX);
        let (start, length) = (narrow(start), narrow(length));
        self.tape.nodes.push(Node { kind, start, length, link });
    }

    /// Whether what comes next, in this line if it is no key, is plain and begins with a digit.
    pub(super) fn digit_follows(&self, is_key: bool) -> bool {
        let behind = self.tape.text.as_bytes().get(self.cursor..).unwrap_or_default();
        let next = behind.iter().find(|byte| match byte {
            b' ' | b':' => false,
            b'\n' | b'\r' => !is_key,
            _ => true,
        });
        next.is_some_and(u8::is_ascii_digit)
    }

    /// A scalar whose text is a slice of the input.
    pub(super) fn slice(&mut self, text: &str) {
        let bytes = self.tape.text.as_bytes();
        let offset = text.as_ptr().addr().wrapping_sub(bytes.as_ptr().addr());
        if offset > bytes.len() {
            return self.unescaped(text);
        }
        let end = offset + text.len();
        let before = offset.checked_sub(1).and_then(|at| bytes.get(at));
        let quoted = matches!(before, Some(b'"' | b'\'')) && before == bytes.get(end);
        let quote = usize::from(quoted);
        self.cursor = end + quote;
        self.push(Kind::Text, offset - quote, text.len() + 2 * quote, 0);
    }

    /// A scalar whose text is not as it is written.
    pub(super) fn unescaped(&mut self, text: &str) {
        self.tape.unescaped.push(text.into());
        let link = u32::try_from(self.tape.unescaped.len()).unwrap_or(0);
        self.written(Kind::Text, link);
    }

    /// A scalar that is the next token.
    pub(super) fn written(&mut self, kind: Kind, link: u32) {
        match self.next() {
            Next::Token(start, end) => {
                self.cursor = end;
                self.push(kind, start, end - start, link);
            }
            Next::Opening(at) => self.push(kind, at, 1, link),
        }
    }

    /// A scalar that may be written as nothing.
    pub(super) fn null(&mut self) {
        if let Next::Token(start, end) = self.next() {
            let bytes = self.tape.text.as_bytes();
            let written = bytes.get(start..end).unwrap_or_default();
            if matches!(written, b"~" | b"null" | b"Null" | b"NULL") {
                return self.written(Kind::Null, 0);
            }
        }
        self.push(Kind::Null, self.cursor, 0, 0);
    }

    /// Steps over the dash of an item in block style.
    pub(super) fn dash(&mut self) -> bool {
        let after = after_dash(self.tape.text.as_bytes(), self.cursor);
        self.cursor = after.unwrap_or(self.cursor);
        after.is_some()
    }

    /// Opens a list or map; the answer closes it.
    pub(super) fn open<E: de::Error>(&mut self, kind: Kind, in_block: bool) -> Result<usize, E> {
        let (start, length) = match self.next() {
            Next::Opening(at) => {
                // In block style the bracket is that of the first item.
                if !in_block {
                    self.cursor = at + 1;
                }
                (at, 1)
            }
            Next::Token(start, end) => (start, end - start),
        };
        self.depth += 1;
        if self.depth > DEEPEST_NESTING {
            self.too_deep = Some(start);
            return Err(E::custom("nested too deep"));
        }
        self.push(kind, start, length, 0);
        Ok(self.tape.nodes.len() - 1)
    }

    pub(super) fn close(&mut self, opened: usize) {
        self.depth -= 1;
        let end = u32::try_from(self.tape.nodes.len()).unwrap_or(u32::MAX);
        if let Some(node) = self.tape.nodes.get_mut(opened) {
            node.link = end;
        }
    }
}
