//! Somebody else at work on the same host: one at a time.

use std::os::unix::net::UnixDatagram;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use seccompiler::apply_filter;

use super::{APPLIED, MINUTE, TYPE, not_confirmed};
use crate::isolation::skip;
use crate::refusals::refusing;
use crate::running::orphans_end;
use crate::world::{World, alone};

/// Another policy than [`crate::world::POLICY`].
const OTHER: &str = "fixed: [10.0.0.0/24]\nfloats: {203.0.113.20: 10.0.0.20}\n";

/// A change to our tables that is not made by hairnat.
const FOREIGN: &str = "nft add element inet hairnat dnat4 { 203.0.113.99 : 10.0.0.99 }";

/// The warning about [`FOREIGN`].
const GONE: &str = "somebody else had changed the tables meanwhile, and that is gone too; `hairnat \
                    diff` would have shown: map inet hairnat dnat4: - 203.0.113.99 : 10.0.0.99";

/// What a confirmation comes to when others changed the tables.
const REFUSED: &str = "what is live is not what was applied";

#[test]
fn while_changes_are_on_trial_every_other_change_is_refused() {
    alone(|world| {
        world.write("other.yaml", OTHER);
        let mut trial = world.start(MINUTE);
        trial.asks();
        let before = world.run("nft list ruleset").output().to_owned();
        let process = trial.process();
        for command in ["apply other.yaml", "apply --confirm 9 other.yaml", "remove"] {
            let masked = "sed 's/[0-9]* s (/SECONDS s (/; s/--wait [0-9]*/--wait SECONDS/'";
            let line = format!("hairnat {command} 2> said; code=$?; {masked} said; exit $code");
            let error = format!(
                "error: the changes of process {process} are on trial for another SECONDS s \
                 (`apply --confirm`); nothing was changed\n  hint: `--wait SECONDS` waits for its \
                 end, `kill -USR1 {process}` keeps its changes, `kill {process}` brings the \
                 previous state back\n"
            );
            world.run(&line).is(5, &error, "");
        }
        let error = world.run("hairnat apply -o json other.yaml").object(5)["error"].take();
        assert_eq!((&error["kind"], &error["process"]), (&"busy".into(), &process.as_raw().into()));
        assert!((1..=60).contains(&error["seconds_left"].as_u64().unwrap()), "{error:#}");
        world.run("nft list ruleset").is(0, &before, "");

        // Commands that only look need no lock.
        assert_eq!(world.run("hairnat apply --dry-run other.yaml").code(), 0);
        assert_eq!(world.run("hairnat remove --dry-run").code(), 0);
        assert_eq!(world.run("hairnat diff other.yaml").code(), 1);
        assert_eq!(world.run("hairnat check other.yaml").code(), 0);
        assert_eq!(world.run("hairnat show").code(), 0);

        trial.types("\n");
        trial.end().is(0, &format!("{APPLIED}confirmed\n"), TYPE);
        world.run("hairnat apply -q other.yaml").is(0, "", "");
    });
}

#[test]
fn with_wait_the_next_one_goes_on_when_the_trial_has_ended() {
    alone(|world| {
        world.write("other.yaml", OTHER);
        for signal in [Signal::SIGUSR1, Signal::SIGTERM] {
            let mut trial = world.start(MINUTE);
            trial.asks();
            let mut next = world.start("hairnat apply -v --wait 60 other.yaml");
            while !next.says_next_line().starts_with("waiting for the trial of process ") {}
            assert_eq!(world.run("hairnat diff -q policy.yaml").code(), 0);
            trial.signal(signal);
            trial.finish();
            let said = next.end();
            assert_eq!(said.code(), 0);
            world.run("hairnat diff -q other.yaml && hairnat remove -q").is(0, "", "");
        }

        let mut trial = world.start(MINUTE);
        trial.asks();
        assert_eq!(world.run("hairnat remove --wait 1").code(), 5);
        trial.types("\n");
        trial.end();
    });
}

