//! Which files make a policy, and what is said of those that cannot be read: exit code 3.

use serde_json::json;

use crate::world::{POLICY, World, on_a_bare_host};

/// Puts an empty `/etc` in the place of the machine's.
fn empty_etc(world: &World) {
    world.run("mount -t tmpfs tmpfs /etc").is(0, "", "");
}

#[test]
fn a_valid_policy_is_counted() {
    let world = World::new();
    world.run("hairnat check policy.yaml").is(0, "valid: 1 float\n", "");
    world.run("hairnat check - < policy.yaml").is(0, "valid: 1 float\n", "");
    world.run("hairnat check -q policy.yaml").is(0, "", "");
    let places = "policy.yaml:2:10: 203.0.113.10\nvalid: 1 float\n";
    world.run("hairnat check -v policy.yaml").is(0, places, "read policy.yaml\n");
    let expected = json!({ "format": 1, "valid": true, "floats": 1, "warnings": [] });
    assert_eq!(world.run("hairnat check -o json policy.yaml").object(0), expected);
}

#[test]
fn an_invalid_policy_is_shown_with_its_place() {
    let world = World::new();
    world.write("policy.yaml", "fixd: [10.0.0.0/24]\n");
    world.run("hairnat apply policy.yaml").is(
        3,
        "",
        "\
error: unknown key `fixd` in the policy
  --> policy.yaml:1:1
   |
 1 | fixd: [10.0.0.0/24]
   | ^^^^
  hint: did you mean `fixed`?
",
    );
    let diagnostic = json!({
        "file": "policy.yaml", "line": 1, "column": 1,
        "message": "unknown key `fixd` in the policy", "notes": [], "hint": "did you mean `fixed`?",
    });
    assert_eq!(
        world.run("hairnat apply -o json policy.yaml").object(3),
        json!({ "format": 1, "error": {
            "kind": "policy", "message": "the policy is invalid",
            "diagnostics": [diagnostic], "left_out": 0,
        }})
    );
}

#[test]
fn programs_get_the_other_place_too() {
    let world = World::new();
    world.write("more.yaml", POLICY);
    let error = world.run("hairnat check -o json policy.yaml more.yaml").object(3);
    let expected = json!([{
        "file": "policy.yaml", "line": 2, "column": 10, "message": "first given at",
    }]);
    assert_eq!(error["error"]["diagnostics"][0]["notes"], expected);
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let world = World::new();
    let error = "\
error: cannot read `nope.yaml`: No such file or directory (os error 2)
  hint: check the path
";
    world.run("hairnat diff policy.yaml nope.yaml").is(3, "", error);
    let object = world.run("hairnat diff -o json nope.yaml").object(3);
    assert_eq!(object["error"]["kind"], "input");
}

#[test]
fn one_input_cannot_be_given_twice() {
    let world = World::new();
    let twice =
        |name: &str| format!("error: `{name}` is given twice\n  hint: name each file once\n");
    world.run("hairnat check - -").is(3, "", &twice("-"));
    world.run("hairnat check policy.yaml policy.yaml").is(3, "", &twice("policy.yaml"));
}

#[test]
fn a_directory_stands_for_its_yaml_files() {
    let world = World::new();
    world.run("mkdir -p conf.d/sub").is(0, "", "");
    let none = "\
error: no policy file in directory `conf.d`
  hint: a directory stands for its *.yaml and *.yml files, hidden ones left out
";
    world.run("hairnat check conf.d").is(3, "", none);
    world.write("conf.d/b.yml", "floats: {203.0.113.11: 10.0.0.11}\n");
    world.write("conf.d/a.yaml", POLICY);
    world.write("conf.d/.hidden.yaml", "nonsense");
    world.write("conf.d/readme.txt", "nonsense");
    let read = "read conf.d/a.yaml, conf.d/b.yml\n";
    world.run("hairnat check -v conf.d > /dev/null").is(0, "", read);
}

