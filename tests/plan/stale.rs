//! Which open connections a plan leaves behind, and when it can leave none.

use std::net::SocketAddr;

use hairnat::address::IpFamily::{V4, V6};
use hairnat::plan::{Connection, Tuple};

use crate::scenario::Scenario;

const NONE: [hairnat::address::IpFamily; 0] = [];

/// A policy of these floats, without the guard, in YAML flow style.
fn floats(floats: &str) -> String {
    format!(
        "bridge: {{ reflection: off }}\nfixed: [10.0.0.0/24, \"fd00:10::/64\"]\n\
         floats: {{ {floats} }}"
    )
}

fn moving(from: &str, to: &str) -> Scenario {
    Scenario::new().applied(&floats(from)).policy(&floats(to))
}

/// A TCP connection to `float` that `instance` answers.
fn through(float: &str, instance: &str) -> Connection {
    let (float, instance): (SocketAddr, SocketAddr) =
        (float.parse().unwrap(), instance.parse().unwrap());
    let client = if float.is_ipv4() { "192.0.2.2:4000" } else { "[2001:db8:2::2]:4000" };
    let client = client.parse().unwrap();
    Connection {
        protocol: 6,
        original: Tuple { source: client, destination: float },
        reply: Tuple { source: instance, destination: client },
        answered: true,
        zone: 0,
    }
}

/// A TCP connection of `instance` that leaves as `float`.
fn leaving(instance: &str, float: &str) -> Connection {
    let server = "192.0.2.2:80".parse().unwrap();
    Connection {
        protocol: 6,
        original: Tuple { source: instance.parse().unwrap(), destination: server },
        reply: Tuple { source: server, destination: float.parse().unwrap() },
        answered: true,
        zone: 0,
    }
}

#[test]
fn connections_through_a_moved_float_are_stale_and_those_through_another_are_not() {
    let scenario = moving(
        "203.0.113.10: 10.0.0.5, 203.0.113.11: 10.0.0.6, 2001:db8::10: fd00:10::5",
        "203.0.113.10: 10.0.0.7, 203.0.113.11: 10.0.0.6, 2001:db8::10: fd00:10::7",
    );
    assert_eq!(scenario.stale_families(), [V4, V6]);
    let stale = scenario.makes_stale([
        &through("203.0.113.10:80", "10.0.0.5:80"),
        &through("203.0.113.11:80", "10.0.0.6:80"),
        &through("[2001:db8::10]:80", "[fd00:10::5]:80"),
    ]);
    assert_eq!(stale, [true, false, true]);
}

#[test]
fn what_another_program_translated_or_nobody_did_is_not_stale() {
    let scenario = moving("203.0.113.10: 10.0.0.5", "203.0.113.10: 10.0.0.7");
    let stale = scenario.makes_stale([
        &through("203.0.113.10:80", "10.0.0.99:80"),
        &through("203.0.113.10:80", "203.0.113.10:80"),
        &through("203.0.113.10:80", "10.0.0.7:80"),
        &through("10.0.0.5:80", "10.0.0.5:80"),
    ]);
    assert_eq!(stale, [false; 4]);
}

#[test]
fn connections_that_leave_as_a_moved_float_are_stale() {
    let scenario = moving("203.0.113.10: 10.0.0.5", "203.0.113.10: 10.0.0.7");
    let stale = scenario.makes_stale([
        &leaving("10.0.0.5:4000", "203.0.113.10:4000"),
        &leaving("10.0.0.7:4000", "203.0.113.10:4000"),
        &leaving("10.0.0.5:4000", "192.0.2.1:4000"),
    ]);
    assert_eq!(stale, [true, false, false]);
}

#[test]
fn another_egress_float_ends_no_connection_while_both_lead_to_the_instance() {
    let policy = |first, second| {
        format!(
            "203.0.113.10: {{ fixed: 10.0.0.5, egress: {first} }}, \
             203.0.113.11: {{ fixed: 10.0.0.5, egress: {second} }}"
        )
    };
    let scenario = moving(&policy(true, false), &policy(false, true));
    assert_eq!(scenario.makes_stale([&leaving("10.0.0.5:4000", "203.0.113.10:4000")]), [false]);
}

