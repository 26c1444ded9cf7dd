//! `packaging/ansible`, run by the real Ansible on a host of its own.

mod collection;
mod failures;
mod module;
mod role;

use serde_json::Value;

use crate::machine::{has, machine, ruleset, settled};
use crate::world::{Said, World};

const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/target/tools/ansible/bin");
const COLLECTIONS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/ansible");

/// Where the module puts the policy if it is not told.
const FILE: &str = "/etc/hairnat/policy.d/ansible.yaml";

/// A policy as an option of the module, and the file that it becomes.
const POLICY: &str = "{content: {fixed: [10.0.0.0/24], floats: {203.0.113.10: 10.0.0.10}}}";
const CONTENT: &str = "\
# Managed by Ansible: what is changed here is lost at its next run.
fixed:
  - \"10.0.0.0/24\"
floats:
  \"203.0.113.10\": \"10.0.0.10\"
";

/// The same with another fixed address.
const MOVED: &str = "{content: {fixed: [10.0.0.0/24], floats: {203.0.113.10: 10.0.0.11}}}";

/// The exit code of `ansible-playbook` when a task failed.
const FAILED: i32 = 2;

/// Ansible, of which nothing is outside of the world's directory.
struct Ansible<'a> {
    world: &'a World,
}

/// What a play with one task came to.
struct Play {
    /// The result of the task.
    result: Value,
    /// What Ansible told people.
    text: String,
}

impl<'a> Ansible<'a> {
    /// On a machine without a policy; `None` where there is no Ansible.
    fn on(world: &'a World) -> Option<Self> {
        if !has(world, &format!("{TOOLS}/ansible-test")) {
            return None;
        }
        machine(world);
        Some(Self { world })
    }

    /// Runs a line of shell in which the programs of Ansible are.
    fn shell(&self, line: &str) -> Said {
        self.world.run(&format!(
            "export HOME=$PWD ANSIBLE_REMOTE_TMP=$PWD/remote ANSIBLE_NOCOLOR=1 \
             ANSIBLE_COLLECTIONS_PATH={COLLECTIONS} \
             ANSIBLE_CALLBACKS_ENABLED=tree ANSIBLE_CALLBACK_TREE_DIR=$PWD/results \
             LC_ALL=C.UTF-8 PATH={TOOLS}:$PATH; {line}"
        ))
    }

    /// A play with this task, run with these options, to this exit code; `prefix` runs Ansible.
    #[track_caller]
    fn play(&self, prefix: &str, options: &str, task: &str, code: i32) -> Play {
        let task = task.replace('\n', "\n      ");
        let play = format!(
            "- hosts: localhost\n  connection: local\n  gather_facts: false\n  \
             vars: {{ansible_python_interpreter: /usr/bin/python3}}\n  tasks:\n    - {task}\n"
        );
        self.world.write("play.yaml", play);
        let line = format!("{prefix} ansible-playbook -i localhost, play.yaml {options} 2>&1");
        let said = self.shell(&line);
        assert_eq!(said.code(), code, "{}", said.stdout());
        let result = self.world.run("cat results/localhost");
        Play {
            result: serde_json::from_str(result.output()).unwrap(),
            text: said.stdout().to_owned(),
        }
    }

    /// The module with these options of its own, and these of Ansible.
    #[track_caller]
    fn policy(&self, options: &str, module: &str) -> Play {
        self.play("", options, &format!("hairnat.hairnat.policy: {module}"), 0)
    }

    /// The same where it fails.
    #[track_caller]
    fn refusal(&self, prefix: &str, module: &str) -> Value {
        self.play(prefix, "", &format!("hairnat.hairnat.policy: {module}"), FAILED).result
    }

    /// [`CONTENT`] has landed and is applied; gives the ruleset.
    fn settled(&self) -> String {
        settled(self.world, FILE);
        self.world.write(FILE, CONTENT);
        ruleset(self.world)
    }
}

impl Play {
    /// Whether Ansible says that something changed.
    fn changed(&self) -> bool {
        self.result["changed"].as_bool().unwrap()
    }

    /// Text for people, whole lines of it.
    #[track_caller]
    fn shows(&self, lines: &str) {
        assert!(self.text.contains(lines), "{}", self.text);
    }
}
