//! A ruleset that somebody else keeps changing.

use std::process::{Child, Stdio};
use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{MINUTE, TYPE, not_confirmed};
use crate::running::orphans_end;
use crate::world::{World, alone};

/// All that is live when nothing of ours is: what tells that the others have begun.
const BUSY: &str = "table inet busy {\n}\n";

/// Somebody who commits all the time, but nothing to our tables.
struct Others {
    commands: Child,
    nft: Child,
}

impl Others {
    /// `commands` writes commits, given one that changes nothing in the end.
    fn start(world: &World, commands: &str) -> Self {
        let commit = "add table inet x; delete table inet x";
        let line = format!("commit='{commit}'; echo add table inet busy; {commands}");
        let mut commands = world.shell(&line).stdout(Stdio::piped()).spawn().unwrap();
        let read = commands.stdout.take().unwrap();
        let nft = world.shell("exec nft -i").stdin(read).stdout(Stdio::null()).spawn().unwrap();
        world.run("until nft list table inet busy > /dev/null 2>&1; do :; done").is(0, "", "");
        Self { commands, nft }
    }

    fn stop(self) {
        for mut process in [self.commands, self.nft] {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}

/// The guardian of an attempt that was overtaken would bring back what was there before.
#[test]
fn an_attempt_that_comes_too_late_leaves_no_guardian() {
    alone(|world| {
        world.write("enter", "\n");
        let others = Others::start(world, "while sleep 0.001; do echo $commit; done");
        // Every other time or so somebody commits between the reading and the commit.
        let overtaken = |_| {
            let said = world.run(&format!("{MINUTE} -v < enter 2>&1"));
            assert_eq!(said.code(), 0, "{}", said.stdout());
            world.run("until hairnat diff -q policy.yaml; do :; done").is(0, "", "");
            world.run("nft 'delete table inet hairnat; delete table bridge hairnat'").is(0, "", "");
            said.stdout().contains(" under the plan")
        };
        assert!((0..100).any(overtaken));
        others.stop();
        orphans_end();
        world.run("nft list ruleset").is(0, BUSY, "");
    });
}

#[test]
fn the_guardian_goes_on_until_the_ruleset_rests() {
    alone(|world| {
        let mut apply = world.start(MINUTE);
        apply.asks();
        let others = Others::start(world, "exec yes \"$commit\"");
        apply.signal(Signal::SIGTERM);
        thread::sleep(Duration::from_secs(1));
        others.stop();
        apply.end().is(6, &not_confirmed("SIGTERM"), TYPE);
        world.run("nft list ruleset").is(0, BUSY, "");
    });
}
