//! One process, measured.

use std::env;
use std::process::{Command, ExitStatus, Stdio};
use std::time::Instant;

use nix::sys::resource::{Resource, UsageWho, getrusage, setrlimit};

use crate::results::Run;

/// A program and its arguments.
pub(crate) type Words = Vec<String>;

/// Seconds of processor time after which a process is ended.
const MOST_SECONDS: u64 = 600;

/// The longest reason that fits a line of a table.
const LONGEST_REASON: usize = 120;

/// A command, from words.
pub(crate) fn words(words: &[&str]) -> Words {
    words.iter().map(|word| (*word).to_owned()).collect()
}

/// A part of this program as a command.
pub(crate) fn part(arguments: &[&str]) -> Words {
    let program = env::current_exe().expect("path of the benchmark");
    let mut command = words(&[&program.to_string_lossy()]);
    command.extend(words(arguments));
    command
}

/// What a command takes as a whole, from outside; or why it failed.
///
/// It is measured by a small parent of its own: the kernel keeps the peak memory of all children
/// together, and counts what the parent had when it forked.
pub(crate) fn whole(command: &[String]) -> Result<Run, String> {
    let mut measured = part(&["process"]);
    measured.extend_from_slice(command);
    told(&measured)
}

/// The figures that a command tells itself; or why it failed.
pub(crate) fn told(command: &[String]) -> Result<Run, String> {
    let output = spawnable(command).output().map_err(|error| missing(command, &error))?;
    if !output.status.success() {
        return Err(reason(&String::from_utf8_lossy(&output.stderr), output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    Run::parse(&text).ok_or_else(|| format!("told no figures but `{text}`"))
}

/// Runs a command that must succeed.
pub(crate) fn quietly(command: &[String]) {
    attempt(command).unwrap_or_else(|reason| panic!("{command:?}: {reason}"));
}

/// Runs a command; gives why it failed.
pub(crate) fn attempt(command: &[String]) -> Result<(), String> {
    let output = spawnable(command).output().map_err(|error| missing(command, &error))?;
    if output.status.success() {
        return Ok(());
    }
    Err(reason(&String::from_utf8_lossy(&output.stderr), output.status))
}

/// The other end of [`whole`]: runs the command and tells what it took.
pub(crate) fn measure(command: &[String]) -> Result<Run, String> {
    // Inherited; this process itself does next to nothing.
    setrlimit(Resource::RLIMIT_CPU, MOST_SECONDS, MOST_SECONDS + 60).expect("a limit");
    let mut spawnable = spawnable(command);
    let start = Instant::now();
    let mut child = spawnable.stdout(Stdio::null()).spawn().map_err(|e| missing(command, &e))?;
    let status = child.wait().expect("wait for the command");
    let milliseconds = start.elapsed().as_secs_f64() * 1e3;
    if !status.success() {
        return Err(status.to_string());
    }
    let mut run = Run::default();
    run.put(Run::TIME, milliseconds);
    run.put(Run::MEMORY, peak(UsageWho::RUSAGE_CHILDREN));
    Ok(run)
}

/// The peak of the resident memory, in MiB.
pub(crate) fn peak(who: UsageWho) -> f64 {
    let usage = getrusage(who).expect("getrusage");
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let kibibytes = usage.max_rss() as f64;
    kibibytes / 1024.0
}

fn spawnable(command: &[String]) -> Command {
    let mut spawnable = Command::new(&command[0]);
    spawnable.args(&command[1..]).stdin(Stdio::null());
    spawnable
}

fn missing(command: &[String], error: &std::io::Error) -> String {
    format!("`{}` cannot be run: {error}", command[0])
}

/// The first line that a command complained in, without the directories of files that it names.
fn reason(complaint: &str, status: ExitStatus) -> String {
    let Some(line) = complaint.lines().find(|line| !line.trim().is_empty()) else {
        return status.to_string();
    };
    let short: Vec<&str> = line
        .split_whitespace()
        .map(
            |word| if word.starts_with('/') { word.rsplit('/').next().unwrap_or("") } else { word },
        )
        .collect();
    short.join(" ").replace('|', "/").chars().take(LONGEST_REASON).collect()
}
