//! What is wrong with a policy, as values for people and programs.

use super::source::Location;

/// The most diagnostics that one run reports; the rest is counted.
pub const MOST_DIAGNOSTICS: usize = 20;

/// The longest excerpt of a source line in characters.
const LONGEST_EXCERPT: usize = 100;

/// The characters that an excerpt keeps before the marked value when it cuts the line.
const EXCERPT_LEAD: usize = 30;

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The file; empty if there is none.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column of the value, from 1, in characters.
    pub column: usize,
    /// The line with the value.
    pub excerpt: Excerpt,
    /// What is wrong: one sentence that names the value in backticks.
    pub message: String,
    /// Other places that have to do with it.
    pub notes: Vec<Note>,
    /// What to do.
    pub hint: Option<String>,
}

/// A source line, or the part of a long one around a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Excerpt {
    /// The text; `…` stands where a long line was cut.
    pub text: String,
    /// The characters before the value.
    pub lead: usize,
    /// The characters of the value, at least 1.
    pub width: usize,
}

/// Another place that has to do with a diagnostic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// What is there, such as `first given at`.
    pub message: String,
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// All that is wrong with a policy, sorted by place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostics {
    pub(super) kept: Vec<Diagnostic>,
    pub(super) left_out: usize,
}

impl Diagnostics {
    /// The first [`MOST_DIAGNOSTICS`] by place.
    #[must_use]
    pub fn kept(&self) -> &[Diagnostic] {
        &self.kept
    }

    /// How many more there are.
    #[must_use]
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// How many there are in all, at least 1.
    #[must_use]
    pub fn count(&self) -> usize {
        self.kept.len() + self.left_out
    }

    /// The one diagnostic that no file is to blame for.
    pub(super) fn without_place(message: String) -> Self {
        let excerpt = Excerpt { text: String::new(), lead: 0, width: 1 };
        let diagnostic = Diagnostic {
            file: String::new(),
            line: 0,
            column: 0,
            excerpt,
            message,
            notes: Vec::new(),
            hint: None,
        };
        Self { kept: vec![diagnostic], left_out: 0 }
    }
}

impl Excerpt {
    /// The line of `location`, cut on both sides of the value if it is long.
    pub(super) fn of(location: &Location<'_>) -> Self {
        let lead = location.before.chars().count();
        let line = || location.before.chars().chain(location.marked.chars());
        let whole = line().chain(location.after.chars());
        let fits = whole.clone().nth(LONGEST_EXCERPT).is_none();
        let skipped = if fits || lead <= EXCERPT_LEAD { 0 } else { lead - EXCERPT_LEAD };
        let mut text = String::new();
        if skipped > 0 {
            text.push('…');
        }
        text.extend(whole.clone().skip(skipped).take(LONGEST_EXCERPT));
        if whole.skip(skipped).nth(LONGEST_EXCERPT).is_some() {
            text.push('…');
        }
        let lead = lead - skipped + usize::from(skipped > 0);
        let shown = text.chars().count().saturating_sub(lead).max(1);
        Self { text, lead, width: location.marked.chars().count().clamp(1, shown) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Excerpt, LONGEST_EXCERPT};
    use crate::policy::Source;
    use crate::policy::source::Place;

    #[test]
    fn a_long_line_is_cut_on_both_sides_of_the_value() {
        let text = format!("{}value{}", "a".repeat(500_000), "b".repeat(500_000));
        let sources = [Source { name: String::new(), text: text.into_bytes() }];
        let excerpt = Excerpt::of(&Place::new(0, 500_000, 5).locate(&sources));
        let marked: String = excerpt.text.chars().skip(excerpt.lead).take(excerpt.width).collect();
        assert_eq!(marked, "value");
        assert!(excerpt.text.starts_with('…') && excerpt.text.ends_with('…'));
        assert_eq!(excerpt.text.chars().count(), LONGEST_EXCERPT + 2);
    }
}
