//! Standard output that closes or is full, and colour.

use crate::world::{World, alone};

const FULL: &str =
    "error: cannot write to standard output: No space left on device (os error 28)\n";

#[test]
fn a_full_disk_is_an_error_of_every_command_that_prints() {
    let world = World::new();
    for command in [
        "check policy.yaml",
        "render policy.yaml",
        "schema",
        "man",
        "completions bash",
        "--help",
        "--version",
        // The object cannot be written, so the words are.
        "check -o json policy.yaml",
    ] {
        world.run(&format!("hairnat {command} > /dev/full")).is(4, "", FULL);
    }
}

#[test]
fn apply_with_a_full_disk_says_that_it_is_done() {
    alone(|world| {
        let error = "\
error: the changes are made, but they cannot be written to standard output: No space left on device (os error 28)
  hint: `hairnat show` prints what is live
";
        world.run("hairnat apply policy.yaml > /dev/full").is(4, "", error);
        world.run("hairnat diff policy.yaml").is(0, "in sync: 1 float\n", "");
        world.run("hairnat apply policy.yaml > /dev/full").is(4, "", FULL);
    });
}

/// `head` decides how much is read, not how the command ended.
#[test]
fn a_reader_that_leaves_early_changes_no_exit_code() {
    alone(|world| {
        let code_of = |line: &str| {
            // The write end opens only once the reader has gone.
            let line = format!("mkfifo gone; exec 3<>gone 4>gone 3<&-; rm gone; {line} >&4");
            world.run(&line)
        };
        code_of("hairnat diff policy.yaml").is(1, "", "");
        code_of("hairnat diff -o json policy.yaml").is(1, "", "");
        code_of("hairnat render policy.yaml").is(0, "", "");
        code_of("hairnat apply policy.yaml").is(0, "", "");
        code_of("hairnat show").is(0, "", "");
        code_of("hairnat --help").is(0, "", "");
        world.run("hairnat diff policy.yaml").is(0, "in sync: 1 float\n", "");
    });
}

#[test]
fn closed_streams_do_not_keep_it_from_working() {
    alone(|world| {
        world.run("hairnat apply policy.yaml >&- 2>&- <&-").is(0, "", "");
        world.run("hairnat diff policy.yaml").is(0, "in sync: 1 float\n", "");
        world.run("hairnat check nope.yaml >&- 2>&-").is(3, "", "");
    });
}

#[test]
fn colour_is_for_those_who_ask_and_for_terminals() {
    let world = World::new();
    world.write("policy.yaml", "{}");
    let plain = |line: &str| {
        let said = world.run(&format!("{line} policy.yaml 2>&1 || :"));
        !said.output().contains('\u{1b}')
    };
    assert!(plain("hairnat check"));
    assert!(plain("hairnat check --color never"));
    assert!(!plain("hairnat check --color always"));
    assert!(!plain("NO_COLOR=1 hairnat check --color always"), "the option is nearer");
}
