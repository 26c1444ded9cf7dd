//! The contract of `-o json`, by example: whole objects, for each command and each exit code.
//!
//! `HAIRNAT_BLESS=1` writes what comes out now into `golden/`.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::{env, fs};

use nix::sys::signal::Signal;

use crate::others::Others;
use crate::world::{POLICY, Said, World, alone, on_a_bare_host};

/// Where the golden of that name is.
pub(crate) fn golden(name: &str) -> PathBuf {
    let file = format!("tests/cli/golden/{name}.json");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

/// It printed the golden of that name and nothing else, and the schema describes that.
#[track_caller]
fn is(said: &Said, code: i32, name: &str) {
    said.object_and_talk(code);
    let path = golden(name);
    if env::var_os("HAIRNAT_BLESS").is_some() {
        fs::write(&path, said.stdout()).unwrap();
    }
    let expected = fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(said.stdout(), expected, "{}", path.display());
}

impl World {
    /// A line of shell prints that golden, with this exit code, and says nothing.
    #[track_caller]
    fn prints(&self, line: &str, code: i32, name: &str) {
        let said = self.run(line);
        said.object(code);
        is(&said, code, name);
    }
}

const MOVED: &str =
    "fixed: [10.0.0.0/24]\nfloats: {203.0.113.10: {fixed: 10.0.0.12, name: web-1}}\n";

const CONFIRM: &str = "hairnat apply --confirm 60 -o json policy.yaml";

#[test]
fn tables_that_appear_and_vanish_list_their_rules_and_elements() {
    alone(|world| {
        world.prints("hairnat remove -o json", 0, "remove_nothing");
        world.prints("hairnat diff -o json policy.yaml", 1, "diff_first");
        world.prints("hairnat apply --dry-run -o json policy.yaml", 0, "diff_first");
        world.prints("hairnat apply -o json policy.yaml", 0, "apply_first");
        world.prints("hairnat apply -o json policy.yaml", 0, "apply_in_sync");
        world.prints("hairnat apply --dry-run -o json policy.yaml", 0, "diff_in_sync");
        world.prints("hairnat diff -q -o json policy.yaml", 0, "diff_in_sync");
        world.prints("hairnat remove --dry-run -o json", 0, "remove_dry_run");
        world.prints("hairnat remove -o json", 0, "remove");
    });
}

#[test]
fn elements_have_a_key_and_what_it_led_to_and_leads_to() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.write("policy.yaml", MOVED);
        world.prints("hairnat diff -o json policy.yaml", 1, "diff_moved");
        world.prints("hairnat apply -o json policy.yaml", 0, "apply_moved");
        world.prints("hairnat diff -o json policy.yaml", 0, "diff_in_sync");
    });
}

