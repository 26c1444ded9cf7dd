//! Elements of sets and maps.

use std::borrow::Cow;

use hairnat::plan::Action;
use hairnat::ruleset::{Element, Elements, SetDeclaration};

use crate::world::{World, declaration, filled};

fn add(set: &SetDeclaration, elements: Elements) -> Action<'_> {
    Action::AddElements { set, elements: Cow::Owned(elements) }
}

fn delete(set: &SetDeclaration, elements: Elements) -> Action<'_> {
    Action::DeleteElements { set, elements: Cow::Owned(elements) }
}

/// A float, to the fixed address of that last byte.
fn float(set: &SetDeclaration, last: u8, to: u8) -> Elements {
    let key = [203, 0, 113, last];
    filled(set, &[(&key, &key, &[10, 0, 0, to])])
}

/// A prefix of 198.51.100.0/24 as its first and last address, to the same of 10.0.0.0/24.
fn prefix(set: &SetDeclaration, first: u8, last: u8) -> Elements {
    let (key, end) = ([198, 51, 100, first], [198, 51, 100, last]);
    filled(set, &[(&key, &end, &[10, 0, 0, first, 10, 0, 0, last])])
}

/// UDP ports of 203.0.113.12, to 10.0.0.12.
fn ports(set: &SetDeclaration, first: u16, last: u16) -> Elements {
    let key = |l4_port: u16| {
        let [high, low] = l4_port.to_be_bytes();
        [203, 0, 113, 12, 17, 0, 0, 0, high, low, 0, 0]
    };
    filled(set, &[(&key(first), &key(last), &[10, 0, 0, 12])])
}

pub(crate) fn an_element_is_not_there_twice_with_other_data(world: &mut dyn World) {
    let desired = world.begin();
    let set = declaration(&desired, "dnat4");
    let mut two = float(set, 9, 9);
    two.push(float(set, 10, 99).get(0));
    let line = "add element `203.0.113.10` to map `dnat4` of table `inet hairnat`";
    world.refuses(vec![add(set, two)], line, libc::EEXIST);
}

pub(crate) fn an_element_that_is_there_already_is_no_error(world: &mut dyn World) {
    let desired = world.begin();
    let [dnat, net] = ["dnat4", "dnat4_net"].map(|name| declaration(&desired, name));
    let ranges = declaration(&desired, "dnat4_range");
    let before = world.snapshot().tables;
    world.commit(vec![
        add(dnat, float(dnat, 10, 10)),
        add(net, filled(net, &[(&[198, 51, 100, 0], &[198, 51, 100, 15], NET_DATA)])),
        add(ranges, ports(ranges, 6000, 6010)),
    ]);
    assert_eq!(world.snapshot().tables, before, "with the name that it had");
}

/// 10.0.0.64/28
const NET_DATA: &[u8] = &[10, 0, 0, 64, 10, 0, 0, 79];

pub(crate) fn intervals_do_not_overlap(world: &mut dyn World) {
    let desired = world.begin();
    let set = declaration(&desired, "dnat4_net");
    for (first, last, shown) in
        [(0, 7, "198.51.100.0/29"), (8, 15, "198.51.100.8/29"), (0, 31, "198.51.100.0/27")]
    {
        let line = format!("add element `{shown}` to map `dnat4_net` of table `inet hairnat`");
        world.refuses(vec![add(set, prefix(set, first, last))], &line, libc::EEXIST);
    }
    world.commit(vec![add(set, prefix(set, 16, 31)), add(set, prefix(set, 64, 79))]);
    let line = "add element `198.51.100.32/27` to map `dnat4_net` of table `inet hairnat`";
    world.commit(vec![add(set, prefix(set, 40, 47))]);
    world.refuses(vec![add(set, prefix(set, 32, 63))], line, libc::EEXIST);
}

pub(crate) fn ranges_of_l4_ports_do_not_overlap(world: &mut dyn World) {
    let desired = world.begin();
    let set = declaration(&desired, "dnat4_range");
    // A range around another one is not always seen: `nft_pipapo_insert` looks up the two ends.
    for (first, last) in [(6010, 6020), (5990, 6000), (6003, 6004)] {
        let line = format!(
            "add element `203.0.113.12 . udp . {first}-{last}` to map `dnat4_range` of table \
             `inet hairnat`"
        );
        world.refuses(vec![add(set, ports(set, first, last))], &line, libc::EEXIST);
    }
    world.commit(vec![add(set, ports(set, 6011, 6020)), add(set, ports(set, 1, 5999))]);
}

pub(crate) fn an_element_that_is_not_there_is_not_deleted(world: &mut dyn World) {
    let desired = world.begin();
    let set = declaration(&desired, "dnat4");
    let mut two = float(set, 10, 10);
    two.push(float(set, 99, 10).get(0));
    let line = "delete element `203.0.113.99` from map `dnat4` of table `inet hairnat`";
    world.refuses(vec![delete(set, two)], line, libc::ENOENT);
}

