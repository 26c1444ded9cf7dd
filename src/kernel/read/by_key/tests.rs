//! Large sets of the real kernel, read by key and dumped.

use std::borrow::Cow;

use super::{End, Expected, Interrupted, KEYS, LARGE, Reader};
use crate::kernel::decode::ElementReader;
use crate::kernel::encode::ElementWriter;
use crate::kernel::testing::{Other, inside};
use crate::kernel::watch::Watch;
use crate::kernel::{Kernel, NfTables};
use crate::netlink::{Bus, Socket};
use crate::plan::{Action, ChangeOp, Detail, Line, LiveSet, Op, Plan, groups, plan};
use crate::ruleset::{
    Data, Datatype, Element, Elements, Ruleset, Set, SetDeclaration, Table, TableFamily,
};

fn declaration() -> SetDeclaration {
    SetDeclaration {
        name: "dnat4".to_owned(),
        key: vec![Datatype::Ipv4Addr],
        data: Some(Data { types: vec![Datatype::Ipv4Addr], interval: false }),
        interval: false,
        learned: None,
        counter: true,
        size: Some(1 << 18),
    }
}

/// Floats from 100.64.0.0 on, every tenth with a name.
fn floats(numbers: impl IntoIterator<Item = usize>) -> Elements {
    let mut elements = Elements::new(&declaration());
    for number in numbers {
        let number = u32::try_from(number).unwrap();
        let (key, data) = (0x6440_0000 + number, 0x0a00_0000 + number);
        let (key, data) = (key.to_be_bytes(), data.to_be_bytes());
        let name = format!("float-{number}");
        let comment = number.is_multiple_of(10).then_some(name.as_str());
        elements.push(Element { key: &key, last: &key, data: &data, comment });
    }
    elements
}

fn ruleset(elements: Elements) -> Ruleset {
    let sets = vec![Set { declaration: declaration(), elements }];
    Ruleset { tables: vec![Table { family: TableFamily::Inet, sets, chains: Vec::new() }] }
}

fn commit(kernel: &mut NfTables, actions: Vec<Action<'_>>) {
    let family = TableFamily::Inet;
    let ops = actions.into_iter().map(|action| Op { family, action }).collect();
    let generation = kernel.generation().unwrap();
    kernel.commit(&Plan { generation, ops, ..Plan::default() }).unwrap();
}

/// Makes the map, and fills it in batches that fit the send buffer of a user namespace.
fn load(kernel: &mut NfTables, count: usize) {
    let set = &declaration();
    commit(kernel, vec![Action::AddTable, Action::AddSet(set)]);
    for first in (0..count).step_by(8000) {
        let elements = Cow::Owned(floats(first..count.min(first + 8000)));
        commit(kernel, vec![Action::AddElements { set, elements }]);
    }
}

/// Whether the kernel says how many elements its sets have; tells of it if not.
fn counts(kernel: &mut NfTables) -> bool {
    let mut watch = begun(&mut kernel.socket);
    let sets = reader(&mut kernel.socket, &mut watch, None).sets().unwrap();
    let counts = sets.iter().all(|(_, count)| count.is_some());
    if !counts {
        eprintln!("skipped: only Linux 6.16 and later says how many elements a set has");
    }
    counts
}

/// A watch that has begun.
fn begun(socket: &mut Socket) -> Watch {
    let mut watch = Watch::open().unwrap();
    watch.begin(socket).unwrap();
    watch
}

/// A reader of our inet table.
fn reader<'s>(
    socket: &'s mut Socket,
    watch: &'s mut Watch,
    expected: Option<Expected<'s>>,
) -> Reader<'s> {
    Reader { socket, watch, family: TableFamily::Inet, expected, whole: true }
}

/// How many requests the kernel was sent meanwhile.
fn requests<T>(kernel: &mut NfTables, read: impl FnOnce(&mut NfTables) -> T) -> (T, u32) {
    let before = kernel.socket.next_seq();
    let value = read(kernel);
    (value, kernel.socket.next_seq() - before)
}

