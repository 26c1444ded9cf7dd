//! Laws of the policy language.

use hairnat::policy::{json_schema, parse};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::sample::Index;

use crate::policies::{policy, policy_and_its_reverse};
use crate::{compiled, for_any, source};

#[test]
fn a_policy_is_read_the_same_every_time() {
    for_any(300, &policy(), |text| {
        compiled(&text.0);
        assert_eq!(parse(&[source(&text.0)]), parse(&[source(&text.0)]));
    });
}

#[test]
fn the_order_of_lists_and_floats_changes_nothing() {
    for_any(300, &policy_and_its_reverse(), |(text, reverse)| {
        assert_eq!(parse(&[source(&text.0)]), parse(&[source(&reverse.0)]));
    });
}

#[test]
fn whatever_is_a_policy_the_schema_takes() {
    let schema = serde_json::from_str(json_schema()).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    for_any(300, &policy(), |text| {
        compiled(&text.0);
        let value: serde_json::Value = serde_yaml::from_str(&text.0).unwrap();
        assert_eq!(schema.validate(&value).map_err(|error| error.to_string()), Ok(()));
    });
}

#[test]
fn the_order_and_number_of_files_and_the_order_of_keys_change_nothing() {
    for_any(200, &(policy(), any::<Index>()), |(text, index)| {
        let whole = parse(&[source(&text.0)]);
        let mut sections = sections(&text.0);
        let turn = index.index(sections.len());
        sections.reverse();
        sections.rotate_left(turn);
        assert_eq!(parse(&[source(&sections.concat())]), whole);
        let files: Vec<_> = sections.iter().map(|section| source(section)).collect();
        assert_eq!(parse(&files), whole);
    });
}

/// The text from one top-level key to the next.
fn sections(text: &str) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    for line in text.split_inclusive('\n') {
        match sections.last_mut() {
            Some(section) if line.starts_with(' ') => section.push_str(line),
            _ => sections.push(line.to_owned()),
        }
    }
    sections
}

#[test]
fn whatever_is_no_policy_is_refused_with_reasons() {
    let garbage = vec((any::<Index>(), 0..4_usize, "[ -~\n\t\0\u{feff}é]{0,3}"), 1..6);
    for_any(1000, &(policy(), garbage).prop_map(|(text, cuts)| damaged(&text.0, &cuts)), |text| {
        let read = parse(&[source(&text)]);
        assert_eq!(read, parse(&[source(&text)]));
        if let Err(found) = read {
            assert!(found.count() > 0);
        }
    });
}

/// The text with some characters replaced by others.
fn damaged(text: &str, cuts: &[(Index, usize, String)]) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for (at, len, with) in cuts {
        let start = at.index(characters.len() + 1);
        let end = (start + len).min(characters.len());
        characters.splice(start..end, with.chars());
    }
    characters.into_iter().collect()
}
