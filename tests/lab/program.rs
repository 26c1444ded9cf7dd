//! The `hairnat` program, as the tests of the lab use it: the only place that runs it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::IpAddr;
use std::process::{Child, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::Lab;
use super::isolation::command;

/// The program under test.
const HAIRNAT: &str = env!("CARGO_BIN_EXE_hairnat");

/// What an `apply` said.
pub(crate) struct Report(Value);

impl Report {
    /// Whether the kernel differed from the policy.
    pub(crate) fn changed(&self) -> bool {
        self.0["changed"].as_bool().expect("changed")
    }

    /// How many connections of floats that moved, vanished or were added were cut.
    pub(crate) fn connections_cut(&self) -> u64 {
        self.0["connections_cut"].as_u64().expect("connections_cut")
    }

    /// The codes of the warnings, sorted, each once.
    pub(crate) fn warnings(&self) -> Vec<&str> {
        let warnings = self.0["warnings"].as_array().expect("warnings");
        let mut codes: Vec<_> =
            warnings.iter().map(|warning| warning["code"].as_str().expect("code")).collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    }
}

/// An `apply --confirm` that was not answered yet.
pub(crate) struct Unconfirmed(Child);

impl Unconfirmed {
    /// Has the previous state brought back.
    pub(crate) fn revert(self) -> Report {
        let process = Pid::from_raw(self.0.id().try_into().expect("process id"));
        kill(process, Signal::SIGTERM).expect("signal");
        let output = self.0.wait_with_output().expect("wait for hairnat");
        assert_eq!(output.status.code(), Some(6));
        Report(serde_json::from_slice(&output.stdout).expect("JSON"))
    }
}

/// What `explain` said.
pub(crate) struct Explanation(Value);

impl Explanation {
    /// Where the packet ends up.
    pub(crate) fn end(&self) -> &str {
        self.0["answer"]["end"].as_str().expect("end")
    }

    /// What the server sees as its peer: an address, or `host`.
    pub(crate) fn peer(&self) -> &str {
        self.0["answer"]["peer"].as_str().expect("peer")
    }

    /// What keeps it from arriving on this host, whichever port the client is behind.
    pub(crate) fn obstacle(&self) -> Option<&str> {
        let obstacles = self.obstacles();
        assert!(obstacles.windows(2).all(|pair| pair[0] == pair[1]), "{}", self.0);
        obstacles[0]
    }

    /// The same for each mode that ports are in, port hairpin mode first.
    pub(crate) fn obstacles(&self) -> Vec<Option<&str>> {
        let verdicts = self.0["verdicts"].as_array().expect("verdicts");
        verdicts.iter().map(|verdict| verdict["obstacle"].as_str()).collect()
    }
}

impl Lab {
    /// Has the way of a packet to `target` on TCP port 80 explained, through what is live.
    pub(crate) fn explain_live(&self, from: &str, target: IpAddr) -> Explanation {
        let target = target.to_string();
        let arguments = ["explain", "--live", "--output", "json", "--from", from, "--to", &target];
        let text = self.host.run(HAIRNAT, &[&arguments[..], &["--port", "80"]].concat(), "");
        Explanation(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }

    /// Makes the host's kernel match `policy` for as long as a test lasts, unless it is reverted.
    pub(crate) fn apply_unconfirmed(&self, policy: &str) -> Unconfirmed {
        let mut child = self.host.enter(|| {
            command(HAIRNAT)
                .args(["apply", "--confirm", "600", "--output", "json", "-"])
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .expect("start hairnat")
        });
        let mut stdin = child.stdin.take().expect("piped");
        stdin.write_all(policy.as_bytes()).expect("feed hairnat");
        drop(stdin);
        let mut question = String::new();
        let mut stderr = BufReader::new(child.stderr.take().expect("piped"));
        stderr.read_line(&mut question).expect("a question");
        assert!(question.starts_with("applied; "), "{question}");
        Unconfirmed(child)
    }

    /// Makes the host's kernel match `policy`.
    pub(crate) fn apply(&self, policy: &str) -> Report {
        let text = self.host.run(HAIRNAT, &["apply", "--output", "json", "-"], policy);
        Report(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }

    /// Has the host's kernel say that it would take `policy`.
    pub(crate) fn dry_run(&self, policy: &str) {
        self.host.run(HAIRNAT, &["apply", "--dry-run", "-"], policy);
    }

    /// Has `diff` say that the host's kernel matches `policy`.
    pub(crate) fn in_sync(&self, policy: &str) {
        let text = self.host.run(HAIRNAT, &["diff", "-"], policy);
        assert!(text.starts_with("in sync"), "{text}");
    }

    /// Takes everything of hairnat away.
    pub(crate) fn remove(&self) -> Report {
        let text = self.host.run(HAIRNAT, &["remove", "--output", "json"], "");
        Report(serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}")))
    }
}
