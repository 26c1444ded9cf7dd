//! `packaging/shell`: scripts that go by the exit codes.

use crate::machine::{has, machine, ruleset, settled};
use crate::world::{POLICY, World, alone};

pub(crate) const INVALID: &str = "floats: {203.0.113.10: 10.9.0.10}\n";
pub(crate) const SECRET: &str = "password of the database: hunter2\n";
const FILE: &str = "/etc/hairnat/policy.d/shell.yaml";

pub(crate) const WRONG: &str = "\
error: fixed address `10.9.0.10` needs an IPv4 network in `fixed`
  --> policy.yaml:1:24
   |
 1 | floats: {203.0.113.10: 10.9.0.10}
   |                        ^^^^^^^^^
  hint: add the IPv4 network of the instances to `fixed`
";

const PRIVILEGES: &str = "\
error: hairnat needs CAP_NET_ADMIN to talk to nf_tables: Operation not permitted (os error 1)
  hint: run as root; to try it out without touching this host, run it in a network namespace of its own: `unshare -rnm hairnat …`
";

const UNPRIVILEGED: &str = "setpriv --bounding-set=-net_admin";

const DIFF: &str = "\
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
";

pub(crate) fn script(name: &str) -> String {
    format!("{}/packaging/shell/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn mend_speaks_only_of_what_it_mends_and_what_it_cannot() {
    alone(|world| {
        let mend = script("mend");
        let applied = format!("{DIFF}applied: 16 added, 0 replaced, 0 deleted\n");
        world.run(&format!("{mend} policy.yaml")).is(0, &applied, "");
        world.run(&format!("{mend} policy.yaml")).is(0, "", "");
        let before = ruleset(world);
        world.run(&format!("{UNPRIVILEGED} {mend} policy.yaml")).is(4, "", PRIVILEGES);
        world.write("policy.yaml", INVALID);
        world.run(&format!("{mend} policy.yaml")).is(3, "", WRONG);
        assert_eq!(ruleset(world), before);
    });
}

#[test]
fn plan_tells_the_next_step_whether_there_are_changes() {
    alone(|world| {
        let plan = script("plan");
        let shown = format!("{DIFF}16 to add, 0 to replace, 0 to delete\n");
        world.run(&format!("{plan} policy.yaml")).is(0, "changed=true\n", &shown);
        world.run("nft list ruleset").is(0, "", "");
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.run(&format!("{plan} policy.yaml")).is(0, "changed=false\n", "in sync: 1 float\n");
        world.run(&format!("{UNPRIVILEGED} {plan} policy.yaml")).is(4, "", PRIVILEGES);
        world.write("policy.yaml", INVALID);
        world.run(&format!("{plan} policy.yaml")).is(3, "", WRONG);
    });
}

/// Errors quote what they find, and the tree may be of somebody else.
#[test]
fn plan_as_root_follows_no_link_of_the_tree() {
    alone(|world| {
        let plan = script("plan");
        world.write("secret.yaml", SECRET);
        world.run("mkdir -p policy.d away && cp secret.yaml away/web.yaml").is(0, "", "");
        world.run("ln -s ../secret.yaml policy.d/leak.yaml").is(0, "", "");
        world.run(&format!("{plan} policy.d")).is(
            3,
            "",
            "\
error: `policy.d/leak.yaml` is a link that leads out of its directory, to `../secret.yaml`
  hint: put the file itself in its place, or remove the link and name the file on the command line; a link within the directory must be relative
",
        );
        world.run("ln -s away linked.d && ln -s secret.yaml linked.yaml").is(0, "", "");
        for path in ["linked.d", "linked.d/", "./linked.d/web.yaml", "linked.yaml", "$PWD/linked.d"]
        {
            let line = format!("{plan} {path} 2>&1 | sed \"s|$PWD|PWD|\"");
            let path = path.replace("$PWD", "PWD");
            let refusal =
                format!("the path {path} goes through a link: name the place that it leads to\n");
            world.run(&line).is(0, &refusal, "");
            world.run(&format!("{plan} {} 2> it", path.replace("PWD", "$PWD"))).is(3, "", "");
        }
    });
}

#[test]
fn a_guest_that_starts_finds_its_port_in_hairpin_mode() {
    alone(|world| {
        machine(world);
        let ports = "ip link add vnet0 type veth peer name eth9 && ip link set vnet0 master br0";
        let hairpin = "bridge -d link show dev vnet0 | grep -o 'hairpin o[nf]*'";
        world.run(ports).is(0, "", "");
        settled(world, FILE);
        world.write(FILE, format!("{POLICY}bridge: {{ports: [vnet*], hairpin_mode: on}}\n"));
        world.run("hairnat apply -q").is(0, "", "");
        world.run(hairpin).is(0, "hairpin on\n", "");
        world.run(&format!("ip link del vnet0 && {ports}")).is(0, "", "");
        let hook = script("libvirt-qemu");
        for (when, mode) in
            [("prepare begin", "off"), ("started begin", "on"), ("stopped end", "on")]
        {
            let line = format!("echo '<domain/>' | {hook} web-1 {when} - 2> /dev/null");
            world.run(&line).is(0, "", "");
            world.run(hairpin).is(0, &format!("hairpin {mode}\n"), "");
        }
        // The guest starts all the same.
        world.write(FILE, INVALID);
        world.write("logger", "#!/bin/sh\necho \"$@\" > log; cat >> log\n");
        let line =
            format!("chmod +x logger; PATH=$PWD:$PATH {hook} web-1 started begin -; cat log");
        let logged = format!("-t hairnat\n{}", WRONG.replace("policy.yaml", FILE));
        world.run(&line).is(0, &logged, "");
    });
}

#[test]
fn a_guest_that_starts_during_a_trial_finds_its_port_in_hairpin_mode_afterwards() {
    alone(|world| {
        machine(world);
        settled(world, FILE);
        world.write(FILE, format!("{POLICY}bridge: {{ports: [vnet*], hairpin_mode: on}}\n"));
        let hook = script("libvirt-qemu");
        let line = format!(
            "
            hairnat apply -q && ip netns add web-1
            hairnat apply -q --confirm 2 policy.yaml < /dev/null 2> /dev/null & trial=$!
            until ss -xl | grep -q '@hairnat/.*/.*/.*/'; do sleep 0.01; done
            ip link add vnet0 type veth peer name eth0 netns web-1
            ip link set vnet0 master br0
            {hook} web-1 started begin - < /dev/null 2> /dev/null
            kill -0 $trial && echo 'the guest starts during the trial'
            wait $trial
            until bridge -d link show dev vnet0 | grep -q 'hairpin on'; do sleep 0.01; done"
        );
        world.run(&line).is(0, "the guest starts during the trial\n", "");
    });
}

#[test]
fn the_scripts_give_shellcheck_no_cause_for_warnings() {
    let world = World::new();
    if has(&world, "shellcheck") {
        world.run(&format!("shellcheck {}/*", script("").trim_end_matches('/'))).is(0, "", "");
    }
}
