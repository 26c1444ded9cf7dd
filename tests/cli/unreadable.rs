//! Files that cannot be read, vanish or are being written: an error, and nothing is changed.

use crate::world::{POLICY, World, alone};

/// What apply says of a policy that it cannot read; the kernel is as it was.
fn refused(world: &World, line: &str, error: &str) {
    let before = world.run("nft list ruleset").output().to_owned();
    world.run(line).is(3, "", error);
    world.run("nft list ruleset").is(0, &before, "");
}

#[test]
fn a_file_that_may_not_be_read_is_named() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml && chmod 0 policy.yaml").is(0, "", "");
        let unprivileged = "setpriv --bounding-set -dac_override,-dac_read_search \
             --inh-caps -dac_override,-dac_read_search";
        let error = "\
error: cannot read `policy.yaml`: Permission denied (os error 13)
  hint: run as a user who may read it
";
        refused(world, &format!("{unprivileged} hairnat apply policy.yaml"), error);
        world.run("mkdir -m 0 conf.d").is(0, "", "");
        let error = error.replace("policy.yaml", "conf.d");
        refused(world, &format!("{unprivileged} hairnat apply conf.d"), &error);
    });
}

#[test]
fn a_drop_in_that_leads_nowhere_is_not_passed_over() {
    alone(|world| {
        world.run("mkdir conf.d && mv policy.yaml conf.d && hairnat apply -q conf.d").is(0, "", "");
        world.run("ln -s nowhere conf.d/web.yaml").is(0, "", "");
        let error = "\
error: cannot read `conf.d/web.yaml`, which its directory lists: No such file or directory (os error 2)
  hint: it was removed in this very moment, or is a link that leads nowhere: try again, or remove it
";
        refused(world, "hairnat apply conf.d", error);
    });
}

#[test]
fn a_file_that_is_being_written_is_not_taken_for_whole() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.write("policy.yaml", format!("{POLICY}{}", "# growing\n".repeat(6_000_000)));
        let line = "\
            while :; do echo '#'; done >> policy.yaml & writer=$!
            size=$(stat -c %s policy.yaml)
            while [ $(stat -c %s policy.yaml) = $size ]; do :; done
            hairnat apply policy.yaml; code=$?
            kill $writer
            exit $code";
        let error = "\
error: `policy.yaml` changed while it was read
  hint: try again; write a policy under another name and rename it, so that it is never read half
";
        refused(world, line, error);
    });
}

/// Editors and scripts empty a file before they write it.
#[test]
fn a_file_that_was_just_emptied_takes_no_float_away() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.run("mkdir conf.d && mv policy.yaml conf.d && : > conf.d/web.yaml").is(0, "", "");
        let error = "\
error: the file contains no policy
  --> conf.d/web.yaml:1:1
   |
 1 |
   | ^
  hint: the smallest policy has `fixed` and `floats`; remove a file without any
";
        refused(world, "hairnat apply conf.d", error);
    });
}

#[test]
fn a_file_that_ends_in_the_middle_is_refused_at_its_end() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.write(
            "policy.yaml",
            "fixed: [10.0.0.0/24]\nfloats:\n  203.0.113.10: 10.0.0.10\n  203.0.1",
        );
        let error = "\
error: the file is not valid YAML: could not find expected ':'
  --> policy.yaml:4:10
   |
 4 |   203.0.1
   |          ^
  hint: is a colon with a space behind it missing in the line before?
";
        refused(world, "hairnat apply policy.yaml", error);
    });
}

#[test]
fn a_file_that_vanishes_between_check_and_apply_changes_nothing() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml && hairnat check -q policy.yaml").is(0, "", "");
        world.run("rm policy.yaml").is(0, "", "");
        let error = "\
error: cannot read `policy.yaml`: No such file or directory (os error 2)
  hint: check the path
";
        refused(world, "hairnat apply policy.yaml", error);
    });
}
