//! Plans that are carried out after others have committed.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use super::{load, overrun, set};
use crate::kernel::testing::{Other, inside};
use crate::kernel::uapi::NFPROTO_INET;
use crate::kernel::{Kernel, KernelError, NfTables};
use crate::plan::{Action, Op, Plan, Snapshot};
use crate::ruleset::{Element, Elements, SetDeclaration, TableFamily};

/// A plan that deletes elements of our set.
fn deletion(live: &Snapshot, set: &'static SetDeclaration, numbers: Range<u32>) -> Plan<'static> {
    let mut elements = Elements::new(set);
    for number in numbers {
        let key = number.to_be_bytes();
        elements.push(Element { key: &key, last: &key, data: &[], comment: None });
    }
    let action = Action::DeleteElements { set, elements: Cow::Owned(elements) };
    let ops = vec![Op { family: TableFamily::Inet, action }];
    Plan { generation: live.generation, ops, ..Plan::default() }
}

fn element_count(kernel: &mut NfTables) -> usize {
    kernel.snapshot().unwrap().tables[0].sets[0].element_count().unwrap()
}

/// Both while the kernel is listened to as the batch is sent, and with too many elements for that.
#[test]
fn a_plan_is_carried_out_though_others_have_committed_since_it_was_made() {
    inside(|| {
        let set: &'static SetDeclaration = Box::leak(Box::new(set()));
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel);
        let mut other = Other::of_family(NFPROTO_INET);
        let mut left = 5000;
        for count in [1, 2000] {
            let live = kernel.snapshot().unwrap();
            let first = u32::try_from(5000 - left).unwrap();
            let plan = deletion(&live, set, first..first + count);
            (0..5).for_each(|_| other.commit());
            kernel.validate(&plan).unwrap();
            other.commit();
            kernel.commit(&plan).unwrap();
            assert!(kernel.watch.is_none(), "nobody listens for longer than it takes");
            left -= usize::try_from(count).unwrap();
            assert_eq!(element_count(&mut kernel), left);
            assert_eq!(kernel.generation().unwrap(), live.generation + 7);
        }
    });
}

#[test]
fn a_plan_is_stale_as_soon_as_our_tables_have_changed_whoever_else_commits() {
    inside(|| {
        let set: &'static SetDeclaration = Box::leak(Box::new(set()));
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel);
        let mut other = Other::new();
        let mut rival = NfTables::open().unwrap();
        for count in [1, 2000] {
            let live = kernel.snapshot().unwrap();
            let left = live.tables[0].sets[0].element_count().unwrap();
            let first = u32::try_from(5000 - left).unwrap();
            let plan = deletion(&live, set, first + 1..first + 1 + count);
            other.commit();
            let theirs = rival.snapshot().unwrap();
            rival.commit(&deletion(&theirs, set, first..first + 1)).unwrap();
            other.commit();
            for refused in [kernel.validate(&plan), kernel.commit(&plan)] {
                assert!(matches!(refused, Err(KernelError::Stale)), "{refused:?}");
            }
            assert_eq!(element_count(&mut kernel), left - 1);
        }
    });
}

/// What was lost may have been about our tables.
#[test]
fn a_plan_is_stale_if_what_the_kernel_told_was_lost() {
    inside(|| {
        let set: &'static SetDeclaration = Box::leak(Box::new(set()));
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel);
        let live = kernel.snapshot().unwrap();
        kernel.watch.as_mut().unwrap().shorten_queue();
        overrun(&mut Other::new());
        let plan = deletion(&live, set, 0..1);
        assert!(matches!(kernel.commit(&plan), Err(KernelError::Stale)));
        let live = kernel.snapshot().unwrap();
        kernel.commit(&deletion(&live, set, 0..1)).unwrap();
        assert_eq!(element_count(&mut kernel), 4999);
    });
}

#[test]
fn a_small_plan_is_carried_out_beside_somebody_who_commits_without_rest() {
    inside(|| {
        let set: &'static SetDeclaration = Box::leak(Box::new(set()));
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel);
        let done = AtomicBool::new(false);
        let mut overtaken = 0;
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut other = Other::of_family(NFPROTO_INET);
                while !done.load(Ordering::Relaxed) {
                    other.commit();
                }
            });
            for number in 0..20 {
                let live = kernel.snapshot().unwrap();
                kernel.commit(&deletion(&live, set, number..number + 1)).unwrap();
                overtaken += u32::from(kernel.generation().unwrap() > live.generation + 1);
            }
            done.store(true, Ordering::Relaxed);
        });
        assert!(overtaken > 0, "nobody committed meanwhile");
        assert_eq!(element_count(&mut kernel), 4980);
    });
}

/// 50,000 elements take longer to read than the other commits need.
#[test]
fn a_large_set_is_read_beside_somebody_who_commits_time_and_again() {
    inside(|| {
        let set: &'static SetDeclaration = Box::leak(Box::new(set()));
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel);
        for first in (5000..50_000_u32).step_by(5000) {
            let mut elements = Elements::new(set);
            for number in first..first + 5000 {
                let key = number.to_be_bytes();
                elements.push(Element { key: &key, last: &key, data: &[], comment: None });
            }
            let action = Action::AddElements { set, elements: Cow::Owned(elements) };
            let ops = vec![Op { family: TableFamily::Inet, action }];
            let generation = kernel.generation().unwrap();
            kernel.commit(&Plan { generation, ops, ..Plan::default() }).unwrap();
        }
        let done = AtomicBool::new(false);
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut other = Other::new();
                while !done.load(Ordering::Relaxed) {
                    other.commit();
                    thread::sleep(Duration::from_millis(2));
                }
            });
            for number in 0..3 {
                let before = kernel.generation().unwrap();
                let live = kernel.snapshot().unwrap();
                assert!(live.generation > before, "nobody committed while it was read");
                let left = 50_000 - usize::try_from(number).unwrap();
                assert_eq!(live.tables[0].sets[0].element_count(), Some(left));
                kernel.commit(&deletion(&live, set, number..number + 1)).unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
    });
}
