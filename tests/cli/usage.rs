//! Command lines that cannot be used: exit code 2, in text and in JSON.

use serde_json::json;

use hairnat::printable::is_invisible;

use crate::world::World;

#[test]
fn a_mistyped_command_is_told_the_nearest_one() {
    World::new().run("hairnat aply policy.yaml").is(
        2,
        "",
        "\
error: unrecognized subcommand 'aply'

  tip: a similar subcommand exists: 'apply'

Usage: hairnat [OPTIONS] <COMMAND>

For more information, try '--help'.
",
    );
}

#[test]
fn wrong_usage_is_one_object_when_json_is_asked_for() {
    let world = World::new();
    let error = |line: &str| world.run(line).object(2);
    assert_eq!(
        error("hairnat aply --output=json"),
        json!({ "format": 1, "error": {
            "kind": "usage",
            "message": "unrecognized subcommand 'aply'",
            "hint": "a similar subcommand exists: 'apply'",
        }})
    );
    assert_eq!(
        error("hairnat -o json apply -q -v"),
        json!({ "format": 1, "error": {
            "kind": "usage",
            "message": "the argument '--quiet' cannot be used with '--verbose'",
            "hint": "`hairnat --help` shows how",
        }})
    );
    assert_eq!(error("hairnat -o json")["error"]["message"], "no command is given");
    assert_eq!(error("hairnat man -ojson")["error"]["message"], "there is no JSON form of this");
}

#[test]
fn without_a_command_the_short_help_is_shown() {
    let world = World::new();
    let help = world.run("hairnat -h");
    world.run("hairnat").is(2, "", help.output());
}

#[test]
fn a_form_that_a_command_has_not_is_refused_before_anything_is_done() {
    let error = "\
error: `--output nft` is for `show` and `render`
  hint: `hairnat render` prints a policy as nft text, `hairnat show -o nft` what is live
";
    World::new().run("hairnat apply -o nft policy.yaml").is(2, "", error);
}

#[test]
fn the_two_ways_to_ask_for_a_form_must_agree() {
    let world = World::new();
    let text = world.run("hairnat render policy.yaml");
    let json = world.run("hairnat render --format json policy.yaml");
    world.run("hairnat render -o nft policy.yaml").is(0, text.output(), "");
    world.run("hairnat render -o json policy.yaml").is(0, json.output(), "");
    world.run("hairnat render -o json --format json policy.yaml").is(0, json.output(), "");
    let error = world.run("hairnat render -o json --format nft policy.yaml").object(2);
    assert_eq!(error["error"]["message"], "`--format` and `--output` contradict each other");
}

#[test]
fn every_command_has_an_example_in_its_long_help_and_none_in_its_short() {
    let world = World::new();
    let help = world.run("hairnat --help").output().to_owned();
    let commands = help.split("Commands:\n").nth(1).unwrap().split("\n\n").next().unwrap();
    let commands: Vec<&str> =
        commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(commands.len() >= 10, "{commands:?}");
    for command in commands.into_iter().filter(|command| *command != "help") {
        let long = world.run(&format!("hairnat {command} --help"));
        assert!(long.output().contains("Example:\n  "), "{command}");
        assert!(long.output().contains(&format!("hairnat {command}")), "{command}");
        let short = world.run(&format!("hairnat {command} -h"));
        assert!(!short.output().contains("Example"), "{command}");
        world.run(&format!("hairnat help {command}")).is(0, long.output(), "");
    }
}

#[test]
fn an_argument_cannot_write_to_the_terminal() {
    let error = r"error: `a\u{1b}[31m\u{202e}b` is neither an IP address nor `host`
  hint: `--from 10.0.0.10`, or `--from host` for this host itself
";
    let world = World::new();
    let argument = r#""$(printf 'a\033[31m\342\200\256b')""#;
    let line = format!("hairnat explain policy.yaml --from {argument} --to 203.0.113.10");
    world.run(&line).is(2, "", error);
    // What clap says has no words of ours around it.
    for (wrong, said) in [
        ("hairnat ARG", r"unrecognized subcommand 'a\u{1b}[31m\u{202e}b'"),
        ("hairnat check --ARG", r"unexpected argument '--a\u{1b}[31m\u{202e}b' found"),
        ("hairnat explain --via ARG", r"invalid value 'a\u{1b}[31m\u{202e}b' for '--via"),
        ("hairnat show --color always -o ARG", r"invalid value 'a\u{1b}[31m\u{202e}b' for"),
    ] {
        let line = wrong.replace("ARG", argument);
        let text = world.run(&format!("{line} 2>&1 > /dev/null; true")).output().to_owned();
        assert!(text.contains(said), "{line}: {text:?}");
        let json = world.run(&format!("{line} -o json 2>&1; true")).output().to_owned();
        assert!(json.contains(&said.replace('\\', r"\\")) || wrong.contains("-o"), "{json:?}");
        for text in [text, json] {
            assert!(!text.contains(|c| is_invisible(c) && c != '\n'), "{text:?}");
        }
    }
}
