//! hairnat's side while the time runs: tells what to do, and waits for it to be done.

use std::os::fd::AsFd;
use std::process;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags};
use nix::sys::signal::Signal;

use super::keyboard::{Keyboard, Typed};
use super::link::{Link, wait};
use super::signals::{Asked, Signals};
use crate::cli::output::Output;

/// How often a job in the background looks whether it is in the foreground again.
const LOOK: Duration = Duration::from_millis(500);

/// What ended the wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    /// The changes were confirmed.
    Confirmed,
    /// A signal asks for the previous state.
    Signal(Signal),
    /// The terminal was closed.
    Closed,
    /// The time is over.
    Overdue,
    /// The guardian says something, or is gone.
    Guardian,
}

/// Where a confirmation can come from.
#[derive(Debug)]
pub(super) struct Prompt<'a> {
    pub(super) guardian: &'a Link,
    pub(super) signals: &'a Signals,
    pub(super) deadline: Instant,
}

impl Prompt<'_> {
    /// Asks for a confirmation and waits for it.
    pub(super) fn ask(&self, out: &mut Output) -> Event {
        let mut keyboard = Keyboard::new();
        // What is there already, such as the end of the input, decides what to ask for.
        if let Some(event) = self.look(&mut keyboard, Some(Instant::now()), out) {
            return event;
        }
        if !out.is_quiet() {
            let left = self.deadline.saturating_duration_since(Instant::now());
            out.talk(&question(left, keyboard.is_there()));
        }
        loop {
            if let Some(event) = self.look(&mut keyboard, None, out) {
                return event;
            }
            if Instant::now() >= self.deadline {
                return Event::Overdue;
            }
        }
    }

    /// Waits for what comes next, at most `until`, and not beyond the deadline.
    fn look(
        &self,
        keyboard: &mut Keyboard,
        until: Option<Instant>,
        out: &mut Output,
    ) -> Option<Event> {
        let mut until = until.unwrap_or(self.deadline);
        let mut files = vec![
            PollFd::new(self.guardian.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.signals.as_fd(), PollFlags::POLLIN),
        ];
        if let Some((file, again)) = keyboard.awaited() {
            files.push(file);
            if again {
                until = until.min(Instant::now() + LOOK);
            }
        }
        if !wait(&mut files, Some(until)) {
            return None;
        }
        // What poll(2) says of a file in words that are not known is a reason to read it.
        let events = |file: usize| match files.get(file) {
            Some(file) => file.revents().unwrap_or(PollFlags::POLLIN),
            None => PollFlags::empty(),
        };
        let typed = events(2);
        if !events(0).is_empty() {
            return Some(Event::Guardian);
        }
        // Before the keyboard: of two answers, the safe one.
        match self.signals.next() {
            Some(Asked::Confirm) => return Some(Event::Confirmed),
            Some(Asked::Revert(signal)) => return Some(Event::Signal(signal)),
            None => {}
        }
        if typed.is_empty() {
            return None;
        }
        match keyboard.read(typed) {
            Typed::Enter => return Some(Event::Confirmed),
            Typed::Closed => return Some(Event::Closed),
            Typed::Text if !out.is_quiet() => out.talk("that is no confirmation: Enter alone is"),
            Typed::Text | Typed::Nothing => {}
        }
        None
    }
}

/// What to do within the time that is left.
fn question(left: Duration, keyboard: bool) -> String {
    let seconds = left.as_millis().div_ceil(1000);
    let signal = format!("`kill -USR1 {}`", process::id());
    let keep = if keyboard {
        format!("press Enter within {seconds} s to keep it (or {signal})")
    } else {
        format!("{signal} within {seconds} s keeps it")
    };
    format!("applied; {keep}, else the previous state comes back")
}
