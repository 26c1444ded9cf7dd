//! Where a document can be read piece by piece.
//!
//! The library holds all events of what it reads at once, about ten times the text. A map in block
//! style is as good a map from any of its entries on; so a long section, such as `floats`, is cut
//! before some of its entries, and no more than one piece is held at a time.

use std::ops::Range;

/// The least bytes of a piece but the last.
pub(super) const LEAST: usize = 4 << 10;

/// A part of a document that is a map by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// Its bytes.
    pub(super) range: Range<usize>,
    /// Whose entries come next.
    pub(super) map: OpenMap,
}

/// A map that goes on from the piece before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum OpenMap {
    /// None yet: this is the first piece.
    None,
    /// The map of all sections.
    Sections,
    /// The map that the last section is.
    Entries,
}

/// Finds where to cut while the guard walks through the text.
#[derive(Debug)]
pub(super) struct Cuts {
    least: usize,
    pieces: Vec<Piece>,
    /// The column of the first key in the present section; none before there is one.
    column: Option<isize>,
    /// Whether the sections start in the first column, as they have to.
    regular: Option<bool>,
}

impl Cuts {
    /// No cuts yet, and none closer to each other than `least` bytes.
    pub(super) fn new(least: usize) -> Self {
        let first = Piece { range: 0..0, map: OpenMap::None };
        Self { least, pieces: vec![first], column: None, regular: None }
    }

    /// A key of block style is the first token of the line that starts at `line`.
    pub(super) fn key(&mut self, line: usize, column: isize) {
        if !*self.regular.get_or_insert(column == 0) {
            return;
        }
        let Some((start, map)) = self.pieces.last().map(|last| (last.range.start, last.map)) else {
            return;
        };
        if column == 0 {
            self.column = None;
            if map == OpenMap::Entries {
                self.cut(line, OpenMap::Sections);
            }
            return;
        }
        match self.column {
            // The first entry stays with its section: only then is it known to be a map.
            None => self.column = Some(column),
            Some(entries) if column == entries && line - start >= self.least => {
                self.cut(line, OpenMap::Entries);
            }
            Some(_) => {}
        }
    }

    fn cut(&mut self, at: usize, map: OpenMap) {
        if let Some(last) = self.pieces.last_mut() {
            last.range.end = at;
        }
        self.pieces.push(Piece { range: at..at, map });
    }

    /// The pieces of a text of `length` bytes.
    pub(super) fn finish(mut self, length: usize) -> Vec<Piece> {
        if let Some(last) = self.pieces.last_mut() {
            last.range.end = length;
        }
        self.pieces
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use crate::policy::yaml::read_in_pieces;

    /// What is read in the smallest pieces is what is read as a whole, errors too.
    #[track_caller]
    fn pieces_change_nothing(text: &[u8]) {
        let read = |least| read_in_pieces(text, 0, least).map_err(|refusal| format!("{refusal:?}"));
        assert_eq!(read(1), read(usize::MAX), "{}", String::from_utf8_lossy(text));
    }

    #[test]
    fn a_section_goes_on_where_it_was_cut() {
        for text in [
            "a:\n  b: 1\n  c: 2\n  d: 3\ne: 4\n",
            "---\na: # x\n  'b': 1\n\n # y\n  \"c\": {x: 2,\n  y: 3}\n  d:\nf:\n  g: ~\n  h:\n...\n",
            "a:\n    b:\n      x: 1\n      y: 2\n    c:\n      z: 3\n    d: [e, f]\ng: h",
            "a:\r\n  b: 1\r\n  c: \"x\\x41\"\r\n  d: 3\r\n",
        ] {
            pieces_change_nothing(text.as_bytes());
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
            "a:\n  b: \"x\n  c: y\"\n  d: 2\n",
            "a:\n  b: 'x\n\n  c: y\n'\n  d: 2\n",
            "a:\n  b:\n   c: 1\n   d: 2\n  e: 3\nf\n",
            "a:\n  b: 1\n  - c\n  d: 2\n",
            "- a: 1\n  b: 2\n  c: 3\n",
            "a:\n  b: 1\n  c: 2\n  d: @\n",
        ] {
            pieces_change_nothing(text.as_bytes());
        }
    }

    #[test]
    fn many_sections_do_not_make_a_piece_dearer() {
        let (sections, entries) = ("k:\n".repeat(400_000), "  e:\n".repeat(100_000));
        let text = format!("{sections}last:\n{entries}");
        let tape = read_in_pieces(text.as_bytes(), 0, 1).unwrap();
        assert_eq!(tape.root().entries().count(), 400_001);
        assert_eq!(tape.root().entries().last().unwrap().1.entries().count(), 100_000);
    }

    #[test]
    fn every_policy_of_the_tests_reads_the_same_in_pieces() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut count = 0;
        for folder in ["tests/policy", "tests/compile", "policies"] {
            for entry in fs::read_dir(root.join(folder)).unwrap() {
                let text = fs::read_to_string(entry.unwrap().path()).unwrap();
                for part in text.split("==> ").filter_map(|part| part.split_once(" <==\n")) {
                    pieces_change_nothing(part.1.as_bytes());
                    count += 1;
                }
                pieces_change_nothing(text.as_bytes());
            }
        }
        assert!(count > 150, "only {count} policies");
    }
}
