//! Intervals that touch one another come and go one by one.

use std::borrow::Cow;

use hairnat::kernel::{Kernel, NfTables};
use hairnat::plan::{Action, LiveSet, Op, Plan};
use hairnat::ruleset::{Element, Elements, SetDeclaration, TableFamily};

use crate::load;
use crate::witness::{inside, nft};

const MAP: &str = "table inet hairnat { map dnat4_net {
    type ipv4_addr : interval ipv4_addr; flags interval; } }";

/// The live map, whether nft or hairnat filled it.
struct Map {
    kernel: NfTables,
    declaration: SetDeclaration,
}

impl Map {
    fn load(script: &str) -> Self {
        load(script);
        let mut kernel = NfTables::open().unwrap();
        let live = kernel.snapshot().unwrap();
        let LiveSet::Known { set, .. } = live.tables[0].sets[0].clone() else { panic!("{live:?}") };
        Self { kernel, declaration: set.declaration }
    }

    /// One /28 of 198.51.100.0/24, to the same of 10.0.0.0/24.
    fn prefix(&self, first: u8) -> Elements {
        let mut elements = Elements::new(&self.declaration);
        let (key, last) = ([198, 51, 100, first], [198, 51, 100, first + 15]);
        let data = [10, 0, 0, first, 10, 0, 0, first + 15];
        elements.push(Element { key: &key, last: &last, data: &data, comment: None });
        elements
    }

    fn commit(&mut self, action: Action<'_>) {
        let generation = self.kernel.generation().unwrap();
        let ops = vec![Op { family: TableFamily::Inet, action }];
        self.kernel.commit(&Plan { generation, ops, ..Plan::default() }).unwrap();
    }

    fn add(&mut self, first: u8) {
        let (set, elements) = (&self.declaration.clone(), self.prefix(first));
        self.commit(Action::AddElements { set, elements: Cow::Owned(elements) });
    }

    fn delete(&mut self, first: u8) {
        let (set, elements) = (&self.declaration.clone(), self.prefix(first));
        self.commit(Action::DeleteElements { set, elements: Cow::Owned(elements) });
    }

    /// The first bytes of the /28s that hairnat reads; there must be no strays.
    fn firsts(&mut self) -> Vec<u8> {
        let live = self.kernel.snapshot().unwrap();
        let LiveSet::Known { set, strays, .. } = &live.tables[0].sets[0] else {
            panic!("{live:?}")
        };
        assert_eq!(*strays, 0);
        set.elements.iter().map(|element| element.key[3]).collect()
    }

    /// The elements that nft lists.
    fn listed() -> String {
        let listing = nft(&["list", "map", "inet", "hairnat", "dnat4_net"]);
        let (_, elements) = listing.split_once("elements = {").unwrap_or_default();
        elements.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn a_neighbour_comes_and_goes_alone() {
    inside(|| {
        let mut map = Map::load(MAP);
        for first in [16, 48, 32, 0] {
            map.add(first);
        }
        assert_eq!(map.firsts(), [0, 16, 32, 48]);
        map.delete(16);
        assert_eq!(map.firsts(), [0, 32, 48]);
        map.delete(48);
        map.add(16);
        assert_eq!(map.firsts(), [0, 16, 32]);
        map.delete(0);
        map.delete(32);
        assert_eq!(Map::listed(), "198.51.100.16/28 : 10.0.0.16/28 } } }");
        map.delete(16);
        assert!(map.firsts().is_empty());
        assert_eq!(Map::listed(), "");
    });
}

#[test]
fn what_nft_loaded_can_be_taken_apart() {
    inside(|| {
        let mut map = Map::load(&MAP.replace(
            "flags interval;",
            "flags interval; elements = { 198.51.100.0/28 : 10.0.0.0/28,
                198.51.100.16/28 : 10.0.0.16/28, 198.51.100.32/28 : 10.0.0.32/28 };",
        ));
        assert_eq!(map.firsts(), [0, 16, 32]);
        map.delete(16);
        map.add(48);
        assert_eq!(map.firsts(), [0, 32, 48]);
        map.delete(0);
        map.delete(48);
        assert_eq!(Map::listed(), "198.51.100.32/28 : 10.0.0.32/28 } } }");
    });
}

#[test]
fn the_whole_address_space_is_one_interval() {
    inside(|| {
        let mut map =
            Map::load("table inet hairnat { set all4 { type ipv4_addr; flags interval; } }");
        let set = &map.declaration.clone();
        let mut all = Elements::new(set);
        all.push(Element { key: &[0; 4], last: &[255; 4], data: &[], comment: None });
        map.commit(Action::AddElements { set, elements: Cow::Borrowed(&all) });
        let live = map.kernel.snapshot().unwrap();
        let LiveSet::Known { set: read, strays: 0, .. } = &live.tables[0].sets[0] else {
            panic!("{live:?}")
        };
        assert_eq!(read.elements, all);
        assert!(nft(&["list", "ruleset"]).contains("elements = { 0.0.0.0/0 }"));
        map.commit(Action::DeleteElements { set, elements: Cow::Owned(all) });
        assert!(!nft(&["list", "ruleset"]).contains("elements"));
    });
}
