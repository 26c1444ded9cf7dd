//! What the module does when nothing stands in its way.

use std::fs;

use serde_json::json;

use super::{Ansible, COLLECTIONS, CONTENT, FILE, MOVED, POLICY};
use crate::machine::ruleset;
use crate::world::alone;

const NOTHING: &str = "ls -A /etc/hairnat /etc/hairnat/policy.d 2> /dev/null; nft list ruleset";

#[test]
fn ansible_applies_once_and_then_finds_nothing_to_do() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let would = ansible.policy("--check --diff", POLICY);
        assert!(would.changed());
        would.shows(
            "\
+floats:
+  \"203.0.113.10\": \"10.0.0.10\"

table bridge hairnat
  + 1 set, 2 chains, 2 rules
table inet hairnat
  + 3 sets, 4 chains, 9 rules, 3 elements
map inet hairnat dnat4
  + 203.0.113.10 : 10.0.0.10
map inet hairnat snat4
  + 10.0.0.10 : 203.0.113.10
set inet hairnat fixed4
  + 10.0.0.0/24
16 to add, 0 to replace, 0 to delete
",
        );
        world.run(NOTHING).is(0, "", "");

        let did = ansible.policy("", POLICY);
        assert!(did.changed());
        assert_eq!(did.result["changes"], would.result["changes"]);
        assert_eq!(did.result["summary"], json!({ "add": 16, "replace": 0, "delete": 0 }));
        assert_eq!(did.result["connections_cut"], 0);
        assert_eq!(did.result["hairnat_warnings"], json!([]));
        world.run(&format!("cat {FILE}")).is(0, CONTENT, "");
        let line = format!("stat -c %a /etc/hairnat /etc/hairnat/policy.d {FILE}");
        world.run(&line).is(0, "755\n755\n644\n", "");
        world.run("hairnat diff").is(0, "in sync: 1 float\n", "");

        for options in ["", "--check --diff"] {
            let again = ansible.policy(options, POLICY);
            assert!(!again.changed());
            assert_eq!(again.result["changes"], json!([]));
        }
        world.run("ls -A /etc/hairnat/policy.d").is(0, "ansible.yaml\n", "");
    });
}

#[test]
fn ansible_mends_drift_and_a_wrong_mode() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let before = ansible.settled();
        world.run("nft flush chain inet hairnat output").is(0, "", "");
        let drift = ruleset(world);
        let would = ansible.policy("--check", POLICY);
        assert!(would.changed());
        assert_eq!(would.result["changes"][0]["after"], "dnat ip to ip daddr map @dnat4");
        assert_eq!(ruleset(world), drift);
        let did = ansible.policy("", POLICY);
        assert!(did.changed());
        assert_eq!(did.result["changes"], would.result["changes"]);
        assert_eq!(ruleset(world), before);

        world.run(&format!("chmod 600 {FILE}")).is(0, "", "");
        let did = ansible.policy("", POLICY);
        assert!(did.changed());
        assert_eq!(did.result["changes"], json!([]));
        world.run(&format!("stat -c %a {FILE}")).is(0, "644\n", "");
    });
}

#[test]
fn ansible_shows_what_a_new_policy_would_change() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let before = ansible.settled();
        let shown = "
-  \"203.0.113.10\": \"10.0.0.10\"
+  \"203.0.113.10\": \"10.0.0.11\"

map inet hairnat dnat4
  ~ 203.0.113.10 : 10.0.0.10 -> 10.0.0.11
map inet hairnat snat4
  - 10.0.0.10 : 203.0.113.10
  + 10.0.0.11 : 203.0.113.10
1 to add, 1 to replace, 1 to delete
";
        ansible.policy("--check --diff", MOVED).shows(shown);
        world.run(&format!("cat {FILE}")).is(0, CONTENT, "");
        assert_eq!(ruleset(world), before);
        let did = ansible.policy("--diff", MOVED);
        did.shows(shown);
        assert_eq!(did.result["summary"], json!({ "add": 1, "replace": 1, "delete": 1 }));
        world.run("hairnat diff").is(0, "in sync: 1 float\n", "");
    });
}

#[test]
fn on_and_off_of_a_playbook_need_no_quotes() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        world
            .run("ip link add port0 type veth peer name instance && ip link set port0 master br0")
            .is(0, "", "");
        let did = ansible.policy(
            "",
            "{content: {bridge: {ports: [port*], hairpin_mode: on, reflection: off}, floats: {},
               counters: on, fixed: [\"fd00:10::/64\"]}}",
        );
        assert!(did.changed());
        let content = "\
# Managed by Ansible: what is changed here is lost at its next run.
bridge:
  hairpin_mode: \"on\"
  ports:
    - \"port*\"
  reflection: \"off\"
counters: true
fixed:
  - \"fd00:10::/64\"
floats: {}
";
        world.run(&format!("cat {FILE}")).is(0, content, "");
        world.run("cat /sys/class/net/port0/brport/hairpin_mode").is(0, "1\n", "");
    });
}

