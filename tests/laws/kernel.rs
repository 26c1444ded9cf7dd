//! Laws of the real kernel, with nft(8) as the witness: one policy after another in one namespace.

use std::cell::Cell;
use std::io;

use hairnat::kernel::{Kernel, NfTables};
use hairnat::plan::{Changes, plan};
use hairnat::ruleset::{Ruleset, Statement};

use crate::listing::{elements, with_anonymous_maps, without_table_comments};
use crate::model::changes_lead_from;
use crate::policies::policy;
use crate::witness::{as_listed, inside, listing, nft, nft_reading};
use crate::{apply, compiled, for_any};

#[test]
fn one_policy_leads_to_any_other_and_back() {
    inside(|| {
        for_any(80, &(policy(), policy()), |(a, b)| {
            let (a, b) = (compiled(&a.0), compiled(&b.0));
            let mut kernel = NfTables::open().unwrap();
            apply(&mut kernel, &Ruleset::default());
            assert_eq!(listing(), "");
            apply(&mut kernel, &a);
            assert_eq!(
                listing(),
                as_listed(&a.to_string()),
                "a fresh apply is listed as it is rendered"
            );
            for desired in [&b, &a] {
                changes_lead_from(&kernel.snapshot().unwrap(), desired);
                apply(&mut kernel, desired);
                assert_eq!(comparable(&listing()), comparable(&as_listed(&desired.to_string())));
                let generation = kernel.generation().unwrap();
                assert_eq!(apply(&mut kernel, desired), 0, "a second apply has nothing to do");
                assert_eq!(kernel.generation().unwrap(), generation, "and sends nothing");
            }
            nft(&["-j", "list", "ruleset"]);
        });
    });
}

#[test]
fn what_is_rendered_for_nft_is_in_sync() {
    inside(|| {
        for_any(40, &(policy(), policy()), |(a, b)| {
            let mut kernel = NfTables::open().unwrap();
            let desired = compiled(&b.0);
            apply(&mut kernel, &Ruleset::default());
            nft_reading(&["-f", "-"], &written(|out| desired.to_nft(out)));
            assert_eq!(plan(&kernel.snapshot().unwrap(), &desired).changes, Changes::default());

            apply(&mut kernel, &compiled(&a.0));
            nft_reading(&["-f", "-"], &written(|out| desired.to_nft_script(out)));
            let live = kernel.snapshot().unwrap();
            let plan = plan(&live, &desired);
            // A script does not know of tables that it does not make.
            let own = |family| desired.table(family).is_some();
            let left: Vec<_> = plan.changes.iter().filter(|change| own(change.family)).collect();
            assert!(left.is_empty(), "{left:?}");
        });
    });
}

#[test]
fn what_is_rendered_as_json_is_listed_as_its_text_but_for_anonymous_maps() {
    inside(|| {
        let (refused_once, in_sync_once) = (Cell::new(false), Cell::new(false));
        for_any(60, &policy(), |text| {
            let desired = compiled(&text.0);
            if has_unwritable_interface(&desired) {
                let refused = desired.to_json(&mut Vec::new()).unwrap_err();
                assert_eq!(refused.kind(), io::ErrorKind::InvalidData);
                refused_once.set(true);
                return;
            }
            nft(&["flush", "ruleset"]);
            nft_reading(&["-j", "-f", "-"], &written(|out| desired.to_json(out)));
            let listed = with_anonymous_maps(&desired.to_string());
            let without = |text: &str| without_table_comments(text);
            assert_eq!(without(&listing()), without(&as_listed(&listed)));
            // Nothing but those maps differs from what an apply makes.
            if listed == desired.to_string() {
                let live = NfTables::open().unwrap().snapshot().unwrap();
                assert_eq!(plan(&live, &desired).changes, Changes::default());
                in_sync_once.set(true);
            }
        });
        assert!(refused_once.get() && in_sync_once.get(), "there are policies of either kind");
    });
}

/// Whether there is an interface whose name begins with `@`: JSON has no way to write it.
fn has_unwritable_interface(ruleset: &Ruleset) -> bool {
    let chains = ruleset.tables.iter().flat_map(|table| &table.chains);
    let rules = chains.flat_map(|chain| &chain.rules);
    rules.flat_map(|rule| &rule.statements).any(|statement| match statement {
        Statement::Interface { pattern, .. } => pattern.literal().starts_with('@'),
        _ => false,
    })
}

#[test]
fn nothing_outside_of_our_tables_changes() {
    /// Tables that differ from ours by their family or by a letter, and objects named as ours.
    const OTHERS: &str = "\
table ip hairnat { map dnat4 { type ipv4_addr : ipv4_addr; elements = { 192.0.2.1 : 192.0.2.2 }; }; }
table ip6 hairnat { chain prerouting { type nat hook prerouting priority -100; }; }
table inet hairnat2 { set fixed4 { type ipv4_addr; flags interval; elements = { 10.0.0.0/24 }; }; }
table bridge other { chain forward { type filter hook forward priority -200; counter accept; }; }
";
    inside(|| {
        for_any(40, &(policy(), policy()), |(a, b)| {
            nft(&["flush", "ruleset"]);
            nft_reading(&["-f", "-"], OTHERS);
            let others = others();
            let (a, b) = (compiled(&a.0), compiled(&b.0));
            let mut kernel = NfTables::open().unwrap();
            for desired in [&a, &b, &Ruleset::default()] {
                apply(&mut kernel, desired);
                assert_eq!(self::others(), others);
            }
            assert_eq!(nft(&["-a", "list", "ruleset"]), others, "nothing of ours is left");
        });
    });
}

/// What nft(8) lists of tables that are not ours, with handles.
fn others() -> String {
    let listing = nft(&["-a", "list", "ruleset"]);
    let tables = listing.split_inclusive("\n}\n");
    let ours = ["table inet hairnat {", "table bridge hairnat {"];
    tables.filter(|table| !ours.iter().any(|head| table.starts_with(head))).collect()
}

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// A listing without sizes, which are no difference, with the tables in order, which are listed as
/// they were made, and so are the elements of maps of ranges.
pub(crate) fn comparable(listing: &str) -> String {
    let mut tables: Vec<String> = listing.split_inclusive("\n}\n").map(comparable_table).collect();
    tables.sort();
    tables.concat()
}

fn comparable_table(table: &str) -> String {
    let mut compared = String::new();
    for block in table.split_inclusive("\t}\n") {
        let (head, _) = block.split_once("\t\telements = ").unwrap_or((block, ""));
        let lines = head.lines().filter(|line| !line.starts_with("\t\tsize "));
        lines.for_each(|line| compared.extend([line, "\n"]));
        let mut elements = elements(block);
        if block.contains("_range {\n") {
            elements.sort();
        }
        for element in elements {
            compared.extend(["\t\t\t", &element, "\n"]);
        }
    }
    compared
}
