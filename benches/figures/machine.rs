//! What the figures are figures of.

use std::fs;
use std::process::Command;

use crate::world::HAIRNAT;

/// The programs that take part, and how they tell their version.
const PROGRAMS: [(&str, &str); 6] = [
    ("hairnat", HAIRNAT),
    ("nft", "nft"),
    ("iptables-nft-restore", "iptables-nft-restore"),
    ("iptables-legacy-restore", "iptables-legacy-restore"),
    ("valgrind", "valgrind"),
    ("rustc", "rustc"),
];

/// The machine, its kernel and the programs: a name and a value each.
pub(crate) fn describe() -> Vec<(&'static str, String)> {
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let mut machine = vec![
        ("processor", field("/proc/cpuinfo", "model name")),
        ("cores", cores.to_string()),
        ("memory", memory()),
        ("kernel", kernel()),
    ];
    machine.extend(PROGRAMS.map(|(name, program)| (name, version(program))));
    machine
}

/// The value of the first line `NAME : VALUE` of a file.
fn field(file: &str, name: &str) -> String {
    let text = fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find(|line| line.starts_with(name));
    let value = line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim());
    value.unwrap_or("unknown").to_owned()
}

/// The number of the release, without whatever a builder appended to it.
fn kernel() -> String {
    let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("Linux {}", release.trim().split('-').next().unwrap_or("of unknown version"))
}

fn memory() -> String {
    let kibibytes: Option<u64> =
        field("/proc/meminfo", "MemTotal").split(' ').next().and_then(|text| text.parse().ok());
    kibibytes
        .map_or("unknown".to_owned(), |kibibytes| format!("{} GiB", (kibibytes + (1 << 19)) >> 20))
}

/// The version of a program, by its first number with a dot in it.
fn version(program: &str) -> String {
    let Ok(output) = Command::new(program).arg("--version").output() else {
        return "not installed".to_owned();
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let mut words = text.lines().next().unwrap_or_default().split_whitespace();
    let number = |word: &str| word.contains('.') && word.contains(|c: char| c.is_ascii_digit());
    let version = words.find(|word| number(word)).unwrap_or("unknown");
    version.trim_start_matches(|c: char| !c.is_ascii_digit()).to_owned()
}
