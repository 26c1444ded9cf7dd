//! Tables, sets, chains and rules.

use hairnat::address::IpFamily;
use hairnat::plan::Action;
use hairnat::ruleset::{
    AddressSide, BaseChain, ChainDeclaration, ChainType, Hook, MapKey, NatKind, NatTarget, Rule,
    Statement, TableFamily,
};

use crate::world::{World, declaration, ruleset};

fn accept() -> Rule {
    Rule { statements: vec![Statement::Accept] }
}

pub(crate) fn a_table_is_not_made_twice(world: &mut dyn World) {
    world.begin();
    world.refuses(vec![Action::AddTable], "add table `inet hairnat`", libc::EEXIST);
}

pub(crate) fn a_table_that_is_not_there_is_not_deleted(world: &mut dyn World) {
    world.refuses(vec![Action::DeleteTable], "delete table `inet hairnat`", libc::ENOENT);
}

pub(crate) fn nothing_is_put_into_a_table_that_is_not_there(world: &mut dyn World) {
    let desired = ruleset();
    let set = declaration(&desired, "dnat4");
    let chain = ChainDeclaration { name: "other".to_owned(), base: None };
    let (rule, inet) = (&accept(), "table `inet hairnat`");
    let set_line = format!("add map `dnat4` to {inet}");
    world.refuses(vec![Action::AddSet(set)], &set_line, libc::ENOENT);
    let add_rule = Action::AddRule { chain: "other", rule, before: None };
    let rule_line = format!("add a rule to chain `other` of {inet}");
    world.refuses(vec![add_rule], &rule_line, libc::ENOENT);
    world.commit(vec![Action::AddTable, Action::AddChain(&chain)]);
}

pub(crate) fn a_set_is_not_made_twice(world: &mut dyn World) {
    let desired = world.begin();
    let set = declaration(&desired, "dnat4_range");
    let line = "add map `dnat4_range` to table `inet hairnat`";
    world.refuses(vec![Action::AddSet(set)], line, libc::EEXIST);
}

pub(crate) fn a_chain_is_not_made_twice(world: &mut dyn World) {
    let desired = world.begin();
    let chain = &desired.table(TableFamily::Inet).unwrap().chains[0].declaration;
    let line = "add chain `zones` to table `inet hairnat`";
    world.refuses(vec![Action::AddChain(chain)], line, libc::EEXIST);
}

pub(crate) fn a_rule_goes_into_its_place(world: &mut dyn World) {
    world.begin();
    let live = world.snapshot();
    let chain = "postrouting";
    let rules = |live: &hairnat::plan::Snapshot| {
        let chains = &live.table(TableFamily::Inet).unwrap().chains;
        chains.iter().find(|found| found.name() == chain).unwrap().rules.clone()
    };
    let inet = |live: &hairnat::plan::Snapshot| -> Vec<String> {
        rules(live).iter().map(|live| live.rule.to_string()).collect()
    };
    let mut expected = inet(&live);
    let rules = rules(&live);
    let (drop, accept) = (Rule { statements: vec![Statement::Drop] }, accept());
    let before = |index: usize| Some(rules[index].handle);
    world.commit(vec![
        Action::AddRule { chain, rule: &drop, before: before(1) },
        Action::AddRule { chain, rule: &accept, before: before(1) },
        Action::AddRule { chain, rule: &accept, before: before(0) },
        Action::AddRule { chain, rule: &drop, before: None },
        Action::AddRule { chain, rule: &accept, before: None },
        Action::DeleteRule { chain, handle: rules[0].handle, rule: &rules[0].rule },
    ]);
    expected.splice(0..1, ["accept", "drop", "accept"].map(str::to_owned));
    expected.extend(["drop", "accept"].map(str::to_owned));
    assert_eq!(inet(&world.snapshot()), expected);
}

pub(crate) fn a_rule_needs_its_chain(world: &mut dyn World) {
    world.begin();
    let action = Action::AddRule { chain: "nowhere", rule: &accept(), before: None };
    let line = "add a rule to chain `nowhere` of table `inet hairnat`";
    world.refuses(vec![action], line, libc::ENOENT);
}

pub(crate) fn a_rule_needs_the_one_that_it_goes_before(world: &mut dyn World) {
    world.begin();
    let action = Action::AddRule { chain: "output", rule: &accept(), before: Some(4096) };
    let line = "add a rule to chain `output` of table `inet hairnat`";
    world.refuses(vec![action], line, libc::ENOENT);
}

