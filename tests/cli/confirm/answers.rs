//! Who answers, and how.

use std::io::Write as _;

use nix::sys::signal::Signal;

use super::{APPLIED, MINUTE, SECOND, SIGNAL, TYPE, not_confirmed};
use crate::terminal::terminal;
use crate::world::{World, alone};

/// What is said to any line but an empty one.
const NO_CONFIRMATION: &str = "that is no confirmation: Enter alone is\n";

fn confirmed() -> String {
    format!("{APPLIED}confirmed\n")
}

/// Nothing of ours is there.
fn nothing_is_live(world: &World) {
    world.run("nft list ruleset").is(0, "", "");
}

fn all_is_live(world: &World) {
    world.run("hairnat diff policy.yaml").is(0, "in sync: 1 float\n", "");
}

#[test]
fn enter_on_the_terminal_confirms() {
    alone(|world| {
        for line in [MINUTE, &format!("setsid --ctty {MINUTE}")] {
            let mut apply = world.start_on_terminal(line);
            apply.asks();
            all_is_live(world);
            apply.types("\n");
            apply.end().is(0, &confirmed(), TYPE);
            all_is_live(world);
            world.run("hairnat remove -q").is(0, "", "");
        }
    });
}

#[test]
fn anything_but_enter_alone_is_no_confirmation() {
    alone(|world| {
        let mut apply = world.start_on_terminal(MINUTE);
        apply.asks();
        apply.types("no\n");
        apply.says(NO_CONFIRMATION);
        apply.signal(Signal::SIGINT);
        let said = format!("{TYPE}{NO_CONFIRMATION}");
        apply.end().is(6, &not_confirmed("SIGINT"), &said);
        nothing_is_live(world);
    });
}

/// Otherwise one Enter too many after the command would confirm what nobody has seen.
#[test]
fn what_was_typed_before_the_question_is_no_answer() {
    alone(|world| {
        let (mut keyboard, terminal) = terminal();
        keyboard.write_all(b"\n\n").unwrap();
        let apply = world.start_with(SECOND, terminal.into());
        apply.end().is(6, &not_confirmed("no answer in 1 s"), TYPE);
        nothing_is_live(world);
    });
}

/// What is typed there is for the shell, and to read it would stop the job (SIGTTIN).
#[test]
fn a_job_in_the_background_of_a_terminal_takes_nothing_typed_there() {
    alone(|world| {
        world.write("job", format!("set -m; {SECOND} & wait %1"));
        let mut shell = world.start_on_terminal("setsid --ctty bash job");
        shell.asks();
        shell.types("\n");
        let said = shell.end();
        assert_eq!((said.code(), said.stdout()), (6, &*not_confirmed("no answer in 1 s")));
        nothing_is_live(world);
    });
}

#[test]
fn an_empty_line_from_a_program_confirms_and_any_other_does_not() {
    alone(|world| {
        let mut apply = world.start(MINUTE);
        apply.asks();
        apply.types("\n");
        apply.end().is(0, &confirmed(), TYPE);
        world.run("hairnat remove -q").is(0, "", "");

        // Such as what ssh takes from the loop that it is in. There may be any amount of it.
        let apply = world.start(&format!("{SECOND} < policy.yaml"));
        let said = format!("{NO_CONFIRMATION}{SIGNAL}");
        apply.end().is(6, &not_confirmed("no answer in 1 s"), &said);
        nothing_is_live(world);
    });
}

#[test]
fn an_input_that_ends_says_nothing_and_sigusr1_confirms() {
    alone(|world| {
        for input in ["policy.yaml < /dev/null", "- < policy.yaml", "policy.yaml <&-"] {
            let mut apply = world.start(&format!("hairnat apply --confirm 60 {input}"));
            apply.asks();
            apply.signal(Signal::SIGUSR1);
            apply.end().is(0, &confirmed(), SIGNAL);
            all_is_live(world);
            world.run("hairnat remove -q").is(0, "", "");
        }
        let mut apply = world.start(MINUTE);
        apply.asks();
        apply.hang_up();
        apply.signal(Signal::SIGUSR1);
        apply.end().is(0, &confirmed(), TYPE);
        all_is_live(world);
    });
}

#[test]
fn without_an_answer_in_time_the_previous_state_comes_back() {
    alone(|world| {
        world.start(SECOND).end().is(6, &not_confirmed("no answer in 1 s"), TYPE);
        nothing_is_live(world);
    });
}

#[test]
fn every_signal_that_ends_programs_brings_the_previous_state_back() {
    alone(|world| {
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP, Signal::SIGQUIT] {
            let mut apply = world.start(MINUTE);
            apply.asks();
            all_is_live(world);
            apply.signal(signal);
            apply.end().is(6, &not_confirmed(signal.as_str()), TYPE);
            nothing_is_live(world);
        }
    });
}

#[test]
fn a_terminal_that_closes_brings_the_previous_state_back() {
    alone(|world| {
        let mut apply = world.start_on_terminal(MINUTE);
        apply.asks();
        apply.hang_up();
        apply.end().is(6, &not_confirmed("the terminal was closed"), TYPE);
        nothing_is_live(world);

        // The end of input, Ctrl-D.
        let mut apply = world.start_on_terminal(MINUTE);
        apply.asks();
        apply.types("\u{4}");
        apply.end().is(6, &not_confirmed("the terminal was closed"), TYPE);
        nothing_is_live(world);

        // A terminal that controls the program sends SIGHUP too.
        let mut apply = world.start_on_terminal(&format!("setsid --ctty {MINUTE}"));
        apply.asks();
        apply.hang_up();
        let said = apply.end();
        let ends = ["SIGHUP", "the terminal was closed"].map(not_confirmed);
        assert!(said.code() == 6 && ends.contains(&said.stdout().to_owned()), "{}", said.stdout());
        nothing_is_live(world);
    });
}

#[test]
fn quiet_says_nothing_and_the_exit_code_tells() {
    alone(|world| {
        world.run(&format!("{SECOND} -q")).is(6, "", "");
        nothing_is_live(world);
        let live = "until nft list table inet hairnat; do sleep 0.01; done > /dev/null 2>&1";
        world.run(&format!("({live}; echo) | {MINUTE} -q")).is(0, "", "");
        all_is_live(world);
    });
}

#[test]
fn seconds_are_from_one_to_a_day() {
    let world = World::new();
    for (seconds, why) in [
        ("0", "0 is not in 1..=86400"),
        ("86401", "86401 is not in 1..=86400"),
        ("policy.yaml", "invalid digit found in string"),
    ] {
        let error = format!(
            "error: invalid value '{seconds}' for '--confirm <SECONDS>': {why}\n\n\
             For more information, try '--help'.\n"
        );
        world.run(&format!("hairnat apply --confirm {seconds}")).is(2, "", &error);
    }
    let error = world.run("hairnat apply -o json --confirm 5 --dry-run policy.yaml").object(2);
    let message = "the argument '--confirm <SECONDS>' cannot be used with '--dry-run'";
    assert_eq!(error["error"]["message"], message);
}
