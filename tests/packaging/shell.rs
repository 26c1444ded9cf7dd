//! `packaging/shell`: scripts that go by the exit codes.

use crate::machine::{has, machine, ruleset, settled};
use crate::world::{POLICY, World, alone, on_a_bare_host};

const INVALID: &str = "floats: {203.0.113.10: 10.9.0.10}\n";
const FILE: &str = "/etc/hairnat/policy.d/shell.yaml";

const WRONG: &str = "\
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
  + 3 sets, 3 chains, 5 rules, 3 elements
map inet hairnat dnat4
  + 203.0.113.10 : 10.0.0.10
map inet hairnat snat4
  + 10.0.0.10 : 203.0.113.10
set inet hairnat fixed4
  + 10.0.0.0/24
";

fn script(name: &str) -> String {
    format!("{}/packaging/shell/{name}", env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn mend_speaks_only_of_what_it_mends_and_what_it_cannot() {
    alone(|world| {
        let mend = script("mend");
        let applied = format!("{DIFF}applied: 12 added, 0 replaced, 0 deleted\n");
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
        let shown = format!("{DIFF}12 to add, 0 to replace, 0 to delete\n");
        world.run(&format!("{plan} policy.yaml")).is(0, "changed=true\n", &shown);
        world.run("nft list ruleset").is(0, "", "");
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.run(&format!("{plan} policy.yaml")).is(0, "changed=false\n", "in sync: 1 float\n");
        world.run(&format!("{UNPRIVILEGED} {plan} policy.yaml")).is(4, "", PRIVILEGES);
        world.write("policy.yaml", INVALID);
        world.run(&format!("{plan} policy.yaml")).is(3, "", WRONG);
    });
}

/// Makes a repository with the hook, and a clone of it.
fn repository(world: &World) {
    world.write(".gitconfig", "[user]\nname = Somebody\nemail = somebody@example.net\n");
    let hook = script("pre-receive");
    let line = format!(
        "git init -q --bare -b main policy.git && ln -s {hook} policy.git/hooks/ && \
         git init -q -b main work && cd work && git remote add origin ../policy.git && \
         mkdir policy.d"
    );
    git(world, &line).is(0, "", "");
}

/// Runs a line with Git as nobody has configured it.
fn git(world: &World, line: &str) -> crate::world::Said {
    let nobody = "export HOME=$PWD XDG_CONFIG_HOME=$PWD GIT_CONFIG_NOSYSTEM=1 TMPDIR=$PWD";
    world.run(&format!("{nobody}; {line}"))
}

#[test]
fn what_is_pushed_to_main_is_a_valid_policy() {
    on_a_bare_host(|world| {
        if !has(world, "git") {
            return;
        }
        repository(world);
        let push = |policy: &str, to: &str| {
            world.write("work/policy.d/web.yaml", policy);
            let line = format!(
                "cd work && git add . && git commit -qm Change && git push -q origin HEAD:{to} 2>&1 \
                 | grep remote: | sed 's/ *$//'; git -C ../policy.git rev-parse -q --verify {to} > it; \
                 git rev-parse HEAD | cmp -s - it && echo taken || echo refused"
            );
            git(world, &line).output().to_owned()
        };
        assert_eq!(push(POLICY, "main"), "taken\n");
        let wrong = WRONG.replace("policy.yaml", "policy.d/web.yaml");
        let wrong =
            wrong.lines().map(|line| format!("remote: {line}\n")).collect::<Vec<_>>().concat();
        assert_eq!(push(INVALID, "main"), format!("{wrong}refused\n"));
        assert_eq!(push(&format!("{INVALID}\n"), "trial"), "taken\n");
        let delete = "cd work && git push -q origin :main 2>&1 | grep remote: | sed 's/ *$//'";
        let told = "remote: main cannot be deleted: the policy is there\n";
        git(world, delete).is(0, told, "");
        // The hook leaves nothing behind.
        world.run("ls").is(0, "policy.git\npolicy.yaml\nprogram\nwork\n", "");
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
fn the_scripts_give_shellcheck_no_cause_for_warnings() {
    let world = World::new();
    if has(&world, "shellcheck") {
        world.run(&format!("shellcheck {}/*", script("").trim_end_matches('/'))).is(0, "", "");
    }
}
