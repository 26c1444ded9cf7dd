//! The manual page, from the same definition as the help: one page, all commands in it.

use std::fmt::Display;

use clap::{Arg, Command, CommandFactory};
use roff::{Roff, bold, italic, roman};

use super::args::Cli;
use super::exit::EXIT_CODES;

/// What heads the examples at the end of a command's long help.
const EXAMPLE: &str = "Example:\n";

const DESCRIPTION: [&str; 3] = [
    "Instances on a Linux bridge have fixed addresses, and the outside knows them by floating ones, \
     floats for short. hairnat keeps the rules by which every instance reaches every float, also \
     its own, in two tables of nftables: `inet hairnat` and `bridge hairnat`. It touches no other \
     table.",
    "A policy, a YAML document, declares the networks of the instances and which float leads to \
     which instance. The kernel is the state: hairnat reads what is live, compares it with what \
     the policy compiles to, and sends the difference as one transaction, which the kernel takes \
     whole or not at all. What anybody changed in the two tables by hand is shown by diff and \
     mended by apply.",
    "Results are written to standard output, warnings and errors to standard error; with -o json \
     the one object on standard output has all of them.",
];

const FILES: [(&str, &str); 2] = [
    ("/etc/hairnat/policy.yaml", "The policy when no FILE is given."),
    ("/etc/hairnat/policy.d/*.yaml, *.yml", "More files of that policy, in byte order."),
];

const SEE_ALSO: &str = "nft(8), bridge(8), sysctl(8), network_namespaces(7)";

/// The page in roff.
pub(super) fn page() -> String {
    let mut program = Cli::command();
    program.build();
    let mut roff = Roff::new();
    let title = format!("hairnat {}", program.get_version().unwrap_or_default());
    // The blank stands for the date, of which there is none.
    roff.control("TH", ["HAIRNAT", "8", " ", title.as_str(), "System administration"]);
    roff.control("SH", ["NAME"]);
    roff.text([roman(format!("hairnat - {}", lowered(&about(&program))))]);
    synopsis(&mut roff, &mut program);
    roff.control("SH", ["DESCRIPTION"]);
    for paragraph in DESCRIPTION {
        roff.control("PP", []).text([roman(paragraph)]);
    }
    roff.control("SH", ["COMMANDS"]);
    for command in commands(&program) {
        describe(&mut roff, command);
    }
    roff.control("SH", ["OPTIONS"]);
    program.get_arguments().for_each(|arg| argument(&mut roff, arg));
    roff.control("SH", ["EXIT STATUS"]);
    for (code, meaning) in EXIT_CODES {
        item(&mut roff, code, meaning);
    }
    roff.control("SH", ["ENVIRONMENT"]);
    item(&mut roff, "NO_COLOR", "Not empty: nothing is coloured unless --color says so.");
    roff.control("SH", ["FILES"]);
    for (path, meaning) in FILES {
        item(&mut roff, path, meaning);
    }
    examples(&mut roff, &program);
    roff.control("SH", ["SEE ALSO"]);
    roff.text([roman(SEE_ALSO)]);
    roff.to_roff()
}

fn synopsis(roff: &mut Roff, program: &mut Command) {
    roff.control("SH", ["SYNOPSIS"]);
    for command in program.get_subcommands_mut().filter(|command| command.get_name() != "help") {
        let usage = command.render_usage().to_string();
        let (program, rest) = usage.split_once(command.get_name()).unwrap_or_default();
        let program = program.trim_start_matches("Usage: ");
        roff.text([bold(format!("{program}{}", command.get_name())), roman(rest)]);
        roff.control("br", []);
    }
}

fn commands(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|command| command.get_name() != "help")
}

/// What a command does, and the options that it alone has.
fn describe(roff: &mut Roff, command: &Command) {
    roff.control("SS", [format!("hairnat {}", command.get_name()).as_str()]);
    roff.text([roman(format!("{}.", about(command)))]);
    let prose = long_help(command);
    let prose = prose.split(EXAMPLE).next().unwrap_or_default().trim();
    if !prose.is_empty() {
        roff.control("PP", []).text([roman(prose.replace('\n', " "))]);
    }
    // What every command takes is below OPTIONS, also what clap adds to each.
    let everywhere =
        |arg: &Arg| arg.is_global_set() || matches!(arg.get_id().as_str(), "help" | "version");
    command.get_arguments().filter(|arg| !everywhere(arg)).for_each(|arg| argument(roff, arg));
}

fn argument(roff: &mut Roff, arg: &Arg) {
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

/// The examples of every command, each below what it is for.
fn examples(roff: &mut Roff, program: &Command) {
    roff.control("SH", ["EXAMPLES"]);
    for command in commands(program) {
        let help = long_help(command);
        let Some((_, lines)) = help.split_once(EXAMPLE) else { continue };
        roff.control("PP", []).text([roman(format!("{}:", about(command)))]);
        roff.control("PP", []).control("RS", ["4"]).control("nf", []);
        lines.lines().for_each(|line| {
            roff.text([roman(line.trim())]);
        });
        roff.control("fi", []).control("RE", []);
    }
}

fn item(roff: &mut Roff, term: impl Display, meaning: &str) {
    roff.control("TP", []).text([bold(term.to_string())]).text([roman(sentence(meaning))]);
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn long_help(command: &Command) -> String {
    command.get_after_long_help().map(ToString::to_string).unwrap_or_default()
}

fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}

fn lowered(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}
