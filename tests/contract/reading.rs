//! What a kernel says is live.

use hairnat::plan::{CounterValue, LiveChain, LiveRule, LiveSet, LiveTable, Plan, Snapshot, plan};
use hairnat::ruleset::{Ruleset, Statement, Table};

use crate::world::{World, ruleset};

pub(crate) fn nothing_is_read_as_nothing(world: &mut dyn World) {
    let live = world.snapshot();
    assert_eq!(live.tables, Vec::new());
    assert_eq!(world.snapshot(), live, "reading moves no generation");
}

pub(crate) fn what_was_committed_is_read_back(world: &mut dyn World) {
    let desired = world.begin();
    let live = world.snapshot();
    assert_eq!(without_handles(live.clone()).tables, as_live(&desired));
    assert_eq!(live.to_ruleset(), (desired, Vec::new()));
}

pub(crate) fn every_rule_has_a_handle_of_its_own(world: &mut dyn World) {
    world.begin();
    for table in world.snapshot().tables {
        let rules = table.chains.iter().flat_map(|chain| &chain.rules);
        let mut handles: Vec<u64> = rules.map(|rule| rule.handle).collect();
        let count = handles.len();
        handles.sort_unstable();
        handles.dedup();
        assert_eq!(handles.len(), count);
        assert!(!handles.contains(&0));
    }
}

pub(crate) fn a_commit_moves_the_generation_by_one(world: &mut dyn World) {
    let before = world.snapshot().generation;
    world.begin();
    assert_eq!(world.snapshot().generation, before + 1);
}

pub(crate) fn a_plan_without_operations_sends_nothing(world: &mut dyn World) {
    let desired = world.begin();
    let live = world.snapshot();
    let nothing = plan(&live, &desired);
    assert_eq!(nothing, Plan { generation: live.generation, ..Plan::default() });
    world.kernel().commit(&nothing).unwrap();
    assert_eq!(world.snapshot(), live);
    world.others_commit();
    world.kernel().commit(&nothing).unwrap();
    world.kernel().validate(&nothing).unwrap();
    assert_eq!(ruleset(), world.snapshot().to_ruleset().0);
}

fn without_handles(mut live: Snapshot) -> Snapshot {
    let chains = live.tables.iter_mut().flat_map(|table| &mut table.chains);
    for rule in chains.flat_map(|chain| &mut chain.rules) {
        rule.handle = 0;
    }
    live
}

/// The tables as they are read where no packet has passed yet.
fn as_live(desired: &Ruleset) -> Vec<LiveTable> {
    desired.tables.iter().map(live_table).collect()
}

fn live_table(table: &Table) -> LiveTable {
    let zero = CounterValue::default();
    let sets = table.sets.iter().cloned().map(|set| {
        let counted = if set.declaration.counter { set.elements.len() } else { 0 };
        LiveSet::Known { set, counters: vec![zero; counted], strays: 0 }
    });
    let chains = table.chains.iter().cloned().map(|chain| {
        let rules = chain.rules.into_iter().map(|rule| {
            let counts = rule.statements.contains(&Statement::Counter);
            LiveRule { handle: 0, rule, counter: counts.then_some(zero) }
        });
        LiveChain { declaration: Ok(chain.declaration), rules: rules.collect() }
    });
    LiveTable {
        family: table.family,
        owner: None,
        dormant: false,
        sets: sets.collect(),
        chains: chains.collect(),
        others: Vec::new(),
    }
}
