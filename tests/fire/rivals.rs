//! Two hairnats that do not agree, and somebody who looks on.

use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;

use hairnat::kernel::NfTables;

use crate::policies::{Policy, text};
use crate::rounds;
use crate::witness::{inside, snapshot};

#[test]
fn of_two_policies_that_lead_to_one_another_in_place_one_is_live_and_never_a_mixture() {
    inside(|| watch([text(0, 300, false), text(1, 300, false)]));
}

#[test]
fn of_two_policies_that_make_a_table_anew_one_is_live_and_never_a_mixture() {
    inside(|| watch([text(0, 300, false), text(1, 300, true)]));
}

/// Applies both policies over and over, each by processes of its own, and reads all the while.
fn watch(texts: [String; 2]) {
    let policies = texts.map(|text| Policy::new(&text));
    let each = rounds(40);
    let done = AtomicU32::new(0);
    let mut kernel = NfTables::open().unwrap();
    let (mut empty, mut seen, mut turns) = (0, [0, 0], 0);
    thread::scope(|scope| {
        let rivals = policies.each_ref().map(|policy| {
            let done = &done;
            scope.spawn(move || {
                for _ in 0..each {
                    let said = policy.apply("--quiet");
                    assert!(matches!(said.code, Some(0 | 5)), "{said:?}");
                    done.fetch_add(u32::from(said.code == Some(0)), Ordering::Relaxed);
                }
            })
        });
        let mut last = None;
        while rivals.iter().any(|rival| !rival.is_finished()) {
            let live = snapshot(&mut kernel);
            let now = policies.iter().position(|policy| policy.is(&live));
            match now {
                Some(policy) => seen[policy] += 1,
                None if live.tables.is_empty() && last.is_none() => empty += 1,
                None => panic!("after {seen:?}, a mixture: {live:?}"),
            }
            turns += u32::from(now != last);
            last = now;
        }
    });
    let done = done.into_inner();
    println!(
        "{done} of {} applies done; seen {empty} times nothing, then {seen:?}, in {turns} turns",
        2 * each
    );
    assert!(seen.iter().all(|&times| times >= each / 4), "{seen:?}");
}
