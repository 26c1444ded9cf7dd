//! The program: arguments in, one file a command, exit codes out.

mod apply;
mod args;
mod check;
mod confirm;
pub mod diagnostics;
mod exit;
mod explain;
mod failure;
mod generate;
mod input;
mod load;
mod manual;
mod nat_order;
mod output;
mod ports;
mod progress;
mod remove;
mod render;
mod report;
mod results;
mod reverted;
mod show;
mod style;
mod turn;
mod usage;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command, OutputFormat};
use exit::Exit;
use failure::Failure;
use output::Output;
use remove::PortModes;

/// Runs the program with the arguments of the process.
#[must_use]
pub fn main() -> ExitCode {
    match Cli::try_parse() {
        Ok(cli) => run(&cli).into(),
        Err(error) => usage::answer(error).into(),
    }
}

fn run(cli: &Cli) -> Exit {
    let mut out = Output::new(cli.common);
    match dispatch(cli, &mut out) {
        Ok(exit) => exit,
        Err(failure) => report(&failure, &mut out),
    }
}

fn dispatch(cli: &Cli, out: &mut Output) -> Result<Exit, Failure> {
    form_exists(&cli.command, out.format())?;
    match &cli.command {
        Command::Apply { confirm: Some(seconds), wait, policy, .. } => {
            confirm::apply(policy, *seconds, *wait, out)
        }
        Command::Apply { dry_run: true, policy, .. } => apply::dry_run(policy, out),
        Command::Apply { wait, policy, .. } => apply::apply(policy, *wait, out),
        Command::Diff { policy } => apply::diff(policy, out),
        Command::Check { host, policy } => check::run(policy, *host, out),
        Command::Render { format, policy } => render::run(policy, *format, out),
        Command::Explain(question) => explain::run(question, out),
        Command::Show => show::run(out),
        Command::Remove { dry_run: true, keep_hairpin_mode, .. } => {
            remove::dry_run(PortModes::of(*keep_hairpin_mode), out)
        }
        Command::Remove { wait, keep_hairpin_mode, .. } => {
            remove::remove(PortModes::of(*keep_hairpin_mode), *wait, out)
        }
        Command::Schema { of } => generate::schema(*of, out),
        Command::Completions { shell } => generate::completions(*shell, out),
        Command::Man { to: Some(directory), .. } => generate::manuals(directory),
        Command::Man { command, .. } => generate::man(command.as_deref(), out),
    }
}

/// Refuses what a command cannot print.
fn form_exists(command: &Command, format: OutputFormat) -> Result<(), Failure> {
    let usage = |message: &str, hint: &str| {
        Err(Failure::Usage { message: message.to_owned(), hint: hint.to_owned() })
    };
    match (format, command) {
        (OutputFormat::Nft, Command::Show | Command::Render { .. }) => Ok(()),
        (OutputFormat::Nft, _) => usage(
            "`--output nft` is for `show` and `render`",
            "`hairnat render` prints a policy as nft text, `hairnat show -o nft` what is live",
        ),
        (OutputFormat::Json, Command::Completions { .. } | Command::Man { .. }) => {
            usage("there is no JSON form of this", "leave `--output json` out")
        }
        _ => Ok(()),
    }
}

/// Says what went wrong: with `-o json` as the one object on standard output.
fn report(failure: &Failure, out: &mut Output) -> Exit {
    // An object that cannot be written, because the disk is full, is told on standard error.
    if out.is_json() && out.json(&failure.to_json()).and_then(|()| out.finish()).is_ok() {
        return failure.exit();
    }
    match failure {
        Failure::Policy(found) => out.styled(diagnostics::styled(found).trim_end()),
        _ => out.error(&failure.message(), failure.nft(), failure.hint().as_deref()),
    }
    out.warn(failure.warnings());
    failure.exit()
}
