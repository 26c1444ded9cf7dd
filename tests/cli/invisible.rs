//! Text of others, on its way to a terminal: comments and names with characters that a reader would
//! not see, or that change what others look like.

use std::io::Read as _;
use std::process::Stdio;

use hairnat::printable::is_invisible;
use serde_json::Value;

use crate::terminal::terminal;
use crate::world::{POLICY, World, alone};

/// U+202E and U+200B, and CSI as one character.
const COMMENT: &str = "re\u{202e}d\u{200b}\u{9b}31m";
const SHOWN: &str = r"re\u{202e}d\u{200b}\u{9b}31m";

/// The policy is applied, and somebody else has added an element with [`COMMENT`].
fn commented(world: &World) {
    world.run("hairnat apply -q policy.yaml").is(0, "", "");
    let element = format!("{{ 203.0.113.99 comment \"{COMMENT}\" : 10.0.0.99 }}");
    world.write("foreign.nft", format!("add element inet hairnat dnat4 {element}\n"));
    world.run("nft -f foreign.nft").is(0, "", "");
}

/// What a command writes to a terminal.
fn on_a_terminal(world: &World, line: &str) -> String {
    let (mut screen, terminal) = terminal();
    let mut command = world.shell(&format!("exec {line}"));
    let mut child = command.stdin(Stdio::null()).stdout(terminal).spawn().unwrap();
    drop(command);
    let mut text = Vec::new();
    // EIO: nobody has the terminal any more.
    drop(screen.read_to_end(&mut text));
    assert!(child.wait().unwrap().success());
    String::from_utf8(text).unwrap().replace("\r\n", "\n")
}

#[track_caller]
fn is_printable(text: &str) {
    assert!(!text.contains(|c| is_invisible(c) && c != '\n'), "{text:?}");
}

#[test]
fn comments_are_shown_with_escapes_in_every_form() {
    alone(|world| {
        commented(world);
        for line in ["hairnat show", "hairnat diff policy.yaml || true"] {
            let said = world.run(line);
            assert!(said.output().contains(SHOWN), "{}", said.output());
            is_printable(said.output());
        }
        for line in ["hairnat show -o json", "hairnat diff -o json policy.yaml || true"] {
            let said = world.run(line);
            assert!(said.output().contains(r"re\u202ed\u200b\u009b31m"), "{}", said.output());
            is_printable(said.output());
            let object: Value = serde_json::from_str(said.output()).unwrap();
            assert!(object.to_string().contains(COMMENT), "{object}");
        }
    });
}

/// nft(8) has no escapes, so a script in a file has the characters themselves.
#[test]
fn a_script_is_exact_in_a_file_and_printable_on_a_terminal() {
    alone(|world| {
        commented(world);
        let script = world.run("hairnat show -o nft").output().to_owned();
        assert!(script.contains(COMMENT), "{script}");
        let shown = on_a_terminal(world, "hairnat show -o nft");
        assert_eq!(shown, script.replace(COMMENT, SHOWN));
    });
}

#[test]
fn names_of_interfaces_are_shown_with_escapes() {
    alone(|world| {
        world
            .write("policy.yaml", format!("{POLICY}bridge: {{ports: ['p*'], hairpin_mode: on}}\n"));
        let port = "p=$(printf 'p\\342\\200\\2561') && ip netns add web && \
                    ip link add $p type veth peer name eth0 netns web && \
                    ip link set $p master br0 && \
                    ip link set br0 up && ip address add 10.0.0.1/24 dev br0";
        world.run(port).is(0, "", "");
        let diff = world.run("hairnat diff policy.yaml | grep -A 1 port").output().to_owned();
        assert_eq!(diff, "bridge port p\\u{202e}1\n  ~ hairpin_mode : off -> on\n");
    });
}
