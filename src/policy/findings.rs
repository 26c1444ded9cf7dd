//! Collecting what is wrong while reading goes on.

use super::diagnostic::{Diagnostic, Diagnostics, Excerpt, MOST_DIAGNOSTICS, Note};
use super::source::{Place, Source};

/// One thing that is wrong, with places still as offsets.
#[derive(Debug)]
pub(super) struct Finding {
    place: Place,
    message: String,
    notes: Vec<(&'static str, Place)>,
    hint: Option<String>,
}

impl Finding {
    /// `message` about the value at `place`.
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        Self { place, message: message.into(), notes: Vec::new(), hint: None }
    }

    /// With another place; `message` is followed by it.
    #[must_use]
    pub(super) fn note(mut self, message: &'static str, place: Place) -> Self {
        self.notes.push((message, place));
        self
    }

    /// With what to do.
    #[must_use]
    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    fn resolve(self, sources: &[Source]) -> Diagnostic {
        let location = self.place.locate(sources);
        let note = |(message, place): (&str, Place)| {
            let location = place.locate(sources);
            Note {
                message: message.to_owned(),
                file: location.file.to_owned(),
                line: location.line,
                column: location.column(),
            }
        };
        Diagnostic {
            file: location.file.to_owned(),
            line: location.line,
            column: location.column(),
            excerpt: Excerpt::of(&location),
            message: self.message,
            notes: self.notes.into_iter().map(note).collect(),
            hint: self.hint,
        }
    }
}

/// All that is wrong so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    list: Vec<Finding>,
    left_out: usize,
}

impl Findings {
    /// The number of findings that are held before all but the first are dropped, so that hostile
    /// input cannot fill the memory with messages.
    const MOST_HELD: usize = 64 * MOST_DIAGNOSTICS;

    /// Adds a finding.
    pub(super) fn report(&mut self, finding: Finding) {
        self.list.push(finding);
        if self.list.len() >= Self::MOST_HELD {
            self.shrink();
        }
    }

    /// Adds what is wrong elsewhere.
    pub(super) fn append(&mut self, other: Self) {
        self.left_out += other.left_out;
        other.list.into_iter().for_each(|finding| self.report(finding));
    }

    /// Whether nothing is wrong.
    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many things are wrong so far.
    pub(super) fn count(&self) -> usize {
        self.list.len() + self.left_out
    }

    /// Keeps the first by place and counts the rest.
    fn shrink(&mut self) {
        self.list.sort_by_key(|finding| finding.place);
        self.left_out += self.list.len().saturating_sub(MOST_DIAGNOSTICS);
        self.list.truncate(MOST_DIAGNOSTICS);
    }

    /// The diagnostics, with lines and columns looked up in `sources`.
    pub(super) fn resolve(mut self, sources: &[Source]) -> Diagnostics {
        self.shrink();
        let kept = self.list.into_iter().map(|finding| finding.resolve(sources)).collect();
        Diagnostics { kept, left_out: self.left_out }
    }
}

#[cfg(test)]
mod tests {
    use super::{Finding, Findings};
    use crate::policy::Source;
    use crate::policy::source::Place;

    #[test]
    fn the_first_by_place_are_kept_and_the_rest_is_counted() {
        let source = Source { name: "p.yaml".to_owned(), text: vec![b'x'; 9_000] };
        let mut findings = Findings::default();
        for start in (0..9_000).rev() {
            findings.report(Finding::new(Place::new(0, start, 1), "wrong"));
        }
        let diagnostics = findings.resolve(&[source]);
        let columns: Vec<usize> = diagnostics.kept().iter().map(|one| one.column).collect();
        assert_eq!(columns, (1..=20).collect::<Vec<_>>());
        assert_eq!(diagnostics.count(), 9_000);
    }
}
