//! The role: on a machine that has booted, and without a package on the host of a test.

use super::{Ansible, CONTENT, FAILED, FILE};
use crate::clean_root::boot;
use crate::world::alone;

/// Defines `role`, which runs the role on the machine itself with that float's fixed address, and
/// prints how many tasks changed something.
const ROLE: &str = r#"
    cd /tmp
    export HOME=/tmp PYTHONPATH=$(echo /src/target/tools/ansible/lib/python3*/site-packages)
    export ANSIBLE_COLLECTIONS_PATH=/src/packaging/ansible ANSIBLE_NOCOLOR=1
    role() {
        cat > play.yaml <<PLAY
- hosts: localhost
  connection: local
  gather_facts: false
  roles:
    - role: hairnat.hairnat.hairnat
      hairnat_package: /hairnat.deb
      hairnat_policy: {fixed: [10.0.0.0/24], floats: {203.0.113.10: $1}}
PLAY
        shift
        python3 -m ansible playbook -i localhost, play.yaml "$@" > play.log 2>&1 || cat play.log
        grep -o 'changed=[0-9]*' play.log
    }
    floats() { nft list map inet hairnat dnat4 2> /dev/null | grep -o '203[0-9.]* : [0-9.]*'; }
"#;

#[test]
fn the_role_makes_a_bare_machine_one_that_has_its_floats_at_every_boot() {
    let test = "ansible::role::the_role_makes_a_bare_machine_one_that_has_its_floats_at_every_boot";
    let script = "
        role 10.0.0.10 --check
        command -v hairnat
        role 10.0.0.10
        floats
        systemctl is-enabled hairnat.service hairnat.path
        systemctl is-active hairnat.service hairnat.path
        role 10.0.0.10
        # The path unit applies what the module writes, at the same time.
        role 10.0.0.11
        floats
        echo 'floats: {203.0.113.12: 10.0.0.12}' > /etc/hairnat/policy.d/other.yaml
        for _ in $(seq 200); do [ $(floats | wc -l) = 2 ] && break; sleep 0.05; done
        floats
    ";
    let expected = "\
changed=1
changed=3
203.0.113.10 : 10.0.0.10
enabled
enabled
active
active
changed=0
changed=1
203.0.113.10 : 10.0.0.11
203.0.113.10 : 10.0.0.11
203.0.113.12 : 10.0.0.12
";
    if let Some(said) = boot(test, "", &format!("{ROLE}{script}")) {
        assert_eq!(said, expected);
    }
}

/// A task that runs the role with these variables.
fn role(vars: &str) -> String {
    format!(
        "ansible.builtin.include_role: {{name: hairnat.hairnat.hairnat}}\n\
         vars: {{hairnat_package: '', {vars}}}"
    )
}

const POLICY: &str = "hairnat_policy: {fixed: [10.0.0.0/24], floats: {203.0.113.10: 10.0.0.10}}";

#[test]
fn the_role_applies_the_policy_and_enables_the_units() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        // There is no systemd here: this one has both units, disabled and inactive.
        world.run("mkdir bin").is(0, "", "");
        world.write(
            "bin/systemctl",
            "#!/bin/sh\n\
             case \"$*\" in\n\
             show*) printf 'LoadState=loaded\\nActiveState=inactive\\nUnitFileState=disabled\\n' ;;\n\
             is-enabled*) echo disabled; exit 1 ;;\n\
             enable* | start*) echo \"$*\" >> ${0%/*}/asked ;;\n\
             esac\n",
        );
        world.run("chmod 755 bin/systemctl").is(0, "", "");
        let prefix = "PATH=$PWD/bin:$PATH SYSTEMD_OFFLINE=0";
        ansible.play(prefix, "", &role(POLICY), 0);
        world.run(&format!("cat {FILE}")).is(0, CONTENT, "");
        world.run("hairnat diff").is(0, "in sync: 1 float\n", "");
        let asked = "enable hairnat.service\nstart hairnat.service\n\
                     enable hairnat.path\nstart hairnat.path\n";
        world.run("cat bin/asked").is(0, asked, "");
    });
}

#[test]
fn the_role_only_tells_in_check_mode_and_does_what_is_left_to_it() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let vars = format!(
            "{POLICY}, hairnat_enable: false, hairnat_policy_dest: /etc/hairnat/policy.yaml"
        );
        ansible
            .play("", "--check --diff", &role(&vars), 0)
            .shows("\n16 to add, 0 to replace, 0 to delete\n");
        world.run("ls -d /etc/hairnat 2> /dev/null; nft list ruleset").is(0, "", "");
        ansible.play("", "", &role(&vars), 0).shows("changed=1 ");
        world.run("cat /etc/hairnat/policy.yaml").is(0, CONTENT, "");
        ansible.play("", "", &role(&vars), 0).shows("changed=0 ");
        ansible.play("", "", &role("hairnat_enable: false"), 0).shows("changed=0 ");
    });
}

#[test]
fn the_role_refuses_variables_of_a_wrong_type() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let said =
            ansible.play("", "", &role("hairnat_policy: [1], hairnat_enable: maybe"), FAILED);
        said.shows("argument 'hairnat_policy' is of type");
        said.shows("argument 'hairnat_enable' is of type");
        world.run("ls -d /etc/hairnat 2> /dev/null; nft list ruleset").is(0, "", "");
    });
}
