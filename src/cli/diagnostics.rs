//! Policy diagnostics for the terminal and for programs.

use std::fmt::{self, Write as _};

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use anstream::adapter::strip_str;
use serde_json::{Value, json};

use super::style::{ERROR, FRAME, HINT, NOTE};
use crate::policy::{Diagnostic, Diagnostics, Excerpt, Note};
use crate::printable::printable;

/// The diagnostics as text, each followed by an empty line, and how many were left out.
#[must_use]
pub fn text(diagnostics: &Diagnostics, color: bool) -> String {
    let styled = styled(diagnostics);
    if color { styled } else { strip_str(&styled).to_string() }
}

/// The diagnostics for a stream that takes the style off where it is not wanted.
pub(super) fn styled(diagnostics: &Diagnostics) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics.kept() {
        // Writing to a String never fails.
        let _ = write_one(diagnostic, &mut out);
        out.push('\n');
    }
    if diagnostics.left_out() > 0 {
        let plural = if diagnostics.left_out() == 1 { "" } else { "s" };
        let _ = writeln!(out, "… and {} more error{plural}", diagnostics.left_out());
    }
    out
}

/// The diagnostics as the `diagnostics` of an error object.
#[must_use]
pub fn json(diagnostics: &Diagnostics) -> Value {
    diagnostics.kept().iter().map(one_json).collect()
}

fn one_json(diagnostic: &Diagnostic) -> Value {
    let Diagnostic { file, line, column, message, notes, hint, .. } = diagnostic;
    let note = |Note { message, file, line, column }: &Note| json!({ "file": file, "line": line, "column": column, "message": message });
    json!({
        "file": file,
        "line": line,
        "column": column,
        "message": message,
        "notes": notes.iter().map(note).collect::<Value>(),
        "hint": hint,
    })
}

fn write_one(diagnostic: &Diagnostic, out: &mut String) -> fmt::Result {
    let Diagnostic { file, line, column, excerpt, message, notes, hint } = diagnostic;
    writeln!(out, "{ERROR}error:{ERROR:#} {}", printable(message))?;
    if !file.is_empty() {
        // The arrow points at the frame, which moves with the width of the line number.
        let arrow = format!("{:>width$}", "-->", width = line.to_string().len() + 4);
        writeln!(out, "{FRAME}{arrow}{FRAME:#} {}:{line}:{column}", printable(file))?;
        for framed in framed(*line, excerpt).lines() {
            writeln!(out, " {framed}")?;
        }
    }
    for Note { message, file, line, column } in notes {
        let file = printable(file);
        writeln!(out, "  {NOTE}note:{NOTE:#} {message} {file}:{line}:{column}")?;
    }
    if let Some(hint) = hint {
        writeln!(out, "  {HINT}hint:{HINT:#} {}", printable(hint))?;
    }
    Ok(())
}

/// The source line in its frame, with carets below the value.
fn framed(line: usize, excerpt: &Excerpt) -> String {
    let renderer = Renderer::styled().error(ERROR).line_num(FRAME).context(FRAME);
    let mut text = String::new();
    let mut value = None;
    let mut end = 0;
    for (position, character) in excerpt.text.chars().enumerate() {
        if position == excerpt.lead {
            value = Some(text.len());
        }
        // The renderer knows the width of a tab.
        if character == '\t' {
            text.push(character);
        } else {
            text.push_str(&printable(character.encode_utf8(&mut [0; 4])));
        }
        if position < excerpt.lead + excerpt.width {
            end = text.len();
        }
    }
    // A value after the last character, such as one that is missing.
    let span = value.unwrap_or(text.len())..end;
    let snippet =
        Snippet::source(&text).line_start(line).annotation(AnnotationKind::Primary.span(span));
    renderer.render(&[Group::with_level(Level::ERROR).element(snippet)])
}

#[cfg(test)]
mod tests {
    use super::{json, text};
    use crate::policy::{Diagnostics, Source, parse};
    use crate::printable::is_invisible;

    fn diagnostics(text: &str) -> Diagnostics {
        let source = Source { name: "policy.yaml".to_owned(), text: text.into() };
        parse(&[source]).unwrap_err()
    }

    #[test]
    fn the_layout_is_that_of_the_manual() {
        let policy = "fixed: [10.0.0.0/24]\nfloats:\n  203.0.113.10: 10.0.0.11\n\n\n\n\n\n  203.0.113.10: 10.0.0.12\n";
        let expected = "\
error: float `203.0.113.10` is given twice
  --> policy.yaml:9:3
   |
 9 |   203.0.113.10: 10.0.0.12
   |   ^^^^^^^^^^^^
  note: first given at policy.yaml:3:3
  hint: one float leads to one fixed address; use `ports` to share it between instances

";
        assert_eq!(text(&diagnostics(policy), false), expected);
    }

    #[test]
    fn the_caret_stands_below_the_value_after_wide_characters_and_tabs() {
        let policy =
            "fixed: [10.0.0.0/24]\nfloats: {203.0.113.1: {name: \"日本\té\", fixed: 10.9.9.9}}\n";
        let text = text(&diagnostics(policy), false);
        let under = |line: &str| line.split_once("| ").unwrap().1.to_owned();
        let lines: Vec<&str> = text.lines().collect();
        assert!(lines.iter().any(|line| line.contains("invisible character")), "{text}");
        let policy = policy.replace('\t', " ");
        let text = super::text(&diagnostics(&policy), false);
        let source = under(text.lines().nth(3).unwrap());
        let caret = under(text.lines().nth(4).unwrap());
        // Each of 日 and 本 is two columns wide.
        let column = source.split("10.9.9.9").next().unwrap().chars().count() + 2;
        assert_eq!(caret, format!("{}^^^^^^^^", " ".repeat(column)));
    }

    #[test]
    fn a_line_of_a_megabyte_does_not_flood_the_terminal() {
        let policy =
            format!("fixed: [10.0.0.0/24, {}10.0.0.5/24]\n", "10.0.0.0/24, ".repeat(80_000));
        let text = text(&diagnostics(&policy), false);
        assert!(text.contains("--> policy.yaml:1:1040022"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() < 120), "{text}");
    }

    #[test]
    fn no_invisible_character_of_a_policy_reaches_the_terminal() {
        let reaches = |c: char| is_invisible(c) && c != '\n';
        for invisible in (0..0xe1000).filter_map(char::from_u32).filter(|&c| is_invisible(c)) {
            let policy = format!("fixd: []\nfixed: [\"{invisible}[2J\"]\n");
            let source = Source { name: format!("p{invisible}.yaml"), text: policy.into() };
            let text = text(&parse(&[source]).unwrap_err(), false);
            assert!(!text.contains(reaches), "{text:?}");
        }
    }

    #[test]
    fn colour_appears_only_when_asked_for() {
        let diagnostics = diagnostics("fixd: []\n");
        assert!(!text(&diagnostics, false).contains('\u{1b}'));
        assert!(
            text(&diagnostics, true).contains("\u{1b}[1m\u{1b}[31merror:\u{1b}[0m unknown key")
        );
    }

    #[test]
    fn programs_get_the_place_and_the_words() {
        let expected = serde_json::json!([{
            "file": "policy.yaml",
            "line": 1,
            "column": 1,
            "message": "unknown key `fixd` in the policy",
            "notes": [],
            "hint": "did you mean `fixed`?",
        }]);
        assert_eq!(json(&diagnostics("fixd: []\n")), expected);
    }
}