#[test]
fn a_prefix_keeps_the_offset_of_each_of_its_addresses() {
    let scenario = moving("198.51.100.0/28: 10.0.0.64/28", "198.51.100.0/28: 10.0.0.80/28");
    let stale = scenario.makes_stale([
        &through("198.51.100.3:80", "10.0.0.67:80"),
        &through("198.51.100.3:80", "10.0.0.68:80"),
        &through("198.51.100.16:80", "10.0.0.80:80"),
        &leaving("10.0.0.79:4000", "198.51.100.15:4000"),
    ]);
    assert_eq!(stale, [true, false, false, true]);
}

#[test]
fn a_port_float_is_moved_port_by_port() {
    let scenario = moving(
        "203.0.113.10: { ports: { 80/tcp: 10.0.0.5, 443/tcp: \"10.0.0.5:8443\" } }",
        "203.0.113.10: { ports: { 80/tcp: 10.0.0.5, 443/tcp: \"10.0.0.5:9443\" } }",
    );
    let stale = scenario.makes_stale([
        &through("203.0.113.10:80", "10.0.0.5:80"),
        &through("203.0.113.10:443", "10.0.0.5:8443"),
        &Connection { protocol: 17, ..through("203.0.113.10:443", "10.0.0.5:8443") },
    ]);
    assert_eq!(stale, [false, true, false]);
}

#[test]
fn a_range_of_ports_ends_with_its_last() {
    let scenario = moving(
        "203.0.113.10: { fixed: 10.0.0.5, ports: [6000-6010/tcp] }",
        "203.0.113.10: { fixed: 10.0.0.5, ports: [6000-6005/tcp] }",
    );
    let stale = scenario.makes_stale([
        &through("203.0.113.10:6005", "10.0.0.5:6005"),
        &through("203.0.113.10:6006", "10.0.0.5:6006"),
        &through("203.0.113.10:6011", "10.0.0.5:6011"),
    ]);
    assert_eq!(stale, [false, true, false]);
}

#[test]
fn a_float_that_is_cut_down_to_some_ports_keeps_the_connections_of_these() {
    let scenario = moving(
        "203.0.113.10: 10.0.0.5",
        "203.0.113.10: { fixed: 10.0.0.5, ports: [80/tcp, 6000-6010/tcp], egress: true }",
    );
    let stale = scenario.makes_stale([
        &through("203.0.113.10:80", "10.0.0.5:80"),
        &through("203.0.113.10:6001", "10.0.0.5:6001"),
        &through("203.0.113.10:22", "10.0.0.5:22"),
        &leaving("10.0.0.5:4000", "203.0.113.10:4000"),
    ]);
    assert_eq!(stale, [false, false, true, false]);
}

#[test]
fn a_new_port_float_takes_over_the_connections_of_that_port() {
    let scenario = moving(
        "198.51.100.0/28: 10.0.0.64/28",
        "198.51.100.0/28: 10.0.0.64/28, 198.51.100.3: { ports: { 80/tcp: 10.0.0.5 } }",
    );
    assert_eq!(scenario.stale_families(), [V4]);
    let stale = scenario.makes_stale([
        &through("198.51.100.3:80", "10.0.0.67:80"),
        &through("198.51.100.3:22", "10.0.0.67:22"),
    ]);
    assert_eq!(stale, [true, false]);
}

#[test]
fn floats_vanish_one_by_one_with_their_map_and_with_their_table() {
    let connection = through("203.0.113.10:80", "10.0.0.5:80");
    let others = "203.0.113.11: 10.0.0.6";
    let all = format!("203.0.113.10: 10.0.0.5, {others}");
    for scenario in [
        moving(&all, others),
        moving(&all, "203.0.113.11: { ports: { 80/tcp: 10.0.0.6 } }"),
        moving(&all, ""),
        Scenario::new().applied(&floats(&all)).policy("bridge: { reflection: multicast }"),
    ] {
        assert_eq!(scenario.stale_families(), [V4]);
        assert_eq!(scenario.makes_stale([&connection]), [true]);
    }
}

#[test]
fn what_leads_nowhere_else_asks_for_no_connections() {
    let one = "203.0.113.10: 10.0.0.5";
    for (from, to) in [(one, one), (one, "203.0.113.10: { fixed: 10.0.0.5, name: web-1 }")] {
        assert_eq!(moving(from, to).stale_families(), NONE, "{from} -> {to}");
    }
    let guarded = floats(one).replace("off", "multicast");
    let bridge_alone = Scenario::new().applied(&guarded).policy(&floats(one));
    assert_eq!(bridge_alone.stale_families(), NONE);
}

