//! What hairnat never makes is seen, and never taken for its own.

use hairnat::kernel::{Kernel, KernelError, NfTables};
use hairnat::plan::{Action, LiveSet, LiveTable, Op, Plan};
use hairnat::ruleset::{Statement, TableFamily};

use crate::load;
use crate::witness::{inside, nft};

/// Our inet table, after nft loaded `content` into it.
fn read(content: &str) -> LiveTable {
    load(&format!("table inet hairnat {{ {content} }}"));
    let live = NfTables::open().unwrap().snapshot().unwrap();
    live.tables.into_iter().next().unwrap()
}

#[test]
fn foreign_objects_sets_and_chains_are_seen() {
    inside(|| {
        let table = read(
            "counter hits { }
             set marks { type mark; }
             map verdicts { type ipv4_addr : verdict; }
             set slow { type ipv4_addr; timeout 90s; }
             chain mangled { type route hook output priority mangle; }",
        );
        assert_eq!(table.others, ["counter `hits`"]);
        let foreign = |set: &LiveSet| matches!(set, LiveSet::Foreign { .. });
        assert!(table.sets.iter().all(foreign), "{:?}", table.sets);
        assert_eq!(table.sets.len(), 3);
        let chain = table.chains[0].declaration.as_ref().unwrap_err();
        assert_eq!((&*chain.name, &*chain.description), ("mangled", "a chain of type route"));
    });
}

/// The kernel does not count an anonymous set among what is in a table (`nf_tables_commit`).
#[test]
fn objects_are_seen_beside_rules_with_sets_of_their_own() {
    inside(|| {
        let table = read(
            "counter hits { }
             chain forward {
                ip saddr { 10.0.0.1, 10.0.0.2 } accept
                ip daddr { 10.0.0.1, 10.0.0.2 } accept
             }",
        );
        assert_eq!(table.others, ["counter `hits`"]);
    });
}

#[test]
fn a_foreign_rule_equals_none_of_ours() {
    inside(|| {
        let table = read(
            "set fixed4 { type ipv4_addr; flags interval; }
             chain forward {
                tcp dport 22 accept
                ip saddr { 10.0.0.1, 10.0.0.2 } accept
                ct status != dnat accept
                ct status seen-reply accept
                ct original zone 26721 accept
                ct mark set 7
                meta mark set 7
                meta pkttype set broadcast
                meta pkttype broadcast accept
                ip daddr set 10.0.0.1
                ip ttl set 64
                fib saddr oif missing drop
                fib saddr . iif oif exists drop
                ip daddr 192.0.2.0/24 accept
                ip saddr != 192.0.2.0/24 accept
                reject with icmpx host-unreachable
                meta l4proto icmp accept
                reject with icmp host-unreachable
                meta mark 7 accept
                ip saddr @fixed4 limit rate 1/second accept
                ip saddr @fixed4 accept comment \"mine\"
                jump other
             }
             chain other { }
             chain nat { type nat hook postrouting priority srcnat;
                ip saddr @fixed4 masquerade random
                ip saddr @fixed4 snat to 203.0.113.1-203.0.113.9
                ip saddr @fixed4 snat to 203.0.113.1 persistent
                ip protocol tcp snat ip to 203.0.113.1:7
             }",
        );
        let rules = table.chains.iter().flat_map(|chain| &chain.rules);
        for live in rules {
            let foreign = |s: &Statement| matches!(s, Statement::Foreign(_));
            assert!(live.rule.statements.iter().any(foreign), "{:?}", live.rule);
        }
        let names: Vec<&str> = table.sets.iter().map(LiveSet::name).collect();
        assert_eq!(names, ["fixed4"], "an anonymous set is part of its rule");
    });
}

#[test]
fn strange_elements_are_counted() {
    inside(|| {
        let table = read(
            "map dnat4 { type ipv4_addr : ipv4_addr; elements = {
                203.0.113.10 : 10.0.0.10, * : 10.0.0.99 } }
             set fixed4 { type ipv4_addr; elements = { 10.0.0.1 } }",
        );
        let LiveSet::Known { set, strays, .. } = &table.sets[0] else { panic!("{table:?}") };
        assert_eq!((set.elements.len(), *strays), (1, 1), "the catch-all is none of ours");
    });
}

#[test]
fn a_learned_set_is_known_but_not_read() {
    inside(|| {
        let table = read(
            "set ports { type iface_index . iface_index; size 65535; flags dynamic,timeout;
                timeout 1h; elements = { \"lo\" . \"lo\" } }",
        );
        let LiveSet::Known { set, strays, .. } = &table.sets[0] else { panic!("{table:?}") };
        assert_eq!((set.declaration.learned, set.elements.len(), *strays), (Some(3600), 0, 0));
    });
}

#[test]
fn an_owned_table_is_left_to_its_owner() {
    inside(|| {
        // The owner is nft, for as long as it runs.
        let mut owner = std::process::Command::new("nft")
            .arg("-i")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let stdin = owner.stdin.as_mut().unwrap();
        std::io::Write::write_all(stdin, b"add table inet hairnat { flags owner; }\n").unwrap();
        let mut kernel = NfTables::open().unwrap();
        let live = loop {
            let live = kernel.snapshot().unwrap();
            if !live.tables.is_empty() {
                break live;
            }
            assert!(owner.try_wait().unwrap().is_none(), "nft ended");
            std::thread::yield_now();
        };
        let port = live.tables[0].owner;
        assert!(port.is_some());
        let delete = Op { family: TableFamily::Inet, action: Action::DeleteTable };
        let plan = Plan { generation: live.generation, ops: vec![delete], ..Plan::default() };
        let refused = kernel.commit(&plan).unwrap_err();
        assert!(
            matches!(refused, KernelError::Owned { owner, .. } if Some(owner) == port),
            "{refused:?}"
        );
        owner.kill().unwrap();
        owner.wait().unwrap();
    });
}

#[test]
fn a_dormant_table_is_seen_as_such() {
    inside(|| {
        assert!(!read("").dormant);
        nft(&["flush", "ruleset"]);
        assert!(read("flags dormant;").dormant);
    });
}
