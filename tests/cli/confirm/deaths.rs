//! Processes that are killed or stopped, at any moment.

use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};

use super::{MINUTE, SECOND, TYPE, generation, not_confirmed};
use crate::running::orphans_end;
use crate::world::{World, alone};

/// Waits until nothing of ours is live.
fn until_nothing_is_live(world: &World) {
    while !world.run("nft list ruleset").output().is_empty() {
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn when_hairnat_is_killed_its_guardian_brings_the_previous_state_back() {
    alone(|world| {
        let mut apply = world.start(MINUTE);
        apply.asks();
        apply.kill();
        world.run("nft list ruleset").is(0, "", "");
    });
}

/// As by Ctrl-Z. What is stopped cannot hold the time.
#[test]
fn while_hairnat_is_stopped_the_time_runs() {
    alone(|world| {
        let mut apply = world.start(SECOND);
        apply.asks();
        apply.signal(Signal::SIGSTOP);
        until_nothing_is_live(world);
        // Too late: it was decided.
        apply.types("\n");
        apply.signal(Signal::SIGUSR1);
        apply.signal(Signal::SIGCONT);
        apply.end().is(6, &not_confirmed("no answer in 1 s"), TYPE);
        world.run("nft list ruleset").is(0, "", "");
    });
}

/// As by Ctrl-S, or by a program that does not read.
#[test]
fn while_nobody_reads_the_changes_the_time_runs() {
    alone(|world| {
        // More than a pipe holds.
        let floats = (0..2000).map(|n| format!("198.18.{0}.{1}: 10.0.{0}.{1}", n / 250, n % 250));
        let floats = floats.collect::<Vec<_>>().join(", ");
        world.write("many.yaml", format!("fixed: [10.0.0.0/16]\nfloats: {{{floats}}}\n"));
        world.run("mkfifo unread").is(0, "", "");
        let line = "hairnat apply --confirm 1 -v many.yaml";
        let mut apply = world.start(&format!("sh -c 'exec 3<>unread; exec {line} > unread'"));
        apply.says("one transaction\n");
        until_nothing_is_live(world);
        let mut reader = world.shell("exec cat unread > read").spawn().unwrap();
        assert_eq!(apply.finish().code(), 6);
        reader.wait().unwrap();
        let last = world.run("tail -n 1 read");
        last.is(0, "not confirmed: the previous state is back (no answer in 1 s)\n", "");
    });
}

#[test]
fn when_the_guardian_is_killed_hairnat_brings_the_previous_state_back() {
    alone(|world| {
        let mut apply = world.start(&format!("{MINUTE} -v"));
        kill(apply.guardian(), Signal::SIGKILL).unwrap();
        let said = apply.end();
        assert_eq!(said.code(), 6);
        assert!(said.stdout().ends_with("(the process that guarded the changes ended)\n"));
        world.run("nft list ruleset").is(0, "", "");
    });
}

/// Whoever stopped it, hairnat ends it before it reverts: it must not go on later.
#[test]
fn when_the_guardian_is_stopped_hairnat_brings_the_previous_state_back() {
    alone(|world| {
        let mut apply = world.start(&format!("{SECOND} -v"));
        kill(apply.guardian(), Signal::SIGSTOP).unwrap();
        let said = apply.end();
        assert_eq!(said.code(), 6);
        assert!(said.stdout().ends_with("(the process that guarded the changes ended)\n"));
        world.run("nft list ruleset").is(0, "", "");
    });
}

#[test]
fn no_signal_but_sigkill_ends_the_guardian() {
    alone(|world| {
        let mut apply = world.start(&format!("{MINUTE} -v"));
        let guardian = apply.guardian();
        let deadly = Signal::iterator().filter(|signal| {
            !matches!(signal, Signal::SIGKILL | Signal::SIGSTOP | Signal::SIGCONT)
        });
        for signal in deadly {
            kill(guardian, signal).unwrap();
        }
        apply.types("\n");
        assert!(apply.end().stdout().ends_with("\nconfirmed\n"));
        world.run("hairnat diff -q policy.yaml").is(0, "", "");
    });
}

/// The guardian holds nothing of what hairnat was given.
#[test]
fn who_reads_the_output_is_not_kept_waiting_when_hairnat_is_killed() {
    alone(|world| {
        let mut apply = world.start(&format!("{MINUTE} -v"));
        let guardian = apply.guardian();
        kill(guardian, Signal::SIGSTOP).unwrap();
        apply.signal(Signal::SIGKILL);
        // Comes to its end although the guardian is there.
        apply.reads_to_the_end();
        kill(guardian, Signal::SIGCONT).unwrap();
        orphans_end();
        world.run("nft list ruleset").is(0, "", "");
    });
}

/// How often hairnat is killed: evenly over the time that it takes to ask, and once after.
const KILLS: u32 = 100;

#[test]
fn killed_at_any_moment_it_leaves_the_previous_state_and_nothing_else() {
    alone(|world| {
        let floats = (1..=250).map(|n| format!("203.0.113.{n}: 10.0.1.{n}"));
        let floats = floats.collect::<Vec<_>>().join(", ");
        let ports = "bridge: { ports: [vnet*], hairpin_mode: on }\n";
        world.write("many.yaml", format!("fixed: [10.0.0.0/16]\n{ports}floats: {{{floats}}}"));
        let port = "ip netns add web && ip link add vnet0 type veth peer name eth0 netns web && \
                    ip link set vnet0 master br0";
        world.run(port).is(0, "", "");
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let state = |world: &World| {
            // A table that is made anew stands behind the other one.
            let line = "nft list tables | sort; nft -s list table bridge hairnat; \
                        nft -s list table inet hairnat; \
                        bridge -d link show dev vnet0 | grep -o 'hairpin .*'";
            world.run(line).output().to_owned()
        };
        let before = state(world);
        let line = "hairnat apply --confirm 60 many.yaml";

        let started = Instant::now();
        let mut apply = world.start(line);
        apply.asks();
        let whole = started.elapsed();
        let first = generation(world);
        apply.kill();
        assert_eq!((state(world), generation(world)), (before.clone(), first + 1));

        for number in 0..KILLS {
            let mut apply = world.shell(&format!("exec {line}"));
            let apply = apply.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut apply = apply.spawn().unwrap();
            thread::sleep(whole * number / KILLS);
            apply.kill().unwrap();
            apply.wait().unwrap();
            orphans_end();
            assert_eq!(state(world), before, "killed after {number}/{KILLS} of {whole:?}");
        }
        world.run("hairnat apply -q many.yaml && hairnat diff -q many.yaml").is(0, "", "");
        world.run("hairnat apply -q policy.yaml && hairnat diff -q policy.yaml").is(0, "", "");
    });
}
