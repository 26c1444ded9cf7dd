//! Every error that the scenarios show is refused by the schema too, or stands in a list with the
//! reason why no schema could.

use hairnat::policy::{Diagnostic, Source, parse};
use jsonschema::Validator;
use serde_json::Value;

use crate::scenario::{Scenario, scenarios};
use crate::{json, schema};

/// Stands for the value that a diagnostic marks, and for those that are taken out.
const MARK: &str = "\u{2620}";

/// An error of the text: it means no one JSON value, or the same one as without the error.
const TEXT: &str = "a schema sees values, not text";
/// A value that is wrong only beside another one.
const BETWEEN_VALUES: &str = "a schema cannot compare values";
/// What is missing here may stand in another file, or what is there may stand there too.
const OTHER_FILES: &str = "a schema sees one file";
/// What is wrong comes out of a calculation with digits.
const ARITHMETIC: &str = "a pattern cannot calculate";

/// Errors that the schema does not refuse: the scenario, or more exactly with the place, and why.
const INEXPRESSIBLE: &[(&str, &str)] = &[
    ("alias", TEXT),
    ("anchor", TEXT),
    ("broken_yaml a.yaml", TEXT),
    ("content_after_the_end", TEXT),
    ("control_character", TEXT),
    ("directive", TEXT),
    ("duplicate_float", TEXT),
    ("duplicate_keys", TEXT),
    ("exclusion_unquoted", TEXT),
    ("explicit_key", TEXT),
    ("indentation", TEXT),
    ("keys_that_are_no_words", TEXT),
    ("not_utf8", TEXT),
    ("nul", TEXT),
    ("tab", TEXT),
    ("tag", TEXT),
    ("two_documents", TEXT),
    ("unclosed", TEXT),
    ("unquoted_colons a.yaml", TEXT),
    ("unquoted_colons c.yaml", TEXT),
    ("value_over_two_lines", TEXT),
    ("byte_order_mark", BETWEEN_VALUES),
    ("duplicate_float_by_value", BETWEEN_VALUES),
    ("egress_address_claimed_twice", BETWEEN_VALUES),
    ("egress_address_invalid policy.yaml:3", BETWEEN_VALUES),
    ("egress_port_and_address", BETWEEN_VALUES),
    ("egress_prefixes", BETWEEN_VALUES),
    ("egress_two_claims", BETWEEN_VALUES),
    ("egress_unclaimed", BETWEEN_VALUES),
    ("exclusions_without_effect", BETWEEN_VALUES),
    ("fixed_outside", BETWEEN_VALUES),
    ("float_inside_prefix", BETWEEN_VALUES),
    ("host_and_ports_overlap", BETWEEN_VALUES),
    ("icmp_twice", BETWEEN_VALUES),
    ("long_line", BETWEEN_VALUES),
    ("more_than_twenty", BETWEEN_VALUES),
    ("overlapping_prefixes", BETWEEN_VALUES),
    ("pool_overlaps_fixed", BETWEEN_VALUES),
    ("port_float_and_float", BETWEEN_VALUES),
    ("ports_overlap", BETWEEN_VALUES),
    ("prefix_lengths_differ policy.yaml:3", BETWEEN_VALUES),
    ("default_masquerade", OTHER_FILES),
    ("default_needs_family", OTHER_FILES),
    ("duplicate_float_in_two_files", OTHER_FILES),
    ("egress_needs_family", OTHER_FILES),
    ("fixed_missing_family", OTHER_FILES),
    ("pool_needs_family", OTHER_FILES),
    ("redirect_without_fixed", OTHER_FILES),
    ("sections_in_two_files", OTHER_FILES),
    ("twice_the_same", OTHER_FILES),
    ("host_bits policy.yaml:4", ARITHMETIC),
    ("ports_syntax policy.yaml:3:51", ARITHMETIC),
    ("remapped_range_too_long", ARITHMETIC),
    ("remapped_ranges_differ policy.yaml:6", ARITHMETIC),
    ("remapped_ranges_differ policy.yaml:9", ARITHMETIC),
    ("spellings_of_addresses policy.yaml:5", ARITHMETIC),
];

/// What is known of one error: `scenario file:line:column`, and whether the schema refuses it.
struct Finding {
    place: String,
    message: String,
    refused: bool,
}

