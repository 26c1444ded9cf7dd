//! What else changes with a table, set or chain is shown beside it: nothing that differs is hidden
//! by what happens around it.

use hairnat::plan::{ForeignChain, LiveChain, LiveRule, LiveSet, Snapshot};
use hairnat::ruleset::{Element, Elements, Rule, Set, Statement};

use crate::scenario::Scenario;

/// Floats 203.0.113.9 and 203.0.113.10, whose tables have no guard.
const TWO: &str = "\
bridge: { reflection: off }
fixed: [10.0.0.0/24]
egress: { default: masquerade }
floats:
  203.0.113.9: { fixed: 10.0.0.4, egress: false }
  203.0.113.10: { fixed: 10.0.0.5, egress: false, name: web-1 }
";

/// The same policy with one float deleted, one moved and one added.
const MOVED: &str = "\
bridge: { reflection: off }
fixed: [10.0.0.0/24]
egress: { default: masquerade }
floats:
  203.0.113.10: { fixed: 10.0.0.6, egress: false, name: web-1 }
  203.0.113.12: { fixed: 10.0.0.7, egress: false, name: web-3 }
";

/// What the diff shows of them.
const ELEMENTS: &str = "
  - 203.0.113.9  : 10.0.0.4
  ~ 203.0.113.10 : 10.0.0.5 -> 10.0.0.6   web-1
  + 203.0.113.12 : 10.0.0.7               web-3";

/// The live map `dnat4`.
fn dnat4(live: &mut Snapshot) -> &mut LiveSet {
    live.tables[0].sets.iter_mut().find(|set| set.name() == "dnat4").unwrap()
}

/// A live chain of the only table.
fn chain<'a>(live: &'a mut Snapshot, name: &str) -> &'a mut LiveChain {
    live.tables[0].chains.iter_mut().find(|chain| chain.name() == name).unwrap()
}

fn known(set: &mut LiveSet) -> &mut Set {
    let LiveSet::Known { set, .. } = set else { panic!("{set:?}") };
    set
}

/// A rule that hairnat cannot write.
fn by_hand(handle: u64) -> LiveRule {
    let rule = Rule { statements: vec![Statement::Foreign("by hand".to_owned())] };
    LiveRule { handle, rule, counter: None }
}

#[test]
fn a_map_that_begins_to_count_shows_its_element_changes() {
    let scenario = Scenario::new().applied(TWO).policy(&format!("counters: true\n{MOVED}"));
    assert_eq!(scenario.summary(), (1, 2, 1));
    scenario.plans(&format!(
        "\
map inet hairnat dnat4
  ~ type ipv4_addr : ipv4_addr -> type ipv4_addr : ipv4_addr; counter{ELEMENTS}"
    ));
}

#[test]
fn a_table_that_is_switched_on_shows_its_element_changes() {
    let scenario =
        Scenario::new().applied(TWO).drift(|live| live.tables[0].dormant = true).policy(MOVED);
    assert_eq!(scenario.summary(), (1, 2, 1));
    scenario.plans(&format!(
        "\
table inet hairnat
  ~ flags dormant -> no flags
map inet hairnat dnat4{ELEMENTS}"
    ));
}

#[test]
fn a_map_of_another_form_shows_what_it_led_to_and_what_it_shall() {
    let scenario = Scenario::new()
        .applied(TWO)
        .drift(|live| known(dnat4(live)).declaration.data = None)
        .drift(|live| {
            let set = known(dnat4(live));
            let old = Elements::new(&set.declaration);
            let keys: Vec<_> = set.elements.iter().map(|element| element.key.to_vec()).collect();
            set.elements = keys.iter().fold(old, |mut elements, key| {
                let (key, comment) = (key.as_slice(), None);
                elements.push(Element { key, last: key, data: &[], comment });
                elements
            });
        })
        .policy(MOVED);
    assert_eq!(scenario.summary(), (2, 1, 2));
    scenario.plans(
        "\
map inet hairnat dnat4
  ~ type ipv4_addr -> type ipv4_addr : ipv4_addr
set inet hairnat dnat4
  - 203.0.113.9
  - 203.0.113.10
map inet hairnat dnat4
  + 203.0.113.10 : 10.0.0.6   web-1
  + 203.0.113.12 : 10.0.0.7   web-3",
    );
}

