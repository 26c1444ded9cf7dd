//! `packaging/puppet`, run by `puppet apply`.

use crate::machine::{has, machine, ruleset, settled};
use crate::world::{POLICY, World, alone};

const MOVED: &str = "fixed: [10.0.0.0/24]\nfloats: {203.0.113.10: 10.0.0.11}\n";
const INVALID: &str = "floats: {203.0.113.10: 10.9.0.10}\n";
const FILE: &str = "/etc/hairnat/policy.d/puppet.yaml";

const APPLY: &str = "puppet apply";
const NOOP: &str = "puppet apply --noop";

/// Exit codes of `puppet apply --detailed-exitcodes`.
const NOTHING: i32 = 0;
const CHANGES: i32 = 2;
const FAILURES: i32 = 4;
const BOTH: i32 = 6;

/// What is in the log when the policy is applied for the first time.
const APPLIED: &str = "\
Exec[hairnat apply]/returns: table bridge hairnat
Exec[hairnat apply]/returns:   + 1 set, 2 chains, 2 rules
Exec[hairnat apply]/returns: table inet hairnat
Exec[hairnat apply]/returns:   + 3 sets, 4 chains, 9 rules, 3 elements
Exec[hairnat apply]/returns: map inet hairnat dnat4
Exec[hairnat apply]/returns:   + 203.0.113.10 : 10.0.0.10
Exec[hairnat apply]/returns: map inet hairnat snat4
Exec[hairnat apply]/returns:   + 10.0.0.10 : 203.0.113.10
Exec[hairnat apply]/returns: set inet hairnat fixed4
Exec[hairnat apply]/returns:   + 10.0.0.0/24
Exec[hairnat apply]/returns: applied: 16 added, 0 replaced, 0 deleted
Exec[hairnat apply]/returns: executed successfully
";

/// What is in the log of a run that would apply.
const WOULD_APPLY: &str =
    "Exec[hairnat apply]/returns: current_value 'notrun', should be ['0'] (noop)\n";

/// Puppet, of which nothing is outside of the world's directory.
struct Puppet<'a> {
    world: &'a World,
}

impl<'a> Puppet<'a> {
    /// On a machine where the module is; `None` where there is no Puppet.
    fn on(world: &'a World) -> Option<Self> {
        if !has(world, "puppet") {
            return None;
        }
        machine(world);
        let here = world.run("pwd").output().trim().to_owned();
        let directories = ["vardir", "ssldir", "publicdir", "rundir", "logdir", "codedir"];
        let directories = directories.map(|name| format!("{name} = {here}/{name}\n")).concat();
        // There is nobody else in the user namespace.
        let settings = format!("[main]\nuser = root\ngroup = root\n{directories}");
        let module = concat!(env!("CARGO_MANIFEST_DIR"), "/packaging/puppet");
        world.run(&format!("mkdir settings modules; ln -s {module} modules/hairnat")).is(0, "", "");
        world.write("settings/puppet.conf", settings);
        let class = format!("class {{ 'hairnat': policy => file('{here}/floats.yaml') }}");
        world.write("site.pp", class);
        Some(Self { world })
    }

    /// One run with that policy: its exit code, and what it logs of the class.
    #[track_caller]
    fn run(&self, line: &str, policy: &str, code: i32, log: &str) {
        self.world.write("floats.yaml", policy);
        let line = format!(
            "HOME=$PWD LC_ALL=C.UTF-8 {line} --confdir $PWD/settings --modulepath $PWD/modules --color false \
             --detailed-exitcodes site.pp 2>&1"
        );
        let said = self.world.run(&line);
        assert_eq!(said.code(), code, "{}", said.stdout());
        let of_class = |line: &str| Some(line.split_once(": /Stage[main]/Hairnat/")?.1.to_owned());
        let found: Vec<String> = said.stdout().lines().filter_map(of_class).collect();
        let found: Vec<String> = found.iter().map(|line| masked(line)).collect();
        assert_eq!(found, log.lines().collect::<Vec<_>>(), "{}", said.stdout());
    }
}

/// Without checksums and the name of the temporary file.
fn masked(line: &str) -> String {
    let mut parts = line.split("{sha256}");
    let mut masked = parts.next().unwrap().to_owned();
    for part in parts {
        masked += "SUM";
        masked += part.trim_start_matches(|letter: char| letter.is_ascii_hexdigit());
    }
    match masked.split_once(&format!("< {FILE}")) {
        Some((before, after)) => {
            let after = after.split_once('\'').unwrap().1;
            format!("{before}< TEMPORARY'{after}")
        }
        None => masked,
    }
}

