//! Refuses, in linear time, what must not reach the YAML library.
//!
//! The scan follows libyaml's scanner token by token. It can be this short because whatever would
//! make it ambiguous (plain values over several lines, blocks of text) is refused too.

use super::pieces::{Cuts, Rest};
use super::refusal::Refusal;
use super::scan::{self, Line};
use super::{DEEPEST_NESTING, LARGEST_FILE};
use crate::policy::suggest::quoted;

/// A text that may be read.
#[derive(Debug)]
pub(super) struct Passed {
    /// What is left of it without the pieces that were cut out; `None` if it is to be read as a
    /// whole whatever was cut.
    pub(super) rest: Option<Rest>,
    /// About how many values it has.
    pub(super) values: usize,
}

/// `content` as text, if it can be that.
pub(super) fn text(content: &[u8]) -> Result<&str, Refusal> {
    if content.len() > LARGEST_FILE {
        let message = format!("the file is larger than {} MiB", LARGEST_FILE >> 20);
        return Err(Refusal::new(0, 0, message).hint("split it into several files"));
    }
    let text = std::str::from_utf8(content).map_err(|error| {
        let length = error.error_len().unwrap_or(1);
        Refusal::new(error.valid_up_to(), length, "the file is not valid UTF-8")
            .hint("save it as UTF-8")
    })?;
    check_characters(text)?;
    Ok(text)
}

/// Whether all of `text` is YAML that the policy language uses; `cuts` sees its keys.
pub(super) fn check<'a>(text: &'a str, cuts: Cuts<'a>) -> Result<Passed, Refusal> {
    let mut guard = Guard {
        text,
        cuts,
        tokens: 0,
        at: 0,
        line: Line::default(),
        brackets: Vec::new(),
        bracket_column: 0,
        stage: Stage::Before,
        open: None,
    };
    guard.run()?;
    // A map of block style has no token of its own; there is one for several others.
    let values = guard.tokens + guard.tokens / 8;
    Ok(Passed { rest: guard.cuts.finish(), values })
}

/// Refuses characters that are no text, and line breaks that editors and libyaml count differently.
fn check_characters(text: &str) -> Result<(), Refusal> {
    let mut at = 0;
    while let Some(rest) = text.as_bytes().get(at..)
        && let Some(plain) = rest.iter().position(|byte| !matches!(byte, b' '..=b'~' | b'\n'))
    {
        at += plain;
        let mut characters = text.get(at..).unwrap_or_default().chars();
        let Some(character) = characters.next() else { break };
        let refused = match character {
            '\t' => false,
            '\r' => characters.next() != Some('\n'),
            '\u{2028}' | '\u{2029}' | '\u{feff}' => true,
            character => character.is_control(),
        };
        if refused {
            return Err(not_text(at, character));
        }
        at += character.len_utf8();
    }
    Ok(())
}

fn not_text(at: usize, character: char) -> Refusal {
    if character == '\0' {
        return Refusal::new(at, 1, "the file contains a NUL byte")
            .hint("a policy is text; is this the right file?");
    }
    let code = u32::from(character);
    let message = format!("the file contains the control character U+{code:04X}");
    Refusal::new(at, character.len_utf8(), message).hint("remove it")
}

/// A plain value that would go on if the next token stood deeper than `indent`.
#[derive(Clone, Copy)]
struct OpenPlain {
    at: usize,
    length: usize,
    line: usize,
    indent: isize,
}

/// Where the scan is with respect to the one document.
#[derive(Clone, Copy)]
enum Stage {
    Before,
    Inside,
    After,
}

struct Guard<'a> {
    text: &'a str,
    cuts: Cuts<'a>,
    /// Scalars and opening brackets so far.
    tokens: usize,
    at: usize,
    line: Line,
    /// Where the brackets stand that are open.
    brackets: Vec<usize>,
    /// The column of the outermost of them, from 0.
    bracket_column: isize,
    stage: Stage,
    open: Option<OpenPlain>,
}

