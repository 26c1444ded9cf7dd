//! What anybody put into our tables: shown in words, and taken out again.

use crate::world::{World, alone};

/// Applies the policy, then `foreign`; `diff` must show `changes`, and apply must mend them.
#[track_caller]
fn mended(world: &World, foreign: &str, changes: &str, sum: &str) {
    world.run("hairnat apply -q policy.yaml && nft list ruleset > fresh").is(0, "", "");
    world.write("foreign.nft", foreign);
    world.run("nft -f foreign.nft").is(0, "", "");
    world.run("hairnat diff policy.yaml | sed '$d'").is(0, changes, "");
    let (add, delete) = sum.split_once(' ').unwrap();
    let done = format!("{changes}applied: {add} added, 0 replaced, {delete} deleted\n");
    world.run("hairnat apply policy.yaml").is(0, &done, "");
    world.run("hairnat diff policy.yaml").is(0, "in sync: 1 float\n", "");
    world.run("nft list ruleset | diff fresh -").is(0, "", "");
}

#[test]
fn stateful_objects_are_named_as_nft_names_them() {
    alone(|world| {
        let foreign = "\
add counter inet hairnat mine
add quota inet hairnat month { 20 mbytes }
add limit inet hairnat slow { rate 5/second }
";
        let changes = "\
table inet hairnat
  - counter `mine`
  - quota `month`
  - limit `slow`
";
        mended(world, foreign, changes, "0 3");
    });
}

#[test]
fn sets_and_chains_of_others_go_with_their_content() {
    alone(|world| {
        let foreign = "\
add set inet hairnat blocked { type ipv4_addr; elements = { 192.0.2.1, 192.0.2.2 }; }
add map inet hairnat verdicts { type ipv4_addr : verdict; elements = { 192.0.2.1 : drop }; }
add chain inet hairnat extra
add rule inet hairnat extra ip saddr @blocked drop
add chain inet hairnat wall { type filter hook input priority 0; policy drop; }
";
        let changes = "\
set inet hairnat blocked
  - type ipv4_addr
  - 192.0.2.1
  - 192.0.2.2
set inet hairnat verdicts
  - a map with data of type 0xffffff00 (its elements are not read)
chain inet hairnat extra
  - no hook
  - ip saddr @blocked drop
chain inet hairnat wall
  - type filter hook input priority filter; policy drop;
";
        mended(world, foreign, changes, "0 7");
    });
}

#[test]
fn rules_of_others_in_our_chains_are_described() {
    alone(|world| {
        let foreign = "\
insert rule inet hairnat prerouting meta mark 7 log drop
add rule inet hairnat postrouting ip daddr 192.0.2.1 accept
";
        let changes = "\
chain inet hairnat prerouting
  - comparison of meta key 3 log drop
chain inet hairnat postrouting
  - comparison of 4 bytes at 16 of header 1 accept
";
        mended(world, foreign, changes, "0 2");
    });
}

#[test]
fn a_missing_rule_and_a_missing_element_come_back() {
    alone(|world| {
        let foreign = "\
flush chain inet hairnat output
delete element inet hairnat dnat4 { 203.0.113.10 }
add element inet hairnat dnat4 { 203.0.113.99 comment \"mine\" : 10.0.0.99 }
";
        let changes = "\
map inet hairnat dnat4
  + 203.0.113.10 : 10.0.0.10
  - 203.0.113.99 : 10.0.0.99   mine
chain inet hairnat output
  + dnat ip to ip daddr map @dnat4
";
        mended(world, foreign, changes, "2 1");
    });
}

#[test]
fn a_comment_of_others_cannot_write_to_the_terminal() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let element = "{ 203.0.113.99 comment \"\u{1b}[31mred\" : 10.0.0.99 }";
        world.write("foreign.nft", format!("add element inet hairnat dnat4 {element}\n"));
        world.run("nft -f foreign.nft").is(0, "", "");
        let diff = "\
map inet hairnat dnat4
  - 203.0.113.99 : 10.0.0.99   \\u{1b}[31mred
0 to add, 0 to replace, 1 to delete
";
        world.run("hairnat diff --color never policy.yaml").is(1, diff, "");
    });
}

#[test]
fn the_script_of_show_says_what_it_leaves_out() {
    alone(|world| {
        world
            .run("hairnat apply -q policy.yaml && nft add counter inet hairnat mine")
            .is(0, "", "");
        let warning = "warning: left out counter `mine`, which hairnat cannot write\n";
        let rendered = world.run("hairnat render policy.yaml").output().to_owned();
        let head: String = ["bridge", "inet"]
            .map(|family| format!("table {family} hairnat\ndelete table {family} hairnat\n"))
            .concat();
        world.run("hairnat show -o nft").is(0, &format!("{head}{rendered}"), warning);
    });
}
