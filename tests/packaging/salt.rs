//! `packaging/salt`, run by `salt-call --local`.

use serde_json::{Value, json};

use crate::machine::{has, machine, ruleset, settled};
use crate::world::{POLICY, World, alone, described};

const MOVED: &str = "fixed: [10.0.0.0/24]\nfloats: {203.0.113.10: 10.0.0.11}\n";
const INVALID: &str = "floats: {203.0.113.10: 10.9.0.10}\n";
const FILE: &str = "/etc/hairnat/policy.d/salt.yaml";

const SALT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/salt/bin/salt-call");

/// The exit code of `salt-call --retcode-passthrough` when a state failed.
const FAILED: i32 = 2;

/// Salt, of which nothing is outside of the world's directory.
struct Salt<'a> {
    world: &'a World,
}

/// What Salt says of the file and of the rules.
struct States {
    file: Value,
    rules: Value,
}

impl<'a> Salt<'a> {
    /// On a machine where the states are; `None` where there is no Salt.
    fn on(world: &'a World) -> Option<Self> {
        if !has(world, SALT) {
            return None;
        }
        machine(world);
        let here = world.run("pwd").output().trim().to_owned();
        let states = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/salt");
        let line = format!("mkdir settings states; cp -r {states} states/hairnat");
        world.run(&line).is(0, "", "");
        let settings = format!(
            "file_client: local\nid: host\nroot_dir: {here}/root\nfile_roots: {{base: [{here}/states]}}\n\
             enable_fqdns_grains: false\n"
        );
        world.write("settings/minion", settings);
        Some(Self { world })
    }

    /// One run with that policy, in Salt's test mode or not, that ends with that exit code.
    #[track_caller]
    fn run(&self, prefix: &str, test: bool, policy: &str, code: i32) -> States {
        self.world.write("states/hairnat/floats.yaml", policy);
        let line = format!(
            "HOME=$PWD {prefix} {SALT} --local --config-dir $PWD/settings --out json \
             --retcode-passthrough state.apply hairnat test={test} 2> talk"
        );
        let said = self.world.run(&line);
        assert_eq!(said.code(), code, "{}", said.stdout());
        let object: Value = serde_json::from_str(said.stdout()).unwrap();
        let states = object["local"].as_object().unwrap();
        assert_eq!(states.len(), 2, "{object:#}");
        let state = |id| states.values().find(|state| state["__id__"] == id).unwrap().clone();
        States { file: state(FILE), rules: state("hairnat") }
    }
}

impl States {
    /// Nothing changed, and nothing was to be changed.
    #[track_caller]
    fn are_in_sync(&self) {
        for state in [&self.file, &self.rules] {
            assert_eq!((&state["result"], &state["changes"]), (&json!(true), &json!({})));
        }
    }

    /// What hairnat said of changes of the rules: Salt shows its whole object.
    #[track_caller]
    fn report(&self) -> Value {
        let mut report = self.rules["changes"].clone();
        for of_salt in ["pid", "retcode", "stdout", "stderr"] {
            report.as_object_mut().unwrap().remove(of_salt).unwrap();
        }
        assert_eq!(described(&report), Ok(()), "{report:#}");
        report
    }

    /// Why hairnat did not change the rules: its whole object is Salt's comment.
    #[track_caller]
    fn failure(&self) -> Value {
        let failure = serde_json::from_str(self.rules["comment"].as_str().unwrap()).unwrap();
        assert_eq!(described(&failure), Ok(()), "{failure:#}");
        failure
    }
}

#[test]
fn salt_applies_once_and_then_finds_nothing_to_do() {
    alone(|world| {
        let Some(salt) = Salt::on(world) else { return };
        let states = salt.run("", true, POLICY, 0);
        assert_eq!((&states.file["result"], &states.rules["result"]), (&Value::Null, &Value::Null));
        assert_eq!(states.file["changes"], json!({ "newfile": FILE }));
        let would = states.report();
        assert_eq!((&would["changed"], &would["applied"]), (&json!(true), &json!(false)));
        world.run("ls /etc/hairnat 2> /dev/null; nft list ruleset").is(0, "", "");

        let states = salt.run("", false, POLICY, 0);
        assert_eq!((&states.file["result"], &states.rules["result"]), (&json!(true), &json!(true)));
        let report = states.report();
        assert_eq!((&report["applied"], &report["changes"]), (&json!(true), &would["changes"]));
        world.run("hairnat diff").is(0, "in sync: 1 float\n", "");
        world.run(&format!("stat -c %a {FILE}; cat {FILE}")).is(0, &format!("644\n{POLICY}"), "");

        salt.run("", false, POLICY, 0).are_in_sync();
        salt.run("", true, POLICY, 0).are_in_sync();
    });
}

#[test]
fn salt_mends_drift_at_its_next_run() {
    alone(|world| {
        let Some(salt) = Salt::on(world) else { return };
        let before = settled(world, FILE);
        world.run("nft flush chain inet hairnat output").is(0, "", "");
        let drift = ruleset(world);
        let states = salt.run("", true, POLICY, 0);
        assert_eq!(states.rules["result"], Value::Null);
        let would = states.report();
        assert_eq!(would["changes"][0]["after"], "dnat ip to ip daddr map @dnat4");
        assert_eq!(ruleset(world), drift);
        let report = salt.run("", false, POLICY, 0).report();
        assert_eq!((&report["applied"], &report["changes"]), (&json!(true), &would["changes"]));
        assert_eq!(ruleset(world), before);
    });
}

#[test]
fn salt_tells_before_what_a_new_file_would_change() {
    alone(|world| {
        let Some(salt) = Salt::on(world) else { return };
        let before = settled(world, FILE);
        let would = salt.run("", true, MOVED, 0).report();
        assert_eq!(would["summary"], json!({ "add": 1, "replace": 1, "delete": 1 }));
        assert_eq!(ruleset(world), before);
        world.run(&format!("cat {FILE}")).is(0, POLICY, "");
        let report = salt.run("", false, MOVED, 0).report();
        assert_eq!(report["changes"], would["changes"]);
    });
}

#[test]
fn a_bad_policy_from_salt_never_lands() {
    alone(|world| {
        let Some(salt) = Salt::on(world) else { return };
        let before = settled(world, FILE);
        let wrong = "fixed address `10.9.0.10` needs an IPv4 network in `fixed`";
        let tried = salt.run("", true, INVALID, FAILED);
        assert_eq!(tried.failure()["error"]["diagnostics"][0]["message"], wrong);

        let states = salt.run("", false, INVALID, FAILED);
        assert!(states.file["comment"].as_str().unwrap().contains(wrong), "{:#}", states.file);
        for state in [tried.rules, states.file, states.rules] {
            assert_eq!((&state["result"], &state["changes"]), (&json!(false), &json!({})));
        }
        world.run(&format!("cat {FILE}")).is(0, POLICY, "");
        assert_eq!(ruleset(world), before);
    });
}

#[test]
fn what_the_kernel_refuses_salt_reports() {
    alone(|world| {
        let Some(salt) = Salt::on(world) else { return };
        let before = settled(world, FILE);
        let states = salt.run("setpriv --bounding-set=-net_admin", false, MOVED, FAILED);
        assert_eq!(states.rules["result"], false);
        assert_eq!(states.rules["changes"], json!({}));
        assert_eq!(states.failure()["error"]["kind"], "kernel");
        assert_eq!(ruleset(world), before);
    });
}