#[test]
fn a_pipe_is_a_file_like_any_other() {
    let world = World::new();
    let line = "mkfifo pipe; cat policy.yaml > pipe & hairnat check pipe";
    world.run(line).is(0, "valid: 1 float\n", "");
}

#[test]
fn endless_input_is_given_up_at_the_largest_size() {
    let said = World::new().run("hairnat check -o json /dev/zero").object(3);
    let message = &said["error"]["diagnostics"][0]["message"];
    assert_eq!(message, "the file is larger than 256 MiB");
}

#[test]
fn a_file_name_cannot_write_to_the_terminal() {
    let world = World::new();
    let error = "\
error: cannot read `a\\u{1b}[31m\\u{202e}b\u{fffd}`: No such file or directory (os error 2)
  hint: check the path
";
    let name = r#""$(printf 'a\033[31m\342\200\256b\377')""#;
    world.run(&format!("hairnat check {name}")).is(3, "", error);
    // A file that is there is named in text of several kinds, and to programs.
    let name = r#""$(printf 'a\342\200\256b.yaml')""#;
    let shown = r"a\u{202e}b.yaml";
    world.run(&format!("cp policy.yaml {name} && hairnat check -v {name}")).is(
        0,
        &format!("{shown}:2:10: 203.0.113.10\nvalid: 1 float\n"),
        &format!("read {shown}\n"),
    );
    let json = world.run(&format!("hairnat check -v -o json {name} 2> /dev/null"));
    assert!(json.stdout().contains(r#""file": "a\u202eb.yaml""#), "{}", json.stdout());
    assert_eq!(json.object(0)["places"][0]["file"], "a\u{202e}b.yaml");
    world.write("policy.yaml", "fixd: []\n");
    let error = format!(
        "error: unknown key `fixd` in the policy\n  --> {shown}:1:1\n   |\n 1 | fixd: []\n   | ^^^^\n  \
         hint: did you mean `fixed`?\n"
    );
    world.run(&format!("cp policy.yaml {name}; hairnat check {name}")).is(3, "", &error);
}

#[test]
fn without_a_file_and_without_a_default_there_is_no_policy() {
    on_a_bare_host(|world| {
        empty_etc(world);
        let none = "\
error: no policy: neither `/etc/hairnat/policy.yaml` nor a file in `/etc/hairnat/policy.d` exists
  hint: name a policy file: `hairnat apply policy.yaml`
";
        world.run("hairnat apply").is(3, "", none);
        world.run("mkdir -p /etc/hairnat/policy.d && hairnat apply").is(3, "", none);
    });
}

#[test]
fn the_default_is_the_file_and_the_directory_together() {
    on_a_bare_host(|world| {
        empty_etc(world);
        world.run("mkdir -p /etc/hairnat/policy.d").is(0, "", "");
        world.write("/etc/hairnat/policy.d/one.yaml", "floats: {203.0.113.11: 10.0.0.11}\n");
        world.write("/etc/hairnat/policy.yaml", POLICY);
        let read = "read /etc/hairnat/policy.yaml, /etc/hairnat/policy.d/one.yaml\n";
        world.run("hairnat check -v > /dev/null").is(0, "", read);
        world.run("mv /etc/hairnat/policy.yaml /etc/hairnat/policy.d/two.yaml").is(0, "", "");
        let read = "read /etc/hairnat/policy.d/one.yaml, /etc/hairnat/policy.d/two.yaml\n";
        world.run("hairnat check -v > /dev/null").is(0, "", read);
    });
}

/// To take it for absent would delete the floats of that file.
#[test]
fn a_default_that_is_a_broken_link_is_an_error() {
    on_a_bare_host(|world| {
        empty_etc(world);
        world.run("mkdir -p /etc/hairnat/policy.d").is(0, "", "");
        world.write("/etc/hairnat/policy.d/one.yaml", POLICY);
        world.run("ln -s nowhere /etc/hairnat/policy.yaml").is(0, "", "");
        let error = "\
error: cannot read `/etc/hairnat/policy.yaml`: No such file or directory (os error 2)
  hint: check the path
";
        world.run("hairnat check").is(3, "", error);
    });
}