#[test]
fn puppet_applies_once_and_then_finds_nothing_to_do() {
    alone(|world| {
        let Some(puppet) = Puppet::on(world) else { return };
        let would = format!(
            "\
File[/etc/hairnat]/ensure: current_value 'absent', should be 'directory' (noop)
File[/etc/hairnat/policy.d]/ensure: current_value 'absent', should be 'directory' (noop)
File[{FILE}]/ensure: current_value 'absent', should be 'file' (noop)
{WOULD_APPLY}Exec[hairnat apply]: Would have triggered 'refresh' from 1 event
"
        );
        puppet.run(NOOP, POLICY, NOTHING, &would);
        world.run("ls /etc/hairnat 2> /dev/null; nft list ruleset").is(0, "", "");
        let log = format!(
            "\
File[/etc/hairnat]/ensure: created
File[/etc/hairnat/policy.d]/ensure: created
File[{FILE}]/ensure: defined content as 'SUM'
{APPLIED}Exec[hairnat apply]: Triggered 'refresh' from 1 event
"
        );
        puppet.run(APPLY, POLICY, CHANGES, &log);
        world.run("hairnat diff").is(0, "in sync: 1 float\n", "");
        puppet.run(APPLY, POLICY, NOTHING, "");
    });
}

#[test]
fn puppet_mends_drift_at_its_next_run() {
    alone(|world| {
        let Some(puppet) = Puppet::on(world) else { return };
        let before = settled(world, FILE);
        world.run("nft flush chain inet hairnat output").is(0, "", "");
        let drift = ruleset(world);
        puppet.run(NOOP, POLICY, NOTHING, WOULD_APPLY);
        assert_eq!(ruleset(world), drift);
        let log = "\
Exec[hairnat apply]/returns: chain inet hairnat output
Exec[hairnat apply]/returns:   + dnat ip to ip daddr map @dnat4
Exec[hairnat apply]/returns: applied: 1 added, 0 replaced, 0 deleted
Exec[hairnat apply]/returns: executed successfully
";
        puppet.run(APPLY, POLICY, CHANGES, log);
        assert_eq!(ruleset(world), before);
    });
}

#[test]
fn a_bad_policy_from_puppet_never_lands() {
    alone(|world| {
        let Some(puppet) = Puppet::on(world) else { return };
        let before = settled(world, FILE);
        let log = format!(
            "\
File[{FILE}]/content: change from 'SUM' to 'SUM' failed: Execution of 'hairnat check -q --stdin-as {FILE} < TEMPORARY' returned 3: error: fixed address `10.9.0.10` needs an IPv4 network in `fixed`
Exec[hairnat apply]: Dependency File[{FILE}] has failures: true
Exec[hairnat apply]: Skipping because of failed dependencies
"
        );
        puppet.run(APPLY, INVALID, FAILURES, &log);
        world.run(&format!("cat {FILE}")).is(0, POLICY, "");
        assert_eq!(ruleset(world), before);
    });
}

#[test]
fn what_the_kernel_refuses_puppet_reports() {
    alone(|world| {
        let Some(puppet) = Puppet::on(world) else { return };
        let before = settled(world, FILE);
        world.write("floats.yaml", MOVED);
        let refused = "\
Exec[hairnat apply]/returns: error: hairnat needs CAP_NET_ADMIN to talk to nf_tables: Operation not permitted (os error 1)
Exec[hairnat apply]/returns:   hint: run as root; to try it out without touching this host, run it in a network namespace of its own: `unshare -rnm hairnat …`
";
        let log = format!(
            "\
File[{FILE}]/content: content changed 'SUM' to 'SUM'
{refused}Exec[hairnat apply]/returns: change from 'notrun' to ['0'] failed: 'hairnat apply' returned 4 instead of one of [0]
{refused}Exec[hairnat apply]: Failed to call refresh: 'hairnat apply' returned 4 instead of one of [0]
Exec[hairnat apply]: 'hairnat apply' returned 4 instead of one of [0]
"
        );
        let unprivileged = format!("setpriv --bounding-set=-net_admin {APPLY}");
        puppet.run(&unprivileged, MOVED, BOTH, &log);
        assert_eq!(ruleset(world), before);
        world.run("hairnat diff -q").is(1, "", "");
    });
}
