//! What comes back, and what is told of it.

use nix::sys::signal::Signal;
use serde_json::json;

use super::{MINUTE, SECOND, SIGNAL};
use crate::world::{POLICY, World, alone};

/// The ruleset as nft lists it, without what has been counted.
fn ruleset(world: &World) -> String {
    world.run("nft -s list ruleset").output().to_owned()
}

/// Applies `after` on what is there, has it reverted, and sees to it that all is as before.
#[track_caller]
fn comes_back(world: &World, after: &str) {
    let before = ruleset(world);
    world.write("after.yaml", after);
    let mut apply = world.start("hairnat apply --confirm 60 after.yaml");
    apply.asks();
    world.run("hairnat diff -q after.yaml").is(0, "", "");
    assert_ne!(ruleset(world), before);
    apply.signal(Signal::SIGTERM);
    assert_eq!(apply.end().code(), 6);
    assert_eq!(ruleset(world), before);
}

#[test]
fn tables_come_back_as_they_were() {
    alone(|world| {
        let moved = "fixed: [10.0.0.0/24]\nfloats: {203.0.113.10: 10.0.0.11, 203.0.113.12: {fixed: 10.0.0.12, name: new}}\n";
        let counted = format!("{POLICY}counters: true\n");
        comes_back(world, POLICY);
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        for after in
            [moved, &counted, "fixed: [10.0.0.0/24]\n", "bridge: { reflection: multicast }\n"]
        {
            comes_back(world, after);
        }
        world.run("hairnat diff policy.yaml").is(0, "in sync: 1 float\n", "");
    });
}

/// hairnat takes them out as drift, but it knows how to write them.
#[test]
fn what_others_put_into_our_tables_comes_back_too() {
    alone(|world| {
        let foreign = "\
table inet hairnat {
    comment \"managed by hairnat\"
    set blocked { type ipv4_addr; flags interval; elements = { 192.0.2.1, 198.51.100.0/24 }; }
    chain extra { ip saddr @blocked drop; }
    chain wall { type filter hook input priority 0; policy drop; }
    map dnat4 { type ipv4_addr : ipv4_addr; elements = { 203.0.113.99 : 10.0.0.99 }; }
}
";
        world.write("foreign.nft", foreign);
        world.run("nft -f foreign.nft").is(0, "", "");
        comes_back(world, POLICY);
    });
}

/// No plan compares comments of tables, and a table that is made anew has the one of hairnat.
#[test]
fn a_table_with_another_comment_comes_back_with_that_of_hairnat() {
    alone(|world| {
        world.run("nft add table inet hairnat '{ comment \"mine\"; }'").is(0, "", "");
        world.run("nft add set inet hairnat blocked '{ type ipv4_addr; }'").is(0, "", "");
        let mut apply = world.start(MINUTE);
        apply.asks();
        apply.signal(Signal::SIGTERM);
        assert_eq!(apply.end().code(), 6);
        let back = "\
table inet hairnat {
\tcomment \"managed by hairnat\"
\tset blocked {
\t\ttype ipv4_addr
\t}
}
";
        assert_eq!(ruleset(world), back);
    });
}

#[test]
fn counters_of_what_does_not_change_go_on() {
    alone(|world| {
        let counting = "fixed: [10.0.0.0/24]\ncounters: true\nfloats: {203.0.113.10: 10.0.0.10, 203.0.113.11: 10.0.0.11}\n";
        world.write("policy.yaml", counting);
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        // A packet out of this host counts in the output chain.
        let knock = "ip link set lo up; ip address add 203.0.113.1/24 dev lo; bash -c 'echo > /dev/udp/203.0.113.10/9' 2> /dev/null; true";
        world.run(knock);
        let counted = |world: &World| {
            let live = world.run("hairnat show -o json").object(0);
            live["tables"][1]["sets"][0]["elements"][0]["packets"].as_u64().unwrap()
        };
        let before = counted(world);
        assert!(before > 0);
        comes_back(world, &counting.replace("10.0.0.11", "10.0.0.12"));
        assert_eq!(counted(world), before);
    });
}

#[test]
fn bridge_ports_come_back_to_their_mode() {
    alone(|world| {
        let ports = "ip netns add web; for number in 0 1; do ip link add vnet$number type veth peer name eth$number netns web; ip link set vnet$number master br0; done; bridge link set dev vnet1 hairpin on";
        world.run(ports).is(0, "", "");
        let modes = |world: &World| {
            let modes = world.run(
                "for port in vnet0 vnet1; do bridge -d link show dev $port; done | grep -o 'hairpin [a-z]*'",
            );
            modes.output().replace("hairpin ", "").replace('\n', " ")
        };
        assert_eq!(modes(world), "off on ");
        // With the rules, and also when they are in sync.
        for _ in 0..2 {
            for (mode, then) in [("on", "on on "), ("off", "off off ")] {
                let policy =
                    format!("{POLICY}bridge: {{ ports: [vnet*], hairpin_mode: {mode} }}\n");
                world.write("policy.yaml", policy);
                let mut apply = world.start(MINUTE);
                apply.asks();
                assert_eq!(modes(world), then);
                apply.signal(Signal::SIGINT);
                assert_eq!(apply.end().code(), 6);
                assert_eq!(modes(world), "off on ");
            }
            world.write("policy.yaml", POLICY);
            world.run("hairnat apply -q policy.yaml").is(0, "", "");
        }
        // A port that is none any more by then has no mode.
        world.write(
            "policy.yaml",
            format!("{POLICY}bridge: {{ ports: [vnet*], hairpin_mode: on }}\n"),
        );
        let mut apply = world.start(MINUTE);
        apply.asks();
        world.run("ip link set vnet0 nomaster").is(0, "", "");
        apply.signal(Signal::SIGINT);
        assert_eq!(apply.end().code(), 6);
        assert_eq!(modes(world), "on ");
    });
}

#[test]
fn where_nothing_changes_there_is_nothing_to_confirm() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.run(MINUTE).is(0, "in sync: 1 float\n", "");
        let said = world.run(&format!("{MINUTE} -o json")).object(0);
        assert_eq!(said.get("confirmed"), None);
        assert_eq!((&said["changed"], &said["applied"]), (&json!(false), &json!(false)));
    });
}

#[test]
fn json_is_one_object_that_tells_of_the_end_too() {
    alone(|world| {
        let dry = world.run("hairnat apply --dry-run -o json policy.yaml").object(0);
        let mut reverted = dry.clone();
        reverted["connections_cut"] = 0.into();
        reverted["confirmed"] = false.into();
        reverted["reason"] = "no answer in 1 s".into();
        let apply = world.start(&format!("{SECOND} -o json < /dev/null"));
        assert_eq!(apply.end().object_and_talk(6), (reverted, SIGNAL));

        let mut apply = world.start(&format!("{MINUTE} -o json < /dev/null"));
        apply.asks();
        apply.signal(Signal::SIGUSR1);
        let mut confirmed = dry;
        confirmed["applied"] = true.into();
        confirmed["connections_cut"] = 0.into();
        confirmed["confirmed"] = true.into();
        assert_eq!(apply.end().object_and_talk(0), (confirmed, SIGNAL));
    });
}
