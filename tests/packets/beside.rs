//! Beside other programs' NAT: the same result whoever came first.

use crate::lab::{Lab, PORT};
use crate::worlds::{TWO_FLOATS, World, ip, saw};

// Each rival has NAT of its own for the float of `web`, as an administrator of both might have it: the
// float leads to `db`, and all instances leave as the uplink.

#[test]
fn a_float_wins_over_nat_of_nft_in_either_order() {
    Lab::run(|lab| wins_in_either_order(lab, nft));
}

#[test]
fn a_float_wins_over_nat_of_iptables_nft_in_either_order() {
    Lab::run(|lab| wins_in_either_order(lab, |lab| iptables(lab, "nft")));
}

#[test]
fn a_float_wins_over_nat_of_iptables_legacy_in_either_order() {
    Lab::run(|lab| wins_in_either_order(lab, |lab| iptables(lab, "legacy")));
}

fn wins_in_either_order(lab: &Lab, rival: fn(&Lab)) {
    lab.apply(TWO_FLOATS);
    rival(lab);
    floats_lead_where_the_policy_says(lab, "the rival came last");
    lab.remove();
    lab.apply(TWO_FLOATS);
    floats_lead_where_the_policy_says(lab, "hairnat came last");
}

fn floats_lead_where_the_policy_says(lab: &Lab, order: &str) {
    for World { web_float, web, db, outside, bridge, .. } in World::both() {
        let reached = lab.outside.tcp(web_float, PORT);
        assert_eq!(reached, saw("web", outside), "{order}: outside → float");
        let left = lab.web.tcp(outside, PORT);
        assert_eq!(left, saw("outside", web_float), "{order}: instance → outside");
        assert_eq!(lab.web.tcp(web_float, PORT), saw("web", web_float), "{order}: own float");
        let hairpinned = lab.batch.tcp(web_float, PORT);
        assert_eq!(hairpinned, saw("web", bridge), "{order}: client without a float");
        assert_eq!(lab.web.tcp(db, PORT), saw("db", web), "{order}: fixed → fixed");
    }
}

fn nft(lab: &Lab) {
    for (family, float, db, fixed) in [
        ("ip", "203.0.113.11", "10.0.0.12", "10.0.0.0/24"),
        ("ip6", "2001:db8::11", "fd00:10::12", "fd00:10::/64"),
    ] {
        let rules = format!(
            "table {family} rival {{
               chain prerouting {{
                 type nat hook prerouting priority dstnat; policy accept;
                 {family} daddr {float} dnat to {db}
               }}
               chain postrouting {{
                 type nat hook postrouting priority srcnat; policy accept;
                 {family} saddr {fixed} oifname \"eth0\" masquerade
               }}
             }}"
        );
        lab.host.run("nft", &["-f", "-"], &rules);
    }
}

fn iptables(lab: &Lab, variant: &str) {
    for (program, float, db, fixed) in [
        ("iptables", "203.0.113.11", "10.0.0.12", "10.0.0.0/24"),
        ("ip6tables", "2001:db8::11", "fd00:10::12", "fd00:10::/64"),
    ] {
        let rules = format!(
            "*nat\n\
             -A PREROUTING -d {float} -j DNAT --to-destination {db}\n\
             -A POSTROUTING -s {fixed} -o eth0 -j MASQUERADE\n\
             COMMIT\n"
        );
        lab.host.run(&format!("{program}-{variant}-restore"), &[], &rules);
    }
}

/// What another program translates is none of ours: it leaves as it would without a float.
#[test]
fn what_another_program_translates_leaves_with_the_fixed_address() {
    Lab::run(|lab| {
        lab.host.run("nft", &["-f", "-"], ELSEWHERE);
        for egress in [
            "{ uplinks: [eth0], default: masquerade }",
            r#"{ exempt: [198.51.100.0/24, "2001:db8:51::/64"], default: masquerade }"#,
        ] {
            lab.apply(&format!("egress: {egress}{TWO_FLOATS}"));
            for (world, asked) in World::both().into_iter().zip(["192.0.2.99", "2001:db8:2::99"]) {
                let World { web, web_float, outside, .. } = world;
                assert_eq!(lab.web.tcp(ip(asked), PORT), saw("management", web), "{egress}");
                assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web_float), "{egress}");
            }
        }
    });
}

/// A metadata service, say: addresses beyond the uplink that lead to a machine elsewhere.
const ELSEWHERE: &str = "
    table ip elsewhere {
      chain prerouting {
        type nat hook prerouting priority dstnat; policy accept;
        ip daddr 192.0.2.99 dnat to 198.51.100.2
      }
    }
    table ip6 elsewhere {
      chain prerouting {
        type nat hook prerouting priority dstnat; policy accept;
        ip6 daddr 2001:db8:2::99 dnat to 2001:db8:51::2
      }
    }";