#[test]
fn what_is_absent_leaves_the_files_of_others() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        ansible.settled();
        let other = "floats: {203.0.113.11: 10.0.0.11}\nfixed: [10.0.0.0/24]\n";
        world.write("/etc/hairnat/policy.d/other.yaml", other);
        world.run("hairnat apply -q").is(0, "", "");
        let before = ruleset(world);

        let would = ansible.policy("--check --diff", "{state: absent}");
        would.shows("  - 203.0.113.10 : 10.0.0.10\n");
        assert!(would.changed());
        world.run("ls /etc/hairnat/policy.d").is(0, "ansible.yaml\nother.yaml\n", "");
        assert_eq!(ruleset(world), before);

        assert!(ansible.policy("", "{state: absent}").changed());
        world.run("ls /etc/hairnat/policy.d").is(0, "other.yaml\n", "");
        world.run("hairnat diff").is(0, "in sync: 1 float\n", "");
        assert!(!ansible.policy("", "{state: absent}").changed());
    });
}

#[test]
fn what_is_absent_and_alone_leaves_no_table() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let before = ansible.settled();
        let would = ansible.policy("--check --diff", "{state: absent}");
        would.shows("\n0 to add, 0 to replace, 16 to delete\n");
        assert!(would.changed());
        assert_eq!(ruleset(world), before);
        assert!(ansible.policy("", "{state: absent}").changed());
        world.run(NOTHING).is(0, "/etc/hairnat:\npolicy.d\n\n/etc/hairnat/policy.d:\n", "");
        assert!(!ansible.policy("", "{state: absent}").changed());
    });
}

#[test]
fn a_file_in_another_place_is_the_whole_policy() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        world.run("mkdir -p /etc/hairnat/policy.d").is(0, "", "");
        world.write("/etc/hairnat/policy.d/other.yaml", "nonsense");
        let here = world.run("pwd").output().trim().to_owned();
        let task = format!("{{src: {here}/policy.yaml, dest: {here}/new/floats.yaml}}");
        assert!(ansible.policy("", &task).changed());
        world.run("cmp policy.yaml new/floats.yaml").is(0, "", "");
        world.run("hairnat diff new/floats.yaml").is(0, "in sync: 1 float\n", "");
        assert!(!ansible.policy("", &task).changed());
        let task = format!("{{state: absent, dest: {here}/new/floats.yaml}}");
        assert!(ansible.policy("", &task).changed());
        world.run("ls new; nft list ruleset").is(0, "", "");
    });
}

#[test]
fn warnings_of_hairnat_are_warnings_of_ansible() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        world.run("echo 0 > /proc/sys/net/ipv4/ip_forward").is(0, "", "");
        let did = ansible.policy("", POLICY);
        assert_eq!(did.result["hairnat_warnings"][0]["code"], "ip-forward-off");
        did.shows("[WARNING]: hairnat: `net.ipv4.ip_forward` is 0: IPv4 floats are reachable");
    });
}

#[test]
fn a_policy_means_the_same_as_a_mapping() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let mapped = "\
import json, sys, yaml
sys.path.insert(0, sys.argv[1])
from emit import policy_file
with open(sys.argv[2]) as file:
    # As Ansible hands it to the module.
    sys.stdout.write(policy_file(json.loads(json.dumps(yaml.safe_load(file)))))
";
        world.write("mapped.py", mapped);
        let utils =
            format!("{COLLECTIONS}/ansible_collections/hairnat/hairnat/plugins/module_utils");
        let hostile = "fixed: [10.0.0.0/24]\nfloats: {203.0.113.10: {fixed: 10.0.0.10, name: \
                       \"a: #'\\\\ é 🦀 \"}}\n";
        world.write("hostile.yaml", hostile);
        world.write(
            "words.yaml",
            "fixed: [10.0.0.0/24]\nbridge: {ports: [vnet*], hairpin_mode: on, \
             redirect: off, reflection: off}\n",
        );
        let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");
        let said = ansible.shell(&format!(
            "for policy in hostile.yaml words.yaml {shipped}/*.yaml; do \
             PYTHONDONTWRITEBYTECODE=1 python3 mapped.py {utils} $policy > mapped.yaml && \
             hairnat render $policy > as-file && hairnat render mapped.yaml > as-mapping && \
             cmp as-file as-mapping && echo same; done"
        ));
        let policies = fs::read_dir(shipped).unwrap().count() + 2;
        assert!(policies > 2);
        said.is(0, &"same\n".repeat(policies), "");
    });
}
