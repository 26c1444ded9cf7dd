//! A test in namespaces of its own: the test process runs itself once more, under `unshare`.
//!
//! The second run executes exactly one test, as root of a fresh user, network, mount and process
//! namespace. `/run` is a tmpfs of its own, so `ip netns add` leaves no trace, and `/sys` shows the
//! new network. Whatever the test starts ends with the process namespace, also when the test
//! panics or is killed: `setpriv --pdeathsig` and `unshare --kill-child` see to that.

use std::env;
use std::io::{self, Write as _};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

/// Set for the second run.
const INSIDE: &str = "HAIRNAT_LAB_INSIDE";

/// Turns a skipped test into a failed one.
const REQUIRE: &str = "HAIRNAT_REQUIRE_NETNS";

/// What the tests run, with the Debian package that has it.
const TOOLS: [(&str, &str); 4] =
    [("unshare", "util-linux"), ("setpriv", "util-linux"), ("ip", "iproute2"), ("nft", "nftables")];

/// Gives the mount namespace its own `/run` and `/sys`, then becomes the command it is given.
const ENTER: &str = r#"mount -t tmpfs tmpfs /run && mount -t sysfs sysfs /sys && exec "$@""#;

/// How a line begins that tells of a test, or a part of one, that did not run.
const SKIPPED: &str = "skipped: ";

/// Runs the body of the test that calls it, in namespaces of its own.
///
/// `trial` is a shell command that succeeds inside of them if they have all that the test needs.
/// Prints a line that begins with `skipped:` and returns where they have not, or where there are
/// none to be had; with `HAIRNAT_REQUIRE_NETNS=1` that is a failure.
pub(crate) fn isolated<F: FnOnce()>(test: &str, trial: &'static str, body: F) {
    if env::var_os(INSIDE).is_some() {
        return body();
    }
    match obstacle(trial) {
        None => run_again(test),
        Some(reason) => skip(&format!("{SKIPPED}{test}: {reason}")),
    }
}

/// Tells of a test that did not run, in a line that begins with `skipped: `; fails if it has to.
pub(crate) fn skip(line: &str) {
    let required = env::var_os(REQUIRE).is_some_and(|value| value == "1");
    assert!(!required, "{REQUIRE}=1, but {line}");
    // Past libtest's capture, which would swallow the line of a test that passes.
    writeln!(io::stderr(), "{line}").expect("stderr");
}

/// The path of a test function, as libtest wants it, from the type of a closure inside of it.
pub(crate) fn test_name<F>() -> &'static str {
    let path = std::any::type_name::<F>();
    let path = path.split_once("::").map_or(path, |(_crate, rest)| rest);
    path.trim_end_matches("::{{closure}}")
}

/// A command that finds administration tools also where an ordinary user's `PATH` does not.
pub(crate) fn command(program: &str) -> Command {
    let mut command = Command::new(program);
    command.env("PATH", format!("{}:/usr/sbin:/sbin", env::var("PATH").unwrap_or_default()));
    command
}

fn run_again(test: &str) {
    let program = env::current_exe().expect("path of the test program");
    let output = unshare()
        .args(["sh", "-c", ENTER, "sh"])
        .arg(program)
        .args(["--exact", test, "--nocapture", "--include-ignored"])
        .env(INSIDE, "1")
        .output()
        .expect("run the test again");
    let report = words(&output);
    assert!(output.status.success(), "in the namespaces ({}):\n{report}", output.status);
    assert!(report.contains("test result: ok. 1 passed"), "no test is called `{test}`:\n{report}");
    report.lines().filter(|line| line.starts_with(SKIPPED)).for_each(skip);
    // Into libtest's capture: for whoever wants to see what a test has seen.
    print!("{report}");
}

fn unshare() -> Command {
    let mut command = command("setpriv");
    command
        .args(["--pdeathsig", "KILL", "unshare", "--map-root-user", "--net", "--mount", "--pid"])
        .args(["--fork", "--kill-child"])
        .stdin(Stdio::null());
    command
}

/// Why there is nothing to run `trial` in here, or why it fails; found out once, as a test program
/// has but one trial.
fn obstacle(trial: &'static str) -> Option<&'static str> {
    static OBSTACLE: OnceLock<Option<String>> = OnceLock::new();
    OBSTACLE
        .get_or_init(|| {
            for (tool, package) in TOOLS {
                if command(tool).arg("--version").output().is_err() {
                    return Some(format!("`{tool}` is missing: install {package}"));
                }
            }
            let trial = unshare().args(["sh", "-c", ENTER, "sh", "sh", "-c", trial]).output();
            match trial {
                Err(error) => Some(error.to_string()),
                Ok(output) if output.status.success() => None,
                Ok(output) => Some(words(&output).trim().to_owned()),
            }
        })
        .as_deref()
}

/// Everything that a command said.
fn words(output: &Output) -> String {
    [&*output.stdout, &*output.stderr].map(String::from_utf8_lossy).concat()
}
