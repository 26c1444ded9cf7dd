//! Ports of bridges that lead to no instance.

use crate::world::{World, alone};

/// Proxmox VE's firewall bridge: web – tap0 – fwbr0 – fwln0/fwpr0 – br0.
const FIREWALL_BRIDGE: &str = "
    ip netns add web && ip link add tap0 type veth peer name eth0 netns web &&
    ip link add fwbr0 type bridge && ip link add fwln0 type veth peer name fwpr0 &&
    ip link set tap0 master fwbr0 && ip link set fwln0 master fwbr0 && ip link set fwpr0 master br0";

/// The ports in hairpin mode.
fn in_hairpin_mode(world: &World) -> String {
    let line = "grep -l 1 /sys/class/net/*/brport/hairpin_mode | cut -d / -f 5; true";
    world.run(line).output().replace('\n', " ")
}

#[test]
fn a_loop_is_refused_and_nothing_is_changed() {
    alone(|world| {
        world.run(FIREWALL_BRIDGE).is(0, "", "");
        let policy = |ports: &str| format!("bridge: {{ports: {ports}, hairpin_mode: on}}\n");
        world.write("policy.yaml", policy("['*']"));
        let said = "hairpin mode would be on at both ends of the veth between bridges `fwbr0` and \
                    `br0`, the bridge ports `fwln0` and `fwpr0`: one broadcast frame then circles \
                    for ever";
        let hint = "  hint: name the ports of instances only: `bridge: { ports: [tap*], \
                    hairpin_mode: on }`\n";
        let error = format!("error: {said}; nothing was changed\n{hint}");
        for command in ["apply", "apply --dry-run", "apply --confirm 60", "diff"] {
            world.run(&format!("hairnat {command} policy.yaml")).is(4, "", &error);
        }
        let object = world.run("hairnat apply -o json policy.yaml").object(4);
        assert_eq!(object["error"]["kind"], "hairpin-loop");
        world.run("nft list ruleset").is(0, "", "");
        assert_eq!(in_hairpin_mode(world), "");
        let object = world.run("hairnat check --host -o json policy.yaml").object(0);
        assert_eq!(object["warnings"][0]["code"], "hairpin-loop");

        world.write("policy.yaml", policy("[tap*]"));
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        assert_eq!(in_hairpin_mode(world), "tap0 ");
    });
}

#[test]
fn hairpin_mode_at_an_uplink_is_warned_of() {
    alone(|world| {
        let ports = "ip link add tap0 type veth peer name eth0 netns web && \
                     ip link add eno1 type vxlan id 7 dstport 4789 remote 192.0.2.1 && \
                     ip link add lan0 type veth peer name lan1 && \
                     for port in tap0 eno1 lan0; do ip link set $port master br0 || exit; done";
        world.run(&format!("ip netns add web && {ports}")).is(0, "", "");
        world.write("policy.yaml", "bridge: {ports: ['*'], hairpin_mode: on}\n");
        let warning = "\
warning: the policy sets hairpin mode at `eno1`, `lan0`, which lead to no instance: the bridge returns the frames of the network beyond it, and hosts there become unreachable
  hint: name the ports of instances only: `bridge: { ports: [tap*], hairpin_mode: on }`
";
        world.run("hairnat check --host policy.yaml").is(0, "valid: 0 floats\n", warning);
        let said = world.run("hairnat apply policy.yaml 2>&1 > /dev/null");
        said.is(0, warning, "");
        assert_eq!(in_hairpin_mode(world), "eno1 lan0 tap0 ");
        // As the hint says.
        world.write("policy.yaml", "bridge: { ports: [tap*], hairpin_mode: on }\n");
        world.run("hairnat apply policy.yaml 2>&1 > /dev/null").is(0, "", "");
        assert_eq!(in_hairpin_mode(world), "tap0 ");
    });
}

/// As QEMU makes it.
#[test]
fn a_tap_device_is_the_port_of_an_instance() {
    alone(|world| {
        if world.run("ip tuntap add tap0 mode tap").code() != 0 {
            return crate::isolation::skip(
                "skipped: a_tap_device_is_the_port_of_an_instance: no tun",
            );
        }
        world.run("ip link set tap0 master br0").is(0, "", "");
        world.write("policy.yaml", "bridge: {ports: ['*'], hairpin_mode: on}\n");
        world.run("hairnat apply policy.yaml 2>&1 > /dev/null").is(0, "", "");
        assert_eq!(in_hairpin_mode(world), "tap0 ");
    });
}
