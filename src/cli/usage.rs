//! What clap says about a command line that cannot be used, in the form that was asked for.

use std::env;
use std::ffi::OsString;
use std::io;

use clap::Parser as _;
use clap::error::ErrorKind;

use super::args::{Cli, Common, OutputFormat};
use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use crate::printable::printable;

/// Prints what clap has to say: help and version on standard output, errors on standard error, or
/// as the one object on standard output if the command line asks for JSON in spite of its error.
pub(super) fn answer(error: clap::Error) -> Exit {
    let error = &about_printable_arguments().unwrap_or(error);
    let asked_for = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !asked_for && wants_json(env::args_os().skip(1)) {
        return tell(&failure(error), OutputFormat::Json);
    }
    match error.print() {
        Err(error) if asked_for && error.kind() != io::ErrorKind::BrokenPipe => {
            tell(&Failure::Output(error), OutputFormat::Text)
        }
        _ if asked_for => Exit::Success,
        _ => Exit::Usage,
    }
}

/// The error once more, with arguments that are printable: clap quotes them as they are, among its own
/// style. `None` where they are, or where that would be no error.
fn about_printable_arguments() -> Option<clap::Error> {
    let args: Vec<OsString> = env::args_os().collect();
    let shown: Vec<String> =
        args.iter().map(|arg| printable(&arg.to_string_lossy()).into_owned()).collect();
    let differ = args.iter().zip(&shown).any(|(arg, shown)| arg != shown.as_str());
    differ.then(|| Cli::try_parse_from(shown).err()).flatten()
}

/// Reports a failure that there are no options for yet.
fn tell(failure: &Failure, output: OutputFormat) -> Exit {
    super::report(failure, &mut Output::new(Common { output, ..Common::default() }))
}

/// The error in the words of clap: what is wrong, then its tips.
fn failure(error: &clap::Error) -> Failure {
    if matches!(
        error.kind(),
        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand | ErrorKind::MissingSubcommand
    ) {
        return Failure::Usage {
            message: "no command is given".to_owned(),
            hint: "`hairnat --help` lists them".to_owned(),
        };
    }
    let text = error.render().to_string();
    let one_line = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut paragraphs = text.split("\n\n");
    let message = paragraphs.next().unwrap_or_default().trim_start_matches("error: ");
    let tip = paragraphs.find_map(|paragraph| paragraph.trim_start().strip_prefix("tip: "));
    Failure::Usage {
        message: one_line(message),
        hint: tip.map_or("`hairnat --help` shows how".to_owned(), one_line),
    }
}

/// Whether arguments that clap could not make sense of ask for JSON.
fn wants_json(args: impl Iterator<Item = OsString>) -> bool {
    let mut format = None;
    let mut args = args.map(|arg| arg.to_string_lossy().into_owned());
    while let Some(arg) = args.next() {
        if arg == "--" {
            break;
        }
        let attached = if let Some(long) = arg.strip_prefix("--") {
            long.strip_prefix("output")
        } else {
            // The last of short options in one word, such as `-vo`.
            let shorts = arg.strip_prefix('-').map(|shorts| shorts.trim_start_matches(['q', 'v']));
            shorts.and_then(|shorts| shorts.strip_prefix('o'))
        };
        match attached {
            Some("") => format = args.next(),
            Some(value) => format = Some(value.trim_start_matches('=').to_owned()),
            None => {}
        }
    }
    format.as_deref() == Some("json")
}

#[cfg(test)]
mod tests {
    use super::wants_json;

    #[test]
    fn json_is_recognised_in_every_spelling() {
        let asks = |line: &str| wants_json(line.split(' ').map(Into::into));
        for line in ["-o json", "-ojson", "-o=json", "-vo json", "--output json", "--output=json"] {
            assert!(asks(line), "{line}");
            assert!(asks(&format!("aply {line} --nonsense")), "{line}");
        }
        for line in ["json", "-o text", "-- -o json", "-o json -o text", "-o"] {
            assert!(!asks(line), "{line}");
        }
    }
}