#[test]
fn a_map_in_the_place_of_a_foreign_one_shows_all_its_elements() {
    let foreign = |live: &mut Snapshot| {
        let (name, description) = ("dnat4".to_owned(), "a map of verdicts".to_owned());
        *dnat4(live) = LiveSet::Foreign { name, description };
    };
    let scenario = Scenario::new().applied(TWO).drift(foreign).policy(TWO);
    assert_eq!(scenario.summary(), (2, 1, 0));
    scenario.plans(
        "\
map inet hairnat dnat4
  ~ a map of verdicts (its elements are not read) -> type ipv4_addr : ipv4_addr
  + 203.0.113.9  : 10.0.0.4
  + 203.0.113.10 : 10.0.0.5   web-1",
    );
}

#[test]
fn a_set_that_vanishes_shows_its_elements_and_how_many_hairnat_cannot_tell_apart() {
    let blocked = |live: &mut Snapshot| {
        let mut copy = dnat4(live).clone();
        known(&mut copy).declaration.name = "blocked".to_owned();
        let LiveSet::Known { strays, .. } = &mut copy else { panic!("{copy:?}") };
        *strays = 3;
        live.tables[0].sets.push(copy);
    };
    let scenario = Scenario::new().applied(TWO).drift(blocked).policy(TWO);
    assert_eq!(scenario.summary(), (0, 0, 1 + 3 + 2));
    scenario.plans(
        "\
map inet hairnat blocked
  - type ipv4_addr : ipv4_addr
  - 3 elements of a form that hairnat does not write
  - 203.0.113.9  : 10.0.0.4
  - 203.0.113.10 : 10.0.0.5   web-1",
    );
}

#[test]
fn a_map_that_is_made_anew_shows_the_elements_that_hairnat_does_not_write() {
    let stray = |live: &mut Snapshot| {
        let LiveSet::Known { strays, .. } = dnat4(live) else { panic!() };
        *strays = 1;
    };
    let counted = format!("counters: true\n{TWO}");
    let scenario = Scenario::new().applied(TWO).drift(stray).policy(&counted);
    assert_eq!(scenario.summary(), (0, 1, 1));
    scenario.plans(
        "\
map inet hairnat dnat4
  ~ type ipv4_addr : ipv4_addr -> type ipv4_addr : ipv4_addr; counter
  - 1 element of a form that hairnat does not write",
    );
}

#[test]
fn a_table_that_vanishes_shows_its_elements_and_all_that_others_put_there() {
    let by_others = |live: &mut Snapshot| {
        live.tables[0].others.push("counter `hits`".to_owned());
        chain(live, "prerouting").rules.push(by_hand(99));
        let LiveSet::Known { strays, .. } = dnat4(live) else { panic!() };
        *strays = 2;
    };
    let applied = || Scenario::new().applied(TWO).drift(by_others);
    let shown = "\
table inet hairnat
  - 2 sets, 4 chains, 10 rules, 5 elements
  - counter `hits`
map inet hairnat dnat4
  - 2 elements of a form that hairnat does not write
  - 203.0.113.9  : 10.0.0.4
  - 203.0.113.10 : 10.0.0.5   web-1
set inet hairnat fixed4
  - 10.0.0.0/24";
    let scenario = applied();
    assert_eq!(scenario.summary(), (0, 0, 1 + 1 + 5 + 10));
    scenario.plans(shown);
    let rules = "
chain inet hairnat zones
  - iifname \"fwbr*\" ct zone set 26721
chain inet hairnat prerouting
  - ct zone 26721 accept
  - ip saddr @fixed4 fib saddr . iif oif missing accept
  - dnat ip to ip daddr map @dnat4
  - by hand
chain inet hairnat output
  - dnat ip to ip daddr map @dnat4
chain inet hairnat postrouting
  - ct zone 26721 accept
  - ct status ! dnat ip saddr @fixed4 ip daddr @fixed4 accept
  - ip saddr @fixed4 ip daddr @fixed4 masquerade
  - ip saddr @fixed4 masquerade";
    applied().plans_verbosely(&format!("{shown}{rules}"));
}

#[test]
fn a_chain_that_is_declared_anew_shows_its_rule_changes() {
    let scenario = Scenario::new()
        .applied(TWO)
        .drift(|live| {
            let chain = chain(live, "prerouting");
            chain.declaration.as_mut().unwrap().base.as_mut().unwrap().accept = false;
            chain.rules[0] = by_hand(99);
        })
        .policy(TWO);
    assert_eq!(scenario.summary(), (1, 1, 1));
    scenario.plans(
        "\
chain inet hairnat prerouting
  ~ type nat hook prerouting priority dstnat - 1; policy drop; -> \
type nat hook prerouting priority dstnat - 1; policy accept;
  - by hand
  + ct zone 26721 accept",
    );
}

