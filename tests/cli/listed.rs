//! What a directory lists is read from that directory and is a regular file, or is an error.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::thread;

use seccompiler::apply_filter;

use crate::refusals::refusing;
use crate::world::{POLICY, World, on_a_bare_host};

/// A line of it that is no policy, so that an error would quote it.
const SECRET: &str = "password of the database: hunter2\n";

const REMEDY: &str = "put the file itself in its place, or remove the link and name the file on \
                      the command line; a link within the directory must be relative";

/// A directory with a valid file, beside a file that is not to be read.
fn directory() -> World {
    let world = World::new();
    world.run("mkdir -p conf.d/sub other && mv policy.yaml conf.d/web.yaml").is(0, "", "");
    world.write("other/secret", SECRET);
    world
}

#[track_caller]
fn leads_out(world: &World, link: &str, target: &str) {
    let error = format!(
        "error: `conf.d/{link}` is a link that leads out of its directory, to `{target}`\n  \
         hint: {REMEDY}\n"
    );
    world.run("hairnat check conf.d").is(3, "", &error);
    let said = world.run("hairnat check -o json conf.d");
    assert_eq!(said.object(3)["error"]["kind"], "input");
    assert!(!said.stdout().contains("hunter2"), "{}", said.stdout());
    world.run(&format!("rm conf.d/{link}")).is(0, "", "");
}

#[test]
fn a_link_out_of_the_directory_shows_nothing_of_where_it_leads() {
    let world = directory();
    let absolute = world.run("echo -n $PWD/other/secret").output().to_owned();
    for target in ["../other/secret", &absolute, "../conf.d/web.yaml", "sub/../../other/secret"] {
        world.run(&format!("ln -s {target} conf.d/leak.yaml")).is(0, "", "");
        leads_out(&world, "leak.yaml", target);
    }
    // Whether the file is there makes no difference, nor does another link on the way.
    world.run("ln -s /nowhere/at/all conf.d/leak.yaml").is(0, "", "");
    leads_out(&world, "leak.yaml", "/nowhere/at/all");
    world.run("ln -s first conf.d/leak.yaml && ln -s ../other/secret conf.d/first").is(0, "", "");
    leads_out(&world, "leak.yaml", "../other/secret");
    // A directory elsewhere is not passed over.
    world.run("ln -s ../other conf.d/leak.yaml").is(0, "", "");
    leads_out(&world, "leak.yaml", "../other");
}

#[test]
fn a_link_within_the_directory_is_followed() {
    let world = directory();
    world.run("mv conf.d/web.yaml conf.d/sub/web && ln -s sub/web conf.d/a").is(0, "", "");
    world.run("ln -s a conf.d/web.yaml").is(0, "", "");
    world.run("hairnat check conf.d").is(0, "valid: 1 float\n", "");
}

#[test]
fn links_that_the_operator_names_are_followed() {
    let world = directory();
    world.run("ln -s ../conf.d other/linked.d && ln -s conf.d/web.yaml web.yaml").is(0, "", "");
    world.run("hairnat check other/linked.d").is(0, "valid: 1 float\n", "");
    world.run("hairnat check web.yaml").is(0, "valid: 1 float\n", "");
}

#[test]
fn a_link_out_that_is_left_out_or_replaced_is_not_read() {
    let world = directory();
    world.run("ln -s ../other/secret conf.d/leak.yaml").is(0, "", "");
    let without = "hairnat check --without conf.d/leak.yaml conf.d";
    world.run(without).is(0, "valid: 1 float\n", "");
    let replaced = "echo 'floats: {}' | hairnat check --stdin-as conf.d/leak.yaml conf.d";
    world.run(replaced).is(0, "valid: 1 float\n", "");
}

/// Sandboxes that are older than openat2(2) refuse it.
#[test]
fn links_are_kept_within_the_directory_without_openat2_too() {
    for errno in [libc::ENOSYS, libc::EPERM] {
        thread::spawn(move || {
            // What the thread starts inherits its filter.
            apply_filter(&refusing(libc::SYS_openat2, &[], errno)).unwrap();
            let world = directory();
            world.run("hairnat check conf.d").is(0, "valid: 1 float\n", "");
            world.run("mv conf.d/web.yaml conf.d/a && ln -s a conf.d/web.yaml").is(0, "", "");
            world.run("hairnat check conf.d").is(0, "valid: 1 float\n", "");
            world.run("ln -s first conf.d/leak.yaml").is(0, "", "");
            world.run("ln -s ../other/secret conf.d/first").is(0, "", "");
            leads_out(&world, "leak.yaml", "../other/secret");
            world.run("ln -s loop.yaml conf.d/loop.yaml").is(0, "", "");
            let looped = "error: cannot read `conf.d/loop.yaml`: Too many levels of symbolic \
                          links (os error 40)\n";
            world.run("hairnat check conf.d").is(3, "", looped);
        })
        .join()
        .unwrap();
    }
}

#[track_caller]
fn is_no_file(world: &World, path: &str, kind: &str, remedy: &str) {
    let error = format!("error: `{path}` is {kind}, not a regular file\n  hint: {remedy}\n");
    let named = if Path::new(path).starts_with("conf.d") { "conf.d" } else { path };
    world.run(&format!("timeout 5 hairnat check {named}")).is(3, "", &error);
    world.run(&format!("rm -r {path}")).is(0, "", "");
}

/// A pipe may never be written to, and to open a device can be to use it.
#[test]
fn what_is_no_file_in_a_directory_is_named_by_its_kind_and_not_waited_for() {
    on_a_bare_host(|_| {
        let world = directory();
        let read = "move it away; for its content to be read, name it on the command line";
        world.run("mkfifo conf.d/x.yaml").is(0, "", "");
        is_no_file(&world, "conf.d/x.yaml", "a pipe", read);
        for (kind, device) in [("a character device", "c 1 3"), ("a block device", "b 7 0")] {
            if world.run(&format!("mknod conf.d/x.yaml {device} 2> why")).code() == 0 {
                is_no_file(&world, "conf.d/x.yaml", kind, read);
            } else {
                eprintln!("skipped for {kind}: only root of the host can make one");
            }
        }
        let name =
            "rename it or move it away; for its files to be read, name it on the command line";
        world.run("mkdir conf.d/x.yaml").is(0, "", "");
        is_no_file(&world, "conf.d/x.yaml", "a directory", name);
        world.run("ln -s sub conf.d/x.yaml").is(0, "", "");
        is_no_file(&world, "conf.d/x.yaml", "a directory", name);
        world.run("hairnat check conf.d").is(0, "valid: 1 float\n", "");
    });
}

#[test]
fn a_socket_is_named_as_one_wherever_it_is() {
    let world = directory();
    let remedy = "move it away: a policy is read from a file, a directory or a pipe";
    for path in ["conf.d/x.yaml", "x.yaml"] {
        let _listening = UnixListener::bind(world.path(path)).unwrap();
        is_no_file(&world, path, "a socket", remedy);
    }
}

#[test]
fn a_device_that_the_operator_names_is_read() {
    let world = World::new();
    world.write("policy.yaml", POLICY);
    world.run("hairnat check /dev/stdin < policy.yaml").is(0, "valid: 1 float\n", "");
}
