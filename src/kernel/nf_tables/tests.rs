//! What is lost or overtaken is asked for again; what is sent.

mod overtaken;

use std::borrow::Cow;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use super::{Interrupted, NfTables, TRIES, batch_bytes, read};
use crate::kernel::batch::{Batch, Ending};
use crate::kernel::testing::{Other, inside};
use crate::kernel::uapi::{GETCHAIN, NFNLGRP_NFTABLES, NFPROTO_INET};
use crate::kernel::{Kernel, KernelError, nfnetlink};
use crate::netlink::{self, NLM_F_DUMP, NLM_F_REQUEST, Socket};
use crate::plan::{Action, LiveChain, Op, Plan};
use crate::ruleset::{
    ChainDeclaration, Datatype, Element, Elements, Rule, SetDeclaration, Statement, TableFamily,
};

/// So many chains are dumped in several parts, more than are queued ahead.
const CHAINS: usize = 2000;

fn set() -> SetDeclaration {
    SetDeclaration {
        name: "exempt4".to_owned(),
        key: vec![Datatype::Ipv4Addr],
        data: None,
        interval: false,
        learned: None,
        counter: false,
        size: None,
    }
}

/// Makes a set of several thousand elements, and chains, so that the kernel dumps the elements and
/// the chains in several parts each.
fn load(kernel: &mut NfTables) {
    let set = &set();
    let mut elements = Elements::new(set);
    for number in 0..5000_u32 {
        let key = number.to_be_bytes();
        elements.push(Element { key: &key, last: &key, data: &[], comment: None });
    }
    let elements = Cow::Owned(elements);
    let chains =
        (0..CHAINS).map(|number| ChainDeclaration { name: format!("c{number}"), base: None });
    let chains: Vec<_> = chains.collect();
    let mut actions = vec![Action::AddTable, Action::AddSet(set)];
    actions.push(Action::AddElements { set, elements });
    actions.extend(chains.iter().map(Action::AddChain));
    let family = TableFamily::Inet;
    let ops = actions.into_iter().map(|action| Op { family, action }).collect();
    let generation = kernel.generation().unwrap();
    kernel.commit(&Plan { generation, ops, ..Plan::default() }).unwrap();
}

/// Dumps the chains of the family, and calls `meanwhile` after the first part; gives the errno and
/// the number of chains.
fn dump(socket: &mut Socket, meanwhile: impl FnOnce()) -> (Result<i32, Interrupted>, usize) {
    let header = nfnetlink::Header {
        kind: GETCHAIN,
        flags: NLM_F_REQUEST | NLM_F_DUMP,
        seq: socket.next_seq(),
        family: NFPROTO_INET,
        resource: 0,
    };
    let mut request = Vec::new();
    let start = nfnetlink::begin(&mut request, header);
    netlink::end(&mut request, start);
    let (mut chains, mut meanwhile) = (0, Some(meanwhile));
    let result = socket.request(&request, true, |_| {
        chains += 1;
        if let Some(meanwhile) = meanwhile.take() {
            meanwhile();
        }
        Ok(())
    });
    (result, chains)
}

#[test]
fn rules_are_found_in_their_chains_however_many_there_are() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel);
        let rules = [Statement::Accept, Statement::Drop];
        let rules = rules.map(|statement| Rule { statements: vec![statement] });
        let names: Vec<String> = (0..CHAINS).map(|number| format!("c{number}")).collect();
        let add = |(chain, rule)| {
            let action = Action::AddRule { chain, rule, before: None };
            Op { family: TableFamily::Inet, action }
        };
        let every_other = names.iter().step_by(2).map(String::as_str);
        let ops = every_other.flat_map(|chain| rules.iter().map(move |rule| (chain, rule)));
        let ops = ops.map(add).collect();
        let generation = kernel.generation().unwrap();
        kernel.commit(&Plan { generation, ops, ..Plan::default() }).unwrap();
        let live = kernel.snapshot().unwrap();
        let chains = &live.tables[0].chains;
        assert_eq!(chains.iter().map(LiveChain::name).collect::<Vec<_>>(), names);
        for (number, chain) in chains.iter().enumerate() {
            let expected = if number % 2 == 0 { &rules[..] } else { &[] };
            assert!(chain.rules.iter().map(|live| &live.rule).eq(expected), "{chain:?}");
        }
    });
}

