//! One line on the terminal while work takes long, and no trace of it afterwards.
//!
//! The work that takes long is to read a policy that nobody has written yet.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use crate::terminal::terminal;
use crate::world::{POLICY, World, alone};

const ERASE: &str = "\r\u{1b}[K";
const LINE: &str = "\u{1b}[?7lreading the policy\u{1b}[?7h";

/// A program, and the screen that its standard error is.
struct Shown {
    child: Child,
    /// The keyboard too, where standard input is the terminal.
    screen: File,
    text: String,
}

impl Shown {
    /// Starts a program. With `all`, all its streams are the terminal.
    fn start(world: &World, term: &str, line: &str, all: bool) -> Self {
        let (screen, terminal) = terminal();
        let mut command = world.shell(&format!("exec {line}"));
        command.env("TERM", term).stdin(Stdio::null()).stdout(Stdio::null());
        if all {
            command.stdin(terminal.try_clone().unwrap()).stdout(terminal.try_clone().unwrap());
        }
        let child = command.stderr(terminal).spawn().unwrap();
        Self { child, screen, text: String::new() }
    }

    /// Waits until it has written this, or to the end.
    fn writes(&mut self, text: &str) {
        let mut piece = [0; 1024];
        while !self.text.contains(text) {
            // EIO: nobody has the terminal any more.
            let Ok(len @ 1..) = self.screen.read(&mut piece) else { break };
            self.text.push_str(std::str::from_utf8(&piece[..len]).unwrap());
        }
    }

    /// Waits for its end, with exit code 0; gives all that it wrote.
    fn end(mut self) -> String {
        self.writes("never written");
        let status = self.child.wait().unwrap();
        assert_eq!(status.code(), Some(0), "{}", self.text);
        self.text
    }
}

/// A world where `slow.yaml` is a policy as soon as it is written.
fn slow() -> World {
    let world = World::new();
    world.run("mkfifo slow.yaml").is(0, "", "");
    world
}

#[test]
fn work_that_takes_long_is_told_and_erased() {
    let world = slow();
    let mut check = Shown::start(&world, "xterm", "hairnat check -v slow.yaml", false);
    check.writes(LINE);
    world.write("slow.yaml", POLICY);
    let text = check.end();
    // Drawn anew each second, should it take that long.
    let (line, rest) = text.rsplit_once(ERASE).unwrap();
    assert!(line.starts_with(&format!("{ERASE}{LINE}")), "{text:?}");
    assert_eq!(rest, "read slow.yaml\r\n");
}

#[test]
fn work_that_is_soon_done_is_not_told() {
    let world = World::new();
    let silent = |_| Shown::start(&world, "xterm", "hairnat check policy.yaml", false).end() == "";
    // A busy machine may make it long for once.
    assert!((0..5).any(silent));
}

#[test]
fn nobody_is_told_who_did_not_ask_or_cannot_see() {
    let world = World::new();
    let lines = [
        ("xterm", "hairnat check -q"),
        ("xterm", "hairnat check -o json"),
        ("xterm", "2> said hairnat check"),
        ("dumb", "hairnat check"),
        ("", "hairnat check"),
    ];
    let mut checks = Vec::new();
    for (number, (term, line)) in lines.into_iter().enumerate() {
        world.run(&format!("mkfifo {number}.yaml")).is(0, "", "");
        let line = format!("{line} {number}.yaml");
        checks.push((number, Shown::start(&world, term, &line, false)));
    }
    // Longer than it takes until the line is drawn.
    thread::sleep(Duration::from_secs(1));
    for (number, check) in checks {
        world.write(&format!("{number}.yaml"), POLICY);
        assert_eq!(check.end(), "", "{number}");
    }
    world.run("cat said").is(0, "", "");
}

/// The line is drawn by a thread of its own, and a process with two is not forked.
#[test]
fn after_long_work_there_can_be_a_guardian() {
    alone(|world| {
        world.run("mkfifo slow.yaml").is(0, "", "");
        let line = "hairnat apply --confirm 60 slow.yaml";
        let mut apply = Shown::start(world, "xterm", line, true);
        apply.writes(LINE);
        world.write("slow.yaml", POLICY);
        apply.writes("comes back\r\n");
        apply.screen.write_all(b"\n").unwrap();
        let text = apply.end();
        let (_, rest) = text.rsplit_once(ERASE).unwrap();
        assert!(rest.contains("table bridge hairnat"), "{text:?}");
        assert!(rest.ends_with("comes back\r\n\r\nconfirmed\r\n"), "{text:?}");
    });
}
