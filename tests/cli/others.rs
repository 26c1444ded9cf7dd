//! Somebody else who keeps changing the ruleset: our tables, to no effect in the end.

use std::process::{Child, Stdio};

use crate::world::World;

/// All that is live when nothing of ours is: what tells that the others have begun.
pub(crate) const BUSY: &str = "table inet busy {\n}\n";

/// What leaves our inet table as it is.
const COMMIT: &str = "add chain inet hairnat x; delete chain inet hairnat x";

/// Somebody who commits all the time.
pub(crate) struct Others {
    commands: Child,
    nft: Child,
}

impl Others {
    /// `commands` writes commits, given one that changes nothing in the end.
    pub(crate) fn start(world: &World, commands: &str) -> Self {
        let line = format!("commit='{COMMIT}'; echo add table inet busy; {commands}");
        let mut commands = world.shell(&line).stdout(Stdio::piped()).spawn().unwrap();
        let read = commands.stdout.take().unwrap();
        let nft = world.shell("exec nft -i").stdin(read).stdout(Stdio::null()).spawn().unwrap();
        world.run("until nft list table inet busy > /dev/null 2>&1; do :; done").is(0, "", "");
        Self { commands, nft }
    }

    /// They are gone.
    pub(crate) fn stop(self) {
        for mut process in [self.commands, self.nft] {
            process.kill().unwrap();
            process.wait().unwrap();
        }
    }
}
