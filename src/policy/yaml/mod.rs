//! YAML: bytes in, a [`Tape`] of values with places out.
//!
//! This folder is the only one that knows `serde_yaml`, which is archived upstream. What the policy
//! language leaves out (aliases, tags, blocks of text, several documents) and what takes the
//! library more than linear time (deep nesting) is refused by `guard` before the library sees it.

mod guard;
mod pieces;
mod record;
mod recorder;
mod refusal;
mod scan;
mod tape;

use super::findings::Finding;
use super::source::{Place, Source};
use refusal::Refusal;
pub(super) use tape::{Kind, Tape, Value};

/// The largest policy file in bytes.
pub const LARGEST_FILE: usize = 256 << 20;

/// The deepest nesting of lists and maps.
pub const DEEPEST_NESTING: usize = 16;

/// The values of the source number `index`.
///
/// # Errors
///
/// The first thing that is not YAML, or not YAML as a policy uses it; boxed as it is rare and large.
pub(super) fn read(source: &Source, index: usize) -> Result<Tape<'_>, Box<Finding>> {
    let refuse = |problem: Refusal| {
        let finding = Finding::new(Place::new(index, problem.at, problem.length), problem.message);
        Box::new(match problem.hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        })
    };
    read_in_pieces(source.content(), index, pieces::LEAST).map_err(refuse)
}

fn read_in_pieces(content: &[u8], index: usize, least: usize) -> Result<Tape<'_>, Refusal> {
    record::record(&guard::check(content, least)?, index)
}

#[cfg(test)]
mod tests {
    use super::{LARGEST_FILE, read};
    use crate::policy::Source;

    fn refusal(text: impl Into<Vec<u8>>) -> String {
        let source = Source { name: "p.yaml".to_owned(), text: text.into() };
        let finding = read(&source, 0).expect_err("refused");
        let mut findings = crate::policy::findings::Findings::default();
        findings.report(*finding);
        findings.resolve(&[source]).kept()[0].message.clone()
    }

    #[test]
    fn hostile_nesting_never_reaches_the_parser() {
        for opening in ["[", "{", "[\"]\",", "[']',", "[#]\n", "- ", "? ", "{a: ", "a: [b\n, "] {
            let text = opening.repeat(200_000 / opening.len());
            let message = refusal(text);
            let known = ["nested deeper than 16", "explicit key", "not valid YAML"];
            assert!(known.iter().any(|known| message.contains(known)), "{opening}: {message}");
        }
    }

    #[test]
    fn nesting_cannot_hide_behind_a_value_of_several_lines() {
        let hidden = format!("a: b\n  \"\nc: {}", "[".repeat(200_000));
        assert_eq!(refusal(hidden), "the value `b` goes on in the next line");
        let hidden = format!("a: [b\n\"{}", "[".repeat(200_000));
        assert_eq!(refusal(hidden), "the value `b` goes on in the next line");
    }

    #[test]
    fn values_that_are_written_as_nothing_are_read_in_one_pass() {
        for line in ["-\n", "- # nothing\n"] {
            let source = Source { name: String::new(), text: line.repeat(50_000).into() };
            assert_eq!(read(&source, 0).unwrap().root().items().count(), 50_000);
        }
    }

    #[test]
    fn a_billion_laughs_stop_at_the_first_anchor() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..10 {
            let before = format!("*a{}, ", level - 1).repeat(9);
            text = format!("{text}a{level}: &a{level} [{before}]\n");
        }
        assert_eq!(refusal(text), "anchors are not part of the policy language");
    }

    #[test]
    fn a_file_that_is_too_large_is_not_even_looked_at() {
        assert_eq!(refusal(vec![0; LARGEST_FILE + 1]), "the file is larger than 256 MiB");
    }
}