#[test]
fn a_chain_that_appears_or_vanishes_shows_its_rules() {
    let scenario = Scenario::new()
        .applied(TWO)
        .drift(|live| {
            let chain = chain(live, "output");
            let (name, description) = ("mine".to_owned(), "type route hook output".to_owned());
            chain.declaration = Err(ForeignChain { name, description });
            chain.rules = vec![by_hand(98), by_hand(99)];
        })
        .policy(TWO);
    assert_eq!(scenario.summary(), (2, 0, 3));
    scenario.plans(
        "\
chain inet hairnat output
  + type nat hook output priority -101; policy accept;
  + dnat ip to ip daddr map @dnat4
chain inet hairnat mine
  - type route hook output
  - by hand
  - by hand",
    );
}

#[test]
fn a_network_that_only_changes_its_comment_shows_both() {
    let comment = |live: &mut Snapshot| {
        let set = known(live.tables[0].sets.last_mut().unwrap());
        let old = set.elements.get(0);
        let mut named = Elements::new(&set.declaration);
        named.push(Element { comment: Some("mine"), ..old });
        set.elements = named;
    };
    Scenario::new().applied(TWO).drift(comment).policy(TWO).plans(
        "\
set inet hairnat fixed4
  ~ 10.0.0.0/24   mine -> (no name)",
    );
}

/// A policy of so many floats, each of which leads to an address of its own.
fn crowd(floats: u32) -> String {
    let float = |n| format!("  100.64.0.{n}: {{ fixed: 10.0.0.{}, egress: false }}\n", n + 100);
    let floats: String = (0..floats).map(float).collect();
    format!(
        "bridge: {{ reflection: off }}\nfixed: [10.0.0.0/23]\n\
         egress: {{ default: masquerade }}\nfloats:\n{floats}"
    )
}

/// The lines of the first floats of a crowd in a diff.
fn appearing(floats: u32) -> String {
    let line = |n| format!("\n  + 100.64.0.{n:<2} : 10.0.0.{}", n + 100);
    (0..floats).map(line).collect()
}

#[test]
fn fifty_elements_are_shown_and_the_rest_is_counted() {
    let head = |elements| {
        format!(
            "table inet hairnat\n  + 2 sets, 4 chains, 9 rules, {elements} elements\n\
             map inet hairnat dnat4"
        )
    };
    let networks = "\nset inet hairnat fixed4\n  + 1 element, shown with `-v`";
    let shown = appearing(50);
    Scenario::new().policy(&crowd(50)).plans(&format!("{}{shown}{networks}", head(51)));
    let more = "\n  + 2 more elements, shown with `-v`";
    Scenario::new().policy(&crowd(52)).plans(&format!("{}{shown}{more}{networks}", head(53)));
    Scenario::new().policy(&crowd(52)).plans_verbosely(&format!(
        "{}{}
set inet hairnat fixed4
  + 10.0.0.0/23
chain inet hairnat zones
  + iifname \"fwbr*\" ct zone set 26721
chain inet hairnat prerouting
  + ct zone 26721 accept
  + ip saddr @fixed4 fib saddr . iif oif missing accept
  + dnat ip to ip daddr map @dnat4
chain inet hairnat output
  + dnat ip to ip daddr map @dnat4
chain inet hairnat postrouting
  + ct zone 26721 accept
  + ct status ! dnat ip saddr @fixed4 ip daddr @fixed4 accept
  + ip saddr @fixed4 ip daddr @fixed4 masquerade
  + ip saddr @fixed4 masquerade",
        head(53),
        appearing(52)
    ));
}

#[test]
fn what_is_not_shown_is_counted_by_what_becomes_of_it() {
    let gone = "  198.51.100.1: { fixed: 10.0.1.1, egress: false }\n";
    let scenario = Scenario::new()
        .applied(&format!("{}{gone}", crowd(60)))
        .drift(|live| chain(live, "prerouting").rules.extend((90..97).map(by_hand)))
        .policy(&crowd(61).replace("10.0.0.1", "10.0.1.1"));
    let moved = |n| format!("\n  ~ 100.64.0.{n:<2} : 10.0.0.{0} -> 10.0.1.{0}", n + 100);
    scenario.plans(&format!(
        "\
map inet hairnat dnat4{}
  + 1 more element, shown with `-v`
  ~ 10 more elements, shown with `-v`
  - 1 more element, shown with `-v`
chain inet hairnat prerouting
  - 7 rules, shown with `-v`",
        (0..50).map(moved).collect::<String>()
    ));
}
