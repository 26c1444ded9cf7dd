//! Whatever messages tell of our tables, nothing panics; and what of it hairnat knows, it can write
//! and reads again.

use hairnat::kernel::{batch_bytes, snapshot_from_bytes};
use hairnat::plan::{Changes, Detail, Plan, Snapshot, groups, plan};
use hairnat::ruleset::Ruleset;

/// Reads `data` as messages of the kernel.
///
/// # Panics
///
/// If the law does not hold.
pub fn check(data: &[u8]) {
    let Ok(live) = snapshot_from_bytes(data) else { return };
    let (known, left_out) = live.to_ruleset();

    let nothing = Snapshot::default();
    let made = plan(&nothing, &known);
    let batch = batch_bytes(&made).expect("what is known can be written");
    let again = snapshot_from_bytes(&batch).expect("hairnat's own messages");
    assert_eq!(again.to_ruleset(), (known.clone(), Vec::new()));

    let kept = plan(&live, &known);
    let switched_off = live.tables.iter().any(|table| table.dormant);
    if left_out.is_empty() && !switched_off {
        assert_eq!(kept.changes, Changes::default(), "what is live is what it is");
    }
    let none = Ruleset::default();
    for plan in [&made, &kept, &plan(&live, &none)] {
        is_shown(plan);
    }
    known.to_string();
    // There are interfaces that JSON has no way to write.
    let _ = known.to_json(&mut Vec::new());
}

/// There are words for every change and every operation.
fn is_shown(plan: &Plan<'_>) {
    assert_eq!(plan.changes.is_empty(), plan.ops.is_empty());
    for group in groups(&plan.changes, Detail::Full) {
        assert!(group.lines().all(|line| !line.text.is_empty()));
    }
    for op in &plan.ops {
        assert!(op.nft(None).contains(" hairnat"));
        assert!(!op.describe(None).is_empty());
    }
}
