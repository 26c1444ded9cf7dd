//! What the module says when it fails, and that nothing has changed then.

use serde_json::{Value, json};

use super::{Ansible, CONTENT, FAILED, FILE, MOVED, POLICY};
use crate::machine::ruleset;
use crate::world::{World, alone};

const WITHOUT_PRIVILEGES: &str = "setpriv --bounding-set=-net_admin";

/// What the module says of itself.
#[track_caller]
fn message(result: &Value) -> &str {
    result["msg"].as_str().unwrap_or_else(|| panic!("no message in {result:#}"))
}

/// Nothing but [`CONTENT`] is in the directory, and the kernel is as it was.
#[track_caller]
fn untouched(world: &World, before: &str) {
    world.run("ls -A /etc/hairnat/policy.d").is(0, "ansible.yaml\n", "");
    world.run(&format!("cat {FILE}")).is(0, CONTENT, "");
    assert_eq!(ruleset(world), before);
}

/// A program in the place of hairnat: what these lines leave to it, hairnat does.
fn program(world: &World, lines: &str) -> String {
    let here = world.run("pwd").output().trim().to_owned();
    world.write("program", format!("#!/bin/sh\n{lines}\nexec hairnat \"$@\"\n"));
    world.run("chmod 755 program").is(0, "", "");
    format!("{here}/program")
}

/// [`MOVED`] by another program.
fn moved_by(program: &str) -> String {
    MOVED.replacen('{', &format!("{{binary: {program}, "), 1)
}

#[test]
fn a_bad_policy_is_shown_with_its_places_and_never_lands() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let before = ansible.settled();
        let result = ansible.refusal(
            "",
            "{content: {fixed: [10.0.0.0/24], floats: {203.0.113.10: 10.9.0.10}, flots: {}}}",
        );
        let expected = "\
the policy is invalid
/etc/hairnat/policy.d/ansible.yaml:5:19: fixed address `10.9.0.10` lies in no network of `fixed` \
(correct it, or add its network to `fixed`)
  5 |   \"203.0.113.10\": \"10.9.0.10\"
/etc/hairnat/policy.d/ansible.yaml:6:1: unknown key `flots` in the policy (did you mean `floats`?)
  6 | flots: {}";
        assert_eq!(message(&result), expected);
        assert_eq!((&result["kind"], &result["rc"]), (&json!("policy"), &json!(3)));
        assert_eq!(result["diagnostics"][1]["line"], 6);
        untouched(world, &before);
    });
}

#[test]
fn the_same_float_in_the_file_of_another_is_an_error_that_names_both() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        world.run("mkdir -p /etc/hairnat/policy.d").is(0, "", "");
        world.write("/etc/hairnat/policy.d/other.yaml", "floats: {203.0.113.10: 10.0.0.11}\n");
        let result = ansible.refusal("", POLICY);
        let expected = "\
/etc/hairnat/policy.d/other.yaml:1:10: float `203.0.113.10` is given twice (one float leads to one \
fixed address; use `ports` to share it between instances)
  first given at /etc/hairnat/policy.d/ansible.yaml:5:3";
        assert!(message(&result).contains(expected), "{}", message(&result));
        world.run("ls /etc/hairnat/policy.d; nft list ruleset").is(0, "other.yaml\n", "");
    });
}

#[test]
fn what_is_left_of_the_policy_must_be_valid_too() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        ansible.settled();
        world.write("/etc/hairnat/policy.d/other.yaml", "floats: {203.0.113.11: 10.0.0.11}\n");
        world.run("hairnat apply -q").is(0, "", "");
        let before = ruleset(world);
        let result = ansible.refusal("", "{state: absent}");
        let place = "/etc/hairnat/policy.d/other.yaml:1:24: ";
        assert!(message(&result).contains(place), "{}", message(&result));
        world.run("ls /etc/hairnat/policy.d").is(0, "ansible.yaml\nother.yaml\n", "");
        assert_eq!(ruleset(world), before);
    });
}

#[test]
fn what_the_kernel_refuses_brings_the_old_file_back() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let result = ansible.refusal(WITHOUT_PRIVILEGES, POLICY);
        assert!(message(&result).starts_with("hairnat needs CAP_NET_ADMIN"), "{result:#}");
        assert_eq!((&result["kind"], &result["rc"]), (&json!("kernel"), &json!(4)));
        world.run("ls -d /etc/hairnat 2> /dev/null; nft list ruleset").is(0, "", "");

        let before = ansible.settled();
        world.run(&format!("chmod 600 {FILE}")).is(0, "", "");
        for module in [MOVED, "{state: absent}"] {
            let result = ansible.refusal(WITHOUT_PRIVILEGES, module);
            assert_eq!(result["kind"], "kernel");
            untouched(world, &before);
            world.run(&format!("stat -c %a {FILE}")).is(0, "600\n", "");
        }
    });
}

