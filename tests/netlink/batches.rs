//! Batches of the real kernel: one transaction however large, refusals that name the object, and the
//! limit of the socket. What any kernel does with a plan is in `tests/contract`.

use std::borrow::Cow;
use std::error::Error;

use hairnat::kernel::{Kernel, KernelError, NfTables};
use hairnat::plan::{Action, LiveSet, Op, Plan, plan};
use hairnat::ruleset::{
    ChainDeclaration, Data, Datatype, Element, Elements, Rule, Ruleset, Set, SetDeclaration,
    Statement, Table, TableFamily,
};

use crate::limits::wmem_max;
use crate::witness::{inside, listing};

fn declaration() -> SetDeclaration {
    SetDeclaration {
        name: "dnat4".to_owned(),
        key: vec![Datatype::Ipv4Addr],
        data: Some(Data { types: vec![Datatype::Ipv4Addr], interval: false }),
        interval: false,
        learned: None,
        counter: false,
        size: None,
    }
}

/// `count` floats from 100.64.0.0 on, to 10.0.0.0 on.
fn floats(count: u32) -> Elements {
    let mut elements = Elements::new(&declaration());
    for number in 0..count {
        let key = (0x6440_0000 + number).to_be_bytes();
        let data = (0x0a00_0000 + number).to_be_bytes();
        elements.push(Element { key: &key, last: &key, data: &data, comment: Some("float") });
    }
    elements
}

fn one_map(elements: Elements) -> Ruleset {
    let sets = vec![Set { declaration: declaration(), elements }];
    Ruleset { tables: vec![Table { family: TableFamily::Inet, sets, chains: vec![] }] }
}

fn inet(action: Action<'_>) -> Op<'_> {
    Op { family: TableFamily::Inet, action }
}

fn ops(kernel: &mut NfTables, ops: Vec<Op<'static>>) -> Plan<'static> {
    Plan { generation: kernel.generation().unwrap(), ops, ..Plan::default() }
}

/// Takes several messages, and fits the send buffer that a user namespace is given where
/// `net.core.wmem_max` is 212992, the default of older kernels (`SK_WMEM_MAX`, `net/sock.h`).
#[test]
fn ten_thousand_elements_arrive_in_one_batch() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        let before = kernel.snapshot().unwrap();
        let desired = one_map(floats(10_000));
        kernel.commit(&plan(&before, &desired)).unwrap();
        let after = kernel.snapshot().unwrap();
        assert_eq!(after.generation, before.generation + 1, "one transaction");
        let LiveSet::Known { set, .. } = &after.tables[0].sets[0] else { panic!("{after:?}") };
        assert_eq!(set.elements, floats(10_000));
        let gone = one_map(Elements::new(&declaration()));
        kernel.commit(&plan(&after, &gone)).unwrap();
        let LiveSet::Known { set, .. } = kernel.snapshot().unwrap().tables[0].sets[0].clone()
        else {
            panic!("a map of its own")
        };
        assert!(set.elements.is_empty());
    });
}

#[test]
fn a_map_that_is_full_is_made_larger_in_the_batch_that_fills_it() {
    inside(|| {
        let sized = |count: u32, size: u32| {
            let mut ruleset = one_map(floats(count));
            ruleset.tables[0].sets[0].declaration.size = Some(size);
            ruleset
        };
        let mut kernel = NfTables::open().unwrap();
        let (full, larger) = (sized(1024, 1024), sized(1025, 4096));
        for (desired, size) in [(&full, 1024), (&larger, 4096)] {
            let before = kernel.snapshot().unwrap();
            kernel.commit(&plan(&before, desired)).unwrap();
            let after = kernel.snapshot().unwrap();
            assert_eq!(after.generation, before.generation + 1, "one transaction");
            assert_eq!(after.to_ruleset(), (desired.clone(), Vec::new()));
            assert!(listing().contains(&format!("size {size}\n")));
        }
        let live = kernel.snapshot().unwrap();
        let add = Op {
            family: TableFamily::Inet,
            action: Action::AddElements {
                set: &larger.tables[0].sets[0].declaration,
                elements: Cow::Owned(floats(5000)),
            },
        };
        let over = Plan { generation: live.generation, ops: vec![add], ..Plan::default() };
        let refused = kernel.commit(&over).unwrap_err();
        assert!(
            matches!(&refused, KernelError::Refused { source, .. }
                if source.raw_os_error() == Some(libc::ENFILE)),
            "the size holds: {refused:?}"
        );
    });
}

