//! Naming what the operator wrote, and guessing what was meant.

use std::fmt::{Display, Write as _};

use crate::printable::printable;

/// The longest value that a message shows, in characters.
const LONGEST_SHOWN: usize = 60;

/// `text` in backticks, cut if it is long, with invisible characters escaped.
pub(super) fn quoted(text: &str) -> String {
    if text.is_empty() {
        return "an empty text".to_owned();
    }
    let start: String = text.chars().take(LONGEST_SHOWN).collect();
    let cut = if start.len() < text.len() { "…" } else { "" };
    format!("`{}{cut}`", printable(&start))
}

/// The word of `known` that `word` was probably meant to be.
pub(super) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let longest = known.iter().map(|candidate| candidate.len()).max()?;
    // The edit distance takes quadratic time, and a much longer word is near to none of them.
    if word.is_empty() || word.len() > 2 * longest {
        return None;
    }
    let word = word.to_lowercase();
    let near = |candidate: &'a str| (strsim::damerau_levenshtein(&word, candidate), candidate);
    let best = known.iter().copied().map(near).min_by_key(|(distance, _)| *distance);
    best.filter(|(distance, candidate)| 3 * distance <= candidate.len().max(3))
        .or_else(|| known.iter().find(|one| one.starts_with(&word)).map(|one| (0, *one)))
        .map(|(_, candidate)| candidate)
}

/// `first`, `second` or `third`.
pub(super) fn alternatives(words: &[&str]) -> String {
    listed(words, " or ")
}

/// `first`, `second` and `third`.
pub(super) fn series(words: &[String]) -> String {
    listed(words, " and ")
}

fn listed<T: Display>(words: &[T], last_joint: &str) -> String {
    let mut text = String::new();
    for (index, word) in words.iter().enumerate() {
        let joint = match index {
            0 => "",
            _ if index + 1 == words.len() => last_joint,
            _ => ", ",
        };
        // Writing to a String never fails.
        let _ = write!(text, "{joint}`{word}`");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{alternatives, nearest, quoted};

    const KEYS: [&str; 4] = ["bridge", "egress", "fixed", "floats"];

    #[test]
    fn a_slip_of_the_fingers_is_understood() {
        assert_eq!(nearest("flaots", &KEYS), Some("floats"));
        assert_eq!(nearest("Float", &KEYS), Some("floats"));
        assert_eq!(nearest("fix", &KEYS), Some("fixed"));
        assert_eq!(nearest("nameserver", &KEYS), None);
        assert_eq!(nearest(&"x".repeat(1_000_000), &KEYS), None);
    }

    #[test]
    fn values_are_shown_short_and_without_invisible_characters() {
        assert_eq!(quoted("web-1"), "`web-1`");
        assert_eq!(quoted("a\u{1b}[2J"), "`a\\u{1b}[2J`");
        assert_eq!(quoted("a\u{202e}b"), "`a\\u{202e}b`");
        assert_eq!(quoted(&"é".repeat(100)), format!("`{}…`", "é".repeat(60)));
    }

    #[test]
    fn alternatives_are_listed_as_in_prose() {
        assert_eq!(alternatives(&["keep"]), "`keep`");
        assert_eq!(alternatives(&["keep", "on", "off"]), "`keep`, `on` or `off`");
    }
}
