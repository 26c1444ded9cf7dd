//! `make bench`: hairnat beside `nft`, whole processes, in the same run and a namespace of its own.
//!
//! Every row takes the two programs in turn, A B A B …, so that a machine that speeds up or slows
//! down does so for both, and reports medians and the median of the pairwise ratios. Nothing here
//! fails for being slow: the figures are for people.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};

/// Set for the second run of this program, inside the namespace.
const INSIDE: &str = "HAIRNAT_BENCH_INSIDE";
/// As the first argument: run the rest as a command, and print what it took.
const MEASURE: &str = "--measure";
const HAIRNAT: &str = env!("CARGO_BIN_EXE_hairnat");
const ROUNDS: usize = 9;
const DEFAULT_SIZES: [usize; 2] = [1_000, 10_000];

fn main() {
    let arguments: Vec<String> = env::args().skip(1).filter(|a| a != "--bench").collect();
    if arguments.first().is_some_and(|first| first == MEASURE) {
        return measure(&arguments[1..]);
    }
    if env::var_os(INSIDE).is_none() {
        return run_inside(&arguments);
    }
    let sizes: Vec<usize> = arguments.iter().filter_map(|text| text.parse().ok()).collect();
    let sizes = if sizes.is_empty() { DEFAULT_SIZES.to_vec() } else { sizes };
    println!("hairnat beside nft, {ROUNDS} rounds; wall time and peak memory of whole processes");
    println!("kernel {}, {}", read("/proc/sys/kernel/osrelease").trim(), nft_version());
    let directory = Scratch::new();
    for floats in sizes {
        Bench::new(&directory.0, floats).report();
    }
}

/// Runs this program once more in a network namespace of its own: as the real root where we are
/// that, since `nft` cannot send its larger batches from within a user namespace.
fn run_inside(arguments: &[String]) {
    let program = env::current_exe().expect("path of the benchmark");
    let mut unshare = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        unshare.arg("--map-root-user");
    }
    let status = unshare
        .args(["--net", "--mount"])
        .arg(program)
        .args(arguments)
        .env(INSIDE, "1")
        .status()
        .expect("unshare, of util-linux");
    assert!(status.success(), "the benchmark needs a network namespace: {status}");
}

/// The files of one size.
struct Bench {
    floats: usize,
    policy: PathBuf,
    script: PathBuf,
}

/// One run of one process.
#[derive(Clone, Copy)]
struct Run {
    milliseconds: f64,
    mebibytes: f64,
}

impl Bench {
    fn new(directory: &Path, floats: usize) -> Self {
        let policy = directory.join(format!("{floats}.yaml"));
        let script = directory.join(format!("{floats}.nft"));
        fs::write(&policy, policy_text(floats)).expect("write the policy");
        let rendered = Command::new(HAIRNAT).arg("render").arg(&policy).output().expect("hairnat");
        assert!(rendered.status.success(), "{}", String::from_utf8_lossy(&rendered.stderr));
        fs::write(&script, rendered.stdout).expect("write the script");
        Self { floats, policy, script }
    }

    fn report(&self) {
        let (policy, script) = (self.policy.display(), self.script.display());
        println!("\n{} floats\n", self.floats);
        println!("| work | hairnat | nft | time ratio | memory ratio |");
        println!("|---|---|---|---|---|");
        let apply = [HAIRNAT, "apply", "--quiet", &policy.to_string()].map(str::to_owned);
        let load = ["nft", "-f", &script.to_string()].map(str::to_owned);
        let list = ["nft", "-j", "list", "ruleset"].map(str::to_owned);
        let diff = [HAIRNAT, "diff", "--quiet", &policy.to_string()].map(str::to_owned);
        row("load from nothing ÷ `nft -f`", flush, &apply, flush, &load);
        flush();
        timed(&apply);
        row("in-sync apply ÷ `nft -j list ruleset`", || {}, &apply, || {}, &list);
        row("in-sync diff ÷ `nft -j list ruleset`", || {}, &diff, || {}, &list);
        flush();
    }
}

/// Takes both commands in turn and prints their medians and the median ratio.
fn row(
    title: &str,
    before_ours: impl Fn(),
    ours: &[String],
    before_theirs: impl Fn(),
    theirs: &[String],
) {
    let mut pairs = Vec::new();
    for round in 0..=ROUNDS {
        before_ours();
        let our_run = timed(ours);
        before_theirs();
        let their_run = timed(theirs);
        // The first round warms up files and caches.
        if round > 0 {
            pairs.push((our_run, their_run));
        }
    }
    let of = |figure: fn(&(Run, Run)) -> f64| median(pairs.iter().map(figure).collect());
    println!(
        "| {title} | {:.1} ms, {:.1} MiB | {:.1} ms, {:.1} MiB | {:.2} | {:.2} |",
        of(|pair| pair.0.milliseconds),
        of(|pair| pair.0.mebibytes),
        of(|pair| pair.1.milliseconds),
        of(|pair| pair.1.mebibytes),
        of(|pair| pair.0.milliseconds / pair.1.milliseconds),
        of(|pair| pair.0.mebibytes / pair.1.mebibytes),
    );
}

fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures[figures.len() / 2]
}

/// One process, measured by a small parent of its own: the kernel keeps the peak memory of all
/// children together, and counts what the parent had when it forked.
fn timed(command: &[String]) -> Run {
    let measured = Command::new(env::current_exe().expect("path of the benchmark"))
        .arg(MEASURE)
        .args(command)
        .env(INSIDE, "1")
        .output()
        .expect("run this program");
    assert!(
        measured.status.success(),
        "{command:?}: {}",
        String::from_utf8_lossy(&measured.stderr)
    );
    let text = String::from_utf8_lossy(&measured.stdout);
    let mut figures = text.split_whitespace().map(|figure| figure.parse().expect("a figure"));
    let mut next = || figures.next().expect("two figures");
    Run { milliseconds: next(), mebibytes: next() }
}

/// The other end of [`timed`].
fn measure(command: &[String]) {
    let start = Instant::now();
    let status = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .expect("run the command");
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    assert!(status.success(), "{command:?}: {status}");
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN).expect("getrusage");
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let mebibytes = usage.max_rss() as f64 / 1024.0;
    println!("{milliseconds} {mebibytes}");
}

fn flush() {
    let status = Command::new("nft").args(["flush", "ruleset"]).status().expect("nft");
    assert!(status.success(), "nft flush ruleset: {status}");
}

/// As many floats, one to one, every tenth with a name.
fn policy_text(floats: usize) -> String {
    let mut text = String::from("fixed: [10.0.0.0/8]\nfloats:\n");
    for index in 0..u32::try_from(floats).expect("at most 2^24 floats") {
        let [_, a, b, c] = index.to_be_bytes();
        match index % 10 {
            0 => writeln!(
                text,
                "  100.{a}.{b}.{c}:\n    fixed: 10.{a}.{b}.{c}\n    name: vm-{index}"
            ),
            _ => writeln!(text, "  100.{a}.{b}.{c}: 10.{a}.{b}.{c}"),
        }
        .expect("a String takes any text");
    }
    text
}

fn nft_version() -> String {
    let output = Command::new("nft").arg("--version").output().expect("nft");
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// A directory that goes with the benchmark.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = env::temp_dir().join(format!("hairnat-bench-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a directory for temporary files");
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
