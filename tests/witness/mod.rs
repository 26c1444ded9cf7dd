//! nft(8) as a witness: what it loads and what it lists, in namespaces of a test's own.

#[path = "../lab/isolation.rs"]
mod isolation;

use std::io::Write as _;
use std::process::{Output, Stdio};

use isolation::{command, isolated, test_name};

/// What a test needs beyond namespaces.
const TRIAL: &str = "nft list tables";

/// Runs the body of a test, a closure of its own, in namespaces of its own.
pub(crate) fn inside<F: FnOnce()>(body: F) {
    isolated(test_name::<F>(), TRIAL, body);
}

/// What nft(8) prints when it is called like this.
#[track_caller]
pub(crate) fn nft(arguments: &[&str]) -> String {
    nft_reading(arguments, "")
}

/// What nft(8) prints when it is called like this, with `input` to read.
#[track_caller]
pub(crate) fn nft_reading(arguments: &[&str], input: &str) -> String {
    let Output { status, stdout, stderr } = run(arguments, input);
    let complaint = String::from_utf8_lossy(&stderr);
    assert!(status.success(), "nft {arguments:?}: {complaint}\n{input}");
    String::from_utf8(stdout).unwrap()
}

/// What nft(8) lists, to be compared with what [`as_listed`] gives.
#[track_caller]
pub(crate) fn listing() -> String {
    as_listed(&nft(&["list", "ruleset"]))
}

/// How the installed nft(8) would list `text`, a listing as nft 1.0.6 makes them: to the byte if it
/// is 1.0.6 itself, otherwise in one spelling of what later releases wrap and sort in another way.
pub(crate) fn as_listed(text: &str) -> String {
    // Where there is no /etc/protocols, nft does not know their names.
    let named = text
        .replace(" . 6 . ", " . tcp . ")
        .replace(" . 17 . ", " . udp . ")
        .replace(" . 132 . ", " . sctp . ")
        .replace(" . 1 . ", " . icmp . ")
        .replace(" . 58 . ", " . ipv6-icmp . ");
    if nft(&["--version"]).contains("v1.0.6 ") {
        return named;
    }
    let joined = named
        .replace(",\n\t\t\t     ", ", ")
        .replace("hook output priority dstnat - 1;", "hook output priority -101;");
    joined.split_inclusive('\n').map(with_sorted_elements).collect()
}

/// A line of a listing, its elements in one order whatever the release.
fn with_sorted_elements(line: &str) -> String {
    let within = line.split_once("{ ").and_then(|(head, rest)| {
        let (elements, tail) = rest.rsplit_once(" }")?;
        Some((head, elements, tail))
    });
    let Some((head, elements, tail)) = within else { return line.to_owned() };
    let mut elements: Vec<&str> = elements.split(", ").collect();
    elements.sort_unstable();
    format!("{head}{{ {} }}{tail}", elements.join(", "))
}

fn run(arguments: &[&str], input: &str) -> Output {
    let mut nft = command("nft")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // nft that stops reading says why.
    let _ = nft.stdin.take().unwrap().write_all(input.as_bytes());
    nft.wait_with_output().unwrap()
}
