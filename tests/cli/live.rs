//! apply, diff, show and remove in text, on the kernel of a namespace.

use serde_json::json;

use crate::world::alone;

const BOTH: &str = "\
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

#[test]
fn the_first_apply_adds_both_tables_and_the_second_nothing() {
    alone(|world| {
        let diff = format!("{BOTH}16 to add, 0 to replace, 0 to delete\n");
        world.run("hairnat diff policy.yaml").is(1, &diff, "");
        world.run("hairnat diff -q policy.yaml").is(1, "", "");
        let done = format!("{BOTH}applied: 16 added, 0 replaced, 0 deleted\n");
        world.run("hairnat apply policy.yaml").is(0, &done, "");
        world.run("hairnat apply policy.yaml").is(0, "in sync: 1 float\n", "");
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
    });
}

#[test]
fn a_dry_run_has_the_kernel_agree_and_changes_nothing() {
    alone(|world| {
        let validated = format!(
            "{BOTH}16 to add, 0 to replace, 0 to delete; the kernel accepts it, nothing was changed\n"
        );
        world.run("hairnat apply --dry-run policy.yaml").is(0, &validated, "");
        world.run("nft list ruleset").is(0, "", "");
    });
}

#[test]
fn a_moved_float_is_replaced() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let moved =
            "fixed: [10.0.0.0/24]\nfloats: {203.0.113.10: {fixed: 10.0.0.9, name: web-1}}\n";
        world.write("policy.yaml", moved);
        let changes = "\
map inet hairnat dnat4
  ~ 203.0.113.10 : 10.0.0.10 -> 10.0.0.9   (no name) -> web-1
map inet hairnat snat4
  + 10.0.0.9  : 203.0.113.10   web-1
  - 10.0.0.10 : 203.0.113.10
";
        let done = format!("{changes}applied: 1 added, 1 replaced, 1 deleted\n");
        world.run("hairnat apply policy.yaml").is(0, &done, "");
    });
}

#[test]
fn a_float_that_moves_as_counters_are_switched_on_is_shown_in_every_form() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.write(
            "policy.yaml",
            "counters: true\nfixed: [10.0.0.0/24]\nfloats: {203.0.113.10: 10.0.0.9}\n",
        );
        let changes = "\
map inet hairnat dnat4
  ~ type ipv4_addr : ipv4_addr -> type ipv4_addr : ipv4_addr; counter
  ~ 203.0.113.10 : 10.0.0.10 -> 10.0.0.9
map inet hairnat snat4
  + 10.0.0.9  : 203.0.113.10
  - 10.0.0.10 : 203.0.113.10
";
        let diff = format!("{changes}1 to add, 2 to replace, 1 to delete\n");
        world.run("hairnat diff policy.yaml").is(1, &diff, "");
        world.run("hairnat diff -v policy.yaml 2> way").is(1, &diff, "");
        let object = world.run("hairnat apply --dry-run -o json policy.yaml").object(0);
        let keys: Vec<_> =
            object["changes"].as_array().unwrap().iter().map(|c| &c["key"]).collect();
        let (float, new, old) = ("203.0.113.10", "10.0.0.9", "10.0.0.10");
        assert_eq!(keys, [&json!(null), &json!(float), &json!(new), &json!(old)]);
        let done = format!("{changes}applied: 1 added, 2 replaced, 1 deleted\n");
        world.run("hairnat apply policy.yaml").is(0, &done, "");
    });
}

#[test]
fn verbose_tells_the_way_and_the_content() {
    alone(|world| {
        world.write("policy.yaml", "fixed: [10.0.0.0/24]\n");
        let way = "\
read policy.yaml
read the ruleset at generation 1; apply would send 14 operations
";
        let diff = "\
table bridge hairnat
  + 1 set, 2 chains, 2 rules
chain bridge hairnat prerouting
  + ether daddr & ff:ff:00:00:00:00 == 33:33:00:00:00:00 update @ports { iif . iif }
chain bridge hairnat forward
  + ether daddr & ff:ff:00:00:00:00 == 33:33:00:00:00:00 iif . oif @ports counter drop
table inet hairnat
  + 1 set, 2 chains, 3 rules, 1 element
set inet hairnat fixed4
  + 10.0.0.0/24
chain inet hairnat zones
  + iifname \"fwbr*\" ct zone set 26721
chain inet hairnat postrouting
  + ct zone 26721 accept
  + ct status ! dnat ip saddr @fixed4 ip daddr @fixed4 accept
8 to add, 0 to replace, 0 to delete
";
        world.run("hairnat diff -v policy.yaml").is(1, diff, way);
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let way = "read policy.yaml\nread the ruleset at generation 2; nothing to send\n";
        world.run("hairnat apply -v policy.yaml").is(0, "in sync: 0 floats\n", way);
    });
}

