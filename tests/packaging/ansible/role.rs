//! The role, without a package: that one is installed in the tests of the Debian package.

use super::{Ansible, CONTENT, FAILED, FILE};
use crate::world::alone;

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
        let asked = "enable hairnat.service\nenable hairnat.path\nstart hairnat.path\n";
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
            .shows("\n2 to add, 0 to replace, 0 to delete\n");
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