#[test]
fn an_apply_that_dies_brings_the_old_file_back() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let before = ansible.settled();
        let program = program(world, "test $1 = check || kill -KILL $$");
        let result = ansible.refusal("", &moved_by(&program));
        let expected = format!("`{program} apply` ended with exit code -9 and without a report");
        assert!(message(&result).starts_with(&expected), "{}", message(&result));
        untouched(world, &before);
    });
}

#[test]
fn a_program_that_is_missing_or_not_hairnat_or_too_old_is_named() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let before = ansible.settled();
        let missing =
            "cannot find `nowhere`: install the package hairnat, or name the program with `binary`";
        assert_eq!(message(&ansible.refusal("", &moved_by("nowhere"))), missing);

        let said = ansible.refusal("", &moved_by("/bin/echo"));
        let expected = "`/bin/echo check` ended with exit code 0 and without a report, and said: \
                        check --stdin-as /etc/hairnat/policy.d/ansible.yaml -o json; is it hairnat";
        assert!(message(&said).starts_with(expected), "{}", message(&said));

        // It ends before it reads a policy that is larger than a pipe holds.
        let program = program(world, "shift; set -- check --no-such-option \"$@\"");
        world.run("{ cat policy.yaml; yes '# large' | head -c 1000000; } > large").is(0, "", "");
        let here = world.run("pwd").output().trim().to_owned();
        let said = ansible.refusal("", &format!("{{binary: {program}, src: {here}/large}}"));
        let expected = "(this hairnat is too old for the collection: upgrade the package)";
        assert!(message(&said).contains(expected), "{}", message(&said));
        untouched(world, &before);
    });
}

#[test]
fn a_task_that_asks_for_what_cannot_be_is_refused() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let before = ansible.settled();
        world.run("touch unreadable && chmod 0 unreadable").is(0, "", "");
        let here = world.run("pwd").output().trim().to_owned();
        let source = "cannot read `src` on the managed host, ";
        let asked = [
            ("{src: /nowhere.yaml}", format!("{source}`/nowhere.yaml`: No such file or directory")),
            ("{src: /etc}", format!("{source}`/etc`: Is a directory")),
            ("{src: unreadable}", format!("{source}`{here}/unreadable`: Permission denied")),
            ("{}", "state is present but any of the following are missing: content, src".into()),
            (
                "{src: a.yaml, content: {}}",
                "parameters are mutually exclusive: content|src".into(),
            ),
            (
                "{src: policy.yaml, dest: /etc/hairnat/policy.d/floats.conf}",
                "`/etc/hairnat/policy.d/floats.conf` would be no part of the policy: its name must \
                 end with .yaml or .yml and not begin with a dot"
                    .into(),
            ),
            (
                "{src: policy.yaml, dest: /etc/hairnat}",
                "`/etc/hairnat` is a directory: name a file".into(),
            ),
        ];
        // One run of Ansible for them all.
        let items: Vec<&str> = asked.iter().map(|(module, _)| *module).collect();
        let task = format!(
            "hairnat.hairnat.policy: \"{{{{ item }}}}\"\nargs: {{}}\nloop: [{}]",
            items.join(", ").replace("src: unreadable", &format!("src: {here}/unreadable"))
        );
        let prefix = "setpriv --bounding-set=-dac_override,-dac_read_search \
                      env ANSIBLE_INJECT_FACT_VARS=0";
        let result = ansible.play(prefix, "", &task, FAILED).result;
        let results = result["results"].as_array().unwrap();
        let said: Vec<&str> = results.iter().map(message).collect();
        let expected: Vec<&str> = asked.iter().map(|(_, message)| message.as_str()).collect();
        assert_eq!(said, expected);
        untouched(world, &before);
    });
}

/// The directory may be written by others, and the module runs as root.
#[test]
fn a_link_out_of_the_drop_in_directory_is_not_written_through() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let before = ansible.settled();
        let link = format!("echo precious > /etc/precious && ln -sf /etc/precious {FILE}");
        world.run(&link).is(0, "", "");
        let result = ansible.refusal("", POLICY);
        let expected = format!(
            "`{FILE}` is a link that leads out of its directory, to `/etc/precious`: put the file \
             itself in its place, or remove the link"
        );
        assert_eq!(message(&result), expected);
        world.run("cat /etc/precious").is(0, "precious\n", "");
        assert_eq!(ruleset(world), before);
        assert!(ansible.policy("", "{state: absent}").changed());
        world.run("cat /etc/precious && ls -A /etc/hairnat/policy.d").is(0, "precious\n", "");
        // One within the directory is followed.
        world.run(&format!("ln -s own {FILE}")).is(0, "", "");
        assert!(ansible.policy("", POLICY).changed());
        world.run("cat /etc/hairnat/policy.d/own").is(0, CONTENT, "");
    });
}