/// The first one reads a pipe, which the test writes when it likes.
#[test]
fn an_apply_waits_for_another_and_then_reads_the_newest_policy() {
    alone(|world| {
        world.run("mkfifo slow.yaml").is(0, "", "");
        let first = world.start("hairnat apply slow.yaml");
        world.run("until ss -xl | grep -q @hairnat/; do sleep 0.01; done").is(0, "", "");
        let mut next = world.start("hairnat apply -v policy.yaml");
        let waits =
            format!("waiting for process {}, which applies or removes a policy\n", first.process());
        assert_eq!(next.says_next_line(), waits);
        world.write("policy.yaml", OTHER);
        world.run("echo 'fixed: [10.0.0.0/24]' > slow.yaml").is(0, "", "");
        assert_eq!(first.finish().code(), 0);
        assert_eq!(next.end().code(), 0);
        world.run("hairnat diff -q policy.yaml").is(0, "", "");
    });
}

/// What the guardian has inherited.
#[test]
fn the_lock_lasts_as_long_as_hairnat_or_its_guardian() {
    alone(|world| {
        world.write("other.yaml", OTHER);
        let mut trial = world.start(&format!("{MINUTE} -v"));
        let guardian = trial.guardian();
        kill(guardian, Signal::SIGSTOP).unwrap();
        trial.signal(Signal::SIGKILL);
        trial.reads_to_the_end();
        let mut next = world.start("hairnat apply -v other.yaml");
        assert!(next.says_next_line().starts_with("waiting for process "));
        kill(guardian, Signal::SIGCONT).unwrap();
        assert_eq!(next.finish().code(), 0);
        orphans_end();
        world.run("hairnat diff -q other.yaml").is(0, "", "");

        let mut trial = world.start(&format!("{MINUTE} -v"));
        let guardian = trial.guardian();
        kill(guardian, Signal::SIGSTOP).unwrap();
        trial.signal(Signal::SIGKILL);
        kill(guardian, Signal::SIGKILL).unwrap();
        trial.reads_to_the_end();
        orphans_end();
        world.run("hairnat diff -q policy.yaml && hairnat apply -q other.yaml").is(0, "", "");
    });
}

#[test]
fn what_others_changed_during_a_trial_is_not_confirmed_with_it() {
    alone(|world| {
        let warning = format!(
            "{TYPE}warning: {GONE}\n  hint: find out who else writes to the tables `hairnat`, with \
             `nft monitor`\n"
        );
        let mut trial = world.start(MINUTE);
        trial.asks();
        world.run(FOREIGN).is(0, "", "");
        trial.types("\n");
        trial.end().is(6, &not_confirmed(REFUSED), &warning);
        world.run("nft list ruleset").is(0, "", "");

        // The warning comes without a confirmation too.
        let mut trial = world.start(MINUTE);
        trial.asks();
        world.run(FOREIGN).is(0, "", "");
        trial.signal(Signal::SIGTERM);
        trial.end().is(6, &not_confirmed("SIGTERM"), &warning);

        let mut trial = world.start(&format!("{MINUTE} -o json"));
        trial.asks();
        world.run("nft delete table inet hairnat").is(0, "", "");
        trial.types("\n");
        let said = trial.end();
        let (object, _) = said.object_and_talk(6);
        assert_eq!((&object["confirmed"], &object["reason"]), (&false.into(), &REFUSED.into()));
        let warning = &object["warnings"][0];
        assert_eq!(warning["code"], "changed-meanwhile");
        assert!(warning["message"].as_str().unwrap().contains("table inet hairnat: + "));
    });
}

/// A log of the test's own: `/dev` becomes a directory with little else. Only single devices are bound
/// there, and nothing below a directory that a test removes.
fn log(world: &World) -> UnixDatagram {
    let line = "mkdir /run/dev && mount -t tmpfs tmpfs /run/dev && for node in null full; do \
                touch /run/dev/$node && mount --bind /dev/$node /run/dev/$node || exit; done && \
                mount --rbind /run/dev /dev";
    world.run(line).is(0, "", "");
    UnixDatagram::bind("/dev/log").unwrap()
}

