//! The parts of the benchmarks that are processes of their own and tell their own figures.

use std::path::Path;
use std::time::Instant;

use hairnat::compile::compile;
use hairnat::kernel::{Kernel, KernelError, NfTables, Step, batch_bytes, converge};
use hairnat::plan::{Plan, Snapshot, plan};
use hairnat::policy::{Source, parse};
use hairnat::ruleset::Ruleset;
use nix::sys::resource::UsageWho;

use crate::process::peak;
use crate::raw::Netfilter;
use crate::results::Run;
use crate::stages::source;

/// The maps that have an element for each float.
const MAPS: [&str; 2] = ["dnat4", "snat4"];

/// hairnat's steps, from the file to the kernel's answers. [`Run::TIME`] is that of its kernel part:
/// from a compiled ruleset on.
pub(crate) fn kernel(policy: &Path) -> Result<Run, String> {
    let mut run = Run::default();
    let ruleset = compiled(policy, &mut run);
    let start = Instant::now();
    let mut kernel = Timed { kernel: NfTables::open().map_err(text)?, run: &mut run, own: 0.0 };
    let done = converge(&mut kernel, Step::Commit, &ruleset, |plan| {
        let whole = elapsed(start);
        let encoding = Instant::now();
        let bytes = batch_bytes(plan).map(|bytes| bytes.len());
        bytes.map(|_| (whole, elapsed(encoding)))
    });
    let (whole, encode) = done.and_then(|done| done.report).map_err(text)?;
    // What is left, with the microseconds that opening the socket takes.
    let plan = whole - kernel.own;
    run.put("plan", plan);
    run.put("encode", encode);
    run.put(Run::TIME, whole);
    run.put(Run::MEMORY, peak(UsageWho::RUSAGE_SELF));
    Ok(run)
}

/// The batch that hairnat would send now, in one send over a fresh socket: the bytes are the same,
/// and ready before the clock starts.
pub(crate) fn floor(policy: &Path) -> Result<Run, String> {
    let ruleset = compiled(policy, &mut Run::default());
    let mut witness = NfTables::open().map_err(text)?;
    let live = witness.snapshot().map_err(text)?;
    let bytes = batch_bytes(&plan(&live, &ruleset)).map_err(text)?;
    let start = Instant::now();
    let socket = Netfilter::open();
    socket.send(&bytes).map_err(text)?;
    let mut run = Run::default();
    run.put(Run::TIME, elapsed(start));
    socket.answers().map_err(text)?;
    if witness.generation().map_err(text)? == live.generation {
        return Err("the kernel took no batch".to_owned());
    }
    run.put(Run::MEMORY, peak(UsageWho::RUSAGE_SELF));
    Ok(run)
}

/// All elements of the float maps, received and not looked at.
pub(crate) fn receive() -> Result<Run, String> {
    let start = Instant::now();
    let socket = Netfilter::open();
    for map in MAPS {
        socket.receive_map(map).map_err(text)?;
    }
    let mut run = Run::default();
    run.put(Run::TIME, elapsed(start));
    run.put(Run::MEMORY, peak(UsageWho::RUSAGE_SELF));
    Ok(run)
}

/// The ruleset of a policy; the policy itself is let go of, as `hairnat apply` does.
fn compiled(path: &Path, run: &mut Run) -> Ruleset {
    let start = Instant::now();
    let source: Source = source(path);
    run.put("read", elapsed(start));
    let start = Instant::now();
    let policy = parse(&[source]).expect("a valid policy");
    run.put("parse", elapsed(start));
    let start = Instant::now();
    let ruleset = compile(&policy);
    run.put("compile", elapsed(start));
    ruleset
}

/// A kernel that notes how long its steps take.
struct Timed<'r> {
    kernel: NfTables,
    run: &'r mut Run,
    own: f64,
}

impl Timed<'_> {
    fn timed<T>(&mut self, name: &str, step: impl FnOnce(&mut NfTables) -> T) -> T {
        let start = Instant::now();
        let value = step(&mut self.kernel);
        let took = elapsed(start);
        self.run.put(name, took);
        self.own += took;
        value
    }
}

impl Kernel for Timed<'_> {
    fn snapshot(&mut self) -> Result<Snapshot, KernelError> {
        self.timed("snapshot", Kernel::snapshot)
    }

    fn snapshot_expecting(&mut self, expected: &Ruleset) -> Result<Snapshot, KernelError> {
        self.timed("snapshot", |kernel| kernel.snapshot_expecting(expected))
    }

    fn commit(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
        self.timed("commit", |kernel| kernel.commit(plan))
    }

    fn validate(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
        self.kernel.validate(plan)
    }
}

fn elapsed(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e3
}

fn text(error: impl std::fmt::Display) -> String {
    error.to_string()
}
