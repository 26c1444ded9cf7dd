//! A second writer: another program that commits while hairnat applies, to a table of its own or to
//! one of ours.

use std::fs;
use std::os::fd::AsRawFd as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use hairnat::kernel::NfTables;
use nftnl::{Batch, Chain, MsgType, ProtoFamily, Table};
use nix::sys::socket::{MsgFlags, recv};

use crate::lab::isolation::command;
use crate::policies::{Policy, text};
use crate::rounds;
use crate::witness::{RaisedAtLast, inside, snapshot};

/// How many commits make a burst: some milliseconds of them, about as long as hairnat takes from
/// its reading to its commit.
const BURST: u32 = 200;

/// The pause after a burst, about as long.
const REST: Duration = Duration::from_millis(5);

/// Whose table another program commits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// Its own, which it makes and deletes.
    Theirs,
    /// Ours, to no effect in the end.
    Ours,
}

#[test]
fn beside_a_loop_of_nft_an_apply_is_done() {
    inside(|| beside(|| nft(Whose::Theirs), 60, 200).is_undisturbed());
}

#[test]
fn beside_a_writer_in_bursts_an_apply_is_done() {
    inside(|| beside(|| in_bursts(on_a_socket(Whose::Theirs)), 20, 200).is_undisturbed());
}

/// It commits a thousand times while hairnat reads.
#[test]
fn beside_a_writer_that_never_rests_an_apply_is_done() {
    inside(|| beside(|| on_a_socket(Whose::Theirs), 20, 40).is_undisturbed());
}

#[test]
fn beside_a_loop_of_nft_in_our_tables_an_apply_is_done_or_nothing_happened() {
    inside(|| {
        let seen = beside(|| nft(Whose::Ours), 60, 100);
        assert!(seen.retries > 0, "there was no contention");
        assert!(seen.done > 0);
    });
}

#[test]
fn beside_a_writer_to_our_tables_in_bursts_an_apply_is_done_or_nothing_happened() {
    inside(|| {
        let seen = beside(|| in_bursts(on_a_socket(Whose::Ours)), 20, 100);
        assert!(seen.retries > 0, "there was no contention");
        assert!(seen.done > 0);
    });
}

/// None of the applies need be done.
#[test]
fn beside_a_writer_to_our_tables_that_never_rests_an_apply_is_done_or_nothing_happened() {
    inside(|| {
        let seen = beside(|| on_a_socket(Whose::Ours), 20, 20);
        assert!(seen.retries + seen.given_up > 0, "there was no contention");
    });
}

/// What became of the applies.
#[derive(Debug, Default)]
struct Seen {
    /// Those that were done, with exit code 0.
    done: u32,
    /// Those that were given up, with exit code 5.
    given_up: u32,
    /// How often those that were done had to begin again, as they tell with `--verbose`.
    retries: u32,
    /// How often the other writer committed meanwhile.
    commits: u32,
}

impl Seen {
    /// Every apply was done, although the other writer committed all the time.
    fn is_undisturbed(&self) {
        assert_eq!(self.given_up, 0, "{self:?}");
        assert!(self.commits > self.done, "there was no contention: {self:?}");
    }
}

/// Applies two policies in turn, `default` times in all, while the writer that `writer` gives
/// commits with every call. What is live must be the one or the other after each.
fn beside<W: FnMut()>(writer: impl FnOnce() -> W + Send, floats: u16, default: u32) -> Seen {
    let policies = [0, 1].map(|variant| Policy::new(&text(variant, floats, false)));
    let mut kernel = NfTables::open().unwrap();
    policies[0].apply("--quiet").succeeded();
    let first = snapshot(&mut kernel).generation;
    let [stopped, paused] = [false, false].map(AtomicBool::new);
    let mut seen = Seen::default();
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut commit = writer();
            while !stopped.load(Ordering::Relaxed) {
                if paused.load(Ordering::Relaxed) {
                    thread::yield_now();
                } else {
                    commit();
                }
            }
        });
        let _stop = RaisedAtLast(&stopped);
        let mut live = 0;
        for round in 0..rounds(default) {
            let wanted = 1 - live;
            let said = policies[wanted].apply("--verbose");
            paused.store(true, Ordering::Relaxed);
            let now = snapshot(&mut kernel);
            paused.store(false, Ordering::Relaxed);
            match said.code {
                Some(0) => {
                    live = wanted;
                    seen.done += 1;
                    seen.retries += retries(&said.stderr);
                }
                Some(5) => seen.given_up += 1,
                _ => panic!("round {round}: {said:?}"),
            }
            assert!(policies[live].is(&now), "round {round}: {said:?}\n{now:?}");
        }
    });
    seen.commits = snapshot(&mut kernel).generation - first - seen.done;
    println!("{floats} floats: {seen:?}");
    assert!(seen.commits > 0);
    seen
}

/// How often an apply that was done began again, by what `--verbose` says of it.
fn retries(stderr: &str) -> u32 {
    let several = |line: &str| {
        line.strip_prefix("the ruleset moved ")?.strip_suffix(" times under the plan")?.parse().ok()
    };
    let once = |line| line == "the ruleset moved under the plan; made a new one";
    stderr.lines().find_map(several).unwrap_or(u32::from(stderr.lines().any(once)))
}

/// One process of nft(8) a commit.
fn nft(whose: Whose) -> impl FnMut() {
    let scripts = match whose {
        Whose::Theirs => ["add table ip other\nadd chain ip other c", "delete table ip other"],
        Whose::Ours => ["add chain inet hairnat c\ndelete chain inet hairnat c"; 2],
    };
    let mut files = [0, 1].map(|number| {
        let file = format!("/run/{number}.nft");
        fs::write(&file, scripts[number]).unwrap();
        file
    });
    move || {
        let status = command("nft").args(["-f", &files[0]]).status().unwrap();
        assert!(status.success());
        files.reverse();
    }
}

/// One system call a commit.
fn on_a_socket(whose: Whose) -> impl FnMut() {
    let socket = mnl::Socket::new(mnl::Bus::Netfilter).unwrap();
    let mut adds = true;
    move || {
        let table = match whose {
            Whose::Theirs => Table::new(c"other", ProtoFamily::Ipv4),
            Whose::Ours => Table::new(c"hairnat", ProtoFamily::Inet),
        };
        let chain = Chain::new(c"c", &table);
        let mut batch = Batch::new();
        match (whose, adds) {
            (Whose::Theirs, true) => {
                batch.add(&table, MsgType::Add);
                batch.add(&chain, MsgType::Add);
            }
            (Whose::Theirs, false) => batch.add(&table, MsgType::Del),
            (Whose::Ours, _) => {
                batch.add(&chain, MsgType::Add);
                batch.add(&chain, MsgType::Del);
            }
        }
        adds = !adds;
        socket.send_all(&batch.finalize()).unwrap();
        // The answers are there when the call returns: a `struct nlmsgerr` behind a header each.
        let mut answer = [0; 256];
        while let Ok(20..) = recv(socket.as_raw_fd(), &mut answer, MsgFlags::MSG_DONTWAIT) {
            assert_eq!(answer[16..20], [0; 4], "errno, negative");
        }
    }
}

/// The same commits, with rests between them.
fn in_bursts(mut commit: impl FnMut()) -> impl FnMut() {
    let mut left = BURST;
    move || {
        if left == 0 {
            thread::sleep(REST);
            left = BURST;
        }
        left -= 1;
        commit();
    }
}
