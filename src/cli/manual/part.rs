//! What pages are made of.

use std::fmt::Display;

use clap::{Arg, Command};
use roff::{Roff, bold, italic, roman};

use crate::cli::exit::EXIT_CODES;

/// What heads the examples at the end of a command's long help.
const EXAMPLE: &str = "Example:\n";

/// The heading of the page called `name`.
pub(super) fn title(roff: &mut Roff, name: &str, program: &Command) {
    let version = format!("hairnat {}", program.get_version().unwrap_or_default());
    // The blank stands for the date, of which there is none.
    roff.control("TH", [name, "8", " ", version.as_str(), "System administration"]);
}

/// How a command is called.
pub(super) fn usage(roff: &mut Roff, command: &mut Command) {
    let usage = command.render_usage().to_string();
    let (program, rest) = usage.split_once(command.get_name()).unwrap_or_default();
    let program = program.trim_start_matches("Usage: ");
    roff.text([bold(format!("{program}{}", command.get_name())), roman(rest)]);
    roff.control("br", []);
}

/// What there is to know about a command, without its examples.
pub(super) fn prose(roff: &mut Roff, command: &Command) {
    let prose = long_help(command);
    let prose = prose.split(EXAMPLE).next().unwrap_or_default().trim();
    for paragraph in prose.split("\n\n").filter(|paragraph| !paragraph.is_empty()) {
        roff.control("PP", []).text([roman(paragraph.replace('\n', " "))]);
    }
}

/// The examples of a command, a line each.
pub(super) fn example(command: &Command) -> Option<Vec<String>> {
    let help = long_help(command);
    let (_, lines) = help.split_once(EXAMPLE)?;
    Some(lines.lines().map(|line| line.trim().to_owned()).collect())
}

/// Lines as they are.
pub(super) fn literal(roff: &mut Roff, lines: &[String]) {
    roff.control("PP", []).control("RS", ["4"]).control("nf", []);
    for line in lines {
        roff.text([roman(line)]);
    }
    roff.control("fi", []).control("RE", []);
}

/// The arguments that not every command takes.
pub(super) fn own_arguments(command: &Command) -> impl Iterator<Item = &Arg> {
    let everywhere =
        |arg: &&Arg| arg.is_global_set() || matches!(arg.get_id().as_str(), "help" | "version");
    command.get_arguments().filter(move |arg| !everywhere(arg))
}

/// An argument with its help.
pub(super) fn argument(roff: &mut Roff, arg: &Arg) {
    roff.control("TP", []);
    let short = arg.get_short().map(|short| format!("-{short}"));
    let long = arg.get_long().map(|long| format!("--{long}"));
    let mut head = Vec::new();
    for spelling in short.into_iter().chain(long) {
        if !head.is_empty() {
            head.push(roman(", "));
        }
        head.push(bold(spelling));
    }
    if arg.is_positional() || arg.get_action().takes_values() {
        if !head.is_empty() {
            head.push(roman(" "));
        }
        let names = arg.get_value_names().unwrap_or_default();
        head.extend(names.iter().map(|name| italic(name.as_str())));
    }
    roff.text(head);
    let help = arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default();
    let paragraphs: Vec<String> =
        help.split("\n\n").map(|paragraph| sentence(&paragraph.replace('\n', " "))).collect();
    roff.text([roman(paragraphs.join(" "))]);
    let values: Vec<String> = arg
        .get_possible_values()
        .iter()
        .map(|value| match value.get_help() {
            Some(help) => format!("{} ({})", value.get_name(), lowered(&help.to_string())),
            None => value.get_name().to_owned(),
        })
        .collect();
    if arg.get_action().takes_values() && !values.is_empty() {
        roff.text([roman(format!("One of: {}.", values.join(", ")))]);
    }
}

/// The exit codes.
pub(super) fn exit_status(roff: &mut Roff) {
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in EXIT_CODES {
        item(roff, code, meaning);
    }
}

/// The variables that hairnat looks at.
pub(super) fn environment(roff: &mut Roff) {
    roff.control("SH", ["ENVIRONMENT"]);
    item(roff, "NO_COLOR", "Not empty: nothing is coloured unless --color says so.");
}

/// A term with its meaning.
pub(super) fn item(roff: &mut Roff, term: impl Display, meaning: &str) {
    roff.control("TP", []).text([bold(term.to_string())]).text([roman(sentence(meaning))]);
}

/// What a command does, in a line without a full stop.
pub(super) fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// The text with a small first letter, to go on after other words.
pub(super) fn lowered(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

fn long_help(command: &Command) -> String {
    command.get_after_long_help().map(ToString::to_string).unwrap_or_default()
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}