/// The text of the next line of the log.
fn next_line(log: &UnixDatagram) -> String {
    let mut line = [0; 1000];
    let len = log.recv(&mut line).unwrap();
    let line = String::from_utf8(line[..len].to_vec()).unwrap();
    line.split_once("]: ").unwrap().1.to_owned()
}

#[test]
fn the_side_that_reverts_the_changes_of_others_logs_them() {
    alone(|world| {
        let log = log(world);
        log.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let told = format!("`apply --confirm`: the previous state is back: {GONE}");

        let mut trial = world.start(MINUTE);
        trial.asks();
        world.run(FOREIGN).is(0, "", "");
        trial.types("\n");
        assert_eq!(trial.end().code(), 6);
        assert_eq!(next_line(&log), told);

        let mut trial = world.start(MINUTE);
        trial.asks();
        world.run(FOREIGN).is(0, "", "");
        trial.kill();
        let unconfirmed = "`apply --confirm` ended unconfirmed: the previous state is back";
        assert_eq!(next_line(&log), unconfirmed);
        assert_eq!(next_line(&log), told);

        let mut trial = world.start(&format!("{MINUTE} -v"));
        let guardian = trial.guardian();
        world.run(FOREIGN).is(0, "", "");
        kill(guardian, Signal::SIGKILL).unwrap();
        assert_eq!(trial.end().code(), 6);
        assert_eq!(next_line(&log), told);

        // Without changes of others there is nothing to log.
        let mut trial = world.start(MINUTE);
        trial.asks();
        trial.signal(Signal::SIGTERM);
        assert_eq!(trial.end().code(), 6);
        log.set_nonblocking(true).unwrap();
        assert!(log.recv(&mut [0; 1000]).is_err());
    });
}

#[test]
fn where_the_kernel_gives_no_lock_hairnat_goes_on_and_warns() {
    alone(|world| {
        let warning = "\
warning: whether another hairnat changes this host cannot be seen: cannot make an abstract socket: Address family not supported by protocol (os error 97)
  hint: allow hairnat sockets of the families AF_UNIX and AF_NETLINK, on a kernel with CONFIG_UNIX_DIAG; until then run one apply or remove at a time
";
        thread::scope(|scope| {
            // What the thread starts inherits its filter.
            scope.spawn(|| {
                let unix = [(0, libc::AF_UNIX)];
                apply_filter(&refusing(libc::SYS_socket, &unix, libc::EAFNOSUPPORT)).unwrap();
                world.run("hairnat apply policy.yaml").is(0, APPLIED, warning);
                let said = world.run("hairnat remove -o json").object(0);
                assert_eq!(said["warnings"][0]["code"], "no-lock");
            });
        });
    });
}

/// Any user can make a socket of any name.
#[test]
fn a_claim_of_an_unprivileged_user_counts_for_nothing() {
    const TEST: &str = "confirm::overlap::a_claim_of_an_unprivileged_user_counts_for_nothing";
    if !nix::unistd::geteuid().is_root() {
        return skip(&format!("skipped: {TEST}: only root can become another user"));
    }
    let world = World::new();
    let script = r"
        mkfifo -m 644 slow.yaml
        cp $(command -v hairnat) hairnat && chmod 755 hairnat
        setpriv --reuid 65534 --regid 65534 --clear-groups ./hairnat apply slow.yaml > /dev/null 2>&1 &
        until ss -xl | grep -q @hairnat/; do sleep 0.01; done
        timeout 10 hairnat apply -q --confirm 1 policy.yaml < /dev/null 2> /dev/null
        echo $?
        timeout 10 hairnat apply -q policy.yaml 2> /dev/null
        echo $?
    ";
    world.write("script", script);
    let lonely = "unshare --net --mount --pid --fork --kill-child --mount-proc sh script";
    world.run(lonely).is(0, "6\n0\n", "");
}