#[test]
fn maps_that_are_made_anew_with_the_same_floats_leave_every_connection() {
    let policy = floats("203.0.113.10: 10.0.0.5");
    let scenario = Scenario::new().applied(&policy).policy(&format!("counters: true\n{policy}"));
    assert_eq!(scenario.makes_stale([&through("203.0.113.10:80", "10.0.0.5:80")]), [false]);
}

/// The connection without an answer, and without a translation of its destination.
fn missed(connection: Connection) -> Connection {
    let reply = Tuple { source: connection.original.destination, ..connection.reply };
    Connection { reply, answered: false, ..connection }
}

/// The connection without an answer, and without a translation of its source.
fn left_untranslated(connection: Connection) -> Connection {
    let reply = Tuple { destination: connection.original.source, ..connection.reply };
    Connection { reply, answered: false, ..connection }
}

#[test]
fn connections_that_met_neither_table_are_stale_where_one_is_made_anew() {
    let one = "203.0.113.10: 10.0.0.5, 203.0.113.11: { ports: { 80/tcp: 10.0.0.6 } }";
    for more in ["2001:db8::10: fd00:10::5", "203.0.113.12: { ports: { 6000-6010/udp: 10.0.0.7 } }"]
    {
        let anew = moving(one, &format!("{one}, {more}"));
        assert!(anew.stale_families().contains(&V4));
        let unanswered = |float, instance| missed(through(float, instance));
        let stale = anew.makes_stale([
            &unanswered("203.0.113.10:80", "10.0.0.5:80"),
            &unanswered("203.0.113.11:80", "10.0.0.6:80"),
            // Nobody would translate these.
            &unanswered("203.0.113.11:81", "10.0.0.6:81"),
            &unanswered("203.0.113.99:80", "10.0.0.5:80"),
            // They are translated, or go on without.
            &Connection { answered: false, ..through("203.0.113.10:80", "10.0.0.5:80") },
            &Connection { answered: true, ..unanswered("203.0.113.10:80", "10.0.0.5:80") },
        ]);
        assert_eq!(stale, [true, true, false, false, false, false], "{more}");
    }
}

#[test]
fn connections_that_leave_past_both_tables_are_stale_where_one_is_made_anew() {
    let one = "203.0.113.10: 10.0.0.5";
    let anew = moving(one, &format!("{one}, 2001:db8::10: fd00:10::5"));
    let from = |source: &str, connection: Connection| {
        let source = source.parse().unwrap();
        let original = Tuple { source, ..connection.original };
        left_untranslated(Connection { original, ..connection })
    };
    let outwards = left_untranslated(leaving("10.0.0.5:4000", "203.0.113.10:4000"));
    let stale = anew.makes_stale([
        &outwards,
        &from("10.0.0.5:4000", through("203.0.113.10:80", "10.0.0.5:80")),
        &from("10.0.0.9:4000", through("203.0.113.10:80", "10.0.0.5:80")),
        // An instance without a float, a client beyond, fixed to fixed, and one with an answer.
        &left_untranslated(leaving("10.0.0.9:4000", "203.0.113.10:4000")),
        &left_untranslated(through("203.0.113.10:80", "10.0.0.5:80")),
        &from("10.0.0.5:4000", through("10.0.0.9:80", "10.0.0.9:80")),
        &Connection { answered: true, ..outwards },
    ]);
    assert_eq!(stale, [true, true, true, false, false, false, false]);
}

#[test]
fn what_is_not_translated_is_left_alone_where_nothing_is_made_anew() {
    let untranslated = missed(through("203.0.113.10:80", "10.0.0.5:80"));
    let in_place = moving("203.0.113.10: 10.0.0.5", "203.0.113.10: 10.0.0.7");
    assert_eq!(in_place.makes_stale([&untranslated]), [false]);
}

/// The connection over UDP.
fn over_udp(connection: Connection) -> Connection {
    Connection { protocol: 17, ..connection }
}

