//! Packets that once came out otherwise than was said, as files.
//!
//! A case is a sentence, a policy, the host's conditions, a packet, and what the kernel does with it.

use std::fs;
use std::path::{Path, PathBuf};

use hairnat::policy::{Policy, Source, parse};
use hairnat::trace::Conditions;

use crate::packet::{Outcome, Packet, conditions, conditions_text};
use crate::policies::Draft;
use crate::scenario::{Scenario, scenarios};

/// Where cases are.
pub(crate) const FOLDER: &str = "tests/conformance/cases";

/// One of them.
pub(crate) struct Case {
    pub(crate) path: PathBuf,
    pub(crate) policy: Policy,
    pub(crate) conditions: Conditions,
    pub(crate) packet: Packet,
    pub(crate) expected: String,
}

/// All that there are.
pub(crate) fn cases() -> Vec<Case> {
    scenarios(FOLDER).into_iter().map(read).collect()
}

fn read(path: PathBuf) -> Case {
    let Scenario { sources, expected } = Scenario::read(&path);
    let [policy, host, packet] = sources.try_into().unwrap_or_else(|sources: Vec<Source>| {
        panic!("{}: {} parts, not 3", path.display(), sources.len())
    });
    let text = |source: Source| String::from_utf8(source.text).expect("UTF-8").trim().to_owned();
    let conditions = conditions(&text(host)).expect("conditions");
    let packet = text(packet).parse().unwrap_or_else(|error| panic!("{error}"));
    let policy = parse(&[policy]).unwrap_or_else(|_| panic!("{}: no policy", path.display()));
    Case { path, policy, conditions, packet, expected: expected.trim().to_owned() }
}

/// Writes one down; gives its path.
pub(crate) fn write(
    seed: u64,
    draft: &Draft,
    host: Conditions,
    packet: &Packet,
    kernel: Outcome,
) -> PathBuf {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(FOLDER).join(format!("seed_{seed}.scenario"));
    let host = conditions_text(host);
    let text = format!(
        "Say here what this is about.\n\n\
         ==> policy.yaml <==\n{draft}==> host <==\n{host}\n==> packet <==\n{packet}\n\
         ==> expected <==\n{kernel}\n"
    );
    fs::write(&path, text).expect("write the case");
    path
}
