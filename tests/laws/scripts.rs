//! `hairnat show -o nft`: whatever is live in our tables, nft(8) loads the script, and lists again
//! what the script has. The rulesets are not those of a policy: other programs put them there.

use std::cell::Cell;
use std::panic::catch_unwind;

use hairnat::kernel::{Kernel, NfTables};
use hairnat::plan::plan;
use hairnat::ruleset::{Chain, Ruleset, Table};

use crate::for_any;
use crate::rulesets::any_ruleset;
use crate::witness::{inside, listing, nft, nft_reading};

#[test]
fn nft_loads_what_is_live_and_lists_the_same_again() {
    inside(|| {
        let (whole, pruned) = (Cell::new(0), Cell::new(0));
        for_any(200, &any_ruleset(), |wanted| {
            nft(&["flush", "ruleset"]);
            let mut kernel = NfTables::open().unwrap();
            made_live(&mut kernel, &wanted);
            let (live, foreign) = kernel.snapshot().unwrap().to_ruleset();
            // Some of it nft itself cannot list.
            let before = catch_unwind(listing);
            let (loadable, left_out) = live.clone().loadable();

            nft_reading(&["-f", "-"], &script(&loadable));
            let again = kernel.snapshot().unwrap().to_ruleset();
            assert_eq!(again.1, Vec::<String>::new());
            assert_eq!(again.0.clone().loadable(), (again.0.clone(), Vec::new()));
            assert_eq!(again.0.to_string(), loadable.to_string());
            if !foreign.is_empty() {
                return;
            }
            if left_out.is_empty() {
                whole.set(whole.get() + 1);
                assert_eq!(listing(), before.unwrap());
                return;
            }
            pruned.set(pruned.get() + 1);
            // Something of it had to be left out.
            nft(&["flush", "ruleset"]);
            let loads = catch_unwind(|| nft_reading(&["-f", "-"], &script(&live))).is_ok();
            let same = kernel.snapshot().unwrap().to_ruleset().0 == live;
            assert!(!loads || !same, "{left_out:?} needlessly\n{live}");
        });
        assert!(whole.get() >= 20 && pruned.get() >= 20, "{whole:?} {pruned:?}");
    });
}

fn script(ruleset: &Ruleset) -> String {
    let mut script = Vec::new();
    ruleset.to_nft_script(&mut script).unwrap();
    String::from_utf8(script).unwrap()
}

/// Makes of `wanted` live what the kernel takes, object by object.
fn made_live(kernel: &mut NfTables, wanted: &Ruleset) {
    let mut current = Ruleset::default();
    for table in &wanted.tables {
        let empty = Table { family: table.family, sets: Vec::new(), chains: Vec::new() };
        grow(kernel, &mut current, |ruleset| ruleset.tables.push(empty));
        for set in &table.sets {
            grow(kernel, &mut current, |ruleset| last(ruleset).sets.push(set.clone()));
        }
        for Chain { declaration, rules } in &table.chains {
            let bare = Chain { declaration: declaration.clone(), rules: Vec::new() };
            if !grow(kernel, &mut current, |ruleset| last(ruleset).chains.push(bare)) {
                continue;
            }
            for rule in rules {
                let add = |ruleset: &mut Ruleset| {
                    last(ruleset).chains.last_mut().unwrap().rules.push(rule.clone());
                };
                grow(kernel, &mut current, add);
            }
        }
    }
}

fn last(ruleset: &mut Ruleset) -> &mut Table {
    ruleset.tables.last_mut().unwrap()
}

/// Adds something to what is live; whether the kernel takes it.
fn grow(kernel: &mut NfTables, current: &mut Ruleset, add: impl FnOnce(&mut Ruleset)) -> bool {
    let mut larger = current.clone();
    add(&mut larger);
    let live = kernel.snapshot().unwrap();
    let taken = kernel.commit(&plan(&live, &larger)).is_ok();
    if taken {
        *current = larger;
    }
    taken
}
