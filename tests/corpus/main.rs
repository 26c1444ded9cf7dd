//! What the fuzzer found worth keeping, read once more: `fuzz/corpus`, a folder for each law.

#[path = "../../fuzz/src/messages.rs"]
pub mod messages;
#[path = "../../fuzz/src/names.rs"]
pub mod names;
mod nft;
#[path = "../../fuzz/src/policy.rs"]
pub mod policy;
#[path = "../scenario/mod.rs"]
mod scenario;
#[path = "../witness/mod.rs"]
mod witness;

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use scenario::{Scenario, scenarios, shipped};

/// The files of a corpus and what they hold.
fn corpus(law: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(law);
    let entries = fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    files.sort();
    assert!(files.len() >= 10, "only {} files in {}", files.len(), folder.display());
    files
}

#[track_caller]
fn holds_for_all(law: &str, check: fn(&[u8])) {
    for (path, data) in corpus(law) {
        let checked = catch_unwind(AssertUnwindSafe(|| check(&data)));
        assert!(checked.is_ok(), "the law does not hold for {}", path.display());
    }
}

#[test]
fn any_text_is_a_policy_or_there_are_reasons_why_not() {
    holds_for_all("policy", policy::check);
}

/// What the fuzzer starts from, beside its corpus.
#[test]
fn any_scenario_is_a_policy_or_there_are_reasons_why_not() {
    let paths = ["tests/policy", "tests/compile"].into_iter().flat_map(scenarios);
    let scenarios = paths.map(|path| Scenario::read(&path).sources).chain([shipped()]);
    let mut count = 0;
    for sources in scenarios {
        let texts: Vec<&[u8]> = sources.iter().map(|source| &*source.text).collect();
        policy::check(&texts.join(&policy::SEPARATOR));
        count += 1;
    }
    assert!(count > 100, "only {count} scenarios");
}

#[test]
fn what_is_known_of_any_messages_can_be_written() {
    holds_for_all("messages", messages::check);
}

#[test]
fn a_name_comes_back_from_text() {
    holds_for_all("names", names::check);
}
