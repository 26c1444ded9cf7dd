//! Records on a [`Tape`] what the YAML library reads, piece by piece where that is possible.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use super::guard::Passed;
use super::pieces::{OpenMap, Piece};
use super::recorder::Recorder;
use super::refusal::Refusal;
use super::tape::{Kind, Tape};

/// The values of `text`, which the guard let pass, as those of the source number `source`.
///
/// What fails in pieces is read again as a whole, for the words and the place of its error.
pub(super) fn record<'a>(passed: &Passed<'a>, source: usize) -> Result<Tape<'a>, Refusal> {
    if passed.pieces.len() > 1
        && let Some(tape) = in_pieces(passed, source)
    {
        return Ok(tape);
    }
    whole(passed, source)
}

fn in_pieces<'a>(passed: &Passed<'a>, source: usize) -> Option<Tape<'a>> {
    let mut recorder = Recorder::new(passed, source);
    for Piece { range, map } in &passed.pieces {
        let yaml = serde_yaml::Deserializer::from_str(passed.text.get(range.clone())?);
        match map {
            OpenMap::None => Record(&mut recorder).deserialize(yaml).ok()?,
            OpenMap::Sections | OpenMap::Entries => {
                let open = recorder.reopen(*map)?;
                yaml.deserialize_any(Entries(&mut recorder)).ok()?;
                for map in open {
                    recorder.close(map);
                }
            }
        }
    }
    Some(recorder.tape)
}

fn whole<'a>(passed: &Passed<'a>, source: usize) -> Result<Tape<'a>, Refusal> {
    let text = passed.text;
    let mut recorder = Recorder::new(passed, source);
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
            self.0.value_follows();
            entries.next_value_seed(Record(self.0))?;
        }
        self.0.close(opened);
        Ok(())
    }
}

/// Records the entries of a map that is open already.
struct Entries<'r, 'a>(&'r mut Recorder<'a>);

impl<'de> Visitor<'de> for Entries<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("entries of a map")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<(), A::Error> {
        while entries.next_key_seed(Record(self.0))?.is_some() {
            self.0.value_follows();
            entries.next_value_seed(Record(self.0))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::super::guard::check;
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
        let passed = check(text.as_bytes(), usize::MAX).unwrap();
        let tape = whole(&passed, 0).unwrap();
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
