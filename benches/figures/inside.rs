//! Namespaces of their own for everything that is measured.

use std::env;
use std::ffi::OsString;
use std::process::{Command, ExitCode};

/// Gives the mount namespace its own `/run`, where `ip netns` and iptables keep files, and `/sys`.
const ENTER: &str = r#"mount -t tmpfs tmpfs /run && mount -t sysfs sysfs /sys && exec "$@""#;

/// Runs this program once more, as `inside`, in network, mount and process namespaces that end with
/// it: as the real root where we are that, since `nft` cannot send its larger batches from within a
/// user namespace.
pub(crate) fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let program = env::current_exe().expect("path of the benchmark");
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare"]);
    if !nix::unistd::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let status = command
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "sh", "-c", ENTER, "sh"])
        .arg(program)
        .arg("inside")
        .args(arguments)
        .env("PATH", format!("{}:/usr/sbin:/sbin", env::var("PATH").unwrap_or_default()))
        .status()
        .expect("setpriv and unshare, of util-linux");
    if status.success() {
        return ExitCode::SUCCESS;
    }
    eprintln!(
        "the benchmarks ended with {status}; they need namespaces, as root or as a user who may make them"
    );
    ExitCode::FAILURE
}
