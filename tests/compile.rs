//! What policies compile to, one scenario a feature in `tests/compile`.
//!
//! A scenario is a sentence, a policy, and the nft text that it becomes; with nft(8) as the witness
//! that this text means what it says. `HAIRNAT_BLESS=1` writes what policies become now.

mod golden;
mod scenario;
mod witness;

use hairnat::cli::diagnostics;
use hairnat::compile::compile;
use hairnat::policy::{Source, parse};

use golden::every_scenario;
use scenario::{Scenario, scenarios, shipped};
use witness::{as_listed, inside, listing, nft, nft_reading};

/// Where the scenarios are.
const FOLDER: &str = "tests/compile";

fn compiled(sources: &[Source]) -> String {
    match parse(sources) {
        Ok(policy) => compile(&policy).to_string(),
        Err(found) => panic!("{}", diagnostics::text(&found, false)),
    }
}

#[test]
fn every_scenario_becomes_what_it_expects() {
    every_scenario(FOLDER, 30, |scenario| compiled(&scenario.sources));
}

#[test]
fn nft_lists_what_scenarios_and_shipped_policies_become_as_it_is_written() {
    inside(|| {
        let scenarios = scenarios(FOLDER).into_iter().map(|path| Scenario::read(&path).sources);
        let shipped = shipped().into_iter().map(|source| vec![source]);
        for sources in scenarios.chain(shipped) {
            let text = compiled(&sources);
            nft_reading(&["-f", "-"], &text);
            assert_eq!(listing(), as_listed(&text));
            nft(&["flush", "ruleset"]);
        }
    });
}
