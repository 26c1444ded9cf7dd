//! The path unit: what changes in /etc/hairnat is applied, on a machine that has booted.

use crate::systemd::says;

#[test]
fn a_change_of_any_file_is_applied() {
    says(
        "path_unit::a_change_of_any_file_is_applied",
        "systemctl --quiet enable hairnat.path",
        "
        echo 'floats: {203.0.113.10: 10.0.0.11}' > $P/a.yaml
        becomes '203.0.113.10 : 10.0.0.11'
        echo 'floats: {203.0.113.12: 10.0.0.12}' > $P/b.yaml
        becomes '203.0.113.10 : 10.0.0.11 203.0.113.12 : 10.0.0.12'
        echo 'floats: {203.0.113.12: 10.0.0.13}' > $P/.b && mv $P/.b $P/b.yaml
        becomes '203.0.113.10 : 10.0.0.11 203.0.113.12 : 10.0.0.13'
        rm $P/b.yaml
        becomes '203.0.113.10 : 10.0.0.11'
        echo '{fixed: [10.0.0.0/24], floats: {203.0.113.9: 10.0.0.9}}' > /etc/hairnat/policy.yaml
        becomes '203.0.113.9 : 10.0.0.9 203.0.113.10 : 10.0.0.11'
        ",
        "\
203.0.113.10 : 10.0.0.11
203.0.113.10 : 10.0.0.11 203.0.113.12 : 10.0.0.12
203.0.113.10 : 10.0.0.11 203.0.113.12 : 10.0.0.13
203.0.113.10 : 10.0.0.11
203.0.113.9 : 10.0.0.9 203.0.113.10 : 10.0.0.11
",
    );
}

/// It would fail at the next boot, when there are no rules to keep.
#[test]
fn a_policy_with_a_mistake_shows_among_the_failed_units_until_it_is_mended() {
    says(
        "path_unit::a_policy_with_a_mistake_shows_among_the_failed_units_until_it_is_mended",
        "systemctl --quiet enable hairnat.path",
        "
        failed() { systemctl --failed --plain --no-legend | cut -d ' ' -f 1; }
        echo nonsense > $P/b.yaml
        for _ in $(seq 100); do [ -n \"$(failed)\" ] && break; sleep 0.05; done
        failed
        floats
        journalctl --no-pager --output cat --unit hairnat.service | grep -A 1 ^error
        rm $P/b.yaml
        for _ in $(seq 100); do [ -z \"$(failed)\" ] && break; sleep 0.05; done
        failed
        ",
        "\
hairnat-reload.service
203.0.113.10 : 10.0.0.10
error: a policy is a map of its sections, not `nonsense`
  --> /etc/hairnat/policy.d/b.yaml:1:1
",
    );
}

/// systemd watches nothing while the unit runs that a change triggers.
#[test]
fn the_last_of_many_changes_wins_also_while_a_reload_takes_long() {
    says(
        "path_unit::the_last_of_many_changes_wins_also_while_a_reload_takes_long",
        "
        systemctl --quiet enable hairnat.path
        mkdir /etc/systemd/system/hairnat.service.d
        printf '[Service]\nExecReload=/bin/sleep 1\n' > /etc/systemd/system/hairnat.service.d/slow.conf
        ",
        "
        for last in $(seq 101 160); do
            echo \"floats: {203.0.113.10: 10.0.0.$last}\" > $P/a.yaml
            [ $((last % 20)) = 0 ] && sleep 0.4
        done
        becomes '203.0.113.10 : 10.0.0.160'
        systemctl is-active hairnat.path
        ",
        "203.0.113.10 : 10.0.0.160\nactive\n",
    );
}

#[test]
fn a_change_while_another_is_announced_is_not_lost() {
    says(
        "path_unit::a_change_while_another_is_announced_is_not_lost",
        "
        systemctl --quiet enable hairnat.path
        mkdir /etc/systemd/system/hairnat-changed.service.d
        printf '[Service]\nExecStartPost=/bin/sleep 1\n' \\
            > /etc/systemd/system/hairnat-changed.service.d/slow.conf
        ",
        "
        echo 'floats: {203.0.113.10: 10.0.0.11}' > $P/a.yaml
        sleep 0.5
        systemctl is-active hairnat-changed.service
        echo 'floats: {203.0.113.10: 10.0.0.12}' > $P/a.yaml
        becomes '203.0.113.10 : 10.0.0.12'
        ",
        "activating\n203.0.113.10 : 10.0.0.12\n",
    );
}

#[test]
fn a_service_that_was_stopped_stays_stopped_when_a_file_changes() {
    says(
        "path_unit::a_service_that_was_stopped_stays_stopped_when_a_file_changes",
        "systemctl --quiet enable hairnat.path",
        "
        systemctl stop hairnat.service
        echo 'floats: {203.0.113.10: 10.0.0.11}' > $P/a.yaml
        sleep 1
        systemctl is-active hairnat.service
        floats
        systemctl --failed --plain --no-legend
        ",
        "inactive\n203.0.113.10 : 10.0.0.10\n",
    );
}
