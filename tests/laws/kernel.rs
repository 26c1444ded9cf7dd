//! Laws of the real kernel, with nft(8) as the witness: one policy after another in one namespace.

use hairnat::kernel::{Kernel, NfTables};
use hairnat::plan::plan;
use hairnat::ruleset::Ruleset;
use proptest::strategy::Strategy as _;

use crate::listing::{elements, with_anonymous_maps};
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
            assert_eq!(plan(&kernel.snapshot().unwrap(), &desired).changes, []);

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
        // An interface whose name begins with `@` cannot be written.
        let writable = policy().prop_filter("no JSON", |text| !text.0.contains("'@"));
        for_any(40, &writable, |text| {
            let desired = compiled(&text.0);
            nft(&["flush", "ruleset"]);
            nft_reading(&["-j", "-f", "-"], &written(|out| desired.to_json(out)));
            assert_eq!(listing(), as_listed(&with_anonymous_maps(&desired.to_string())));
        });
    });
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
