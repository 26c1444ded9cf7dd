//! The manual pages, from the same definition as the help: one of the program with all commands in
//! it, and one a command.

mod command;
mod part;
mod program;

use clap::{Command, CommandFactory};

use super::args::Cli;

const FILES: [(&str, &str); 2] = [
    ("/etc/hairnat/policy.yaml", "The policy when no FILE is given."),
    ("/etc/hairnat/policy.d/*.yaml, *.yml", "More files of that policy, in byte order."),
];

/// The page in roff of a command, or else of the program; `None` if there is no such command.
#[must_use]
pub(super) fn page(command: Option<&str>) -> Option<String> {
    let mut program = Cli::command();
    program.build();
    let Some(name) = command else { return Some(program::page(&mut program)) };
    let command = program.get_subcommands_mut().find(|one| one.get_name() == name);
    let command = command.filter(|one| is_documented(one))?.clone();
    Some(command::page(&program, command))
}

/// The names of the commands that have a page.
#[must_use]
pub(super) fn commands() -> Vec<String> {
    let program = Cli::command();
    documented(&program).map(|command| command.get_name().to_owned()).collect()
}

/// Every page with the name of its file.
#[must_use]
pub(super) fn pages() -> Vec<(String, String)> {
    let names = commands().into_iter().map(Some);
    let page = |command: Option<String>| {
        let file =
            command.as_ref().map_or("hairnat.8".to_owned(), |name| format!("hairnat-{name}.8"));
        Some((file, page(command.as_deref())?))
    };
    std::iter::once(None).chain(names).filter_map(page).collect()
}

fn documented(program: &Command) -> impl Iterator<Item = &Command> {
    program.get_subcommands().filter(|command| is_documented(command))
}

/// Clap's own `help` says what the pages say.
fn is_documented(command: &Command) -> bool {
    command.get_name() != "help"
}
