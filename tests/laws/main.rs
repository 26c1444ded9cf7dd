//! What holds for any policy, and for any two, on the fake kernel and on the real one.
//!
//! The policies are random but the same in every run. `HAIRNAT_CASES` is how many there are of
//! each law; a failure shows the smallest policies that still fail.

mod changes;
mod drift;
mod kernel;
mod language;
#[path = "../listing/mod.rs"]
mod listing;
mod model;
mod planning;
mod policies;
mod rulesets;
mod scripts;
#[path = "../witness/mod.rs"]
mod witness;

use std::env;

use hairnat::compile::{HostAddresses, compile_on};
use hairnat::kernel::{Kernel, Step, converge};
use hairnat::policy::{Source, parse};
use hairnat::ruleset::Ruleset;
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, RngSeed, TestError, TestRunner};

/// Checks a law for as many values as `HAIRNAT_CASES` says, or `cases`.
#[track_caller]
fn for_any<S: Strategy>(cases: u32, strategy: &S, law: impl Fn(S::Value)) {
    let wanted = env::var("HAIRNAT_CASES").ok().map(|cases| cases.parse().unwrap());
    let config = Config {
        cases: wanted.unwrap_or(cases),
        max_shrink_time: 60_000,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(0x6861_6972_6e61_7421),
        ..Config::default()
    };
    let checked = TestRunner::new(config).run(strategy, |value| {
        law(value);
        Ok(())
    });
    match checked {
        Ok(()) => {}
        Err(TestError::Fail(reason, smallest)) => panic!("{reason}\nfor {smallest:#?}"),
        Err(error) => panic!("{error}"),
    }
}

/// The Ethernet address of the bridge, locally administered (IEEE 802 U/L bit).
const BRIDGE: [u8; 6] = [0x02, 0, 0x5e, 0x10, 0, 0x01];

/// The ruleset of a policy on a host with a bridge.
#[track_caller]
fn compiled(text: &str) -> Ruleset {
    match parse(&[source(text)]) {
        Ok(policy) => compile_on(&policy, HostAddresses { bridge: Some(BRIDGE) }),
        Err(found) => panic!("{}\n{text}", hairnat::cli::diagnostics::text(&found, false)),
    }
}

fn source(text: &str) -> Source {
    Source { name: "policy.yaml".to_owned(), text: text.as_bytes().to_vec() }
}

/// Makes `desired` live; gives how many changes that took.
#[track_caller]
fn apply(kernel: &mut impl Kernel, desired: &Ruleset) -> usize {
    converge(kernel, Step::Commit, desired, |plan| plan.summary().total()).unwrap().report
}

/// The ruleset with the sizes of `like`: a larger or smaller one is no difference by itself.
fn resized(mut ruleset: Ruleset, like: &Ruleset) -> Ruleset {
    for (table, like) in ruleset.tables.iter_mut().zip(&like.tables) {
        for (set, like) in table.sets.iter_mut().zip(&like.sets) {
            set.declaration.size = like.declaration.size;
        }
    }
    ruleset
}
