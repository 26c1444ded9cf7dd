//! YAML: bytes in, a [`Tape`] of values with places out.
//!
//! This folder is the only one that knows `serde_yaml`, which is archived upstream. What the policy
//! language leaves out (aliases, tags, blocks of text, several documents) and what takes the
//! library more than linear time (deep nesting) is refused by `guard` before the library sees it.
//!
//! The library is most of what a large policy costs: of the readers measured only those that stop
//! at events are faster (saphyr-parser 0.6 of its time, yaml-rust2 and libyaml-safer 0.7), which
//! leaves typed values and the resolution of scalars to be written here; serde-saphyr takes 2.3
//! times as long. So it stays, reads a long section on all cores, and is not asked what it need
//! not know.

mod guard;
mod pieces;
mod record;
mod recorder;
mod refusal;
mod scan;
mod stream;
mod tape;

use super::findings::Finding;
use super::source::{Place, Source};
use refusal::Refusal;
use stream::Limits;
pub(super) use stream::Worker;
pub(super) use tape::{Kind, Tape, Value};

/// The largest policy file in bytes.
pub const LARGEST_FILE: usize = 256 << 20;

/// The deepest nesting of lists and maps.
pub const DEEPEST_NESTING: usize = 16;

/// The values of the source number `index`: a tape with at least the first entry of `section`, and
/// workers that have taken all entries which are not on the tape.
///
/// # Errors
///
/// The first thing that is not YAML, or not YAML as a policy uses it; boxed as it is rare and large.
pub(super) fn read<'a, W: Worker>(
    source: &'a Source,
    index: usize,
    section: &str,
) -> Result<(Tape<'a>, Vec<W>), Box<Finding>> {
    let refuse = |problem: Refusal| {
        let finding = Finding::new(Place::new(index, problem.at, problem.length), problem.message);
        Box::new(match problem.hint {
            Some(hint) => finding.hint(hint),
            None => finding,
        })
    };
    let text = guard::text(source.content()).map_err(refuse)?;
    stream::read(text, index, section, Limits::for_text(text.len())).map_err(refuse)
}

#[cfg(test)]
mod tests {
    use super::{LARGEST_FILE, Value, Worker, read};
    use crate::policy::Source;

    /// Takes nothing in.
    #[derive(Default)]
    struct Idle;

    impl Worker for Idle {
        fn take(&mut self, _: Value<'_>) {}
    }

    fn refusal(text: impl Into<Vec<u8>>) -> String {
        let source = Source { name: "p.yaml".to_owned(), text: text.into() };
        let finding = read::<Idle>(&source, 0, "floats").map(|_| ()).expect_err("refused");
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
            let (tape, _) = read::<Idle>(&source, 0, "floats").unwrap();
            assert_eq!(tape.root().items().count(), 50_000);
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
