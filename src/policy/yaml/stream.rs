//! One long section of a document, read by all cores at once.
//!
//! The guard walks through the text and hands out pieces of entries as it goes; workers read each
//! with the YAML library and take it in. A million floats are never in memory as values, only as
//! what the workers make of them.

use std::num::NonZeroUsize;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::thread;

use super::guard;
use super::pieces::Cuts;
use super::record::{self, PieceReader};
use super::refusal::Refusal;
use super::tape::{Tape, Value};

/// How a document is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// The least bytes of a piece.
    pub(super) piece: usize,
    /// The most threads.
    pub(super) threads: usize,
}

/// Texts shorter than this are read before a thread is at work.
const WORTH_A_THREAD: usize = 128 << 10;

/// More threads than this would wait for the guard.
const MOST_THREADS: usize = 8;

impl Limits {
    /// For a text of `length` bytes on this machine.
    pub(super) fn for_text(length: usize) -> Self {
        let cores = || thread::available_parallelism().map_or(1, NonZeroUsize::get);
        let threads = if length < WORTH_A_THREAD { 1 } else { cores().min(MOST_THREADS) };
        Self { piece: super::pieces::LEAST, threads }
    }
}

/// Someone who takes entries in.
pub(in crate::policy) trait Worker: Default + Send {
    /// Takes a map with some entries of the section.
    fn take(&mut self, entries: Value<'_>);
}

/// Reads `text` as the source number `source`: a tape with at least the first entry of `section`,
/// and workers that have taken all entries which are not on the tape.
pub(super) fn read<'a, W: Worker>(
    text: &'a str,
    source: usize,
    section: &str,
    limits: Limits,
) -> Result<(Tape<'a>, Vec<W>), Refusal> {
    let (sender, receiver) = mpsc::channel::<Range<usize>>();
    let pieces = Pieces { receiver: Mutex::new(receiver), given_up: AtomicBool::new(false) };
    let work = || {
        let mut worker = W::default();
        let mut reader = PieceReader::new(text, source);
        while let Some(piece) = pieces.next() {
            if reader.read(piece, |entries| worker.take(entries)).is_none() {
                pieces.give_up();
            }
        }
        worker
    };
    let (passed, workers) = thread::scope(|scope| {
        let spawn = |_| thread::Builder::new().spawn_scoped(scope, work).ok();
        let helpers: Vec<_> = (1..limits.threads).map_while(spawn).collect();
        // Nobody is left to receive only if all have given up.
        let mut hand_out = |piece| drop(sender.send(piece));
        let passed = guard::check(text, Cuts::new(text, section, limits.piece, &mut hand_out));
        drop(sender);
        if !matches!(&passed, Ok(passed) if passed.rest.is_some()) {
            pieces.give_up();
        }
        let mut workers = vec![work()];
        for helper in helpers {
            match helper.join() {
                Ok(worker) => workers.push(worker),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        (passed, workers)
    });
    let passed = passed?;
    if let Some(rest) = &passed.rest
        && !pieces.given_up.into_inner()
        && let Some(tape) = record::rest(text, source, rest, section)
    {
        return Ok((tape, workers));
    }
    drop(workers);
    // For the words and the place of its error, or because there is nothing to be gained.
    Ok((record::whole(text, source, passed.values)?, Vec::new()))
}

/// The pieces that are still to be read.
struct Pieces {
    receiver: Mutex<mpsc::Receiver<Range<usize>>>,
    /// Set once the text has to be read as a whole.
    given_up: AtomicBool,
}

impl Pieces {
    /// Waits for the next piece; `None` behind the last one.
    fn next(&self) -> Option<Range<usize>> {
        let receiver = self.receiver.lock().unwrap_or_else(PoisonError::into_inner);
        let piece = receiver.recv().ok()?;
        (!self.given_up.load(Ordering::Relaxed)).then_some(piece)
    }

    fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::super::tape::{Kind, Value};
    use super::{Limits, Worker, guard, read};

    /// Keeps every entry as text.
    #[derive(Default)]
    struct Keeper(Vec<String>);

    impl Worker for Keeper {
        fn take(&mut self, entries: Value<'_>) {
            self.0.extend(entries.entries().map(|(key, value)| shown(key) + &shown(value)));
        }
    }

    /// A value with its place and all that it contains. Whether a scalar is a number makes no
    /// difference to a float.
    fn shown(value: Value<'_>) -> String {
        let inside: String = match value.kind() {
            Kind::List => value.items().map(shown).collect(),
            Kind::Map => value.entries().map(|(key, value)| shown(key) + &shown(value)).collect(),
            _ => value.text().to_owned(),
        };
        let kind = match value.kind() {
            Kind::Number => Kind::Text,
            kind => kind,
        };
        format!("{:?} {kind:?} {} {inside}\n", value.place(), value.is_quoted())
    }

    /// All that is read of `text`, and how many pieces of `section` were read apart.
    fn all(text: &str, section: &str, limits: Limits) -> Result<(Vec<String>, usize), String> {
        let (tape, keepers) =
            read::<Keeper>(text, 7, section, limits).map_err(|refusal| format!("{refusal:?}"))?;
        let apart = keepers.iter().map(|keeper| keeper.0.len()).sum();
        let mut all: Vec<String> = keepers.into_iter().flat_map(|keeper| keeper.0).collect();
        match tape.root().kind() {
            Kind::Map => all.extend(tape.root().entries().flat_map(|(key, value)| {
                let mut seen = vec![shown(key)];
                if key.text() == section && value.kind() == Kind::Map {
                    seen.extend(value.entries().map(|(key, value)| shown(key) + &shown(value)));
                } else {
                    seen.push(shown(value));
                }
                seen
            })),
            _ => all.push(shown(tape.root())),
        }
        all.sort_unstable();
        Ok((all, apart))
    }

    const SMALLEST: Limits = Limits { piece: 1, threads: 3 };

    /// What is read in the smallest pieces by several threads is what is read as a whole, errors
    /// too. Gives how many entries were read apart.
    #[track_caller]
    fn pieces_change_nothing(text: &str, section: &str) -> usize {
        let whole = all(text, section, Limits { piece: usize::MAX, threads: 1 });
        let pieces = all(text, section, SMALLEST);
        let apart = pieces.as_ref().map_or(0, |&(_, apart)| apart);
        let values = |read: Result<(Vec<String>, usize), String>| read.map(|(values, _)| values);
        assert_eq!(values(pieces), values(whole), "{text}");
        apart
    }

    #[test]
    fn a_section_goes_on_where_it_was_cut() {
        for (text, apart) in [
            ("a:\n  b: 1\n  c: 2\n  d: 3\ne: 4\n", 2),
            ("z: 0\na:\n  b: 1\n  c: 2\n", 1),
            ("---\na: # x\n  'b': 1\n\n # y\n  \"c\": {x: 2,\n  y: 3}\n  d:\nf:\n  g: ~\n...\n", 2),
            ("a:\n    b:\n      x: 1\n      y: 2\n    c:\n      z: 3\n    d: [e, f]\ng: h", 2),
            ("a:\r\n  b: 1\r\n  c: \"x\\x41\"\r\n  d: 3\r\n", 2),
            ("a:\n  1: 2\n  3:\n    4: 5\n  6: {7: 8}\n  9:\n    - 10\n    - 11: 12\n", 0),
            ("a:\n  1: 2\n  3: {4: [5, 6]}\n  6:\n    - 7\n    - 8\n  9:\n    x:\n      y: 1\n", 3),
            (
                "a:\n  b: 1\n  2:\n    x: true\n    y: ~\n    z: null\n  3:\n  4: # none\n  5: 6\n",
                4,
            ),
        ] {
            assert_eq!(pieces_change_nothing(text, "a"), apart, "{text}");
        }
    }

    #[test]
    fn what_only_looks_like_an_entry_is_none() {
        for text in [
            "a:\n- b: 1\n  c: 2\n  d: 3\n- e: 4\n  f: 5\n",
            " a:\n  b: 1\n c:\n  d: 2\n e: 3\n",
            "a:\n  b: 1\n c: 2\n  d: 3\n",
            "a: x\n  b: 1\n  c: 2\n",
            "a: {}\n  b: 1\n  c: 2\n",
            "a:\n  b: \"x\n  c: y\"\n",
            "a:\n  b:\n   c: 1\n   d: 2\n  e: 3\nf\n",
            "a:\n  b: 1\n  - c\n  d: 2\n",
            "- a: 1\n  b: 2\n  c: 3\n",
            "a:\n  b: 1\n  c: 2\n  d: @\n",
            "a:\n  b: 1\n  c: 2\ne: 3\na:\n  b: 4\n  f: 5\n",
            "b:\n  c: 1\n  d: 2\n  e: 3\n",
            "a: 1\n",
            "",
        ] {
            assert_eq!(pieces_change_nothing(text, "a"), 0, "{text}");
        }
    }

    #[test]
    fn a_value_that_goes_on_for_lines_stays_in_one_piece() {
        let text = "a:\n  b: 'x\n\n  c: y\n'\n  d: 2\n  e: \"x\n  f: y\"\n";
        assert_eq!(pieces_change_nothing(text, "a"), 2);
    }

    #[test]
    fn a_piece_that_is_nested_too_deep_is_refused_as_the_whole_is() {
        let deep = format!("a:\n  b: 1\n  c: {}{}\n", "[".repeat(15), "]".repeat(15));
        assert_eq!(pieces_change_nothing(&deep, "a"), 0);
        let deep = deep.replace("[[", "[").replace("]]", "]");
        assert_eq!(pieces_change_nothing(&deep, "a"), 1);
    }

    #[test]
    fn many_sections_do_not_make_a_piece_dearer() {
        let (sections, entries) = ("k:\n".repeat(400_000), "  e:\n".repeat(100_000));
        let text = format!("{sections}last:\n{entries}");
        let (tape, keepers) = read::<Keeper>(&text, 0, "last", SMALLEST).unwrap();
        assert_eq!(tape.root().entries().count(), 400_001);
        assert_eq!(keepers.iter().map(|keeper| keeper.0.len()).sum::<usize>(), 99_999);
    }

    #[test]
    fn every_policy_of_the_tests_reads_the_same_in_pieces() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let (mut count, mut apart) = (0, 0);
        for folder in ["tests/policy", "tests/compile", "policies"] {
            for entry in fs::read_dir(root.join(folder)).unwrap() {
                let text = fs::read_to_string(entry.unwrap().path()).unwrap();
                let parts = text.split("==> ").filter_map(|part| part.split_once(" <==\n"));
                for text in parts.map(|(_, text)| text).chain([text.as_str()]) {
                    if guard::text(text.as_bytes()).is_ok() {
                        apart += pieces_change_nothing(text, "floats");
                        count += 1;
                    }
                }
            }
        }
        assert!(count > 150 && apart > 100, "only {count} policies, {apart} entries apart");
    }
}