#[test]
fn a_dump_that_a_commit_interrupts_is_made_again() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel);
        let (whole, chains) = dump(&mut kernel.socket, || {});
        assert!(matches!(whole, Ok(0)), "{whole:?}");
        assert_eq!(chains, CHAINS);
        let (cut, _) = dump(&mut kernel.socket, || Other::new().commit());
        assert!(matches!(cut, Err(Interrupted::Again)), "{cut:?}");
        let (whole, chains) = dump(&mut kernel.socket, || {});
        assert!(matches!(whole, Ok(0)), "{whole:?}");
        assert_eq!(chains, CHAINS, "the socket is as good as new");
    });
}

/// Fills the short receive queue of a socket that listens to commits.
fn overrun(other: &mut Other) {
    (0..20).for_each(|_| other.commit());
}

#[test]
fn answers_that_a_full_receive_queue_loses_are_asked_for_again() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel);
        let mut other = Other::new();
        kernel.socket.shorten_receive_queue();
        kernel.socket.join(NFNLGRP_NFTABLES).unwrap();

        overrun(&mut other);
        let lost = read::generation(&mut kernel.socket);
        assert!(matches!(lost, Err(Interrupted::Again)), "{lost:?}");
        read::generation(&mut kernel.socket).unwrap();

        let (lost, _) = dump(&mut kernel.socket, || overrun(&mut other));
        assert!(matches!(lost, Err(Interrupted::Again)), "{lost:?}");
        let (whole, chains) = dump(&mut kernel.socket, || {});
        assert!(matches!(whole, Ok(0)), "{whole:?}");
        assert_eq!(chains, CHAINS);

        overrun(&mut other);
        let live = kernel.snapshot().unwrap();
        assert_eq!(live.tables[0].sets[0].element_count(), Some(5000));
    });
}

#[test]
fn what_is_read_while_others_commit_without_rest_is_right() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel);
        let calm = kernel.snapshot().unwrap();
        let done = AtomicBool::new(false);
        let mut meanwhile = 0;
        thread::scope(|scope| {
            scope.spawn(|| {
                let mut other = Other::new();
                (0..2000).for_each(|_| other.commit());
                done.store(true, Ordering::Relaxed);
            });
            while !done.load(Ordering::Relaxed) {
                let before = kernel.generation().unwrap();
                let live = kernel.snapshot().unwrap();
                assert_eq!(live.tables, calm.tables);
                meanwhile += live.generation - before;
            }
        });
        assert!(meanwhile > 0, "nobody committed while it was read");
        let after = kernel.snapshot().unwrap();
        assert_eq!(after.tables, calm.tables);
        assert_eq!(after.generation, calm.generation + 2000);
    });
}

#[test]
fn a_read_is_tried_some_times_and_no_more() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        let mut tries = 0;
        let given_up = kernel.retried(|_| {
            tries += 1;
            Err::<(), _>(Interrupted::Again)
        });
        assert!(matches!(given_up, Err(KernelError::Stale)), "{given_up:?}");
        assert_eq!(tries, TRIES);
        let mut tries = 0;
        let third = kernel.retried(|_| {
            tries += 1;
            if tries < 3 { Err(Interrupted::Again) } else { Ok(tries) }
        });
        assert_eq!(third.unwrap(), 3);
    });
}

#[test]
fn the_bytes_of_a_plan_are_those_that_a_fresh_socket_sends() {
    let op = Op { family: TableFamily::Inet, action: Action::AddTable };
    let plan = Plan { generation: 9, ops: vec![op], ..Plan::default() };
    let first_seq = NfTables::open().unwrap().socket.next_seq();
    let sent = Batch::new(&plan, first_seq, Ending::Commit).unwrap();
    assert_eq!(batch_bytes(&plan).unwrap(), sent.bytes());
}
