//! Other programs' tables: never touched, whatever hairnat does.

use crate::lab::{Lab, PORT};
use crate::worlds::{TWO_FLOATS, World, saw};

const FOREIGN: [&str; 3] = [
    include_str!("foreign/docker.nft"),
    include_str!("foreign/kube-proxy.nft"),
    include_str!("foreign/same-names.nft"),
];

#[test]
fn foreign_tables_stay_as_they_were_to_the_byte_and_the_handle() {
    Lab::run(|lab| {
        for rules in FOREIGN {
            lab.host.run("nft", &["-f", "-"], rules);
        }
        let before = foreign_tables(lab);
        assert_eq!(before.len(), 6);

        assert!(lab.apply(TWO_FLOATS).changed());
        assert_eq!(foreign_tables(lab), before);

        let other_policy = "fixed: [10.0.0.0/24]\nfloats: { 203.0.113.99: 10.0.0.98 }";
        assert!(lab.apply(other_policy).changed());
        assert_eq!(foreign_tables(lab), before);

        lab.remove();
        assert_eq!(tables(lab).len(), 6, "nothing of hairnat is left");
        assert_eq!(foreign_tables(lab), before);
    });
}

#[test]
fn a_second_apply_changes_nothing() {
    Lab::run(|lab| {
        assert!(lab.apply(TWO_FLOATS).changed());
        let before = lab.host.run("nft", &["-a", "list", "table", "inet", "hairnat"], "");
        assert!(!lab.apply(TWO_FLOATS).changed());
        assert_eq!(lab.host.run("nft", &["-a", "list", "table", "inet", "hairnat"], ""), before);
    });
}

/// An accept of another table is no exemption from ours: every base chain of a hook runs.
#[test]
fn the_nat_hairpin_works_beside_a_firewall_that_exempts_fixed_traffic() {
    Lab::run(|lab| {
        lab.host.run(
            "nft",
            &["-f", "-"],
            "table inet firewall {
               chain postrouting {
                 type nat hook postrouting priority srcnat - 10; policy accept;
                 ip saddr 10.0.0.0/24 ip daddr 10.0.0.0/24 accept
                 ip6 saddr fd00:10::/64 ip6 daddr fd00:10::/64 accept
               }
             }",
        );
        lab.apply(TWO_FLOATS);
        for World { web_float, bridge, .. } in World::both() {
            assert_eq!(lab.web.tcp(web_float, PORT), saw("web", web_float));
            assert_eq!(lab.batch.tcp(web_float, PORT), saw("web", bridge));
        }
    });
}

#[test]
fn after_remove_nothing_is_left() {
    Lab::run(|lab| {
        lab.apply(TWO_FLOATS);
        assert_eq!(tables(lab), ["table bridge hairnat", "table inet hairnat"]);
        lab.remove();
        assert_eq!(lab.host.run("nft", &["list", "ruleset"], ""), "");
        lab.remove();
    });
}

/// Every table, sorted, as `table FAMILY NAME`.
fn tables(lab: &Lab) -> Vec<String> {
    let mut tables: Vec<_> =
        lab.host.run("nft", &["list", "tables"], "").lines().map(str::to_owned).collect();
    tables.sort_unstable();
    tables
}

/// The text of every table that is not ours, with the handles that a table made anew would change.
fn foreign_tables(lab: &Lab) -> Vec<String> {
    tables(lab)
        .iter()
        .filter(|table| !["table bridge hairnat", "table inet hairnat"].contains(&table.as_str()))
        .map(|table| {
            let mut arguments = vec!["-a", "list"];
            arguments.extend(table.split(' '));
            lab.host.run("nft", &arguments, "")
        })
        .collect()
}
