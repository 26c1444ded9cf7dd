//! A policy of several owners: each tries, adds and takes away its own file beside the others'.

use serde_json::json;

use crate::world::{World, alone, on_a_bare_host};

const BASE: &str = "fixed: [10.0.0.0/24]\nfloats:\n  203.0.113.10: 10.0.0.10\n";
const WEB: &str = "floats:\n  203.0.113.11: {fixed: 10.0.0.11, name: web-1}\n";
const MAIL: &str = "floats:\n  203.0.113.12: {ports: {25/tcp: 10.0.0.12}}\n";

/// The defaults in a fresh `/etc`: a policy and one drop-in.
fn with_defaults(world: &World) {
    world.run("mount -t tmpfs tmpfs /etc && mkdir -p /etc/hairnat/policy.d").is(0, "", "");
    world.write("/etc/hairnat/policy.yaml", BASE);
    world.write("/etc/hairnat/policy.d/web.yaml", WEB);
    world.write("mail.yaml", MAIL);
}

#[test]
fn check_names_the_file_of_each_float() {
    on_a_bare_host(|world| {
        with_defaults(world);
        world.write(
            "/etc/hairnat/policy.d/all.yaml",
            "# one of each\nfloats:\n  \"2001:db8::10\": fd00:10::10\n  198.51.100.0/28: 10.0.0.64/28\n  \
             198.51.100.64: {ports: {25/tcp: 10.0.0.12, 80/tcp: 10.0.0.13}}\nfixed: ['fd00:10::/64']\n",
        );
        world.run("hairnat check -v 2> /dev/null").is(
            0,
            "\
/etc/hairnat/policy.yaml:3:3: 203.0.113.10
/etc/hairnat/policy.d/all.yaml:3:3: 2001:db8::10
/etc/hairnat/policy.d/all.yaml:4:3: 198.51.100.0/28
/etc/hairnat/policy.d/all.yaml:5:3: 198.51.100.64
/etc/hairnat/policy.d/web.yaml:2:3: 203.0.113.11   web-1
valid: 5 floats
",
            "",
        );
        world.run("rm /etc/hairnat/policy.d/all.yaml").is(0, "", "");
        let (object, _) = world.run("hairnat check -v -o json").object_and_talk(0);
        let expected = json!([
            { "float": "203.0.113.10", "file": "/etc/hairnat/policy.yaml", "line": 3, "column": 3 },
            {
                "float": "203.0.113.11", "file": "/etc/hairnat/policy.d/web.yaml",
                "line": 2, "column": 3, "name": "web-1",
            },
        ]);
        assert_eq!(object["places"], expected);
        assert_eq!(world.run("hairnat check -o json").object(0).get("places"), None);
    });
}

#[test]
fn a_file_can_be_tried_in_its_place_before_it_is_there() {
    on_a_bare_host(|world| {
        with_defaults(world);
        let line = "hairnat check --stdin-as /etc/hairnat/policy.d/mail.yaml";
        world.run(&format!("{line} < mail.yaml")).is(0, "valid: 3 floats\n", "");
        world.run("ls /etc/hairnat/policy.d").is(0, "web.yaml\n", "");
        // It may be the first of all, with no directory yet.
        world.run("rm -r /etc/hairnat").is(0, "", "");
        world.run("printf 'version: 1' | hairnat check --stdin-as /etc/hairnat/policy.yaml").is(
            0,
            "valid: 0 floats\n",
            "",
        );
        let first = "hairnat check -v --stdin-as /etc/hairnat/policy.d/a.yaml";
        world.run(&format!("printf 'version: 1' | {first}")).is(
            0,
            "valid: 0 floats\n",
            "read /etc/hairnat/policy.d/a.yaml\n",
        );
    });
}

#[test]
fn a_file_that_is_tried_takes_the_place_of_the_old_one() {
    on_a_bare_host(|world| {
        with_defaults(world);
        let error = "\
error: float `203.0.113.10` is given twice
  --> /etc/hairnat/policy.d/web.yaml:1:10
   |
 1 | floats: {203.0.113.10: 10.0.0.11}
   |          ^^^^^^^^^^^^
  note: first given at /etc/hairnat/policy.yaml:3:3
  hint: one float leads to one fixed address; use `ports` to share it between instances
";
        let line = "echo 'floats: {203.0.113.10: 10.0.0.11}' |
            hairnat check --stdin-as /etc/hairnat/policy.d/../policy.d/web.yaml";
        world.run(line).is(3, "", &error.replace("policy.d/web", "policy.d/../policy.d/web"));
        let line = line.replace("/../policy.d", "");
        world.run(&line).is(3, "", error);
    });
}

