//! Scenarios that hold what is expected of them.

use std::fs;

use crate::scenario::{Scenario, scenarios};

/// Every scenario of the folder comes out as it expects; there are at least so many.
///
/// `HAIRNAT_BLESS=1` writes what comes out now.
pub(crate) fn every_scenario(folder: &str, at_least: usize, outcome: impl Fn(&Scenario) -> String) {
    let paths = scenarios(folder);
    assert!(paths.len() >= at_least, "only {} scenarios", paths.len());
    let mut failures = Vec::new();
    for path in paths {
        let scenario = Scenario::read(&path);
        let outcome = outcome(&scenario);
        if outcome == scenario.expected {
            continue;
        }
        if std::env::var_os("HAIRNAT_BLESS").is_some() {
            let text = fs::read_to_string(&path).unwrap();
            let head = text.split("==> expected <==\n").next().unwrap();
            fs::write(&path, format!("{head}==> expected <==\n{outcome}")).unwrap();
        } else {
            let (name, expected) = (path.display(), &scenario.expected);
            failures.push(format!("{name}\nexpected:\n{expected}\nfound:\n{outcome}\n"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.concat());
}
