//! A ruleset that somebody else keeps changing.

use std::thread;
use std::time::Duration;

use nix::sys::signal::Signal;

use super::{MINUTE, TYPE, not_confirmed};
use crate::others::{BUSY, Others};
use crate::running::orphans_end;
use crate::world::alone;

/// The guardian of an attempt that was overtaken would bring back what was there before.
#[test]
fn an_attempt_that_comes_too_late_leaves_no_guardian() {
    alone(|world| {
        world.write("enter", "\n");
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let others = Others::start(world, "while sleep 0.001; do echo $commit; done");
        // Every other time or so somebody commits between the reading and the commit.
        let overtaken = |_| {
            let said = world.run(&format!("{MINUTE} -v < enter 2>&1"));
            assert_eq!(said.code(), 0, "{}", said.stdout());
            world.run("until hairnat diff -q policy.yaml; do :; done").is(0, "", "");
            world.run("nft flush chain inet hairnat output").is(0, "", "");
            said.stdout().contains(" under the plan")
        };
        assert!((0..100).any(overtaken));
        others.stop();
        orphans_end();
        world.run("hairnat remove -q").is(0, "", "");
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
