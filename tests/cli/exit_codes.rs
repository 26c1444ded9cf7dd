//! The exit codes mean the same wherever they are listed; that commands exit with them, the other
//! tests see.

use crate::world::World;

/// What each code is about, from 0.
const ABOUT: [&str; 7] = [
    "done",
    "differences",
    "wrong usage",
    "invalid",
    "the kernel or host refused",
    "the ruleset kept changing",
    "not confirmed",
];

/// The list after `Exit codes:`: each code stands before what it is about, and there is no other.
#[track_caller]
fn lists(text: &str) {
    let list = text.split("Exit codes:").nth(1).unwrap();
    let list = list.split("\n\n").next().unwrap().split(". ").next().unwrap();
    let list = list.split_whitespace().collect::<Vec<_>>().join(" ").replace("the host", "host");
    let numbers = |word: &str| word.parse::<usize>().ok();
    let codes: Vec<usize> = list.split(' ').filter_map(numbers).collect();
    assert_eq!(codes, (0..ABOUT.len()).collect::<Vec<_>>(), "{list}");
    let entries = list.split(|letter: char| letter.is_ascii_digit()).skip(1);
    for ((code, about), entry) in ABOUT.iter().enumerate().zip(entries) {
        assert!(entry.contains(about), "{code}: {entry}");
    }
}

#[test]
fn help_and_readme_agree_on_the_exit_codes() {
    let world = World::new();
    lists(world.run("hairnat -h").output());
    lists(world.run("hairnat --help").output());
    lists(include_str!("../../README.md"));
}
