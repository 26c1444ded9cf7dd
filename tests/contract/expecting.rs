//! Reading with something expected gives what reading without does.

use std::borrow::Cow;
use std::fmt::Write as _;

use hairnat::compile::compile;
use hairnat::plan::{Action, plan};
use hairnat::policy::{Source, parse};
use hairnat::ruleset::{Element, Elements, Ruleset, Set, TableFamily};

use crate::world::World;

/// Many floats of every kind in both families; `fixed` is where the first ones lead.
fn policy(floats: u32, fixed: &str, name: &str) -> Ruleset {
    let mut text = format!(
        "fixed: [10.0.0.0/16, 'fd00::/64']\ncounters: true\nfloats:\n  \
         203.0.113.1: {{fixed: 10.0.{fixed}, name: {name}}}\n  \
         '2001:db8::1': {{fixed: 'fd00::1', name: {name}}}\n  \
         198.51.100.0/28: 10.0.9.0/28\n  \
         203.0.113.2: {{ports: {{6000-6010/udp: 10.0.0.7, 80/tcp: '10.0.0.8:8080'}}}}\n"
    );
    for number in 0..floats {
        let [.., high, low] = number.to_be_bytes();
        let l4_port = 1000 + number;
        writeln!(
            text,
            "  100.64.{high}.{low}: 10.0.{high}.{low}\n  \
             '2001:db8::64:{number:x}': 'fd00::64:{number:x}'\n  \
             100.65.{high}.{low}: {{ports: {{{l4_port}/tcp: 10.0.100.9}}}}"
        )
        .unwrap();
    }
    let source = Source { name: "policy.yaml".to_owned(), text: text.into() };
    compile(&parse(&[source]).unwrap())
}

impl dyn World + '_ {
    /// Makes `live` live, then reads it expecting `expected`.
    #[track_caller]
    fn reads(&mut self, live: &Ruleset, expected: &Ruleset) {
        let before = self.snapshot();
        self.kernel().commit(&plan(&before, live)).unwrap();
        self.reads_the_same(expected);
        assert!(plan(&self.snapshot(), live).is_empty());
    }

    #[track_caller]
    fn reads_the_same(&mut self, expected: &Ruleset) {
        let all = self.snapshot();
        assert_eq!(self.kernel().snapshot_expecting(expected).unwrap(), all);
    }
}

pub(crate) fn what_is_expected_is_read_as_it_is(world: &mut dyn World) {
    world.reads_the_same(&policy(1, "200.1", "web"));
    for floats in [0, 1, 600] {
        let desired = policy(floats, "200.1", "web");
        world.reads(&desired, &desired);
    }
    world.reads_the_same(&Ruleset::default());
}

pub(crate) fn what_differs_from_the_expected_is_read_as_it_is(world: &mut dyn World) {
    let one = |fixed| policy(40, fixed, "web");
    for (live, expected) in [
        (one("200.1"), one("200.2")),
        (one("200.1"), policy(40, "200.1", "db")),
        (policy(40, "200.1", "web"), policy(41, "200.1", "web")),
        (policy(41, "200.1", "web"), policy(40, "200.1", "web")),
        (policy(2, "200.1", "web"), policy(900, "200.1", "web")),
        (policy(900, "200.1", "web"), policy(2, "200.1", "web")),
    ] {
        world.reads(&live, &expected);
    }
}

pub(crate) fn a_set_that_is_declared_otherwise_is_read_as_it_is(world: &mut dyn World) {
    let live = policy(40, "200.1", "web");
    for change in [
        |set: &mut Set| set.declaration.counter = false,
        |set: &mut Set| set.declaration.size = None,
        |set: &mut Set| set.declaration.name.push('x'),
        |set: &mut Set| set.elements = Elements::new(&set.declaration),
    ] {
        let mut expected = live.clone();
        expected.tables.iter_mut().flat_map(|table| &mut table.sets).for_each(change);
        world.reads(&live, &expected);
    }
}

/// As many elements as expected, and every expected one but one: the one in its place is told.
pub(crate) fn an_element_in_place_of_an_expected_one_is_read(world: &mut dyn World) {
    let expected = policy(300, "200.1", "web");
    world.reads(&expected, &expected);
    for name in ["dnat4", "snat6", "dnat4_port"] {
        let sets = &expected.table(TableFamily::Inet).unwrap().sets;
        let Set { declaration: set, elements } =
            sets.iter().find(|set| set.declaration.name == name).unwrap();
        for index in [0, elements.len() / 2, elements.len() - 1] {
            let expected_one = elements.get(index);
            let mut gone = Elements::new(set);
            gone.push(expected_one);
            let mut key = expected_one.key.to_vec();
            *key.first_mut().unwrap() = 192;
            let mut come = Elements::new(set);
            come.push(Element { key: &key, last: &key, ..expected_one });
            let deleted = |elements| Action::DeleteElements { set, elements: Cow::Owned(elements) };
            let added = |elements| Action::AddElements { set, elements: Cow::Owned(elements) };
            world.commit(vec![deleted(gone.clone()), added(come.clone())]);
            world.reads_the_same(&expected);
            world.commit(vec![deleted(come), added(gone)]);
        }
    }
    world.reads_the_same(&expected);
}