#[test]
fn named_files_and_directories_can_be_replaced_too() {
    let world = World::new();
    world.write("policy.yaml", BASE);
    world.write("mail.yaml", MAIL);
    world.run("mkdir conf.d").is(0, "", "");
    for (files, read) in [
        ("--stdin-as conf.d/mail.yaml policy.yaml conf.d/", "policy.yaml, conf.d/mail.yaml"),
        ("--stdin-as $PWD/conf.d/mail.yml policy.yaml conf.d", "policy.yaml, PWD/conf.d/mail.yml"),
        ("--stdin-as ./new.yaml policy.yaml new.yaml", "policy.yaml, ./new.yaml"),
    ] {
        let read = format!("read {read}\n");
        let line = format!("hairnat check -v {files} < mail.yaml 2>&1 > out | sed \"s|$PWD|PWD|\"");
        world.run(&line).is(0, &read, "");
        world.run("tail -n 1 out").is(0, "valid: 2 floats\n", "");
    }
}

#[test]
fn what_is_no_part_of_the_policy_cannot_be_replaced_or_left_out() {
    on_a_bare_host(|world| {
        with_defaults(world);
        let policy = "`/etc/hairnat/policy.yaml`, `/etc/hairnat/policy.d`";
        for path in ["/etc/hairnat/other.yaml", "/etc/hairnat/policy.d/web.yaml.new", "web.yaml"] {
            for option in ["stdin-as", "without"] {
                let error = format!(
                    "error: `{path}` is no part of the policy\n  hint: the policy is made of \
                     {policy}; in a directory only *.yaml and *.yml count, hidden ones left out\n"
                );
                world.run(&format!("hairnat check --{option} {path}")).is(2, "", &error);
            }
        }
        let object = world.run("hairnat diff -o json --without web.yaml").object(2);
        assert_eq!(object["error"]["kind"], "usage");
        world.run("hairnat check - --stdin-as mail.yaml mail.yaml").is(
            3,
            "",
            "error: `-` is given twice\n  hint: name each file once\n",
        );
    });
}

#[test]
fn an_owner_sees_beforehand_what_its_file_changes_and_what_its_absence_does() {
    alone(|world| {
        with_defaults(world);
        world.run("hairnat apply -q").is(0, "", "");
        let diff = world.run("hairnat diff --without /etc/hairnat/policy.d/web.yaml");
        diff.is(
            1,
            "\
map inet hairnat dnat4
  - 203.0.113.11 : 10.0.0.11   web-1
map inet hairnat snat4
  - 10.0.0.11 : 203.0.113.11   web-1
0 to add, 0 to replace, 2 to delete
",
            "",
        );
        let diff = world.run(
            "echo 'floats: {203.0.113.11: 10.0.0.12}' |
             hairnat diff --stdin-as /etc/hairnat/policy.d/web.yaml",
        );
        diff.is(
            1,
            "\
map inet hairnat dnat4
  ~ 203.0.113.11 : 10.0.0.11 -> 10.0.0.12   web-1 -> (no name)
map inet hairnat snat4
  - 10.0.0.11 : 203.0.113.11   web-1
  + 10.0.0.12 : 203.0.113.11
1 to add, 1 to replace, 1 to delete
",
            "",
        );
        world.run("hairnat diff").is(0, "in sync: 2 floats\n", "");
        // One that is not there is left out as well.
        world.run("hairnat diff --without /etc/hairnat/policy.d/mail.yaml").is(
            0,
            "in sync: 2 floats\n",
            "",
        );
    });
}

/// Nothing is left of it, which is not the same as a policy that declares nothing.
#[test]
fn a_policy_that_is_left_out_whole_is_no_policy() {
    on_a_bare_host(|world| {
        with_defaults(world);
        world.run("rm /etc/hairnat/policy.yaml").is(0, "", "");
        let line = "hairnat apply --without /etc/hairnat/policy.d/web.yaml";
        let error = "\
error: no policy is left without `/etc/hairnat/policy.d/web.yaml`
  hint: `hairnat remove` takes away what was applied of it
";
        world.run(line).is(3, "", error);
        let kind = |line: &str| world.run(line).object(3)["error"]["kind"].clone();
        assert_eq!(kind(&format!("{line} -o json")), "no-policy");
        world.run("rm /etc/hairnat/policy.d/web.yaml").is(0, "", "");
        world.run(line).is(3, "", error);
        assert_eq!(kind("hairnat check -o json"), "no-policy");
        assert_eq!(kind("hairnat check -o json /etc/hairnat/policy.d"), "no-policy");
        assert_eq!(kind("hairnat check -o json /etc/hairnat/policy.yaml"), "input");
    });
}
