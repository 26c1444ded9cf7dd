//! What a recipe needs of the machine it is tried on.

use crate::world::{POLICY, World};

/// Gives the test an `/etc` of its own, as the machine's is but without a policy, and a `/proc` that
/// shows its own processes, which is what a program that looks at the host expects.
pub(crate) fn machine(world: &World) {
    let line = "mount -t proc proc /proc && { cp -a /etc /run/etc 2> cp; true; } && \
                mount --bind /run/etc /etc && rm -rf /etc/hairnat";
    world.run(line).is(0, "", "");
}

/// Whether a program is there; if not, tells that the test is skipped.
pub(crate) fn has(world: &World, program: &str) -> bool {
    let found = world.run(&format!("{program} --version > program 2>&1")).code() == 0;
    if !found {
        eprintln!("skipped: `{program}` is missing: run `.ci/setup test`");
    }
    found
}

/// The ruleset as nft lists it.
pub(crate) fn ruleset(world: &World) -> String {
    world.run("nft list ruleset").output().to_owned()
}

/// The policy has landed in that file and is applied; gives the ruleset.
pub(crate) fn settled(world: &World, file: &str) -> String {
    world.run("mkdir -p /etc/hairnat/policy.d").is(0, "", "");
    world.write(file, POLICY);
    world.run("hairnat apply -q").is(0, "", "");
    ruleset(world)
}
