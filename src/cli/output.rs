//! Standard output for results, standard error for talk.
//!
//! Names, comments, arguments and paths may be of others. Text that is given to [`Output`] without
//! style is made printable here, and so is JSON, whose escapes mean the same to a program.

use std::io::{self, Write};

use anstream::AutoStream;
use clap::ColorChoice;
use serde::Serialize;

use super::args::{Common, OutputFormat};
use super::progress::Progress;
use super::results::Results;
use super::style::{self, ERROR, HEADING, HINT, WARNING};
use crate::host::Warning;
use crate::plan::ChangeOp;
use crate::printable::{Escapes, Escaping, printable};

/// The two streams, and how much is said on them.
pub(super) struct Output {
    results: Results,
    stderr: AutoStream<io::Stderr>,
    common: Common,
    progress: Progress,
}

impl Output {
    /// The process's streams, coloured as the options and the terminal allow.
    #[must_use]
    pub(super) fn new(common: Common) -> Self {
        let choice = match common.color {
            ColorChoice::Auto => anstream::ColorChoice::Auto,
            ColorChoice::Always => anstream::ColorChoice::Always,
            ColorChoice::Never => anstream::ColorChoice::Never,
        };
        Self {
            results: Results::new(choice),
            stderr: AutoStream::new(io::stderr(), choice),
            progress: Progress::new(common.output != OutputFormat::Json && !common.quiet),
            common,
        }
    }

    /// Whether results are one JSON object.
    #[must_use]
    pub(super) fn is_json(&self) -> bool {
        self.common.output == OutputFormat::Json
    }

    /// Whether text results are wanted.
    #[must_use]
    pub(super) fn is_quiet(&self) -> bool {
        self.common.quiet
    }

    /// Whether contents and the way there are wanted.
    #[must_use]
    pub(super) fn is_verbose(&self) -> bool {
        self.common.verbose
    }

    /// The form that was asked for.
    #[must_use]
    pub(super) fn format(&self) -> OutputFormat {
        self.common.output
    }

    /// For work that may take long. Programs, which ask for JSON, are not told of it.
    #[must_use]
    pub(super) fn progress(&self) -> Progress {
        self.progress
    }

    /// Standard output, for results that are written as they are made.
    pub(super) fn data(&mut self) -> &mut impl Write {
        &mut self.results
    }

    /// Standard output, for a script: byte for byte, but printable on a terminal.
    pub(super) fn script(&mut self) -> Box<dyn Write + '_> {
        if self.results.is_terminal() {
            Box::new(Escaping::new(&mut self.results, Escapes::Braces))
        } else {
            Box::new(&mut self.results)
        }
    }

    /// One line of a result.
    ///
    /// # Errors
    ///
    /// What writing to standard output gives.
    pub(super) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.results, "{}", printable(text))
    }

    /// The heading of a group of lines.
    ///
    /// # Errors
    ///
    /// What writing to standard output gives.
    pub(super) fn heading(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.results, "{HEADING}{}{HEADING:#}", printable(text))
    }

    /// One line of a diff.
    ///
    /// # Errors
    ///
    /// What writing to standard output gives.
    pub(super) fn change(&mut self, op: ChangeOp, text: &str) -> io::Result<()> {
        let style = style::change(op);
        writeln!(self.results, "  {style}{} {}{style:#}", op.sign(), printable(text))
    }

    /// A result as one object.
    ///
    /// # Errors
    ///
    /// What writing to standard output gives.
    pub(super) fn json(&mut self, value: &impl Serialize) -> io::Result<()> {
        serde_json::to_writer_pretty(Escaping::new(&mut self.results, Escapes::Json), value)?;
        writeln!(self.results)
    }

    /// Warnings; they are in the result already when it is JSON.
    pub(super) fn warn(&mut self, warnings: &[Warning]) {
        if self.is_quiet() || self.is_json() {
            return;
        }
        for Warning { message, hint, .. } in warnings {
            self.warning(message);
            self.hint(hint);
        }
    }

    /// What went wrong, the nft line that was refused, and what to do.
    pub(super) fn error(&mut self, message: &str, nft: Option<&str>, hint: Option<&str>) {
        self.styled(&format!("{ERROR}error:{ERROR:#} {}", printable(message)));
        if let Some(nft) = nft {
            self.talk(&format!("  nft: {nft}"));
        }
        if let Some(hint) = hint {
            self.hint(hint);
        }
    }

    /// A warning without a hint.
    pub(super) fn warning(&mut self, message: &str) {
        self.styled(&format!("{WARNING}warning:{WARNING:#} {}", printable(message)));
    }

    fn hint(&mut self, hint: &str) {
        self.styled(&format!("  {HINT}hint:{HINT:#} {}", printable(hint)));
    }

    /// A line on the way to the result, if `-v` was given.
    pub(super) fn trace(&mut self, text: &str) {
        if self.is_verbose() {
            self.talk(text);
        }
    }

    /// How often a plan had to be made anew, if at all and if `-v` was given.
    pub(super) fn trace_retries(&mut self, retries: u32) {
        match retries {
            0 => {}
            1 => self.trace("the ruleset moved under the plan; made a new one"),
            _ => self.trace(&format!("the ruleset moved {retries} times under the plan")),
        }
    }

    /// A line of talk, after the results so far.
    pub(super) fn talk(&mut self, text: &str) {
        self.styled(&printable(text));
    }

    /// Talk with style, which the caller made printable. There is nobody to tell when standard error
    /// is closed; results that cannot be written show it once more when they are handed over.
    pub(super) fn styled(&mut self, text: &str) {
        drop(self.results.flush());
        drop(writeln!(self.stderr, "{text}"));
    }

    /// Hands over what is still held back.
    ///
    /// # Errors
    ///
    /// What writing to standard output gives.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.results.flush()
    }
}
