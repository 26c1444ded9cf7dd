//! A network namespace that a thread steps into and out of.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use nix::sched::{CloneFlags, setns};

use crate::isolation::command;

/// A network namespace.
pub(crate) struct Namespace(File);

impl Namespace {
    /// The one that the test runs in.
    pub(crate) fn here() -> Self {
        Self(File::open("/proc/thread-self/ns/net").expect("own namespace"))
    }

    /// A new one, linked to nothing.
    pub(crate) fn new(name: &str) -> Self {
        let status = command("ip").args(["netns", "add", name]).status().expect("run ip");
        assert!(status.success(), "ip netns add {name}: {status}");
        Self(File::open(Path::new("/run/netns").join(name)).expect("new namespace"))
    }

    /// The same one, to be entered by another thread.
    pub(crate) fn same(&self) -> Self {
        Self(self.0.try_clone().expect("an open file"))
    }

    /// Moves this thread here. Sockets opened from now on, and commands started, stay here.
    pub(crate) fn enter(&self) {
        setns(&self.0, CloneFlags::CLONE_NEWNET).expect("enter the namespace");
    }

    /// Runs the lines of an `ip -batch`.
    pub(crate) fn ip(&self, batch: &str) {
        self.batch(&[], batch);
    }

    /// The same, with options.
    pub(crate) fn batch(&self, options: &[&str], batch: &str) {
        self.run("ip", &[options, &["-batch", "-"]].concat(), batch);
    }

    /// Runs a command that reads `input`.
    pub(crate) fn run(&self, program: &str, arguments: &[&str], input: &str) {
        self.enter();
        let mut child =
            command(program).args(arguments).stdin(Stdio::piped()).spawn().expect("run a command");
        child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("feed it");
        let status = child.wait().expect("wait for it");
        assert!(status.success(), "{program}: {status}, of:\n{input}");
    }

    /// Sets a value below `/proc/sys/net`.
    pub(crate) fn sysctl(&self, key: &str, value: impl AsRef<[u8]>) {
        self.enter();
        let path = Path::new("/proc/sys/net").join(key);
        fs::write(&path, value).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    }
}
