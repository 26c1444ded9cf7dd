//! What is said where the bridge or its ports are not there yet, by what the policy does with them.

use crate::world::{POLICY, World, on_a_bare_host};

/// The warnings about ports of a policy with that `bridge` section.
fn said(world: &World, bridge: &str) -> String {
    world.write("policy.yaml", format!("{POLICY}bridge: {bridge}\n"));
    let line = "hairnat check --host policy.yaml 2>&1 > it | grep -v ip_forward";
    let said = world.run(&format!("echo 1 > /proc/sys/net/ipv4/ip_forward; {line}"));
    said.stdout().to_owned()
}

#[test]
fn without_a_bridge_only_the_guard_needs_nothing_more() {
    on_a_bare_host(|world| {
        assert_eq!(
            said(world, "{}"),
            "\
warning: there is no bridge on this host: nothing is guarded against reflection
  hint: nothing to do if the bridge comes later: its ports are guarded from their first frame on
"
        );
        assert_eq!(
            said(world, "{ports: [vnet*], hairpin_mode: on}"),
            "\
warning: there is no bridge on this host: nothing is guarded against reflection, and no port gets its hairpin mode
  hint: run `hairnat apply` again once the bridge has its ports: they are guarded from their first frame on, but only an apply sets their mode; at boot, hairnat-late.service does that
"
        );
        assert_eq!(
            said(world, "{ports: [vnet*], hairpin_mode: off, reflection: off}"),
            "\
warning: there is no bridge on this host: no port gets its hairpin mode
  hint: run `hairnat apply` again once the bridge has its ports; at boot, hairnat-late.service does that
"
        );
        assert_eq!(said(world, "{reflection: off}"), "");
    });
}

#[test]
fn ports_that_are_not_there_yet_get_what_the_policy_has_for_them() {
    on_a_bare_host(|world| {
        world.run("ip link add br0 type bridge").is(0, "", "");
        let check = "  hint: check `bridge.ports` against the output of `bridge link`; ports that appear later";
        assert_eq!(
            said(world, "{ports: [vnet*]}"),
            format!(
                "warning: no bridge port matches `vnet*`: nothing is guarded there yet\n\
                 {check} are guarded from their first frame on\n"
            )
        );
        assert_eq!(
            said(world, "{ports: [vnet*], hairpin_mode: on}"),
            format!(
                "warning: no bridge port matches `vnet*`: nothing is guarded there yet, and no port gets its hairpin mode\n\
                 {check} are guarded from their first frame on, but get their hairpin mode by the next `hairnat apply`\n"
            )
        );
        assert_eq!(
            said(world, "{ports: [vnet*], hairpin_mode: on, reflection: off}"),
            format!(
                "warning: no bridge port matches `vnet*`: no port gets its hairpin mode\n\
                 {check} get their hairpin mode by the next `hairnat apply`\n"
            )
        );
    });
}