#[test]
fn every_kind_of_drift_has_a_form_of_its_own() {
    alone(|world| {
        let port = "ip netns add web && ip link add vnet0 type veth peer name eth0 netns web && \
                    ip link set vnet0 master br0 && \
                    ip link set br0 up && ip address add 10.0.0.1/24 dev br0";
        world.run(port).is(0, "", "");
        let policy = "\
fixed: [10.0.0.0/24]
bridge: {ports: [vnet0], hairpin_mode: on}
floats:
  203.0.113.10: {fixed: 10.0.0.10, name: web-1}
  203.0.113.11: {fixed: 10.0.0.11, name: web-2}
";
        world.write("policy.yaml", policy);
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let drift = "\
add table bridge hairnat { flags dormant; }
flush chain bridge hairnat prerouting
add counter inet hairnat mine
add map inet hairnat verdicts { type ipv4_addr : verdict; }
add set inet hairnat blocked { type ipv4_addr; elements = { 192.0.2.1 }; }
add chain inet hairnat late { type route hook output priority 0; }
add chain inet hairnat postrouting { policy drop; }
flush chain inet hairnat output
add rule inet hairnat output counter accept
add rule inet hairnat postrouting ip daddr 192.0.2.1 accept comment \"mine\"
add element inet hairnat dnat4 { * : 10.0.0.9 }
delete element inet hairnat dnat4 { 203.0.113.10 }
delete element inet hairnat snat4 { 10.0.0.11 }
add element inet hairnat snat4 { 10.0.0.11 comment \"by hand\" : 203.0.113.11 }
add element inet hairnat fixed4 { 10.0.1.0/24 }
";
        world.write("drift.nft", drift);
        world.run("nft -f drift.nft && bridge link set dev vnet0 hairpin off").is(0, "", "");
        world.prints("hairnat show -o json", 0, "show_drift");
        world.prints("hairnat diff -o json policy.yaml", 1, "diff_drift");
    });
}

#[test]
fn show_has_counters_where_the_kernel_counts() {
    alone(|world| {
        world.prints("hairnat show -o json", 0, "show_nothing");
        world.write("policy.yaml", format!("{MOVED}counters: true\n"));
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.prints("hairnat show -o json", 0, "show_counters");
    });
}

#[test]
fn changes_that_were_confirmed_or_not_tell_so() {
    alone(|world| {
        let ask = |signal| {
            let mut apply = world.start(&format!("{CONFIRM} < /dev/null"));
            apply.asks();
            apply.signal(signal);
            apply.end()
        };
        is(&ask(Signal::SIGTERM), 6, "apply_not_confirmed");
        is(&ask(Signal::SIGUSR1), 0, "apply_confirmed");
        world.prints(CONFIRM, 0, "apply_confirm_in_sync");
    });
}

#[test]
fn somebody_elses_trial_is_named() {
    alone(|world| {
        let mut trial = world.start("hairnat apply --confirm 60 policy.yaml");
        trial.asks();
        let process = trial.process();
        let masked = format!(
            "sed 's/{process}/4711/g; s/another [0-9]* s/another 25 s/; s/--wait [0-9]*/--wait 25/; \
             s/left\": [0-9]*/left\": 25/'"
        );
        let line = format!(
            "{{ hairnat apply -o json policy.yaml; echo $? > code; }} | {masked}; exit $(cat code)"
        );
        world.prints(&line, 5, "error_busy");
        trial.types("\n");
        trial.end();
    });
}

#[test]
fn a_valid_policy_is_counted_and_verbosely_found() {
    let world = World::new();
    world.prints("hairnat check -o json policy.yaml", 0, "check");
    let more =
        "floats:\n  2001:db8::10: {fixed: fd00:10::10, name: web-2}\nfixed: ['fd00:10::/64']\n";
    world.write("more.yaml", more);
    let said = world.run("hairnat check -v -o json policy.yaml more.yaml");
    is(&said, 0, "check_places");
}

#[test]
fn warnings_have_a_stable_code() {
    on_a_bare_host(|world| {
        world.prints("hairnat check --host -o json policy.yaml", 0, "warnings");
        world.prints("hairnat apply --dry-run -o json policy.yaml", 0, "apply_warnings");
        let words = "\
warning: `net.ipv4.ip_forward` is 0: IPv4 floats are reachable from this host only
  hint: switch it on with `sysctl -w net.ipv4.ip_forward=1`
warning: there is no bridge on this host: nothing is guarded against reflection
  hint: nothing to do if the bridge comes later: its ports are guarded from their first frame on
";
        world.run("hairnat check --host policy.yaml").is(0, "valid: 1 float\n", words);
        world.run("hairnat check --host -q policy.yaml").is(0, "", "");
    });
}

#[test]
fn wrong_usage_is_one_object_too() {
    let world = World::new();
    world.prints("hairnat aply -o json", 2, "error_usage");
    let line = "hairnat check --stdin-as other.yaml -o json policy.yaml < policy.yaml";
    world.prints(line, 2, "error_no_part");
}

#[test]
fn a_policy_that_is_not_there_or_cannot_be_read_or_is_invalid_are_told_apart() {
    let world = World::new();
    world.prints("hairnat diff -o json nope.yaml", 3, "error_input");
    world.prints("mkdir conf.d; hairnat check -o json conf.d", 3, "error_no_policy");
    world.write("twice.yaml", POLICY);
    world.prints("hairnat apply -o json policy.yaml twice.yaml", 3, "error_policy");
    world.write("nothing.yaml", "");
    world.prints("hairnat check -o json nothing.yaml", 3, "error_policy_empty");
    let unknown = (1..=22).map(|number| format!("unknown{number}: 1\n"));
    world.write("unknown.yaml", unknown.collect::<String>());
    let error = world.run("hairnat check -o json unknown.yaml").object(3);
    assert_eq!(error["error"]["left_out"], 2);
}

#[test]
fn what_the_kernel_refuses_changes_nothing() {
    alone(|world| {
        let line = "setpriv --bounding-set=-net_admin hairnat apply -o json policy.yaml";
        world.prints(line, 4, "error_privileges");
        world.run("nft add table inet hairnat && nft add counter inet hairnat mine").is(0, "", "");
        world.prints(CONFIRM, 4, "error_confirm");
    });
}

/// The owner lives as long as its standard input is open; its process id is its netlink port.
#[test]
fn a_table_of_another_process_is_shown_and_left_to_it() {
    alone(|world| {
        let mut owner = world.shell("exec nft -i").stdin(Stdio::piped()).spawn().unwrap();
        let mut commands = owner.stdin.take().unwrap();
        commands.write_all(b"add table inet hairnat { flags owner; }\n").unwrap();
        world.run("until nft list tables | grep -q hairnat; do sleep 0.01; done").is(0, "", "");
        let masked = format!("sed 's/{}/4711/g'", owner.id());
        world.prints(&format!("hairnat show -o json | {masked}"), 0, "show_owned");
        let refused = "{ hairnat remove -o json; echo $? > code; }";
        let line = format!("{refused} | {masked}; exit $(cat code)");
        world.prints(&line, 4, "error_owned");
        drop(commands);
        owner.wait().unwrap();
    });
}

#[test]
fn a_ruleset_that_keeps_changing_is_given_up() {
    alone(|world| {
        let floats = (0..2000).map(|n| format!("198.18.{0}.{1}: 10.0.{0}.{1}", n / 250, n % 250));
        let floats = floats.collect::<Vec<_>>().join(", ");
        world.write("many.yaml", format!("fixed: [10.0.0.0/16]\nfloats: {{{floats}}}\n"));
        world.run("hairnat apply -q many.yaml").is(0, "", "");
        let others = [(); 2].map(|()| Others::start(world, "exec yes \"$commit\""));
        // Now and then all is read between two commits to our tables.
        let line = "for _ in $(seq 1000); do hairnat diff -o json many.yaml > said; code=$?; \
                    test $code -eq 0 || break; done; cat said; exit $code";
        world.prints(line, 5, "error_stale");
        others.into_iter().for_each(Others::stop);
    });
}

#[test]
fn a_packet_and_a_frame_are_explained_step_by_step() {
    alone(|world| {
        world.write(
            "policy.yaml",
            "fixed: [10.0.0.0/24]\negress: {uplinks: [eth0], default: masquerade}\nfloats:\n  \
             203.0.113.10: {fixed: 10.0.0.10, name: web-1}\n  \
             203.0.113.13: {ports: {443/tcp: '10.0.0.11:8443'}}\n",
        );
        let explain = "hairnat explain -o json policy.yaml --all";
        world.prints(
            &format!("{explain} --from 10.0.0.10 --to 203.0.113.10"),
            0,
            "explain_own_float",
        );
        world.prints(
            &format!("{explain} --from host --to 203.0.113.13 --port 443"),
            0,
            "explain_l4_port",
        );
        world.prints(
            &format!("{explain} --from 10.0.0.20 --to 198.51.100.7 --proto icmp"),
            0,
            "explain_egress",
        );
        world.prints(
            "hairnat explain -o json policy.yaml --frame --from-port vnet0 --to-port vnet0 \
             --ether-dst 33:33:00:00:00:01",
            0,
            "explain_frame",
        );
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        world.run("nft insert rule inet hairnat prerouting meta mark 7 accept").is(0, "", "");
        world.prints(
            "hairnat explain -o json --live --all --from 192.0.2.9 --to 203.0.113.10",
            0,
            "explain_foreign_rule",
        );
    });
}
