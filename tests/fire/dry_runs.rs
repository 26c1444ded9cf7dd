//! Dry runs: transactions that the kernel works through and takes back, at one and the same
//! generation.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use hairnat::kernel::{KernelError, NfTables, Step, converge};

use crate::policies::{Policy, text};
use crate::rounds;
use crate::witness::{RaisedAtLast, inside, snapshot};

/// So many that the kernel dumps a set in several parts.
const FLOATS: u16 = 1300;

#[test]
fn beside_dry_runs_what_is_live_is_read_and_nothing_else() {
    inside(|| {
        let policies = policies();
        let mut kernel = NfTables::open().unwrap();
        policies[0].apply("--quiet").succeeded();
        beside_dry_runs_of(&policies[2], || {
            for round in 0..rounds(60) {
                assert!(policies[0].is(&snapshot(&mut kernel)), "round {round}");
            }
        });
    });
}

#[test]
fn beside_dry_runs_an_apply_leaves_nothing_out() {
    inside(|| {
        let policies = policies();
        let mut kernel = NfTables::open().unwrap();
        policies[0].apply("--quiet").succeeded();
        let mut live = 0;
        beside_dry_runs_of(&policies[2], || {
            for round in 0..rounds(30) {
                let wanted = 1 - live;
                match converge(&mut kernel, Step::Commit, policies[wanted].ruleset(), |_| ()) {
                    Ok(_) => live = wanted,
                    Err(KernelError::Stale) => {}
                    Err(error) => panic!("round {round}: {error:?}"),
                }
                assert!(policies[live].is(&snapshot(&mut kernel)), "round {round}");
            }
        });
    });
}

fn policies() -> [Policy; 3] {
    [0, 1, 2].map(|variant| Policy::new(&text(variant, FLOATS, false)))
}

/// Calls `work` while the kernel is asked over and over whether it would take the policy.
fn beside_dry_runs_of(policy: &Policy, work: impl FnOnce()) {
    let stopped = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut kernel = NfTables::open().unwrap();
            while !stopped.load(Ordering::Relaxed) {
                match converge(&mut kernel, Step::Validate, policy.ruleset(), |_| ()) {
                    Ok(_) | Err(KernelError::Stale) => {}
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
        let _stop = RaisedAtLast(&stopped);
        work();
    });
}
