//! Laws of plans, on the fake kernel.

use std::cell::RefCell;
use std::collections::BTreeSet;

use hairnat::kernel::{FakeKernel, Kernel, batch_bytes, snapshot_from_bytes};
use hairnat::plan::{Changes, Detail, Plan, Snapshot, Summary, groups, plan};
use hairnat::ruleset::Ruleset;

use crate::listing::elements;
use crate::policies::policy;
use crate::{apply, compiled, for_any, resized};

/// The live ruleset; there is nothing that hairnat could not write.
fn live(kernel: &mut FakeKernel) -> Ruleset {
    let (ruleset, left_out) = kernel.snapshot().unwrap().to_ruleset();
    assert_eq!(left_out, Vec::<String>::new());
    ruleset
}

#[test]
fn random_policies_use_everything_that_policies_can() {
    let seen = RefCell::new(BTreeSet::new());
    for_any(300, &policy(), |text| {
        for table in compiled(&text.0).tables {
            let mut seen = seen.borrow_mut();
            seen.extend(table.sets.into_iter().map(|set| set.declaration.name));
            let rules = table.chains.into_iter().flat_map(|chain| chain.rules);
            seen.extend(rules.map(|rule| rule.to_string()));
        }
    });
    let seen = seen.into_inner();
    let each = ["dnat#", "snat#", "dnat#_port", "dnat#_range", "dnat#_net", "snat#_net", "fixed#"];
    for set in each.into_iter().chain(["exempt#", "pool#", "host#", "own#", "self#"]) {
        for family in ["4", "6"] {
            let set = set.replace('#', family);
            assert!(seen.contains(&set), "no policy has `{set}`");
            assert!(seen.iter().any(|rule| rule.contains(&format!("@{set}"))), "no rule: `{set}`");
        }
    }
    for part in [
        "iifname \"vnet*\" ether",
        "33:33:00:00:00:00 update @ports",
        "01:00:00:00:00:00 update @ports",
        "oifname != \"",
        "@fixed4 masquerade",
        "snat ip to 255.255.255.254",
        "snat ip6 to ::2",
        "iifname != \"",
        "iifname \"fwbr*\" ct zone set",
        "ip daddr != @fixed4 ip daddr != 224.0.0.0/3 ether daddr set 02:00:5e:10:00:01",
        "ip6 daddr != @fixed6 ip6 daddr != fe80::/10",
    ] {
        assert!(seen.iter().any(|rule| rule.contains(part)), "no rule has `{part}`");
    }
}

#[test]
fn a_fresh_apply_is_what_was_compiled() {
    for_any(200, &policy(), |text| {
        let desired = compiled(&text.0);
        let mut kernel = FakeKernel::new();
        apply(&mut kernel, &desired);
        assert_eq!(live(&mut kernel), desired);
    });
}

#[test]
fn one_policy_leads_to_any_other_and_back_and_to_nothing() {
    for_any(400, &(policy(), policy()), |(a, b)| {
        let (a, b) = (compiled(&a.0), compiled(&b.0));
        let mut kernel = FakeKernel::new();
        for desired in [&a, &b, &a, &Ruleset::default()] {
            apply(&mut kernel, desired);
            assert_eq!(&resized(live(&mut kernel), desired), desired);
            let commits = kernel.commits();
            assert_eq!(apply(&mut kernel, desired), 0, "a second apply has nothing to do");
            assert_eq!(kernel.commits(), commits, "and sends nothing");
        }
    });
}

#[test]
fn changes_and_operations_tell_the_same() {
    for_any(400, &(policy(), policy()), |(a, b)| {
        let (a, b) = (compiled(&a.0), compiled(&b.0));
        let mut kernel = FakeKernel::new();
        apply(&mut kernel, &a);
        let live = kernel.snapshot().unwrap();
        let plan = plan(&live, &b);
        assert_eq!(plan.changes.is_empty(), plan.ops.is_empty());
        assert_eq!(plan.is_empty(), resized(a.clone(), &b) == b);
        assert_eq!(plan.summary(), shown(&plan));
        for op in &plan.ops {
            let command = op.nft(None);
            let ours = [" bridge hairnat", " inet hairnat"];
            assert!(ours.iter().any(|table| command.contains(table)), "{command}");
        }
    });
}

#[test]
fn what_one_way_adds_the_way_back_deletes() {
    for_any(300, &(policy(), policy()), |(a, b)| {
        let (a, b) = (compiled(&a.0), compiled(&b.0));
        let [there, back] = [(&a, &b), (&b, &a)].map(|(from, to)| {
            let mut kernel = FakeKernel::new();
            apply(&mut kernel, from);
            plan(&kernel.snapshot().unwrap(), to).summary()
        });
        let reversed = Summary { add: back.delete, delete: back.add, replace: back.replace };
        assert_eq!(there, reversed);
    });
}

#[test]
fn a_batch_is_read_as_what_it_makes() {
    for_any(200, &policy(), |text| {
        let desired = compiled(&text.0);
        let nothing = Snapshot::default();
        let batch = batch_bytes(&plan(&nothing, &desired)).unwrap();
        let live = snapshot_from_bytes(&batch).unwrap();
        assert_eq!(live.to_ruleset(), (desired.clone(), Vec::new()));
        assert_eq!(plan(&live, &desired).changes, Changes::default());
    });
}

/// How many lines of the diff there are of each kind.
fn shown(plan: &Plan<'_>) -> Summary {
    let mut summary = Summary::default();
    for group in groups(&plan.changes, Detail::Full) {
        for line in group.lines() {
            assert!(!line.text.is_empty());
            summary.count(line.op, 1);
        }
    }
    summary
}

#[test]
fn the_text_of_a_ruleset_names_each_element_once() {
    for_any(200, &policy(), |text| {
        for table in compiled(&text.0).tables {
            for set in table.sets {
                let declaration = &set.declaration;
                let named: BTreeSet<String> =
                    set.elements.iter().map(|e| declaration.element(e).to_string()).collect();
                assert_eq!(named.len(), set.elements.len());
                let listed = elements(&set.to_string());
                assert_eq!(listed.len(), set.elements.len(), "{set}");
                assert_eq!(BTreeSet::from_iter(listed), named);
            }
        }
    });
}