#[test]
fn a_flow_to_a_float_that_is_added_is_stale_unless_it_is_tcp_with_an_answer() {
    let flow = through("203.0.113.10:53", "203.0.113.10:53");
    for (before, after) in [
        ("", "203.0.113.10: 10.0.0.5"),
        ("203.0.113.11: 10.0.0.6", "203.0.113.11: 10.0.0.6, 203.0.113.10: 10.0.0.5"),
        (
            "203.0.113.11: 10.0.0.6",
            "203.0.113.11: 10.0.0.6, 203.0.113.0/29: 10.0.0.0/29, \
          203.0.113.10: { ports: { 53/tcp: 10.0.0.5, 53/udp: 10.0.0.5 } }",
        ),
    ] {
        let added = moving(before, after);
        assert_eq!(added.stale_families(), [V4]);
        let stale = added.makes_stale([
            &over_udp(flow),
            &Connection { answered: false, ..flow },
            &flow,
            // What another program translated, another address, and the first pass of a bridge that
            // frames only pass through.
            &over_udp(through("203.0.113.10:53", "10.0.0.99:53")),
            &over_udp(through("203.0.113.99:53", "203.0.113.99:53")),
            &Connection { zone: 26_721, ..over_udp(flow) },
        ]);
        assert_eq!(stale, [true, true, false, false, false, false], "{before} -> {after}");
    }
}

#[test]
fn a_flow_of_an_instance_that_gets_a_float_is_stale_towards_the_outside() {
    let policy =
        |floats_: &str| format!("egress: {{ exempt: [192.0.2.0/29] }}\n{}", floats(floats_));
    let scenario = Scenario::new().applied(&policy("")).policy(&policy("203.0.113.10: 10.0.0.5"));
    let flow = over_udp(leaving("10.0.0.5:4000", "10.0.0.5:4000"));
    let to = |server: &str| {
        let server: SocketAddr = server.parse().unwrap();
        let original = Tuple { destination: server, ..flow.original };
        Connection { original, reply: Tuple { source: server, ..flow.reply }, ..flow }
    };
    let stale = scenario.makes_stale([
        &to("198.51.100.9:53"),
        // As the default address, and by its float already.
        &Connection {
            reply: Tuple { destination: "192.0.2.1:9".parse().unwrap(), ..flow.reply },
            ..to("198.51.100.9:53")
        },
        &Connection {
            reply: Tuple { destination: "203.0.113.10:9".parse().unwrap(), ..flow.reply },
            ..to("198.51.100.9:53")
        },
        // An exempt destination, another instance, an instance without a float.
        &to("192.0.2.2:53"),
        &to("10.0.0.6:53"),
        &over_udp(leaving("10.0.0.6:4000", "10.0.0.6:4000")),
    ]);
    assert_eq!(stale, [true, true, false, false, false, false]);
}

#[test]
fn a_service_that_goes_over_to_the_host_ends_its_connections_to_the_instance() {
    let scenario =
        moving("203.0.113.10: 10.0.0.5", "203.0.113.10: { fixed: 10.0.0.5, host: [22/tcp] }");
    let stale = scenario.makes_stale([
        &through("203.0.113.10:22", "10.0.0.5:22"),
        &through("203.0.113.10:80", "10.0.0.5:80"),
    ]);
    assert_eq!(stale, [true, false]);
}

/// The kernel compares the ranges of a concatenation field by field.
#[test]
fn ranges_that_others_made_lead_where_the_kernel_looks_them_up() {
    use hairnat::plan::LiveSet;
    use hairnat::ruleset::Element;
    let policy = "203.0.113.10: { ports: { 80-81/tcp: 10.0.0.5 } }";
    // `203.0.113.10-203.0.113.20 . tcp . 80-90`, of which `203.0.113.15 . tcp . 22` is no part, although
    // its bytes lie between both ends.
    let scenario = Scenario::new().applied(&floats(policy)).drift(|live| {
        for live in &mut live.tables[0].sets {
            let LiveSet::Known { set, .. } = live else { panic!() };
            if set.declaration.name == "dnat4_range" {
                let (first, last) = (
                    [203, 0, 113, 10, 6, 0, 0, 0, 0, 80, 0, 0],
                    [203, 0, 113, 20, 6, 0, 0, 0, 0, 90, 0, 0],
                );
                let mut elements = hairnat::ruleset::Elements::new(&set.declaration);
                elements.push(Element {
                    key: &first,
                    last: &last,
                    data: &[10, 0, 0, 5],
                    comment: None,
                });
                set.elements = elements;
            }
        }
    });
    let gone = scenario.policy(&floats(""));
    let stale = gone.makes_stale([
        &through("203.0.113.15:85", "10.0.0.5:85"),
        &through("203.0.113.15:22", "10.0.0.5:22"),
    ]);
    assert_eq!(stale, [true, false]);
}
