//! What `--confirm` refuses to begin, and what it cannot end.

use std::io::Write as _;
use std::process::Stdio;
use std::thread;

use nix::sys::signal::Signal;
use seccompiler::apply_filter;

use super::{APPLIED, MINUTE, TYPE};
use crate::refusals::refusing;
use crate::running::nothing_is_left;
use crate::world::alone;

#[test]
fn what_could_not_be_brought_back_is_not_taken_away() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let others = "\
add counter inet hairnat mine
add rule inet hairnat postrouting ip daddr 192.0.2.1 accept comment \"mine\"
add map inet hairnat verdicts { type ipv4_addr : verdict; }
add chain inet hairnat late { type route hook output priority 0; }
";
        world.write("others.nft", others);
        world.run("nft -f others.nft && nft list ruleset > before").is(0, "", "");
        let error = "\
error: `--confirm` could not bring this back, so nothing was changed: counter `mine`, set `verdicts`, rule `comparison of 4 bytes at 16 of header 1 accept comment` of chain `postrouting` and 1 more
  hint: take it out by hand first, or apply without `--confirm`; `hairnat diff` shows it
";
        world.run(MINUTE).is(4, "", error);
        let error = world.run(&format!("{MINUTE} -o json")).object(4);
        assert_eq!(error["error"]["kind"], "confirm");
        world.run("nft list ruleset | diff before -").is(0, "", "");
    });
}

#[test]
fn a_table_that_is_switched_off_could_not_be_brought_back_either() {
    alone(|world| {
        world.run("nft 'add table inet hairnat { flags dormant; }'").is(0, "", "");
        let error = "\
error: `--confirm` could not bring this back, so nothing was changed: flag dormant of table `inet`
  hint: take it out by hand first, or apply without `--confirm`; `hairnat diff` shows it
";
        world.run(MINUTE).is(4, "", error);
    });
}

#[test]
fn without_a_guardian_nothing_is_changed() {
    alone(|world| {
        let error = "\
error: cannot start what would bring the previous state back, so nothing was changed: Operation not permitted (os error 1)
  hint: see whether the host is short of processes or memory, or apply without `--confirm`
";
        // The one fails before there is a guardian, the other is the guardian's own.
        for call in [libc::SYS_signalfd4, libc::SYS_setsid] {
            thread::scope(|scope| {
                // What the thread starts inherits its filter.
                scope.spawn(|| {
                    apply_filter(&refusing(call, &[], libc::EPERM)).unwrap();
                    world.run(MINUTE).is(4, "", error);
                });
            });
            nothing_is_left();
        }
        world.run("nft list ruleset").is(0, "", "");
    });
}

#[test]
fn changes_that_cannot_be_shown_are_not_kept() {
    alone(|world| {
        let error = "\
error: cannot write to standard output: No space left on device (os error 28); the previous state is back
";
        world.run(&format!("{MINUTE} > /dev/full")).is(4, "", error);
        world.run("nft list ruleset").is(0, "", "");
    });
}

#[test]
fn a_previous_state_that_cannot_come_back_is_told_loudly() {
    alone(|world| {
        let mut apply = world.start(MINUTE);
        apply.asks();
        // Somebody else takes the table for their own; their process id is their netlink port.
        let mut owner = world.shell("exec nft -i").stdin(Stdio::piped()).spawn().unwrap();
        let mut commands = owner.stdin.take().unwrap();
        let lines = "delete table inet hairnat\nadd table inet hairnat { flags owner; }\n";
        commands.write_all(lines.as_bytes()).unwrap();
        world.run("until nft list table inet hairnat | grep -q owner; do sleep 0.01; done");
        apply.signal(Signal::SIGTERM);
        let said = apply.finish();
        drop(commands);
        owner.wait().unwrap();
        let error = format!(
            "{TYPE}error: the previous state cannot be brought back: table `inet hairnat` is owned \
             by another process (netlink port {owner})\n  hint: the table goes away with its \
             owner; if it is a process of this host, `ps -p {owner}` names it; then apply the \
             policy that was in force before, `hairnat apply OLD`; `hairnat show` prints what is \
             live\n",
            owner = owner.id()
        );
        said.is(4, APPLIED, &error);
    });
}
