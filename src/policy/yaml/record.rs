//! Records on a [`Tape`] what the YAML library reads.
//!
//! The library tells the place of a value only when reading ends with an error. But plain and
//! quoted text comes as a slice of the input, whose address is its place; and a number, a boolean
//! or text with escapes is the next token behind the value before it.

use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::guard::Refusal;
use super::scan::{Next, after_dash, next_token};
use super::tape::{Kind, Node, Tape};
use super::{DEEPEST_NESTING, LARGEST_FILE};

/// The values of `text`, which the guard let pass, as those of the source number `source`.
pub(super) fn record(text: &str, source: usize) -> Result<Tape<'_>, Refusal> {
    let mut recorder = Recorder {
        tape: Tape::new(text, source),
        cursor: 0,
        ahead: next_token(text.as_bytes(), 0),
        depth: 0,
        too_deep: None,
    };
    let read = Record(&mut recorder).deserialize(serde_yaml::Deserializer::from_str(text));
    match (read, recorder.too_deep) {
        (Ok(()), _) => Ok(recorder.tape),
        (Err(_), Some(at)) => Err(Refusal::too_deep(at)),
        (Err(error), None) => Err(not_yaml(text, &error, recorder.cursor)),
    }
}

/// Of a text that is read up to `cursor`, where the library sees the end of the document.
fn not_yaml(text: &str, error: &serde_yaml::Error, cursor: usize) -> Refusal {
    let Some(location) = error.location() else {
        let message = "the file is not valid YAML: more follows behind the end of its value";
        return Refusal::new(cursor, 1, message).hint("a policy is one map of its sections");
    };
    let at = location.index().min(text.len());
    // The library repeats the place in its words, and adds what it was about.
    let words = error.to_string();
    let words = words.split(" at line ").next().unwrap_or(&words);
    let cause = words.split(", while ").next().unwrap_or(words);
    let length = text.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8);
    Refusal::new(at, length, format!("the file is not valid YAML: {cause}"))
        .hint("check the indentation, and quote values with special characters")
}

/// The tape so far, and what places are found with.
struct Recorder<'a> {
    tape: Tape<'a>,
    /// Behind the last token.
    cursor: usize,
    /// The token that was found ahead, so that values written as nothing do not look for it again.
    ahead: Next,
    depth: usize,
    /// Where a list or map is nested too deep.
    too_deep: Option<usize>,
}

impl Recorder<'_> {
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

    /// A scalar whose text is a slice of the input.
    fn slice(&mut self, text: &str) {
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
    fn unescaped(&mut self, text: &str) {
        self.tape.unescaped.push(text.into());
        let link = u32::try_from(self.tape.unescaped.len()).unwrap_or(0);
        self.written(Kind::Text, link);
    }

    /// A scalar that is the next token.
    fn written(&mut self, kind: Kind, link: u32) {
        match self.next() {
            Next::Token(start, end) => {
                self.cursor = end;
                self.push(kind, start, end - start, link);
            }
            Next::Opening(at) => self.push(kind, at, 1, link),
        }
    }

    /// A scalar that may be written as nothing.
    fn null(&mut self) {
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
    fn dash(&mut self) -> bool {
        let after = after_dash(self.tape.text.as_bytes(), self.cursor);
        self.cursor = after.unwrap_or(self.cursor);
        after.is_some()
    }

    /// Opens a list or map; the answer closes it.
    fn open<E: de::Error>(&mut self, kind: Kind, in_block: bool) -> Result<usize, E> {
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

    fn close(&mut self, opened: usize) {
        self.depth -= 1;
        let end = u32::try_from(self.tape.nodes.len()).unwrap_or(u32::MAX);
        if let Some(node) = self.tape.nodes.get_mut(opened) {
            node.link = end;
        }
    }
}

/// Records one value and all that it contains.
struct Record<'r, 'a>(&'r mut Recorder<'a>);

impl<'de> DeserializeSeed<'de> for Record<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Record<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a policy")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.0.slice(text);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.0.unescaped(text);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.0.written(Kind::Boolean, 0);
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.0.written(Kind::Number, 0);
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.0.written(Kind::Number, 0);
        Ok(())
    }

    fn visit_u128<E>(self, _: u128) -> Result<(), E> {
        self.0.written(Kind::Number, 0);
        Ok(())
    }

    fn visit_i128<E>(self, _: i128) -> Result<(), E> {
        self.0.written(Kind::Number, 0);
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.0.written(Kind::Number, 0);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.0.null();
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.0.null();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let in_block = self.0.dash();
        let opened = self.0.open(Kind::List, in_block)?;
        while items.next_element_seed(Record(self.0))?.is_some() {
            if in_block {
                self.0.dash();
            }
        }
        self.0.close(opened);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let opened = self.0.open(Kind::Map, false)?;
        while entries.next_key_seed(Record(self.0))?.is_some() {
            entries.next_value_seed(Record(self.0))?;
        }
        self.0.close(opened);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tape::{Kind, Value};
    use super::record;

    /// Every scalar below `value` as it is written, and as text.
    fn scalars(value: Value<'_>, seen: &mut Vec<(Kind, String)>) {
        match value.kind() {
            Kind::List => value.items().for_each(|item| scalars(item, seen)),
            Kind::Map => value.entries().for_each(|(key, value)| {
                scalars(key, seen);
                scalars(value, seen);
            }),
            kind => seen.push((kind, value.text().to_owned())),
        }
    }

    #[test]
    fn every_scalar_is_found_where_it_is_written() {
        let text = concat!(
            "# 1\na: [1, 'b c', \"d\\x65\"] # 2\nb:\n  - true\n  - ~\n  -\n",
            "  - {x: -1.5e3, \"y\": null}\n'it''s': 007\n\"\": ''\n",
        );
        let tape = record(text, 0).unwrap();
        let mut seen = Vec::new();
        scalars(tape.root(), &mut seen);
        let seen: Vec<_> = seen.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
        let expected = [
            (Kind::Text, "a"),
            (Kind::Number, "1"),
            (Kind::Text, "b c"),
            (Kind::Text, "de"),
            (Kind::Text, "b"),
            (Kind::Boolean, "true"),
            (Kind::Null, "~"),
            (Kind::Null, ""),
            (Kind::Text, "x"),
            (Kind::Number, "-1.5e3"),
            (Kind::Text, "y"),
            (Kind::Null, "null"),
            (Kind::Text, "it's"),
            (Kind::Text, "007"),
            (Kind::Text, ""),
            (Kind::Text, ""),
        ];
        assert_eq!(seen, expected);
    }
}