pub(crate) fn an_interval_with_another_end_is_not_deleted(world: &mut dyn World) {
    let desired = world.begin();
    let net = declaration(&desired, "dnat4_net");
    let line = "delete element `198.51.100.0/29` from map `dnat4_net` of table `inet hairnat`";
    world.refuses(vec![delete(net, prefix(net, 0, 7))], line, libc::ENOENT);
}

pub(crate) fn an_element_is_not_deleted_twice(world: &mut dyn World) {
    let desired = world.begin();
    let set = declaration(&desired, "dnat4");
    let line = "delete element `203.0.113.10` from map `dnat4` of table `inet hairnat`";
    let actions = vec![delete(set, float(set, 10, 10)), delete(set, float(set, 10, 10))];
    world.refuses(actions, line, libc::ENOENT);
}

/// A map of the size two, with two elements.
fn full(world: &mut dyn World) -> SetDeclaration {
    let desired = world.begin();
    let set = SetDeclaration {
        name: "full4".to_owned(),
        size: Some(2),
        counter: false,
        ..declaration(&desired, "dnat4").clone()
    };
    world.commit(vec![
        Action::AddSet(&set),
        add(&set, float(&set, 1, 1)),
        add(&set, float(&set, 2, 2)),
    ]);
    set
}

pub(crate) fn a_full_set_takes_no_more(world: &mut dyn World) {
    let set = &full(world);
    let line = "add element `203.0.113.3` to map `full4` of table `inet hairnat`";
    world.refuses(vec![add(set, float(set, 3, 3))], line, libc::ENFILE);
}

pub(crate) fn a_deleted_element_makes_room_in_the_same_batch(world: &mut dyn World) {
    let set = &full(world);
    world.commit(vec![delete(set, float(set, 1, 1)), add(set, float(set, 3, 3))]);
    assert_eq!(world.elements("full4"), ["203.0.113.2 : 10.0.0.2", "203.0.113.3 : 10.0.0.3"]);
}

pub(crate) fn an_interval_takes_the_place_of_others_in_the_same_batch(world: &mut dyn World) {
    let desired = world.begin();
    let net = &SetDeclaration { counter: false, ..declaration(&desired, "dnat4_net").clone() };
    let whole = || filled(net, &[(&[198, 51, 100, 0], &[198, 51, 100, 15], NET_DATA)]);
    world.commit(vec![
        delete(net, whole()),
        add(net, prefix(net, 8, 15)),
        add(net, prefix(net, 0, 7)),
        add(net, prefix(net, 16, 31)),
    ]);
    world.commit(vec![
        delete(net, prefix(net, 8, 15)),
        delete(net, prefix(net, 16, 31)),
        add(net, prefix(net, 12, 13)),
        add(net, prefix(net, 14, 31)),
    ]);
    let counted = |text: &str| text.replacen(" : ", " counter packets 0 bytes 0 : ", 1);
    assert_eq!(
        world.elements("dnat4_net"),
        [
            "198.51.100.0/29 : 10.0.0.0/29",
            "198.51.100.12/31 : 10.0.0.12/31",
            "198.51.100.14-198.51.100.31 : 10.0.0.14-10.0.0.31",
        ]
        .map(counted)
    );
    let ranges = declaration(&desired, "dnat4_range");
    world.commit(vec![
        delete(ranges, ports(ranges, 6000, 6010)),
        add(ranges, ports(ranges, 6001, 6010)),
        add(ranges, ports(ranges, 6000, 6000)),
        add(ranges, ports(ranges, 6011, 6011)),
    ]);
    assert_eq!(world.elements("dnat4_range").len(), 3);
}

pub(crate) fn thousands_of_elements_come_and_go_in_one_batch(world: &mut dyn World) {
    let desired = world.begin();
    let set = SetDeclaration {
        name: "many4".to_owned(),
        size: Some(16384),
        ..declaration(&desired, "snat4").clone()
    };
    let many = |from: u32, to: u32, data: u8| {
        let mut many = Elements::new(&set);
        for number in from..to {
            let key = (0x0a00_0000 + number).to_be_bytes();
            let comment = Some("web");
            many.push(Element { key: &key, last: &key, data: &[10, 0, 0, data], comment });
        }
        many
    };
    world.commit(vec![Action::AddSet(&set), add(&set, many(0, 6000, 1))]);
    assert_eq!(world.elements("many4").len(), 6000);
    world.commit(vec![
        delete(&set, many(1000, 6000, 1)),
        add(&set, many(5000, 8000, 2)),
        add(&set, many(8000, 9000, 3)),
    ]);
    let elements = world.elements("many4");
    assert_eq!(elements.len(), 1000 + 3000 + 1000);
    assert_eq!(elements[1000], "10.0.19.136 comment \"web\" : 10.0.0.2");
    let line = "add element `10.0.35.40` to map `many4` of table `inet hairnat`";
    let mut clash = many(9001, 14000, 1);
    clash.push(many(9000, 9001, 1).get(0));
    clash.push(many(9000, 9001, 2).get(0));
    world.refuses(vec![add(&set, clash)], line, libc::EEXIST);
}