pub(crate) fn a_rule_needs_its_sets(world: &mut dyn World) {
    world.begin();
    let set = "nowhere".to_owned();
    let target = |map: &str| NatTarget::Map {
        key: MapKey::Address(AddressSide::Destination),
        map: map.to_owned(),
        with_port: false,
    };
    let family = IpFamily::V4;
    for statement in [
        Statement::AddressInSet {
            family,
            side: AddressSide::Source,
            negated: false,
            set: set.clone(),
        },
        Statement::Nat { kind: NatKind::Dnat, family, target: target(&set) },
        Statement::PortPair { set: set.clone() },
        Statement::LearnPort { set: set.clone() },
    ] {
        let rule = &Rule { statements: vec![Statement::NfProto(family), statement] };
        let action = Action::AddRule { chain: "output", rule, before: None };
        let line = "add a rule to chain `output` of table `inet hairnat`";
        world.refuses(vec![action], line, libc::ENOENT);
    }
}

pub(crate) fn a_rule_that_is_not_there_is_not_deleted(world: &mut dyn World) {
    world.begin();
    let action = Action::DeleteRule { chain: "output", handle: 4096, rule: &accept() };
    let line = "delete a rule from chain `output` of table `inet hairnat`";
    world.refuses(vec![action], line, libc::ENOENT);
}

pub(crate) fn a_flushed_chain_has_only_the_rules_that_are_added_then(world: &mut dyn World) {
    world.begin();
    let before = world.snapshot();
    let chain = "postrouting";
    let add = Action::AddRule { chain, rule: &accept(), before: None };
    world.commit(vec![add.clone(), Action::FlushChain(chain), add]);
    let mut after = world.snapshot();
    let place = before.tables[1].chains.iter().position(|live| live.name() == chain).unwrap();
    let chains = &mut after.tables[1].chains;
    let rules: Vec<_> = chains[place].rules.iter().map(|live| live.rule.to_string()).collect();
    assert_eq!(rules, ["accept"]);
    chains[place].rules.clone_from(&before.tables[1].chains[place].rules);
    assert_eq!(after.tables, before.tables, "nothing else has changed");
}

pub(crate) fn a_chain_that_is_not_there_is_not_flushed(world: &mut dyn World) {
    world.begin();
    let line = "delete the rules of chain `nowhere` of table `inet hairnat`";
    world.refuses(vec![Action::FlushChain("nowhere")], line, libc::ENOENT);
}

pub(crate) fn addresses_are_translated_only_in_chains_of_nat(world: &mut dyn World) {
    world.begin();
    let base = |chain_type, hook| {
        let base = BaseChain { chain_type, hook, priority: 0, accept: true };
        ChainDeclaration { name: "other".to_owned(), base: Some(base) }
    };
    let nat = |kind| {
        let target = NatTarget::Address([203, 0, 113, 1].into());
        let family = IpFamily::V4;
        let translate = Statement::Nat { kind, family, target };
        Rule { statements: vec![Statement::NfProto(family), translate] }
    };
    let masquerade = Rule { statements: vec![Statement::Masquerade] };
    for (chain, rule) in [
        (base(ChainType::Filter, Hook::Prerouting), nat(NatKind::Dnat)),
        (base(ChainType::Filter, Hook::Postrouting), masquerade.clone()),
        (base(ChainType::Nat, Hook::Prerouting), nat(NatKind::Snat)),
        (base(ChainType::Nat, Hook::Postrouting), nat(NatKind::Dnat)),
        (base(ChainType::Nat, Hook::Output), masquerade),
    ] {
        let rule = Action::AddRule { chain: "other", rule: &rule, before: None };
        let line = "add a rule to chain `other` of table `inet hairnat`";
        world.refuses(vec![Action::AddChain(&chain), rule], line, libc::EOPNOTSUPP);
    }
}

pub(crate) fn what_can_only_be_read_is_not_written(world: &mut dyn World) {
    world.begin();
    let rule = &Rule { statements: vec![Statement::Foreign("limit".to_owned())] };
    let action = Action::AddRule { chain: "output", rule, before: None };
    let line = "add a rule to chain `output` of table `inet hairnat`";
    world.refuses(vec![action], line, libc::EOPNOTSUPP);
}
