//! A chain of ours that others have filled with rules of theirs.

use hairnat::plan::{LiveRule, Snapshot};
use hairnat::ruleset::{Rule, Statement};

use crate::ONE;
use crate::scenario::Scenario;

/// The rules of the live chain `postrouting`: four of ours.
fn postrouting(live: &mut Snapshot) -> &mut Vec<LiveRule> {
    let mut chains = live.tables[1].chains.iter_mut();
    &mut chains.find(|chain| chain.name() == "postrouting").unwrap().rules
}

/// Puts `count` rules before, and among, those of the chain.
fn fill(live: &mut Snapshot, count: usize) {
    let rule = |handle| {
        let rule = Rule { statements: vec![Statement::Foreign("ip daddr 192.0.2.1".to_owned())] };
        LiveRule { handle, rule, counter: None }
    };
    let rules = postrouting(live);
    assert_eq!(rules.len(), 4);
    let first = (4097..).take(count / 2).map(rule);
    rules.splice(0..0, first);
    let (second, behind_one) = ((100_000..).take(count - count / 2).map(rule), count / 2 + 1);
    rules.splice(behind_one..behind_one, second);
}

fn filled(count: usize) -> Scenario {
    Scenario::new().applied(ONE).drift(|live| fill(live, count)).policy(ONE)
}

#[test]
fn a_thousand_rules_are_deleted_one_by_one_and_ours_stay() {
    let scenario = filled(1000);
    assert_eq!(scenario.summary(), (0, 0, 1000));
    assert_eq!(scenario.rule_operations(), ["delete rule"; 1000]);
    scenario.leads_to_the_policy();
}

/// Each takes the kernel longer than the one before.
#[test]
fn more_rules_are_deleted_at_once_and_ours_added_again() {
    for count in [1001, 60_000] {
        let scenario = filled(count);
        assert_eq!(scenario.summary(), (0, 0, count), "what stays is no change");
        let operations = ["flush chain", "add rule", "add rule", "add rule", "add rule"];
        assert_eq!(scenario.rule_operations(), operations);
        assert!(!scenario.rebuilds());
        scenario.leads_to_the_policy();
    }
}

#[test]
fn a_rule_that_is_missing_in_a_full_chain_is_added_with_the_others() {
    let scenario = filled(2000).drift(|live| drop(postrouting(live).pop()));
    assert_eq!(scenario.summary(), (1, 0, 2000));
    assert_eq!(scenario.rule_operations().len(), 5);
    scenario.leads_to_the_policy();
}
