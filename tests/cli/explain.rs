//! explain on the host that it is asked about: its settings, its ports, its kernel.

use crate::world::{alone, on_a_bare_host};

/// The way of an instance to its own float, up to what it depends on.
const OWN_FLOAT: &str = "\
10.0.0.10 -> 203.0.113.10, tcp 80, from an instance
  ├ prerouting: destination 203.0.113.10 -> 10.0.0.10
  │   dnat ip to ip daddr map @dnat4
  │   @dnat4   203.0.113.10 : 10.0.0.10
  │
  ├ routing: 10.0.0.10 is in 10.0.0.0/24: to an instance
  │
  ├ postrouting: source 10.0.0.10 -> 203.0.113.10
  │   snat ip to ip saddr map @snat4
  │   @snat4   10.0.0.10 : 203.0.113.10
  │
  └ 10.0.0.10, tcp 80: the instance itself

the server sees 203.0.113.10 as its peer
the client sees the answers come from 203.0.113.10
";

const ASKED: &str = "--from 10.0.0.10 --to 203.0.113.10 --port 80";

#[test]
fn what_it_depends_on_is_read_from_this_host() {
    alone(|world| {
        let explain = format!("hairnat explain policy.yaml {ASKED}");
        let key = "/proc/sys/net/bridge/bridge-nf-call-iptables";
        world.run(&format!("test ! -e {key} || echo 0 > {key}")).is(0, "", "");
        world.run(&explain).is(
            0,
            &format!("{OWN_FLOAT}on this host (forwarding on, br_netfilter off): it arrives\n"),
            "",
        );
        world.run("echo 0 > /proc/sys/net/ipv4/ip_forward").is(0, "", "");
        let stopped =
            "on this host (forwarding off): it does not arrive: `net.ipv4.ip_forward` is 0\n";
        world.run(&explain).is(0, &format!("{OWN_FLOAT}{stopped}"), "");
    });
}

/// The settings of ports are those of a bridge that the instance may be behind.
#[test]
fn a_host_without_a_bridge_and_one_with_isolated_ports_are_told() {
    alone(|world| {
        let key = "/proc/sys/net/bridge/bridge-nf-call-iptables";
        world.run(&format!("test -e {key} && echo 1 > {key}")).is(0, "", "");
        let explain = format!("hairnat explain policy.yaml {ASKED} | tail -n +16");
        let port = "ip netns add web && \
                    ip link add vnet0 type veth peer name eth0 netns web && \
                    ip link set vnet0 master br0 && \
                    ip link set vnet0 type bridge_slave hairpin on isolated on";
        world.run(port).is(0, "", "");
        let settings = "behind a bridge, br_netfilter on, port isolation on";
        let why = "with br_netfilter, its bridge port must not be isolated";
        let told = format!("on this host ({settings}): it does not arrive: {why}\n");
        world.run(&explain).is(0, &told, "");
        let other =
            "ip link add vnet2 type veth peer name eth1 netns web && ip link set vnet2 master br0";
        world.run(other).is(0, "", "");
        let told = format!(
            "\
on this host, by the client's bridge port:
  forwarding on   behind a bridge  br_netfilter on   port isolation off  it does not arrive: \
with br_netfilter, its bridge port must be in hairpin mode
  forwarding on   behind a bridge  br_netfilter on   port isolation on   it does not arrive: {why}
"
        );
        world.run(&explain).is(0, &told, "");
        world.run("ip link del br0").is(0, "", "");
        let told = "on this host (forwarding on, no bridge): it arrives\n";
        world.run(&explain).is(0, told, "");
    });
}

#[test]
fn what_is_live_is_explained_as_the_policy_that_it_was_made_from() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let live = world.run(&format!("hairnat explain --live {ASKED}")).output().to_owned();
        world.run(&format!("hairnat explain policy.yaml {ASKED}")).is(0, &live, "");
        let frame = "--frame --from-port vnet0 --to-port vnet0 --ether-dst 33:33:00:00:00:01";
        let live = world.run(&format!("hairnat explain --live {frame}")).output().to_owned();
        world.run(&format!("hairnat explain policy.yaml {frame}")).is(0, &live, "");
    });
}

#[test]
fn what_is_live_and_not_of_hairnat_is_warned_of() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.run("nft insert rule inet hairnat prerouting meta mark 7 accept").is(0, "", "");
        let said = world.run(&format!("hairnat explain --live --all {ASKED} 2>&1 >told"));
        let warned = said.output();
        assert!(warned.starts_with("warning: rule `") && warned.lines().count() == 2, "{warned}");
        let ends = "of chain `prerouting` is not of hairnat: what it does is not told here\n  \
                    hint: `hairnat diff` shows it, `hairnat apply` takes it away\n";
        assert!(warned.ends_with(ends), "{warned}");
        let told = format!("hairnat explain --all policy.yaml {ASKED} | diff told -");
        world.run(&told).is(0, "", "");
    });
}

#[test]
fn a_table_that_is_switched_off_is_warned_of() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.run("nft add table inet hairnat '{ flags dormant; }'").is(0, "", "");
        let object = world.run(&format!("hairnat explain --live -o json {ASKED}")).object(0);
        assert_eq!(object["answer"]["peer"], "10.0.0.10");
        assert_eq!(object["warnings"][0]["code"], "table-dormant");
        let warned = world.run(&format!("hairnat explain --live {ASKED} 2>&1 >/dev/null"));
        let warning = "\
warning: table `inet hairnat` is switched off: no packet passes it
  hint: `hairnat apply` switches it on
";
        assert_eq!(warned.output(), warning);
    });
}

#[test]
fn a_policy_with_errors_is_not_explained() {
    on_a_bare_host(|world| {
        world.write("policy.yaml", "floats: {203.0.113.10: 10.0.0.10}\n");
        let said = world.run(&format!("hairnat explain -o json policy.yaml {ASKED}"));
        assert_eq!(said.object(3)["error"]["kind"], "policy");
        let absent = world.run(&format!("hairnat explain -o json {ASKED}"));
        assert_eq!(absent.object(3)["error"]["kind"], "no-policy");
    });
}
