//! `kill -9` in the middle of an apply.

use std::os::unix::process::ExitStatusExt as _;
use std::thread;
use std::time::{Duration, Instant};

use hairnat::kernel::NfTables;

use crate::policies::{Policy, text};
use crate::rounds;
use crate::witness::{inside, snapshot};

/// Of the pseudo-random delays after which an apply is killed.
const SEED: u64 = 0x6861_6972_6e61_7421;

/// Only the guard: the table of NAT goes and comes.
const GUARD: &str = "bridge: { ports: [vnet*], reflection: multicast }";

/// How many of the kills found what.
#[derive(Debug, Default)]
struct Seen {
    /// The old ruleset.
    before_the_commit: u32,
    /// The new one, and a process that had not ended by then.
    after_the_commit: u32,
    /// No process any more.
    too_late: u32,
}

#[test]
fn an_apply_that_is_killed_leaves_the_old_ruleset_or_the_new_one() {
    inside(|| {
        // In place, made anew, gone, and made from nothing.
        let policies =
            [text(0, 40, false).as_str(), &text(1, 40, false), &text(0, 40, true), GUARD]
                .map(Policy::new);
        let mut kernel = NfTables::open().unwrap();
        let mut random = SplitMix(SEED);
        let mut seen = Seen::default();
        let mut durations = policies.each_ref().map(whole);
        let mut live = policies.len() - 1;
        for round in 0..rounds(300) {
            let wanted = (live + 1) % policies.len();
            let delay = durations[wanted].mul_f64(random.fraction());
            let mut apply = policies[wanted].start("--quiet");
            thread::sleep(delay);
            apply.kill().unwrap();
            let status = apply.wait().unwrap();

            let now = snapshot(&mut kernel);
            let found = [live, wanted].map(|policy| policies[policy].is(&now));
            match (found, status.signal(), status.code()) {
                ([true, false], Some(libc::SIGKILL), None) => seen.before_the_commit += 1,
                ([false, true], Some(libc::SIGKILL), None) => seen.after_the_commit += 1,
                ([false, true], None, Some(0)) => seen.too_late += 1,
                _ => panic!(
                    "round {round} of seed {SEED:#x}, after {delay:?}: {status}, the old ruleset \
                     and the new one: {found:?}\n{now:?}"
                ),
            }

            let duration = whole(&policies[wanted]);
            if found[0] {
                durations[wanted] = duration;
            }
            assert!(policies[wanted].is(&snapshot(&mut kernel)), "round {round}");
            live = wanted;
        }
        println!("seed {SEED:#x}: {seen:?}");
        assert!(seen.before_the_commit > 0 && seen.after_the_commit > 0, "{seen:?}");
    });
}

/// Applies a policy undisturbed; gives how long that took.
fn whole(policy: &Policy) -> Duration {
    let start = Instant::now();
    policy.apply("--quiet").succeeded();
    start.elapsed()
}

/// `SplitMix64`, of Steele, Lea and Flood 2014.
struct SplitMix(u64);

impl SplitMix {
    /// The next number of 0 to 1.
    fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let high = u32::try_from((mixed ^ (mixed >> 31)) >> 32).unwrap();
        f64::from(high) / f64::from(u32::MAX)
    }
}