impl Guard<'_> {
    fn run(&mut self) -> Result<(), Refusal> {
        let bytes = self.text.as_bytes();
        while let Some(&byte) = bytes.get(self.at) {
            match byte {
                b' ' | b'\r' => self.at += 1,
                b'\n' => {
                    self.at += 1;
                    self.line.next(self.at);
                }
                b'\t' => return Err(tab(self.at)),
                b'#' => {
                    self.open = None;
                    self.at = scan::line_end(bytes, self.at);
                }
                _ => self.token(byte)?,
            }
        }
        match self.brackets.last() {
            Some(&at) => Err(Refusal::new(at, 1, "the bracket is never closed")
                .hint("close each `[` with `]` and each `{` with `}`")),
            None => Ok(()),
        }
    }

    /// Steps over the token that starts here.
    fn token(&mut self, byte: u8) -> Result<(), Refusal> {
        let bytes = self.text.as_bytes();
        if self.document_marker()? {
            return Ok(());
        }
        self.check_continuation(byte)?;
        let blank_follows = scan::is_blank(bytes.get(self.at + 1));
        match byte {
            b'"' | b'\'' => self.quoted()?,
            b'[' | b'{' => {
                self.tokens += 1;
                if !self.in_flow() {
                    self.bracket_column = self.column();
                }
                self.brackets.push(self.at);
                if self.brackets.len() > DEEPEST_NESTING {
                    return Err(Refusal::too_deep(self.at));
                }
                self.at += 1;
            }
            b']' | b'}' => {
                self.brackets.pop();
                self.at += 1;
                if !self.in_flow() && scan::is_key(bytes, self.at, false) {
                    self.line.indent = self.bracket_column;
                }
            }
            b',' => self.at += 1,
            b'-' if blank_follows => {
                if !self.in_flow() {
                    self.line.indent = self.column();
                    self.line.dashes += 1;
                }
                if self.line.dashes > DEEPEST_NESTING {
                    return Err(Refusal::too_deep(self.at));
                }
                self.at += 1;
            }
            b':' if blank_follows => self.at += 1,
            b':' if self.in_flow() => {
                if bytes.get(self.at + 1) == Some(&b':') {
                    return Err(self.unquoted_colons(scan::plain_end(bytes, self.at, true)));
                }
                self.at += 1;
            }
            _ => {
                self.check_indicator(byte, blank_follows)?;
                self.plain()?;
            }
        }
        Ok(())
    }

    /// Steps over `---` or `...` at the start of a line; there is one document at most.
    fn document_marker(&mut self) -> Result<bool, Refusal> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        let at_start = self.at == self.line.start && scan::is_blank(rest.get(3));
        let marker = if at_start { rest.get(..3) } else { None };
        match (marker, self.stage) {
            (Some(b"..."), _) => self.stage = Stage::After,
            (Some(b"---"), Stage::Before) => self.stage = Stage::Inside,
            (Some(b"---"), _) | (_, Stage::After) => {
                return Err(Refusal::new(self.at, 1, "the file contains more than one document")
                    .hint("put each document into a file of its own"));
            }
            _ => {
                self.stage = Stage::Inside;
                return Ok(false);
            }
        }
        self.open = None;
        self.at += 3;
        Ok(true)
    }

    /// Refuses the token here if libyaml would take it for more of the plain value before it.
    fn check_continuation(&mut self, byte: u8) -> Result<(), Refusal> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let separated = if self.in_flow() {
            let blank_follows = scan::is_blank(self.text.as_bytes().get(self.at + 1));
            matches!(byte, b',' | b'[' | b']' | b'{' | b'}') || (byte == b':' && blank_follows)
        } else {
            self.line.number == open.line || self.column() <= open.indent
        };
        if separated {
            return Ok(());
        }
        let value = self.text.get(open.at..open.at + open.length).unwrap_or_default();
        let message = format!("the value {} goes on in the next line", quoted(value));
        let hint = if self.in_flow() {
            "is a comma or a closing bracket missing behind it?"
        } else {
            "write it in one line, or check the indentation of the next one"
        };
        Err(Refusal::new(open.at, open.length, message).hint(hint))
    }

    /// Refuses the indicators of YAML that the policy language leaves out.
    fn check_indicator(&self, byte: u8, blank_follows: bool) -> Result<(), Refusal> {
        let pattern = "to mean a pattern of interfaces, quote it: `\"*\"`";
        let quote = "to mean the character itself, quote the value";
        let (what, hint) = match byte {
            b'&' => ("anchors are", quote),
            b'*' => ("aliases are", pattern),
            b'!' => ("tags are", quote),
            b'|' | b'>' => ("blocks of text are", "write the value in one line"),
            b'%' if self.at == self.line.start => ("directives are", "remove the line"),
            b'?' if blank_follows || self.in_flow() => {
                ("explicit keys are", "write `key: value` without the `?`")
            }
            _ => return Ok(()),
        };
        let message = format!("{what} not part of the policy language");
        Err(Refusal::new(self.at, 1, message).hint(hint))
    }

    /// Steps over the plain value or key that starts here.
    fn plain(&mut self) -> Result<(), Refusal> {
        let bytes = self.text.as_bytes();
        self.tokens += 1;
        let start = self.at;
        let end = scan::plain_end(bytes, start, self.in_flow());
        let value = self.text.get(start..end).unwrap_or_default();
        let is_key = scan::is_key(bytes, end, self.in_flow());
        if is_key && value.ends_with(':') && !value.ends_with("::") {
            return Err(self.unquoted_colons(end + 1));
        }
        if is_key && value == "<<" {
            return Err(Refusal::new(start, 2, "merge keys are not part of the policy language")
                .hint("write the entries themselves"));
        }
        if let Some(tab_at) = value.find('\t') {
            return Err(tab(start + tab_at));
        }
        let column = self.column();
        if is_key && !self.in_flow() {
            self.block_key();
        }
        if !is_key {
            let indent = if self.line.indent < column { self.line.indent } else { column };
            let (line, length) = (self.line.number, end - start);
            self.open = Some(OpenPlain { at: start, length, line, indent });
        }
        self.at = end;
        Ok(())
    }

    /// Steps over the quoted value or key that starts here.
    fn quoted(&mut self) -> Result<(), Refusal> {
        let bytes = self.text.as_bytes();
        self.tokens += 1;
        let start = self.at;
        let Some(end) = scan::quoted_end(bytes, start) else {
            return Err(Refusal::new(start, 1, "the quotation mark is never closed")
                .hint("end the value with the same mark"));
        };
        if !self.in_flow() && scan::is_key(bytes, end, false) {
            self.block_key();
        }
        let inside = bytes.get(start..end).unwrap_or_default();
        for (index, _) in inside.iter().enumerate().filter(|&(_, &byte)| byte == b'\n') {
            self.line.next(start + index + 1);
        }
        self.at = end;
        Ok(())
    }

    /// Notes a key of block style that starts here.
    fn block_key(&mut self) {
        let column = self.column();
        self.line.indent = column;
        let before = self.text.get(self.line.start..self.at).unwrap_or_default();
        if before.bytes().all(|byte| byte == b' ') {
            self.cuts.key(self.line.start, column);
        }
    }

    /// Of a plain value from here to `end` with a colon that YAML takes for the end of a key.
    fn unquoted_colons(&self, end: usize) -> Refusal {
        let value = self.text.get(self.at..end).unwrap_or_default();
        let message = format!("{} does not mean an address without quotes", quoted(value));
        Refusal::new(self.at, end - self.at, message)
            .hint(format!("write {}", quoted(&format!("\"{value}\""))))
    }

    /// Whether a bracket is open: the flow style of YAML.
    fn in_flow(&self) -> bool {
        !self.brackets.is_empty()
    }

    /// The column of this byte, from 0.
    fn column(&self) -> isize {
        isize::try_from(self.at - self.line.start).unwrap_or(isize::MAX)
    }
}

fn tab(at: usize) -> Refusal {
    Refusal::new(at, 1, "the file contains a tab outside of comments and quotes")
        .hint("indent and separate with spaces")
}
