//! Maps with known keys, lists, and words: what every section is made of.

use crate::policy::findings::{Finding, Findings};
use crate::policy::source::Place;
use crate::policy::suggest::{alternatives, nearest, quoted};
use crate::policy::yaml::{Kind, Value};

/// Other words for keys.
const OTHER_WORDS: &[(&str, &str)] =
    &[("comment", "name"), ("description", "name"), ("label", "name"), ("networks", "fixed")];

/// A key and its value.
pub(super) type Field<'t> = Option<(Value<'t>, Value<'t>)>;

/// The entries of `map` by the keys `known`; a key with nothing behind it counts as absent.
///
/// Keys that are unknown or given twice are reported. `owner` names the map in messages.
pub(super) fn fields<'t, const N: usize>(
    map: Value<'t>,
    owner: &str,
    known: [&'static str; N],
    findings: &mut Findings,
) -> [Field<'t>; N] {
    let mut found = [None; N];
    let mut seen: [Option<Place>; N] = [None; N];
    for (key, value) in map.entries() {
        let index = known.iter().position(|name| is_word(key) && *name == key.text());
        let slots = index.and_then(|index| Some((found.get_mut(index)?, seen.get_mut(index)?)));
        let Some((found, seen)) = slots else {
            findings.report(unknown_key(key, owner, &known));
            continue;
        };
        if let Some(first) = *seen {
            let message = format!("the key {} is given twice", quoted(key.text()));
            findings.report(
                Finding::new(key.place(), message)
                    .note("first given at", first)
                    .hint("join the two into one"),
            );
            continue;
        }
        *seen = Some(key.place());
        if value.kind() != Kind::Null {
            *found = Some((key, value));
        }
    }
    found
}

fn unknown_key(key: Value<'_>, owner: &str, known: &[&str]) -> Finding {
    if !is_word(key) {
        let message = format!("a key in {owner} is a word, not {}", key.describe());
        return Finding::new(key.place(), message)
            .hint(format!("the keys are {}", alternatives(known)));
    }
    let message = format!("unknown key {} in {owner}", quoted(key.text()));
    let other = OTHER_WORDS.iter().find(|(word, key_)| *word == key.text() && known.contains(key_));
    let meant = other.map(|(_, key)| *key).or_else(|| nearest(key.text(), known));
    Finding::new(key.place(), message).hint(match meant {
        Some(word) => format!("did you mean `{word}`?"),
        None => format!("the keys are {}", alternatives(known)),
    })
}

fn is_word(key: Value<'_>) -> bool {
    !matches!(key.kind(), Kind::Null | Kind::List | Kind::Map)
}

/// `value` where `what` belongs, which is `expected`, such as `example`.
pub(super) fn wrong_type(value: Value<'_>, what: &str, expected: &str, example: &str) -> Finding {
    let message = format!("{what} is {expected}, not {}", value.describe());
    Finding::new(value.place(), message).hint(format!("for example {}", quoted(example)))
}

/// The items of a list, which is `expected`, such as `[example]`; anything else is reported.
pub(super) fn items<'t>(
    key: Value<'t>,
    value: Value<'t>,
    expected: &str,
    example: &str,
    findings: &mut Findings,
) -> impl Iterator<Item = Value<'t>> + use<'t> {
    if value.kind() != Kind::List {
        let meant = if value.kind() == Kind::Map { example } else { value.text() };
        let example = format!("[{meant}]");
        findings.report(wrong_type(value, &quoted(key.text()), expected, &example));
    }
    value.items()
}

/// Whether `value` is a map; what it is instead is reported.
pub(super) fn is_map(
    key: Value<'_>,
    value: Value<'_>,
    example: &str,
    findings: &mut Findings,
) -> bool {
    let is_map = value.kind() == Kind::Map;
    if !is_map {
        findings.report(wrong_type(value, &quoted(key.text()), "a map", example));
    }
    is_map
}

/// A value that is `true` or `false`.
pub(super) fn boolean(key: Value<'_>, value: Value<'_>, findings: &mut Findings) -> Option<bool> {
    let meant = meant_boolean(value.text());
    if value.kind() == Kind::Boolean {
        return meant;
    }
    let finding = wrong_type(value, &quoted(key.text()), "`true` or `false`", "true");
    let quotes = if value.is_quoted() { " without quotes" } else { "" };
    findings.report(match meant {
        Some(meant) => finding.hint(format!("write `{meant}`{quotes}")),
        None => finding,
    });
    None
}

/// What a word means where `true` or `false` belongs.
pub(super) fn meant_boolean(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "y" | "true" | "1" => Some(true),
        "no" | "off" | "n" | "false" | "0" => Some(false),
        _ => None,
    }
}

/// A value that is one of the words of `choices`, as what the word stands for.
pub(super) fn word<T: Copy>(
    key: Value<'_>,
    value: Value<'_>,
    choices: &[(&str, T)],
    findings: &mut Findings,
) -> Option<T> {
    let text = value.text();
    if value.kind() == Kind::Text
        && let Some((_, choice)) = choices.iter().find(|(word, _)| *word == text)
    {
        return Some(*choice);
    }
    let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
    let example = words.first().copied().unwrap_or_default();
    let finding = wrong_type(value, &quoted(key.text()), &alternatives(&words), example);
    let meant = match (value.kind(), text.to_ascii_lowercase().as_str()) {
        (Kind::Boolean, "true") => words.contains(&"on").then_some("on"),
        (Kind::Boolean, "false") => words.contains(&"off").then_some("off"),
        (Kind::Text, _) => nearest(text, &words),
        _ => None,
    };
    findings.report(match meant {
        Some(word) => finding.hint(format!("did you mean `{word}`?")),
        None => finding,
    });
    None
}