#[test]
fn show_prints_what_is_live() {
    alone(|world| {
        world.run("hairnat show").is(0, "nothing is live: there is no table `hairnat`\n", "");
        world.run("nft add table inet hairnat && hairnat show").is(
            0,
            "table inet hairnat\n  empty\n",
            "",
        );
        let policy = "fixed: [10.0.0.0/24]\ncounters: true\nfloats: {203.0.113.10: {fixed: 10.0.0.10, name: web-1}}\n";
        world.write("policy.yaml", policy);
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let live = "\
set bridge hairnat ports
  learned by the kernel from passing frames
chain bridge hairnat prerouting
  type filter hook prerouting priority dstnat; policy accept;
  ether daddr & ff:ff:00:00:00:00 == 33:33:00:00:00:00 update @ports { iif . iif }
chain bridge hairnat forward
  type filter hook forward priority filter; policy accept;
  ether daddr & ff:ff:00:00:00:00 == 33:33:00:00:00:00 iif . oif @ports counter packets 0 bytes 0 drop
map inet hairnat dnat4
  203.0.113.10 : 10.0.0.10   web-1   packets 0 bytes 0
map inet hairnat snat4
  10.0.0.10 : 203.0.113.10   web-1
set inet hairnat fixed4
  10.0.0.0/24
chain inet hairnat zones
  type filter hook prerouting priority raw - 1; policy accept;
  iifname \"fwbr*\" ct zone set 26721
chain inet hairnat prerouting
  type nat hook prerouting priority dstnat - 1; policy accept;
  ct zone 26721 accept
  ip saddr @fixed4 fib saddr . iif oif missing accept
  dnat ip to ip daddr map @dnat4
chain inet hairnat output
  type nat hook output priority -101; policy accept;
  dnat ip to ip daddr map @dnat4
chain inet hairnat postrouting
  type nat hook postrouting priority srcnat - 1; policy accept;
  ct zone 26721 accept
  ct status ! dnat ip saddr @fixed4 ip daddr @fixed4 accept
  snat ip to ip saddr map @snat4
  ip saddr @fixed4 ip daddr @fixed4 masquerade
";
        world.run("hairnat show").is(0, live, "");
        world.run("hairnat show -q").is(0, live, "");
    });
}

#[test]
fn the_script_of_show_restores_the_same_listing() {
    alone(|world| {
        world.run("hairnat show -o nft").is(0, "", "");
        world.run("hairnat apply -q policy.yaml && hairnat show -o nft > backup.nft").is(0, "", "");
        let before = world.run("nft list ruleset").output().to_owned();
        world.run("nft flush chain inet hairnat output && nft -f backup.nft").is(0, "", "");
        world.run("nft list ruleset").is(0, &before, "");
        world.run("nft flush ruleset && nft -f backup.nft").is(0, "", "");
        world.run("nft list ruleset").is(0, &before, "");
        world.run("hairnat diff policy.yaml").is(0, "in sync: 1 float\n", "");
    });
}

#[test]
fn what_render_prints_is_what_apply_makes() {
    alone(|world| {
        world.run("hairnat render policy.yaml | nft -f -").is(0, "", "");
        world.run("hairnat diff policy.yaml").is(0, "in sync: 1 float\n", "");
        world.run("nft flush ruleset").is(0, "", "");
        world.run("hairnat render -o json policy.yaml | nft -j -f -").is(0, "", "");
        world.run("hairnat diff policy.yaml").is(0, "in sync: 1 float\n", "");
    });
}

#[test]
fn remove_takes_hairpin_mode_from_the_ports_of_the_guard_unless_it_is_to_stay() {
    const MODE: &str = "bridge -d link show dev vnet0 | grep -o 'hairpin o[nf]*'";
    alone(|world| {
        let port = "ip netns add web && ip link add vnet0 type veth peer name eth0 netns web && \
                    ip link set vnet0 master br0";
        world.run(port).is(0, "", "");
        let removed = "\
table bridge hairnat
  - 1 set, 2 chains, 2 rules
table inet hairnat
  - 1 set, 2 chains, 3 rules, 1 element
set inet hairnat fixed4
  - 10.0.0.0/24
";
        let switched_off = "bridge port vnet0\n  ~ hairpin_mode : on -> off\n";
        let warning = "\
warning: bridge port `vnet0` is in hairpin mode without a guard: an instance behind such a port hears its own IPv6 multicast, and its IPv6 addresses can fail duplicate address detection
  hint: switch hairpin mode off with `bridge link set dev vnet0 hairpin off` (where br_netfilter is on, the instance then no longer reaches its own float)
";
        let policy = "bridge: {ports: [vnet*], hairpin_mode: on}\nfixed: [10.0.0.0/24]\n";
        world.write("policy.yaml", policy);
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let validated = format!(
            "{removed}{switched_off}0 to add, 1 to replace, 8 to delete; the kernel accepts it, \
             nothing was changed\n"
        );
        world.run("hairnat remove --dry-run").is(0, &validated, "");
        world.run(MODE).is(0, "hairpin on\n", "");
        let done = format!("{removed}{switched_off}applied: 0 added, 1 replaced, 8 deleted\n");
        world.run("hairnat remove").is(0, &done, "");
        world.run(MODE).is(0, "hairpin off\n", "");

        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let done = format!("{removed}applied: 0 added, 0 replaced, 8 deleted\n");
        world.run("hairnat remove --keep-hairpin-mode").is(0, &done, warning);
        world.run(MODE).is(0, "hairpin on\n", "");
        world.run("hairnat remove").is(0, "nothing to remove\n", warning);
    });
}

#[test]
fn remove_takes_both_tables_and_nothing_else() {
    alone(|world| {
        world.run("hairnat remove").is(0, "nothing to remove\n", "");
        world.run("nft add table inet other && hairnat apply -q policy.yaml").is(0, "", "");
        let removed = "\
table bridge hairnat
  - 1 set, 2 chains, 2 rules
table inet hairnat
  - 3 sets, 4 chains, 9 rules, 3 elements
map inet hairnat dnat4
  - 203.0.113.10 : 10.0.0.10
map inet hairnat snat4
  - 10.0.0.10 : 203.0.113.10
set inet hairnat fixed4
  - 10.0.0.0/24
";
        let validated = format!(
            "{removed}0 to add, 0 to replace, 16 to delete; the kernel accepts it, nothing was changed\n"
        );
        world.run("hairnat remove --dry-run").is(0, &validated, "");
        let done = format!("{removed}applied: 0 added, 0 replaced, 16 deleted\n");
        world.run("hairnat remove").is(0, &done, "");
        world.run("nft list ruleset").is(0, "table inet other {\n}\n", "");
    });
}
