//! Names are bytes: what others call their objects and interfaces keeps nobody from reading ours.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::process::Command;

use hairnat::host::{Facts, Host as _, LiveHost, PortChange, set_ports};
use hairnat::kernel::{Kernel as _, NfTables};
use hairnat::plan::{LiveChain, LiveRule, LiveSet, plan};
use hairnat::ruleset::Rule;

use crate::load;
use crate::raw::{commit, element, everything, jump, table};
use crate::witness::inside;

/// Latin-1, which is no UTF-8.
const CAFE: &[u8] = b"caf\xe9";

/// Another name that is shown as the same where only the bytes that are no UTF-8 are replaced.
const CAFF: &[u8] = b"caf\xff";

/// User data of an element: a comment.
const COMMENT: &[u8] = b"\x00\x05caf\xe9\x00";

/// One of our tables.
const OURS: &str = "table inet hairnat {
    map dnat4 { type ipv4_addr : ipv4_addr; elements = { 203.0.113.10 : 10.0.0.10 } }
    set fixed4 { type ipv4_addr; }
    chain forward { ip saddr @fixed4 accept; }
}";

/// What a terminal must not be given, either.
const NAMES: [&[u8]; 4] = [CAFE, CAFF, b"\x1b[2J", "\u{202e}".as_bytes()];

#[test]
fn no_name_in_a_table_of_others_changes_what_is_read() {
    inside(|| {
        load(OURS);
        let mut kernel = NfTables::open().unwrap();
        let before = kernel.snapshot().unwrap();
        for other in [CAFE, CAFF, b"other"] {
            let mut messages = vec![table(other)];
            messages.extend(everything(other, &NAMES));
            commit(&messages);
        }
        let after = kernel.snapshot().unwrap();
        assert_eq!(after.generation, before.generation + 3);
        assert_eq!(after.tables, before.tables);
    });
}

#[test]
fn objects_of_any_name_in_a_table_of_ours_are_seen_and_removed() {
    inside(|| {
        load(OURS);
        let mut kernel = NfTables::open().unwrap();
        let (desired, left_out) = kernel.snapshot().unwrap().to_ruleset();
        assert_eq!(left_out, Vec::<String>::new());
        let mut messages = everything(b"hairnat", &NAMES);
        messages.push(jump(b"hairnat", b"forward", CAFE));
        messages.push(element(b"hairnat", b"fixed4", COMMENT));
        commit(&messages);

        let live = kernel.snapshot().unwrap();
        let table = &live.tables[0];
        let names = |kind: &str| {
            ["caf\\xe9", "caf\\xff", "\\u{1b}[2J", "\\u{202e}"].map(|n| format!("{kind}{n}"))
        };
        let sets: Vec<_> = table.sets.iter().map(LiveSet::name).collect();
        assert_eq!(sets[..2], ["dnat4", "fixed4"]);
        assert_eq!(sets[2..], names(""));
        for set in &table.sets[2..] {
            assert_eq!(set.describe(), "a set with a name that nft cannot write");
        }
        assert!(matches!(table.sets[1], LiveSet::Known { strays: 1, .. }), "{:?}", table.sets[1]);
        let chains: Vec<_> = table.chains.iter().map(LiveChain::name).collect();
        assert_eq!(chains[0], "forward");
        assert_eq!(chains[1..], names(""));
        for chain in &table.chains[1..] {
            let description = &chain.declaration.as_ref().unwrap_err().description;
            assert_eq!(description, "a chain with a name that nft cannot write");
        }
        let rules = |chain: &LiveChain| {
            let rules = chain.rules.iter().map(|LiveRule { rule, .. }| Rule::to_string(rule));
            rules.collect::<Vec<_>>()
        };
        let jump = "jump or goto caf\\xe9";
        assert_eq!(rules(&table.chains[0]), ["ip saddr @fixed4 accept", jump]);
        assert_eq!(rules(&table.chains[1]), ["jump or goto caf\\xff"]);
        let mut others = table.others.clone();
        others.sort();
        let mut counters = names("counter `").map(|name| format!("{name}`"));
        counters.sort();
        assert_eq!(others, counters);

        kernel.commit(&plan(&live, &desired)).unwrap();
        assert_eq!(kernel.snapshot().unwrap().to_ruleset(), (desired, Vec::new()));
    });
}

#[test]
fn an_interface_of_any_name_is_a_fact_and_a_port_of_any_name_is_covered() {
    inside(|| {
        let names = [&b"v\xff1"[..], b"v\xfe2", "v\u{202e}".as_bytes(), b"v$(id)"];
        ip(&[b"link", b"add", b"br\xff", b"type", b"bridge"]);
        for name in names {
            let peer = [b"\xff", name].concat();
            ip(&[b"link", b"add", name, b"type", b"veth", b"peer", b"name", &peer]);
            ip(&[b"link", b"set", name, b"master", b"br\xff"]);
        }
        let mut host = LiveHost::open().unwrap();
        let facts = host.facts().unwrap();
        let bridges: Vec<&[u8]> = facts.bridges.iter().map(|bridge| bridge.name.as_ref()).collect();
        assert_eq!(bridges, [b"br\xff"]);
        let shown: Vec<_> = facts.ports.iter().map(ToString::to_string).collect();
        assert_eq!(shown, ["v$(id)", "v\\u{202e}", "v\\xfe2", "v\\xff1"], "sorted by their bytes");

        let changes: Vec<_> =
            facts.ports.into_iter().map(|port| PortChange { port, on: true }).collect();
        set_ports(&mut host, &changes).unwrap();
        let Facts { ports, .. } = host.facts().unwrap();
        assert_eq!(ports.len(), names.len());
        assert!(ports.iter().all(|port| port.hairpin), "{ports:?}");
    });
}

/// Runs ip(8).
#[track_caller]
fn ip(arguments: &[&[u8]]) {
    let mut ip = Command::new("ip");
    let status = ip.args(arguments.iter().map(|bytes| OsStr::from_bytes(bytes))).status().unwrap();
    assert!(status.success(), "ip {arguments:?}");
}