/// In how many requests a set is asked for so many elements.
fn asked(elements: usize) -> u32 {
    u32::try_from(elements.div_ceil(KEYS)).unwrap()
}

#[test]
fn a_large_set_is_asked_for_what_is_expected_and_gives_what_a_dump_does() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel, LARGE);
        if !counts(&mut kernel) {
            return;
        }
        let desired = ruleset(floats(0..LARGE));
        let (live, count) = requests(&mut kernel, |kernel| kernel.snapshot_expecting(&desired));
        assert!(count > asked(LARGE), "{count} requests");
        let live = live.unwrap();
        assert!(plan(&live, &desired).is_empty());
        let (dumped, count) = requests(&mut kernel, Kernel::snapshot);
        assert!(count < 20, "{count} requests");
        assert_eq!(live, dumped.unwrap());
    });
}

#[test]
fn a_set_that_is_not_large_is_dumped() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap().with_large_sets_from(1001);
        load(&mut kernel, 1000);
        if !counts(&mut kernel) {
            return;
        }
        let desired = ruleset(floats(0..1000));
        let dump = requests(&mut kernel, Kernel::snapshot);
        assert_eq!(requests(&mut kernel, |kernel| kernel.snapshot_expecting(&desired)).1, dump.1);
        let mut kernel = kernel.with_large_sets_from(1000);
        let (_, count) = requests(&mut kernel, |kernel| kernel.snapshot_expecting(&desired));
        assert_eq!(count, dump.1 + asked(1000), "no dump, but the keys and the catch-all");
    });
}

#[test]
fn only_a_dump_names_what_is_not_expected() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap().with_large_sets_from(1);
        load(&mut kernel, 10_000);
        if !counts(&mut kernel) {
            return;
        }
        let set = &declaration();
        let desired = ruleset(floats(0..10_000));
        let stranger = [203, 0, 113, 10];
        let mut surplus = Elements::new(set);
        surplus.push(Element { key: &stranger, last: &stranger, data: &[10; 4], comment: None });
        let delete = |elements| Action::DeleteElements { set, elements: Cow::Owned(elements) };
        let add = Action::AddElements { set, elements: Cow::Borrowed(&surplus) };
        commit(&mut kernel, vec![delete(floats([7])), add]);

        let live = kernel.snapshot_expecting(&desired).unwrap();
        assert_eq!(live, kernel.snapshot().unwrap());
        let changes = plan(&live, &desired).changes;
        let [group] = &*groups(&changes, Detail::Brief) else { panic!("{changes:?}") };
        let shown: Vec<_> = group.lines().map(|Line { op, text }| (op, text)).collect();
        let missing = (ChangeOp::Add, "100.64.0.7   : 10.0.0.7".to_owned());
        let stray = (ChangeOp::Delete, "203.0.113.10 : 10.10.10.10".to_owned());
        assert_eq!(shown, [missing, stray]);

        commit(&mut kernel, vec![delete(floats([0, 9999])), delete(surplus)]);
        let (live, count) = requests(&mut kernel, |kernel| kernel.snapshot_expecting(&desired));
        assert!(count > asked(10_000), "{count} requests");
        let live = live.unwrap();
        assert_eq!(live, kernel.snapshot().unwrap());
        assert_eq!(plan(&live, &desired).summary().add, 3);
    });
}

/// Maps of 6000 floats and of their fixed addresses, but for the float `without` and with the float
/// `moved` leading elsewhere.
fn both_maps(without: u32, moved: u32) -> Ruleset {
    let mut sets = Vec::new();
    for name in ["dnat4", "snat4"] {
        let declaration = SetDeclaration { name: name.to_owned(), counter: false, ..declaration() };
        let mut elements = Elements::new(&declaration);
        for number in (0..6000).filter(|&number| number != without) {
            let fixed = if number == moved { 0x0a01_0000 } else { 0x0a00_0000 } + number;
            let (float, fixed) = ((0x6440_0000 + number).to_be_bytes(), fixed.to_be_bytes());
            let (key, data) = if name == "dnat4" { (float, fixed) } else { (fixed, float) };
            elements.push(Element { key: &key, last: &key, data: &data, comment: None });
        }
        elements.sort();
        sets.push(Set { declaration, elements });
    }
    Ruleset { tables: vec![Table { family: TableFamily::Inet, sets, chains: Vec::new() }] }
}