#[test]
fn the_schema_refuses_every_error_that_it_can_express() {
    let schema = schema();
    let findings: Vec<Finding> = scenarios("tests/policy")
        .iter()
        .flat_map(|path| {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            findings(&name, &Scenario::read(path), &schema)
        })
        .collect();
    assert!(findings.len() > 150, "only {} errors", findings.len());
    let mut wrong = Vec::new();
    for Finding { place, message, refused } in &findings {
        let listed = INEXPRESSIBLE.iter().find(|(entry, _)| covers(entry, place));
        match listed {
            Some((_, reason)) if *refused => wrong.push(format!("{place}: refused, but {reason}")),
            None if !refused => wrong.push(format!("{place}: {message}: not refused")),
            _ => {}
        }
    }
    for (entry, _) in INEXPRESSIBLE {
        if !findings.iter().any(|finding| covers(entry, &finding.place)) {
            wrong.push(format!("{entry} is no error"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether the entry of the list is the place, or contains it.
fn covers(entry: &str, place: &str) -> bool {
    let rest = place.strip_prefix(entry);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', ':']))
}

fn findings(name: &str, scenario: &Scenario, schema: &Validator) -> Vec<Finding> {
    let Err(found) = parse(&scenario.sources) else { return Vec::new() };
    let of_file = |source: &Source| {
        let own = found.kept().iter().filter(|diagnostic| diagnostic.file == source.name);
        own.collect::<Vec<&Diagnostic>>()
    };
    let mut findings = Vec::new();
    for source in &scenario.sources {
        let own = of_file(source);
        let document = json(&source.text);
        let places: Vec<_> =
            own.iter().map(|one| pointer(source, one, document.as_ref())).collect();
        for (index, diagnostic) in own.iter().enumerate() {
            let Diagnostic { line, column, .. } = diagnostic;
            // Without a JSON value an editor sees broken YAML; where something is refused without
            // any of the errors, refusing with one of them says nothing.
            let refused = document.as_ref().is_some_and(|document| {
                let without = alone(document, None, &places);
                // An error of the text has no place among the values; it stands in its file alone.
                let otherwise = match places[index] {
                    Some(_) => schema.is_valid(&without) || is_nothing(&without),
                    None => own.len() == 1,
                };
                otherwise && !schema.is_valid(&alone(document, Some(index), &places))
            });
            findings.push(Finding {
                place: format!("{name} {}:{line}:{column}", source.name),
                message: diagnostic.message.clone(),
                refused,
            });
        }
    }
    findings
}

/// The keys and indices that lead to what a diagnostic marks, found by marking it in the text.
fn pointer(source: &Source, one: &Diagnostic, document: Option<&Value>) -> Option<Vec<String>> {
    let text = String::from_utf8(source.text.clone()).ok()?;
    let text = text.trim_start_matches('\u{feff}');
    let start = text.split_inclusive('\n').take(one.line - 1).map(str::len).sum::<usize>();
    let (offset, first) = text[start..].char_indices().nth(one.column - 1)?;
    let (before, rest) = text.split_at(start + offset);
    let marked = match first {
        '[' => format!("{before}[{MARK}, {}", &rest[1..]),
        '{' => format!("{before}{{{MARK}: 0, {}", &rest[1..]),
        _ => {
            let end = rest.char_indices().nth(one.excerpt.width).map_or(rest.len(), |(end, _)| end);
            format!("{before}{MARK}{}", &rest[end..])
        }
    };
    let mut path = Vec::new();
    find(&json(marked.as_bytes())?, document?, &mut path).then_some(())?;
    if matches!(first, '[' | '{') {
        path.pop();
    }
    Some(path)
}

/// Leads `path` to the mark in `marked`, by the keys that `document` has in its place.
fn find(marked: &Value, document: &Value, path: &mut Vec<String>) -> bool {
    let mut enter = |key: String, marked: &Value, document: &Value| {
        path.push(key);
        let found = marked == MARK || find(marked, document, path);
        if !found {
            path.pop();
        }
        found
    };
    match (marked, document) {
        (Value::Array(marked), _) => marked.iter().enumerate().any(|(index, item)| {
            let document = document.get(index).unwrap_or(&Value::Null);
            enter(index.to_string(), item, document)
        }),
        (Value::Object(marked), Value::Object(document)) => {
            let mut keys = document.iter();
            marked.iter().any(|(key, value)| {
                let (known, inner) = keys
                    .next()
                    .map_or((key.as_str(), &Value::Null), |(key, value)| (key.as_str(), value));
                if key == MARK {
                    return enter(known.to_owned(), &Value::from(MARK), inner);
                }
                enter(known.to_owned(), value, inner)
            })
        }
        (Value::Object(marked), _) => marked
            .iter()
            .any(|(key, value)| key == MARK && enter(key.clone(), &Value::from(MARK), value)),
        _ => false,
    }
}

/// Whether there is no policy left to be valid.
fn is_nothing(document: &Value) -> bool {
    document == MARK || document.as_object().is_none_or(serde_json::Map::is_empty)
}

/// The document with one error or none, the others taken out: with all that they are part of
/// where that is not part of this one.
fn alone(document: &Value, index: Option<usize>, places: &[Option<Vec<String>>]) -> Value {
    let mut document = document.clone();
    let kept = index.and_then(|index| places[index].clone()).unwrap_or_default();
    for other in places.iter().flatten() {
        // A float, a network, or an item of what `bridge` and `egress` list.
        let unit = match other.first().map(String::as_str) {
            Some("floats" | "fixed") => 2,
            _ => 3,
        };
        let shared = kept.iter().zip(other).take_while(|(one, other)| one == other).count();
        let length = if shared < unit { unit.min(other.len()) } else { other.len() };
        let path = &other[..length];
        // What contains the kept error stays.
        if kept.starts_with(path) {
            continue;
        }
        let found = path.iter().try_fold(&mut document, |value, key| match value {
            Value::Array(items) => items.get_mut(key.parse::<usize>().ok()?),
            Value::Object(entries) => entries.get_mut(key),
            _ => None,
        });
        if let Some(value) = found {
            *value = MARK.into();
        }
    }
    sweep(&mut document);
    document
}

/// Takes out what is marked.
fn sweep(value: &mut Value) {
    match value {
        Value::Array(items) => {
            items.retain(|item| item != MARK);
            items.iter_mut().for_each(sweep);
        }
        Value::Object(entries) => {
            entries.retain(|_, value| value != MARK);
            entries.values_mut().for_each(sweep);
        }
        _ => {}
    }
}
