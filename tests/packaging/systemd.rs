//! The service: as systemd judges it, and on a machine that boots with it.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::clean_root::boot;

/// The highest exposure that `systemd-analyze security` may find, in tenths.
const MOST_EXPOSED: &str = "--threshold=20";

/// Before the first boot: the package, one float, and the unit enabled.
const PREPARE: &str = "
    set -e
    dpkg --install /hairnat.deb > /dev/null
    mkdir -p /etc/hairnat/policy.d
    echo 'fixed: [10.0.0.0/24]' > /etc/hairnat/policy.yaml
    echo 'floats: {203.0.113.10: 10.0.0.10}' > /etc/hairnat/policy.d/a.yaml
    printf 'net.ipv4.ip_forward=1\n' > /etc/sysctl.d/forward.conf
    systemctl --quiet enable hairnat.service
";

/// Defines `floats`, which prints what each float leads to, and `becomes` and `active`, which wait
/// until that or a unit is so.
const FLOATS: &str = r#"
    P=/etc/hairnat/policy.d
    floats() {
        echo $(nft list map inet hairnat dnat4 2> /dev/null | grep -o '203[0-9.]* : [0-9.]*')
    }
    active() {
        for _ in $(seq 200); do
            systemctl --quiet is-active "$1" && break
            sleep 0.05
        done
        systemctl is-active "$1"
    }
    becomes() {
        for _ in $(seq 200); do
            if [ "$(floats)" = "$1" ]; then echo "$1"; return; fi
            sleep 0.05
        done
        echo "not $1 but $(floats)"
        journalctl --no-pager --unit 'hairnat*'
    }
"#;

/// What a shell script says on a machine that has booted.
pub(crate) fn says(test: &str, prepare: &str, script: &str, expected: &str) {
    if let Some(said) = boot(test, &format!("{PREPARE}{prepare}"), &format!("{FLOATS}{script}")) {
        assert_eq!(said, expected);
    }
}

#[test]
fn the_service_is_exposed_to_little() {
    let unit = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd/hairnat.service");
    let analyze = Command::new("systemd-analyze")
        .args(["security", "--offline=true", "--no-pager", MOST_EXPOSED])
        .arg(unit)
        .output()
        .expect("systemd-analyze: run `.ci/setup test`");
    let said = String::from_utf8_lossy(&analyze.stdout);
    assert!(said.contains("Overall exposure level for hairnat.service"), "{said}");
    assert!(analyze.status.success(), "{said}");
}

#[test]
fn the_units_are_understood_whole() {
    says(
        "systemd::the_units_are_understood_whole",
        "",
        "cd /usr/lib/systemd/system && systemd-analyze verify --recursive-errors=no hairnat*",
        "",
    );
}

#[test]
fn the_policy_is_applied_at_boot_without_a_warning_before_any_interface_is_up() {
    says(
        "systemd::the_policy_is_applied_at_boot_without_a_warning_before_any_interface_is_up",
        "",
        "
        systemctl is-active hairnat.service
        floats
        journalctl --no-pager --output cat _SYSTEMD_UNIT=hairnat.service |
            grep -v -e 'no bridge' -e 'if the bridge'
        systemctl list-dependencies --plain --after network-pre.target | grep -o hairnat.service
        ",
        "\
active
203.0.113.10 : 10.0.0.10
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
applied: 16 added, 0 replaced, 0 deleted
in sync: 1 float
hairnat.service
",
    );
}

/// A bridge and its ports come with the network, after the rules.
#[test]
fn ports_that_come_with_the_network_get_their_hairpin_mode_at_boot() {
    let prepare = r"
        echo 'bridge: {ports: [vnet*], hairpin_mode: on}' > /etc/hairnat/policy.d/bridge.yaml
        cat > /etc/systemd/system/bridge.service <<'UNIT'
[Unit]
After=network-pre.target
Before=network-online.target
[Service]
Type=oneshot
ExecStart=/bin/sh -c 'ip netns add web && ip link add br0 type bridge && ip link add vnet0 type veth peer name eth0 netns web && ip link set vnet0 master br0 && ip link set br0 up && ip address add 10.0.0.1/24 dev br0'
[Install]
WantedBy=multi-user.target
UNIT
        systemctl --quiet enable bridge.service
    ";
    says(
        "systemd::ports_that_come_with_the_network_get_their_hairpin_mode_at_boot",
        prepare,
        "
        systemctl is-enabled hairnat-late.service
        bridge -d link show dev vnet0 | grep -o 'hairpin o[nf]*'
        journalctl --no-pager --output cat _SYSTEMD_UNIT=hairnat.service | grep -A 2 -e warning -e vnet0
        systemctl --failed --plain --no-legend
        ",
        "\
enabled
hairpin on
warning: there is no bridge on this host: nothing is guarded against reflection, and no port gets its hairpin mode
  hint: run `hairnat apply` again once the bridge has its ports: they are guarded from their first frame on, but only an apply sets their mode; at boot, hairnat-late.service does that
bridge port vnet0
  ~ hairpin_mode : off -> on
applied: 0 added, 1 replaced, 0 deleted
",
    );
}