#[test]
fn what_a_float_that_moved_or_vanished_has_left_is_found_without_a_dump() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        let empty = kernel.snapshot().unwrap();
        let live = both_maps(u32::MAX, u32::MAX);
        kernel.commit(&plan(&empty, &live)).unwrap();
        if !counts(&mut kernel) {
            return;
        }
        for (without, moved) in [(0, 7), (1000, 1001), (5999, 0), (u32::MAX, 1000)] {
            let expected = Expected { ruleset: &both_maps(without, moved), large: 1 };
            let mut watch = begun(&mut kernel.socket);
            let mut reader = reader(&mut kernel.socket, &mut watch, Some(expected));
            let mut others = Vec::new();
            for (set, count) in reader.sets().unwrap() {
                let LiveSet::Known { set, .. } = set else { panic!("{set:?}") };
                let declaration = set.declaration;
                let found = reader.by_key(&declaration, count, &others).unwrap();
                let (elements, counters, strays) = found.expect("no dump").finish();
                let set = Set { declaration, elements };
                others.push(LiveSet::Known { set, counters, strays });
            }
            let read = others.iter().filter_map(LiveSet::known).cloned().collect::<Vec<_>>();
            assert_eq!(read, live.tables[0].sets);
        }
    });
}

#[test]
fn a_receive_queue_that_is_too_short_is_asked_for_less() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel, 1000);
        let dumped = kernel.snapshot().unwrap();
        let set = declaration();
        let expected = floats(0..1001);

        let mut socket = Socket::open(Bus::Netfilter).unwrap();
        socket.shorten_receive_queue();
        let mut watch = begun(&mut socket);
        let mut reader = reader(&mut socket, &mut watch, None);

        let mut some = ElementReader::new(&set);
        let writer = ElementWriter::asking(TableFamily::Inet, &set, KEYS);
        assert_eq!(reader.ask_for(expected.iter(), writer, &mut some).unwrap(), End::Cut);
        let fitted = some.count();
        assert!((1..KEYS).contains(&fitted), "{fitted} answers");
        assert_eq!(some.finish().0, floats(0..fitted));

        let before = reader.socket.next_seq();
        let mut all = ElementReader::new(&set);
        reader.find(&set, &expected, 1000, KEYS, &mut all).unwrap();
        let requests = reader.socket.next_seq() - before;
        assert!((50..1010).contains(&requests), "{requests} requests");
        let (elements, counters, strays) = all.finish();
        let live = LiveSet::Known { set: Set { declaration: set, elements }, counters, strays };
        assert_eq!(dumped.tables[0].sets, [live]);
    });
}

#[test]
fn elements_are_read_again_if_our_tables_have_changed_and_not_if_others_have() {
    inside(|| {
        let mut kernel = NfTables::open().unwrap();
        load(&mut kernel, 300);
        let set = declaration();
        let mut other = Other::new();
        for ours in [false, true] {
            let mut watch = begun(&mut kernel.socket);
            if ours {
                let elements = || Cow::Owned(floats([7]));
                let delete = Action::DeleteElements { set: &set, elements: elements() };
                let add = Action::AddElements { set: &set, elements: elements() };
                commit(&mut kernel, vec![delete, add]);
            } else {
                other.commit();
            }
            let mut reader = reader(&mut kernel.socket, &mut watch, None);
            let dumped = reader.dump_elements(&set).map(|_| ());
            let mut some = ElementReader::new(&set);
            let asked = reader.find(&set, &floats(0..300), 300, KEYS, &mut some);
            for read in [dumped, asked] {
                let again = matches!(read, Err(Interrupted::Again));
                assert_eq!((read.is_ok(), again), (!ours, ours), "{read:?}");
            }
        }
    });
}