#[test]
fn validation_finds_what_a_commit_would() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        let twice = ops(&mut kernel, vec![inet(Action::AddTable), inet(Action::AddTable)]);
        for refused in [kernel.validate(&twice), kernel.commit(&twice)] {
            let error = refused.unwrap_err();
            assert_eq!(error.to_string(), "the kernel refused to add table `inet hairnat`");
            assert_eq!(error.source().unwrap().to_string(), "File exists (os error 17)");
        }
        assert_eq!(listing(), "");
    });
}

#[test]
fn a_refusal_names_the_very_element() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        let live = kernel.snapshot().unwrap();
        kernel.commit(&plan(&live, &one_map(floats(5000)))).unwrap();
        let set: &'static SetDeclaration = Box::leak(Box::new(declaration()));
        // 5001 elements take two messages; the last one, in the second, is not there.
        let mut elements = floats(5000);
        let key = [203, 0, 113, 10];
        elements.push(Element { key: &key, last: &key, data: &[0; 4], comment: None });
        let delete = Action::DeleteElements { set, elements: Cow::Owned(elements) };
        let plan = ops(&mut kernel, vec![inet(delete)]);
        let KernelError::Refused { action, nft, source, .. } = kernel.commit(&plan).unwrap_err()
        else {
            panic!("another error")
        };
        assert_eq!(
            action,
            "delete element `203.0.113.10` from map `dnat4` of table `inet hairnat`"
        );
        assert_eq!(nft, "delete element inet hairnat dnat4 { 203.0.113.10 : 0.0.0.0 }");
        assert_eq!(source.raw_os_error(), Some(2));
        let live = kernel.snapshot().unwrap();
        assert_eq!(live.tables[0].sets[0].element_count(), Some(5000), "nothing was deleted");
    });
}

#[test]
fn a_refusal_names_the_rule() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        let rule: &'static Rule =
            Box::leak(Box::new(Rule { statements: vec![Statement::Masquerade] }));
        let chain: &'static ChainDeclaration =
            Box::leak(Box::new(ChainDeclaration { name: "c".to_owned(), base: None }));
        let set = Statement::PortPair { set: "nowhere".to_owned() };
        let lost: &'static Rule = Box::leak(Box::new(Rule { statements: vec![set] }));
        let plan = ops(
            &mut kernel,
            vec![
                inet(Action::AddTable),
                inet(Action::AddChain(chain)),
                inet(Action::AddRule { chain: "c", rule, before: None }),
                inet(Action::AddRule { chain: "c", rule: lost, before: None }),
            ],
        );
        let KernelError::Refused { nft, source, .. } = kernel.commit(&plan).unwrap_err() else {
            panic!("another error")
        };
        assert_eq!(nft, "add rule inet hairnat c iif . oif @nowhere");
        assert_eq!(source.raw_os_error(), Some(2));
    });
}

#[test]
fn a_foreign_rule_is_not_written() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        let statements = vec![Statement::Foreign("limit".to_owned())];
        let rule: &'static Rule = Box::leak(Box::new(Rule { statements }));
        let plan = ops(&mut kernel, vec![inet(Action::AddRule { chain: "c", rule, before: None })]);
        let refused = kernel.commit(&plan);
        assert!(
            matches!(&refused, Err(KernelError::Refused { detail: Some(detail), .. })
                if detail == "hairnat cannot write `limit`"),
            "{refused:?}"
        );
    });
}

#[test]
fn a_batch_that_does_not_fit_says_which_limit_to_raise() {
    inside(|| {
        // The kernel doubles the limit, and an element takes 40 bytes.
        let room = 2 * wmem_max() - 32;
        let fits = u32::try_from(room / 41).unwrap();
        let mut kernel = NfTables::open().unwrap();
        let live = kernel.snapshot().unwrap();
        kernel.validate(&plan(&live, &one_map(floats(fits)))).unwrap();
        let too_many = u32::try_from(room / 40 + 1).unwrap();
        let error = kernel.commit(&plan(&live, &one_map(floats(too_many)))).unwrap_err();
        let KernelError::BatchTooLarge { needed, limit } = error else { panic!("{error:?}") };
        assert_eq!(limit, room);
        assert!(needed > room);
        let raise = format!("net.core.wmem_max={}", (needed + 32).div_ceil(2));
        assert!(error.hint().unwrap().contains(&raise), "{error:?}");
        assert_eq!(kernel.snapshot().unwrap(), live);
    });
}