#[test]
fn a_service_that_was_stopped_is_not_started_late() {
    says(
        "systemd::a_service_that_was_stopped_is_not_started_late",
        "",
        "
        systemctl stop hairnat.service
        nft delete table inet hairnat
        systemctl start hairnat-late.service
        systemctl is-active hairnat.service
        floats
        ",
        "inactive\n\n",
    );
}

#[test]
fn rules_outlive_the_service() {
    says(
        "systemd::rules_outlive_the_service",
        "",
        "
        systemctl stop hairnat.service
        systemctl is-active hairnat.service
        floats
        ",
        "inactive\n203.0.113.10 : 10.0.0.10\n",
    );
}

/// The usual /etc/nftables.conf flushes the whole ruleset.
#[test]
fn hairnat_is_there_again_whatever_nftables_does() {
    says(
        "systemd::hairnat_is_there_again_whatever_nftables_does",
        "systemctl --quiet enable nftables.service",
        "
        floats
        for verb in restart reload stop start; do
            systemctl $verb nftables.service
            systemctl start nftables.service
            becomes '203.0.113.10 : 10.0.0.10'
            active hairnat.service
        done
        nft list tables
        ",
        "\
203.0.113.10 : 10.0.0.10
203.0.113.10 : 10.0.0.10
active
203.0.113.10 : 10.0.0.10
active
203.0.113.10 : 10.0.0.10
active
203.0.113.10 : 10.0.0.10
active
table inet filter
table bridge hairnat
table inet hairnat
",
    );
}

#[test]
fn a_reload_applies_the_policy_and_fails_as_apply_does() {
    says(
        "systemd::a_reload_applies_the_policy_and_fails_as_apply_does",
        "",
        "
        echo 'floats: {203.0.113.10: 10.0.0.11}' > $P/a.yaml
        systemctl reload hairnat.service
        floats
        echo 'floats: {203.0.113.10: 10.0.1.11}' > $P/a.yaml
        systemctl reload hairnat.service > /dev/null 2>&1 || echo failed
        floats
        systemctl is-active hairnat.service
        journalctl --no-pager --output cat --unit hairnat.service | grep -A 1 ^error
        ",
        "\
203.0.113.10 : 10.0.0.11
failed
203.0.113.10 : 10.0.0.11
active
error: fixed address `10.0.1.11` lies in no network of `fixed`
  --> /etc/hairnat/policy.d/a.yaml:1:24
",
    );
}

/// The service has mounts of its own, and sees the lock of a shell all the same.
#[test]
fn a_reload_during_a_trial_waits_for_its_end_and_applies_the_newest_policy() {
    says(
        "systemd::a_reload_during_a_trial_waits_for_its_end_and_applies_the_newest_policy",
        "",
        "
        echo 'floats: {203.0.113.10: 10.0.0.11}' > /tmp/trial.yaml
        hairnat apply -q --confirm 3 /etc/hairnat/policy.yaml /tmp/trial.yaml < /dev/null 2> /dev/null &
        trial=$!
        becomes '203.0.113.10 : 10.0.0.11'
        echo 'floats: {203.0.113.10: 10.0.0.12}' > $P/a.yaml
        systemctl reload hairnat.service
        wait $trial
        echo $?
        floats
        ",
        "203.0.113.10 : 10.0.0.11\n6\n203.0.113.10 : 10.0.0.12\n",
    );
}

/// A package is also upgraded and taken away while instances run.
#[test]
fn the_package_changes_no_rule() {
    says(
        "systemd::the_package_changes_no_rule",
        "systemctl --quiet enable hairnat.path",
        "
        systemctl is-active hairnat.service hairnat.path
        nft list ruleset > /before
        dpkg --install /hairnat.deb > /dev/null
        systemctl is-active hairnat.service hairnat.path
        dpkg --remove hairnat > /dev/null
        systemctl is-active hairnat.service hairnat.path
        nft list ruleset | cmp - /before
        ",
        "active\nactive\nactive\nactive\ninactive\ninactive\n",
    );
}

#[test]
fn every_unit_is_documented_in_the_page_that_it_names() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/systemd");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains("\nDocumentation=man:hairnat(8)\n"), "{}", path.display());
    }
}
