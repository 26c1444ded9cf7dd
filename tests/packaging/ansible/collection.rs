//! The collection as Ansible's own tools see it.

use super::{Ansible, COLLECTIONS, TOOLS};
use crate::world::alone;

/// What `ansible-test` would download to install its requirements with. Here the tests of sanity
/// find them where Ansible itself is, in the versions that they want.
const BOOTSTRAP: &str = "\
import sysconfig
with open(sysconfig.get_path('purelib') + '/tools.pth', 'w') as file:
    file.write('SITE')
";

/// Every test of `ansible-test sanity` runs, though `changelog` and `pslint` find nothing to look at
/// in this collection, and `compile` and `import` know only the Python that Ansible itself runs on.
#[test]
fn the_collection_passes_the_tests_of_sanity() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let python = format!("{TOOLS}/python3");
        let site = world.run(&format!(
            "{python} -c 'import sysconfig; print(sysconfig.get_path(\"purelib\"))'"
        ));
        world.run("mkdir -p .ansible/test/cache ansible_collections/hairnat").is(0, "", "");
        let bootstrap = BOOTSTRAP.replace("SITE", site.output().trim());
        world.write(".ansible/test/cache/get_pip_24_2.py", bootstrap);
        let version = format!("{python} -c 'import sys; print(\"%d.%d\" % sys.version_info[:2])'");
        let said = ansible.shell(&format!(
            "cp -r {COLLECTIONS}/ansible_collections/hairnat/hairnat ansible_collections/hairnat && \
             cd ansible_collections/hairnat/hairnat && \
             ansible-test sanity --color no --python $({version}) 2>&1"
        ));
        assert_eq!(said.code(), 0, "{}", said.stdout());
        let ran = said.stdout().matches("Running sanity test").count();
        assert_eq!(ran, 24, "{}", said.stdout());
        assert!(!said.stdout().contains("kipping"), "{}", said.stdout());
    });
}

#[test]
fn the_collection_can_be_built_installed_and_read_about() {
    alone(|world| {
        let Some(ansible) = Ansible::on(world) else { return };
        let said = ansible.shell(&format!(
            "{{ ansible-galaxy collection build {COLLECTIONS}/ansible_collections/hairnat/hairnat && \
             ANSIBLE_COLLECTIONS_PATH=$PWD/installed \
             ansible-galaxy collection install --offline -p installed hairnat-hairnat-*.tar.gz; }} 2>&1"
        ));
        assert_eq!(said.code(), 0, "{}", said.stdout());
        let documented = |what: &str| {
            let line = format!("ANSIBLE_COLLECTIONS_PATH=$PWD/installed ansible-doc {what}");
            ansible.shell(&line).output().to_owned()
        };
        let module = documented("-t module hairnat.hairnat.policy");
        for option in ["binary", "content", "dest", "src", "state"] {
            assert!(module.contains(&format!("\n- {option} ")), "{option}: {module}");
        }
        let role = documented("-t role hairnat.hairnat.hairnat");
        for variable in ["package", "policy", "policy_dest", "enable"] {
            assert!(role.contains(&format!("\n- hairnat_{variable} ")), "{variable}: {role}");
        }
    });
}
