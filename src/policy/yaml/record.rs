//! Records on a [`Tape`] what the YAML library reads.

use std::fmt;
use std::ops::Range;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::pieces::Rest;
use super::recorder::Recorder;
use super::refusal::Refusal;
use super::tape::{Kind, Node, Tape, Value};

/// All values of `text`, about `values` of them, as those of the source number `source`.
pub(super) fn whole(text: &str, source: usize, values: usize) -> Result<Tape<'_>, Refusal> {
    let mut recorder = Recorder::new(Tape::new(text, source, values), 0);
    let read = Record::any(&mut recorder).deserialize(serde_yaml::Deserializer::from_str(text));
    match (read, recorder.too_deep) {
        (Ok(()), _) => Ok(recorder.tape),
        (Err(_), Some(at)) => Err(Refusal::too_deep(at)),
        (Err(error), None) => Err(not_yaml(text, &error, recorder.cursor)),
    }
}

/// The values of what is left when the entries of `section` were cut out but for the first ones.
///
/// `None` if that is no document by itself, or `section` no map that could go on.
pub(super) fn rest<'a>(
    text: &'a str,
    source: usize,
    rest: &Rest,
    section: &str,
) -> Option<Tape<'a>> {
    let mut recorder = Recorder::new(Tape::new(text, source, 0), rest.head.start);
    let yaml = serde_yaml::Deserializer::from_str(text.get(rest.head.clone())?);
    Record::any(&mut recorder).deserialize(yaml).ok()?;
    let (name, last) = recorder.tape.root().entries().last()?;
    if name.text() != section || last.kind() != Kind::Map {
        return None;
    }
    let sections = text.get(rest.tail.clone())?;
    if sections.is_empty() {
        return Some(recorder.tape);
    }
    let mut recorder = Recorder::new(recorder.tape, rest.tail.start);
    let map = recorder.reopen()?;
    serde_yaml::Deserializer::from_str(sections)
        .deserialize_any(Entries { recorder: &mut recorder, scalars: Scalars::Resolved })
        .ok()?;
    recorder.close(map);
    Some(recorder.tape)
}

/// Reads pieces of entries, one after another on the same memory.
pub(super) struct PieceReader<'a> {
    text: &'a str,
    source: usize,
    nodes: Vec<Node>,
}

impl<'a> PieceReader<'a> {
    pub(super) fn new(text: &'a str, source: usize) -> Self {
        Self { text, source, nodes: Vec::new() }
    }

    /// Calls `then` with the entries in `piece` as a map; `None` if they are none.
    pub(super) fn read(&mut self, piece: Range<usize>, then: impl FnOnce(Value<'_>)) -> Option<()> {
        let yaml = serde_yaml::Deserializer::from_str(self.text.get(piece.clone())?);
        let nodes = std::mem::take(&mut self.nodes);
        let tape = Tape { nodes, ..Tape::new(self.text, self.source, 0) };
        let mut recorder = Recorder::new(tape, piece.start);
        // Entries of a section are two maps deep.
        recorder.descend();
        let map = recorder.open::<serde_yaml::Error>(Kind::Map, false).ok()?;
        yaml.deserialize_any(Entries { recorder: &mut recorder, scalars: Scalars::AsWritten })
            .ok()?;
        recorder.close(map);
        then(recorder.tape.root());
        self.nodes = recorder.tape.nodes;
        self.nodes.clear();
        Some(())
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
    let hint = if cause.contains("expected ':'") {
        "is a colon with a space behind it missing in the line before?"
    } else {
        "check the indentation, and quote values with special characters"
    };
    Refusal::new(at, length, format!("the file is not valid YAML: {cause}")).hint(hint)
}

/// What becomes of plain scalars.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scalars {
    /// The library says what they are.
    Resolved,
    /// Those that begin with a digit stay text: whether they are a number would take the library a
    /// tenth of its time, and an entry means the same either way.
    AsWritten,
}

/// Records one value and all that it contains.
struct Record<'r, 'a> {
    recorder: &'r mut Recorder<'a>,
    scalars: Scalars,
    /// Whether the value is a key, which may stand in the next line.
    is_key: bool,
}

impl<'r, 'a> Record<'r, 'a> {
    fn any(recorder: &'r mut Recorder<'a>) -> Self {
        Self { recorder, scalars: Scalars::Resolved, is_key: false }
    }
}

impl<'de> DeserializeSeed<'de> for Record<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        if self.scalars == Scalars::AsWritten && self.recorder.digit_follows(self.is_key) {
            return deserializer.deserialize_str(self);
        }
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Record<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value of a policy")
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<(), E> {
        self.recorder.slice(text);
        Ok(())
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        self.recorder.unescaped(text);
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.recorder.written(Kind::Boolean, 0);
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.recorder.written(Kind::Number, 0);
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.recorder.written(Kind::Number, 0);
        Ok(())
    }

    fn visit_u128<E>(self, _: u128) -> Result<(), E> {
        self.recorder.written(Kind::Number, 0);
        Ok(())
    }

    fn visit_i128<E>(self, _: i128) -> Result<(), E> {
        self.recorder.written(Kind::Number, 0);
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.recorder.written(Kind::Number, 0);
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.recorder.null();
        Ok(())
    }

    fn visit_none<E>(self) -> Result<(), E> {
        self.recorder.null();
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let Self { recorder, scalars, .. } = self;
        let in_block = recorder.dash();
        let opened = recorder.open(Kind::List, in_block)?;
        while items.next_element_seed(Record { recorder, scalars, is_key: false })?.is_some() {
            if in_block {
                recorder.dash();
            }
        }
        recorder.close(opened);
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<(), A::Error> {
        let Self { recorder, scalars, .. } = self;
        let opened = recorder.open(Kind::Map, false)?;
        Entries { recorder, scalars }.visit_map(entries)?;
        recorder.close(opened);
        Ok(())
    }
}

/// Records the entries of a map that is open already.
struct Entries<'r, 'a> {
    recorder: &'r mut Recorder<'a>,
    scalars: Scalars,
}

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries of a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        let Self { recorder, scalars } = self;
        while entries.next_key_seed(Record { recorder, scalars, is_key: true })?.is_some() {
            entries.next_value_seed(Record { recorder, scalars, is_key: false })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::tape::{Kind, Value};
    use super::whole;

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
        let tape = whole(text, 0, 0).unwrap();
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
