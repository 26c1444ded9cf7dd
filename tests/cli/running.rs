//! A `hairnat` that runs while the test goes on, with a terminal or a pipe as its standard input.

use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::process::{Child, ChildStderr, Output, Stdio};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, waitpid};
use nix::unistd::Pid;

use crate::terminal::terminal;
use crate::world::{Said, World};

/// How what `--confirm` asks for ends.
const QUESTION: &str = "else the previous state comes back\n";

/// A program that was started and not yet waited for.
pub(crate) struct Running {
    line: String,
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// What it said on standard error so far.
    said: String,
    /// What is written here is typed into its standard input.
    keyboard: Option<Box<dyn Write>>,
}

impl World {
    /// Starts a program whose standard input is a pipe.
    pub(crate) fn start(&self, line: &str) -> Running {
        let mut running = self.start_with(line, Stdio::piped());
        let stdin = running.child.stdin.take().unwrap();
        running.keyboard = Some(Box::new(stdin));
        running
    }

    /// Starts a program whose standard input is a terminal. It is none that controls the program,
    /// unless that is started by `setsid --ctty`.
    pub(crate) fn start_on_terminal(&self, line: &str) -> Running {
        let (keyboard, terminal) = terminal();
        let mut running = self.start_with(line, terminal.into());
        running.keyboard = Some(Box::new(keyboard));
        running
    }

    /// Starts a program with that standard input.
    pub(crate) fn start_with(&self, line: &str, stdin: Stdio) -> Running {
        let mut command = self.shell(&format!("exec {line}"));
        let mut child =
            command.stdin(stdin).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Running { line: line.to_owned(), child, stderr, said: String::new(), keyboard: None }
    }
}

impl Running {
    /// The number of its process.
    pub(crate) fn process(&self) -> Pid {
        Pid::from_raw(self.child.id().try_into().unwrap())
    }

    /// Waits until it has asked for a confirmation; gives all that it said until then.
    #[track_caller]
    pub(crate) fn asks(&mut self) -> &str {
        self.says(QUESTION);
        &self.said
    }

    /// Waits until it has said this, to the end of a line, on standard error.
    #[track_caller]
    pub(crate) fn says(&mut self, end: &str) {
        while !self.said.ends_with(end) {
            let read = self.stderr.read_line(&mut self.said).unwrap();
            assert!(read > 0, "`{}` ended, and it said: {}", self.line, self.said);
        }
    }

    /// The next line that it says on standard error.
    #[track_caller]
    pub(crate) fn says_next_line(&mut self) -> String {
        let start = self.said.len();
        let read = self.stderr.read_line(&mut self.said).unwrap();
        assert!(read > 0, "`{}` ended, and it said: {}", self.line, self.said);
        self.said[start..].to_owned()
    }

    /// Waits until it has asked, and gives the number of its guardian's process, which `-v` tells.
    #[track_caller]
    pub(crate) fn guardian(&mut self) -> Pid {
        let said = self.asks();
        let number = said.lines().find_map(|line| line.strip_prefix("guarded by process "));
        Pid::from_raw(number.expect("-v").parse().unwrap())
    }

    /// Types something.
    pub(crate) fn types(&mut self, text: &str) {
        self.keyboard.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Closes the terminal or the pipe.
    pub(crate) fn hang_up(&mut self) {
        self.keyboard = None;
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.process(), signal).unwrap();
    }

    /// Waits for its end; nothing that it started is left then. In what it said, `PID` stands for
    /// the number of its process, and `SECONDS` for the time that was left when it asked.
    #[track_caller]
    pub(crate) fn end(self) -> Said {
        let said = self.finish();
        nothing_is_left();
        said
    }

    /// As [`Running::end`], while another process of the test goes on.
    pub(crate) fn finish(mut self) -> Said {
        self.stderr.read_to_string(&mut self.said).unwrap();
        self.said = self.said.replace(&format!("-USR1 {}", self.process()), "-USR1 PID");
        if let Some((before, after)) = self.said.split_once(" within ") {
            let after = after.trim_start_matches(|letter: char| letter.is_ascii_digit());
            self.said = format!("{before} within SECONDS{after}");
        }
        let output = self.child.wait_with_output().unwrap();
        Said::new(&self.line, Output { stderr: self.said.into_bytes(), ..output })
    }

    /// Reads what it says, and what anybody says who has its streams, to the end.
    pub(crate) fn reads_to_the_end(mut self) {
        self.stderr.read_to_string(&mut self.said).unwrap();
        self.child.stdout.take().unwrap().read_to_string(&mut self.said).unwrap();
    }

    /// Kills it, and waits for the end of all that it started.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        orphans_end();
    }
}

/// No process is left that the test, or anything that it ran, has started.
#[track_caller]
pub(crate) fn nothing_is_left() {
    assert_eq!(waitpid(None, Some(WaitPidFlag::WNOHANG)), Err(Errno::ECHILD));
}

/// Waits for every process that was left behind: in the process namespace of the test, they become
/// children of the test.
pub(crate) fn orphans_end() {
    while waitpid(None, None) != Err(Errno::ECHILD) {}
}
