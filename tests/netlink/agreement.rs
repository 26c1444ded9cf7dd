//! What hairnat writes and reads is what nft(8) writes and reads.

use hairnat::kernel::{Kernel, NfTables};
use hairnat::plan::{LiveSet, plan};

use crate::load;
use crate::witness::{inside, listing, nft};

/// Every shape that hairnat makes, as nft 1.0.6 lists it.
const SHAPES: &str = include_str!("shapes.nft");

#[test]
fn every_shape_reads_back_as_it_was_written_by_nft_or_by_us() {
    inside(|| {
        load(SHAPES);
        let (by_nft, by_nft_json) = (listing(), nft(&["-j", "list", "ruleset"]));
        let mut kernel = NfTables::open().unwrap();
        let (read, left_out) = kernel.snapshot().unwrap().to_ruleset();
        assert_eq!(left_out, Vec::<String>::new());
        assert_eq!(read.to_string(), SHAPES);

        nft(&["flush", "ruleset"]);
        let empty = kernel.snapshot().unwrap();
        assert_eq!(empty.tables, Vec::new());
        kernel.commit(&plan(&empty, &read)).unwrap();
        assert_eq!(listing(), by_nft);
        assert_eq!(
            without_handles(&nft(&["-j", "list", "ruleset"])),
            without_handles(&by_nft_json)
        );
        let (again, _) = kernel.snapshot().unwrap().to_ruleset();
        assert_eq!(again, read);
    });
}

#[test]
fn what_is_in_sync_plans_nothing() {
    inside(|| {
        load(SHAPES);
        let mut kernel = NfTables::open().unwrap();
        let live = kernel.snapshot().unwrap();
        let (desired, _) = live.to_ruleset();
        assert_eq!(plan(&live, &desired).ops, Vec::new());
    });
}

#[test]
fn counters_are_read_but_are_no_part_of_the_ruleset() {
    inside(|| {
        load(
            "table inet hairnat {
                map dnat4 { type ipv4_addr : ipv4_addr; counter; elements = {
                    203.0.113.11 counter packets 7 bytes 420 : 10.0.0.11,
                    203.0.113.10 counter packets 3 bytes 180 : 10.0.0.10 } }
                chain forward { counter packets 5 bytes 300 drop; }
            }",
        );
        let live = NfTables::open().unwrap().snapshot().unwrap();
        let table = &live.tables[0];
        let LiveSet::Known { set, counters, strays } = &table.sets[0] else { panic!("{table:?}") };
        assert_eq!(set.elements.get(0).key, [203, 0, 113, 10], "sorted by key");
        let counted: Vec<_> = counters.iter().map(|c| (c.packets, c.bytes)).collect();
        assert_eq!(counted, [(3, 180), (7, 420)], "in the order of the elements");
        assert_eq!(*strays, 0);
        let rule = &table.chains[0].rules[0];
        assert_eq!(rule.counter.map(|c| (c.packets, c.bytes)), Some((5, 300)));
        assert_eq!(rule.rule.to_string(), "counter drop");
    });
}

#[test]
fn a_map_that_is_asked_for_its_elements_gives_counters_and_a_catch_all_as_a_dump_does() {
    inside(|| {
        load(
            "table inet hairnat {
                map dnat4 { type ipv4_addr : ipv4_addr; counter; elements = {
                    203.0.113.11 counter packets 7 bytes 420 : 10.0.0.11,
                    203.0.113.10 counter packets 3 bytes 180 comment \"web\" : 10.0.0.10 } }
                map dnat6 { type ipv6_addr : ipv6_addr; elements = {
                    2001:db8::10 : fd00::10 } }
            }",
        );
        let mut kernel = NfTables::open().unwrap().with_large_sets_from(1);
        let (expected, _) = kernel.snapshot().unwrap().to_ruleset();
        let asked = kernel.snapshot_expecting(&expected).unwrap();
        assert_eq!(asked, kernel.snapshot().unwrap());
        let LiveSet::Known { counters, .. } = &asked.tables[0].sets[0] else { panic!("{asked:?}") };
        assert_eq!(counters.iter().map(|c| (c.packets, c.bytes)).next(), Some((3, 180)));

        for map in ["dnat4 { * : 10.0.0.99 }", "dnat6 { * : fd00::99 }"] {
            nft(&[&format!("add element inet hairnat {map}")]);
        }
        let asked = kernel.snapshot_expecting(&expected).unwrap();
        assert_eq!(asked, kernel.snapshot().unwrap());
        for set in &asked.tables[0].sets {
            assert!(matches!(set, LiveSet::Known { strays: 1, .. }), "{set:?}");
        }
    });
}

#[test]
fn tables_of_others_are_not_even_looked_at() {
    inside(|| {
        load(
            "table ip hairnat { set s { type ipv4_addr; }
             chain c { accept; } }
             table inet filter { map dnat4 { type mark : verdict; }
             chain forward { drop; } }
             table inet hairnat { }",
        );
        let live = NfTables::open().unwrap().snapshot().unwrap();
        assert_eq!(live.tables.len(), 1);
        assert_eq!((&live.tables[0].sets, &live.tables[0].chains), (&vec![], &vec![]));
    });
}

/// Handles count what was made before, and are no part of a ruleset.
fn without_handles(json: &str) -> String {
    let mut json: serde_json::Value = serde_json::from_str(json).unwrap();
    strip(&mut json);
    serde_json::to_string_pretty(&json).unwrap()
}

fn strip(value: &mut serde_json::Value) {
    if let Some(object) = value.as_object_mut() {
        object.remove("handle");
        object.values_mut().for_each(strip);
    } else if let Some(array) = value.as_array_mut() {
        array.iter_mut().for_each(strip);
    }
}
