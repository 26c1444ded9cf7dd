//! A clean Debian with the package, to install it in and to boot.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;
use std::{fs, str};

use crate::isolation::skip;

/// What goes into the package.
const SOURCES: [&str; 8] = [
    "src",
    "packaging/debian",
    "packaging/systemd",
    "policies",
    "Cargo.toml",
    "Cargo.lock",
    "README.md",
    "CHANGELOG.md",
];

/// Runs a script as root of a copy of the clean Debian, where the package is `/hairnat.deb`, and
/// gives what it says; `None`, and a line about a skipped test, where that cannot be.
pub(crate) fn enter(test: &str, script: &str) -> Option<String> {
    run(test, &["enter"], &[script])
}

/// As [`enter`], on the copy as a machine that has just booted, after `prepare` has run there. This
/// repository is `/src`.
pub(crate) fn boot(test: &str, prepare: &str, script: &str) -> Option<String> {
    run(test, &["boot"], &[script, prepare])
}

fn run(test: &str, mode: &[&str], scripts: &[&str]) -> Option<String> {
    let root = here("target/tools/root");
    if !nix::unistd::geteuid().is_root() {
        skip(&format!("skipped: {test}: only root can install and boot a machine"));
        return None;
    }
    if !root.join("complete").exists() {
        skip(&format!("skipped: {test}: there is no clean root: run `.ci/setup test`"));
        return None;
    }
    let output = Command::new(here("tests/packaging/clean_root.sh"))
        .args(mode)
        .args([root, package()])
        .args(scripts)
        .stdin(Stdio::null())
        .output()
        .expect("bash");
    let said = [&*output.stdout, &*output.stderr].concat();
    let said = str::from_utf8(&said).expect("UTF-8").to_owned();
    assert!(output.status.success(), "{}\n{said}", output.status);
    Some(said)
}

/// The Debian package, which has to be as new as what it is made of.
pub(crate) fn package() -> PathBuf {
    const HOW: &str = "make it with `make deb`";
    let folder = here("target/debian");
    let entries = fs::read_dir(&folder).unwrap_or_else(|_| panic!("there is no package: {HOW}"));
    let mut packages = entries
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "deb"));
    let package = packages.next().unwrap_or_else(|| panic!("there is no package: {HOW}"));
    assert_eq!(packages.next(), None, "more than one package in {}", folder.display());
    let made = changed(&package);
    for source in SOURCES {
        let newer = newest(&here(source)) > made;
        assert!(!newer, "the package is older than {source}: {HOW}");
    }
    package
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn changed(path: &Path) -> SystemTime {
    fs::metadata(path).unwrap().modified().unwrap()
}

fn newest(path: &Path) -> SystemTime {
    if !path.is_dir() {
        return changed(path);
    }
    let entries = fs::read_dir(path).unwrap().map(|entry| newest(&entry.unwrap().path()));
    entries.max().unwrap_or(SystemTime::UNIX_EPOCH)
}
