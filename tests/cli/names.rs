//! Names that others gave, which may be any bytes, on their way to the terminal.

use crate::raw::{commit, element, everything, jump, table};
use crate::world::alone;

/// Latin-1, an escape sequence, and text that is shown from right to left.
const NAMES: [&[u8]; 3] = [b"caf\xe9", b"a\x1b[2J", "a\u{202e}b".as_bytes()];

#[test]
fn whatever_others_call_their_own_a_command_works_and_says_nothing_of_it() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        commit(&[table(b"caf\xe9"), table(b"other")]);
        commit(&everything(b"caf\xe9", &NAMES));
        commit(&everything(b"other", &NAMES));
        let odd = "ip link add \"$(printf 'v\\377')\" type veth peer name \"$(printf 'v\\376')\"";
        world.run(odd).is(0, "", "");
        world.run("hairnat diff policy.yaml").is(0, "in sync: 1 float\n", "");
        world.run("hairnat apply policy.yaml").is(0, "in sync: 1 float\n", "");
        assert!(!world.run("hairnat show").output().contains("caf"));
        world.run("hairnat remove -q").is(0, "", "");
        world.run("hairnat show").is(0, "nothing is live: there is no table `hairnat`\n", "");
    });
}

#[test]
fn names_in_our_tables_are_shown_escaped() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        commit(&everything(b"hairnat", &NAMES));
        let comment = b"\x00\x07a\xe2\x80\xaeb\x00\x00";
        commit(&[
            jump(b"hairnat", b"prerouting", b"caf\xe9"),
            element(b"hairnat", b"caf\xe9", comment),
        ]);
        let diff = world.run("hairnat diff policy.yaml");
        let expected = "\
table inet hairnat
  - counter `caf\\xe9`
  - counter `a\\u{1b}[2J`
  - counter `a\\u{202e}b`
set inet hairnat caf\\xe9
  - a set with a name that nft cannot write (its elements are not read)
set inet hairnat a\\u{1b}[2J
  - a set with a name that nft cannot write (its elements are not read)
set inet hairnat a\\u{202e}b
  - a set with a name that nft cannot write (its elements are not read)
chain inet hairnat prerouting
  - jump or goto caf\\xe9
chain inet hairnat caf\\xe9
  - a chain with a name that nft cannot write
  - jump or goto a\\u{1b}[2J
chain inet hairnat a\\u{1b}[2J
  - a chain with a name that nft cannot write
chain inet hairnat a\\u{202e}b
  - a chain with a name that nft cannot write
0 to add, 0 to replace, 11 to delete
";
        diff.is(1, expected, "");
        world.run("hairnat show -o json").object(0);
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.run("hairnat diff policy.yaml").is(0, "in sync: 1 float\n", "");
    });
}

#[test]
fn a_comment_that_would_turn_the_text_around_is_shown_escaped() {
    alone(|world| {
        world
            .run(
                "nft 'add table inet hairnat; add map inet hairnat dnat4 \
                   { type ipv4_addr : ipv4_addr; elements = { \
                   203.0.113.10 comment \"a\u{202e}b\" : 10.0.0.10 }; }'",
            )
            .is(0, "", "");
        let shown = "map inet hairnat dnat4\n  203.0.113.10 : 10.0.0.10   a\\u{202e}b\n";
        world.run("hairnat show").is(0, shown, "");
    });
}

#[test]
fn a_port_with_an_odd_name_is_told_escaped_and_set() {
    alone(|world| {
        world.write(
            "policy.yaml",
            "bridge: {ports: ['v*'], hairpin_mode: on}\nfixed: [10.0.0.0/24]\n",
        );
        let odd = "ip link add \"$(printf 'v\\377')\" type veth peer name p0 && \
                   ip link set \"$(printf 'v\\377')\" master br0";
        world.run(odd).is(0, "", "");
        let object = world.run("hairnat apply -o json policy.yaml").object(0);
        let changes = object["changes"].as_array().unwrap();
        let port = changes.iter().find(|change| change["object"] == "bridge-port").unwrap();
        assert_eq!(port["name"], "v\\xff");
        world.run("bridge -d link | grep -c 'hairpin on'").is(0, "1\n", "");
    });
}
