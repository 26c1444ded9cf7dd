//! One machine of the lab: a network namespace that a thread can enter.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::Write as _;
use std::net::IpAddr;
use std::panic;
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use nix::sched::{CloneFlags, setns};

use super::isolation::command;
use super::probe::{Server, Transport, ask};

/// How long an answer that must come may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long silence has to last to count; a local answer takes far less than a millisecond.
const SILENCE: Duration = Duration::from_millis(500);

/// What asking yields when nothing comes back, a refusal as much as silence.
pub(crate) const NO_ANSWER: &str = "no answer";

/// A network namespace.
pub(crate) struct Node {
    name: &'static str,
    namespace: File,
}

impl Node {
    /// The namespace that the test runs in.
    pub(crate) fn here(name: &'static str) -> Self {
        Self { name, namespace: File::open("/proc/self/ns/net").expect("own namespace") }
    }

    /// A new namespace, linked to nothing.
    pub(crate) fn new(name: &'static str) -> Self {
        let status = command("ip").args(["netns", "add", name]).status().expect("run ip");
        assert!(status.success(), "ip netns add {name}: {status}");
        let namespace = File::open(Path::new("/run/netns").join(name)).expect("new namespace");
        Self { name, namespace }
    }

    /// What the node is called, by `ip netns` too.
    pub(crate) fn name(&self) -> &'static str {
        self.name
    }

    /// Runs `work` in this namespace. Sockets opened there, and commands started, stay there.
    pub(crate) fn enter<T: Send>(&self, work: impl FnOnce() -> T + Send) -> T {
        let inside = || {
            setns(&self.namespace, CloneFlags::CLONE_NEWNET).expect("enter the namespace");
            work()
        };
        thread::scope(|scope| scope.spawn(inside).join())
            .unwrap_or_else(|panic| panic::resume_unwind(panic))
    }

    /// Runs a command, which must succeed, and returns what it printed.
    pub(crate) fn run(&self, program: &str, arguments: &[&str], input: &str) -> String {
        self.enter(|| {
            let mut child = command(program)
                .args(arguments)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap_or_else(|error| panic!("{program}: {error}"));
            let mut stdin = child.stdin.take().expect("piped");
            stdin.write_all(input.as_bytes()).expect("feed the command");
            drop(stdin);
            let output = child.wait_with_output().expect("wait for the command");
            let text = String::from_utf8(output.stdout).expect("UTF-8");
            let complaint = String::from_utf8_lossy(&output.stderr);
            let status = output.status;
            assert!(
                status.success(),
                "{program} {arguments:?}: {status}\n{complaint}{text}\nof: {input}"
            );
            text
        })
    }

    /// Runs the lines of an `ip -batch`.
    pub(crate) fn ip(&self, batch: &str) {
        self.run("ip", &["-batch", "-"], batch);
    }

    /// Sets a value below `/proc/sys/net`.
    pub(crate) fn sysctl(&self, key: &str, value: impl Display + Sync) {
        let path = Path::new("/proc/sys/net").join(key);
        self.enter(|| fs::write(&path, value.to_string()))
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }

    /// Answers on `port` of every address, over TCP and UDP, as `NAME:PORT saw ADDRESS`.
    pub(crate) fn serve(&self, port: u16) {
        for transport in [Transport::Tcp, Transport::Udp] {
            let server = self.enter(|| Server::bind(transport, ("::", port))).expect("bind");
            let name = format!("{}:{port}", self.name);
            thread::spawn(move || server.answer(&name).expect("serve"));
        }
    }

    /// Asks `target` over TCP: `NAME:PORT saw ADDRESS`, or [`NO_ANSWER`].
    pub(crate) fn tcp(&self, target: impl Into<IpAddr>, port: u16) -> String {
        self.ask(Transport::Tcp, target.into(), port, PATIENCE)
    }

    /// Asks `target` over UDP: `NAME:PORT saw ADDRESS`, or [`NO_ANSWER`].
    pub(crate) fn udp(&self, target: impl Into<IpAddr>, port: u16) -> String {
        self.ask(Transport::Udp, target.into(), port, PATIENCE)
    }

    /// As [`Node::tcp`], where silence is what the test expects.
    pub(crate) fn tcp_in_vain(&self, target: impl Into<IpAddr>, port: u16) -> String {
        self.ask(Transport::Tcp, target.into(), port, SILENCE)
    }

    /// As [`Node::udp`], where silence is what the test expects.
    pub(crate) fn udp_in_vain(&self, target: impl Into<IpAddr>, port: u16) -> String {
        self.ask(Transport::Udp, target.into(), port, SILENCE)
    }

    fn ask(&self, transport: Transport, target: IpAddr, port: u16, patience: Duration) -> String {
        let answer = self.enter(|| ask(transport, (target, port).into(), patience));
        answer.unwrap_or_else(|_| NO_ANSWER.to_owned())
    }
}
