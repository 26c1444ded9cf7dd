//! A batch is taken whole, for the generation that it was made for, or not at all.

use std::borrow::Cow;

use hairnat::kernel::KernelError;
use hairnat::plan::{Action, plan};
use hairnat::ruleset::{Rule, Ruleset, Statement, TableFamily};

use crate::world::{World, declaration, filled, inet, ruleset};

pub(crate) fn a_plan_holds_though_others_commit_to_their_tables(world: &mut dyn World) {
    let desired = ruleset();
    let read = world.snapshot();
    world.others_commit();
    let plan = plan(&read, &desired);
    world.kernel().validate(&plan).unwrap();
    world.kernel().commit(&plan).unwrap();
    let live = world.snapshot();
    assert_eq!(live.to_ruleset(), (desired, Vec::new()));
    assert_eq!(live.generation, read.generation + 2);
}

pub(crate) fn a_plan_for_what_our_tables_were_is_stale(world: &mut dyn World) {
    let desired = world.begin();
    let read = world.snapshot();
    let gone = Ruleset::default();
    let stale = plan(&read, &gone);
    world.others_commit_to_ours();
    world.others_commit();
    for refused in [world.kernel().validate(&stale), world.kernel().commit(&stale)] {
        assert!(matches!(refused, Err(KernelError::Stale)), "{refused:?}");
    }
    let now = world.snapshot();
    assert_eq!(now.to_ruleset(), (desired, Vec::new()));
    assert_eq!(now.generation, read.generation + 2);
    world.kernel().commit(&plan(&now, &gone)).unwrap();
    assert_eq!(world.snapshot().tables, []);
}

pub(crate) fn a_plan_of_a_generation_to_come_is_stale(world: &mut dyn World) {
    let live = world.snapshot();
    let plan = inet(live.generation + 1, vec![Action::AddTable]);
    for refused in [world.kernel().validate(&plan), world.kernel().commit(&plan)] {
        assert!(matches!(refused, Err(KernelError::Stale)), "{refused:?}");
    }
    assert_eq!(world.snapshot(), live);
}

pub(crate) fn validation_changes_nothing(world: &mut dyn World) {
    let desired = ruleset();
    let before = world.snapshot();
    world.kernel().validate(&plan(&before, &desired)).unwrap();
    assert_eq!(world.snapshot(), before);
    world.begin();
    let before = world.snapshot();
    world.kernel().validate(&plan(&before, &Ruleset::default())).unwrap();
    assert_eq!(world.snapshot(), before);
}

pub(crate) fn a_failure_in_the_middle_changes_nothing(world: &mut dyn World) {
    let desired = world.begin();
    let set = declaration(&desired, "dnat4");
    let float = |last: u8, to: u8| {
        let key = [203, 0, 113, last];
        let data = [10, 0, 0, to];
        Cow::Owned(filled(set, &[(&key, &key, &data)]))
    };
    let rule = Rule { statements: vec![Statement::Accept] };
    let live = world.snapshot();
    let first = &live.table(TableFamily::Inet).unwrap().chains[0].rules[0];
    world.refuses(
        vec![
            Action::DeleteRule { chain: "zones", handle: first.handle, rule: &first.rule },
            Action::AddRule { chain: "output", rule: &rule, before: None },
            Action::DeleteElements { set, elements: float(10, 10) },
            Action::AddElements { set, elements: float(20, 20) },
            Action::AddElements { set, elements: float(20, 21) },
            Action::AddElements { set, elements: float(30, 30) },
            Action::DeleteTable,
        ],
        "add element `203.0.113.20` to map `dnat4` of table `inet hairnat`",
        libc::EEXIST,
    );
}

pub(crate) fn a_table_is_made_anew_in_one_batch(world: &mut dyn World) {
    let desired = world.begin();
    let set = declaration(&desired, "snat4");
    let live = world.snapshot();
    let actions = vec![Action::DeleteTable, Action::AddTable, Action::AddSet(set)];
    world.kernel().commit(&inet(live.generation, actions)).unwrap();
    let (anew, _) = world.snapshot().to_ruleset();
    let table = anew.table(TableFamily::Inet).unwrap();
    assert_eq!((table.sets.len(), table.chains.len()), (1, 0));
    assert!(table.sets[0].elements.is_empty());
    assert_eq!(anew.table(TableFamily::Bridge), desired.table(TableFamily::Bridge));
}
