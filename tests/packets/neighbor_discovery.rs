//! Duplicate address detection on bridge ports in hairpin mode: never against oneself, always
//! against others.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};
use std::thread;
use std::time::{Duration, Instant};

use crate::lab::{Lab, Node};
use crate::worlds::TWO_FLOATS;

/// What came of detecting duplicates of an address.
pub(crate) const VALID: &str = "valid";
pub(crate) const DUPLICATE: &str = "dadfailed";

#[test]
fn without_hairnat_an_instance_takes_itself_for_a_duplicate() {
    Lab::run(|lab| {
        lab.port_hairpin(true);
        for (br_netfilter, address) in [(false, "fd00:10::a0"), (true, "fd00:10::a1")] {
            lab.br_netfilter(br_netfilter);
            assert_eq!(assign(&lab.web, address), DUPLICATE);
        }
        lab.port_hairpin(false);
        assert_eq!(assign(&lab.web, "fd00:10::a2"), VALID);
    });
}

#[test]
fn with_hairnat_an_instance_gets_its_address() {
    Lab::run(|lab| {
        lab.port_hairpin(true);
        lab.apply(TWO_FLOATS);
        for (br_netfilter, address) in [(false, "fd00:10::a0"), (true, "fd00:10::a1")] {
            lab.br_netfilter(br_netfilter);
            assert_eq!(assign(&lab.web, address), VALID);
        }
    });
}

#[test]
fn after_hairnat_an_instance_still_gets_its_address() {
    Lab::run(|lab| {
        lab.apply(&format!("bridge: {{ ports: [vnet*], hairpin_mode: on }}{TWO_FLOATS}"));
        lab.remove();
        assert_eq!(assign(&lab.web, "fd00:10::a0"), VALID);
    });
}

#[test]
fn a_genuine_duplicate_is_still_found() {
    Lab::run(|lab| {
        lab.port_hairpin(true);
        lab.apply(TWO_FLOATS);
        assert_eq!(assign(&lab.web, "fd00:10::a0"), VALID);
        assert_eq!(assign(&lab.db, "fd00:10::a0"), DUPLICATE);
    });
}

/// RFC 4862 appendix A: a duplicate of the link-layer address must not hide one of the address.
#[test]
fn a_genuine_duplicate_with_the_same_mac_address_is_still_found() {
    Lab::run(|lab| {
        lab.port_hairpin(true);
        lab.apply(TWO_FLOATS);
        for instance in [&lab.web, &lab.db] {
            instance.ip("link set eth0 address 52:54:00:12:34:56");
        }
        assert_eq!(assign(&lab.web, "fd00:10::a0"), VALID);
        assert_eq!(assign(&lab.db, "fd00:10::a0"), DUPLICATE);
    });
}

#[test]
fn a_port_that_appears_after_apply_is_covered() {
    Lab::run(|lab| {
        lab.apply(TWO_FLOATS);
        let late = lab.start_instance("late", "tap7", 20);
        lab.set_hairpin_mode("tap7", true);
        assert_eq!(assign(&late, "fd00:10::a0"), VALID);
    });
}

#[test]
fn only_the_ports_of_the_policy_are_guarded() {
    Lab::run(|lab| {
        lab.port_hairpin(true);
        lab.apply(&format!("bridge: {{ ports: [vnet0, tap*] }}{TWO_FLOATS}"));
        assert_eq!(assign(&lab.web, "fd00:10::a0"), VALID);
        assert_eq!(assign(&lab.db, "fd00:10::a1"), DUPLICATE);
    });
}

#[test]
fn without_floats_the_guard_works_alone() {
    Lab::run(|lab| {
        lab.port_hairpin(true);
        lab.apply("bridge: { ports: [vnet*] }");
        assert_eq!(assign(&lab.web, "fd00:10::a0"), VALID);
        assert_eq!(assign(&lab.db, "fd00:10::a0"), DUPLICATE);
    });
}

#[test]
fn reflection_says_which_frames_an_instance_does_not_hear_again() {
    let v4 = IpAddr::from([239, 0, 0, 7]);
    let v6: IpAddr = "ff15::7".parse().expect("a group");
    Lab::run(|lab| {
        lab.port_hairpin(true);
        for instance in [&lab.web, &lab.db] {
            // Accept a packet with the own source address, or the kernel hides the reflection.
            instance.sysctl("ipv4/conf/all/accept_local", 1);
            instance.sysctl("ipv4/conf/all/rp_filter", 0);
            instance.sysctl("ipv4/conf/eth0/rp_filter", 0);
        }
        for (reflection, v4_reflected, v6_reflected) in
            [("off", true, true), ("ipv6-multicast", true, false), ("multicast", false, false)]
        {
            lab.apply(&format!("bridge: {{ reflection: {reflection} }}{TWO_FLOATS}"));
            for (group, reflected) in [(v4, v4_reflected), (v6, v6_reflected)] {
                let heard = heard_by_sender_and_other(&lab.web, &lab.db, group);
                assert_eq!(heard, (reflected, true), "{reflection}: {group}");
            }
        }
    });
}

/// Assigns an address as a guest without the nonces of RFC 7527 does, and says what came of it.
pub(crate) fn assign(instance: &Node, address: &str) -> &'static str {
    for scope in ["all", "eth0"] {
        instance.sysctl(&format!("ipv6/conf/{scope}/enhanced_dad"), 0);
    }
    instance.sysctl("ipv6/conf/eth0/accept_dad", 1);
    // No random delay before the probe, and a shorter wait behind it than the usual second:
    // a reflection, as an answer, is there in no time.
    instance.sysctl("ipv6/conf/eth0/router_solicitation_delay", 0);
    // Before Linux 5.17 a user namespace sees no sysctl of the neighbor tables.
    instance.ip(&format!(
        "ntable change name ndisc_cache dev eth0 retrans 400\n\
         addr add {address}/64 dev eth0"
    ));
    let deadline = Instant::now() + Duration::from_secs(5);
    while Instant::now() < deadline {
        let state = instance.run("ip", &["-6", "addr", "show", "to", address], "");
        assert!(state.contains(address), "{address} is gone");
        if state.contains(DUPLICATE) {
            return DUPLICATE;
        }
        if !state.contains("tentative") {
            return VALID;
        }
        thread::sleep(Duration::from_millis(20));
    }
    panic!("{address} is still tentative");
}

/// Whether a datagram to `group` comes back to its sender, and whether it comes to the other.
pub(crate) fn heard_by_sender_and_other(
    sender: &Node,
    other: &Node,
    group: IpAddr,
) -> (bool, bool) {
    let [own, others] = [sender, other].map(|node| node.enter(|| member(group)));
    own.send_to(b"anyone?", (group, 7000)).expect("send to the group");
    let other_heard = hears(&others, Duration::from_secs(3));
    (hears(&own, Duration::from_millis(300)), other_heard)
}

/// A socket in the group, deaf to what the kernel itself would loop back to it.
fn member(group: IpAddr) -> UdpSocket {
    match group {
        IpAddr::V4(group) => {
            let socket = UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 7000)).expect("bind");
            socket.join_multicast_v4(&group, &Ipv4Addr::UNSPECIFIED).expect("join");
            socket.set_multicast_loop_v4(false).expect("no loop");
            socket
        }
        IpAddr::V6(group) => {
            let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 7000)).expect("bind");
            socket.join_multicast_v6(&group, 0).expect("join");
            socket.set_multicast_loop_v6(false).expect("no loop");
            socket
        }
    }
}

fn hears(socket: &UdpSocket, patience: Duration) -> bool {
    socket.set_read_timeout(Some(patience)).expect("time-out");
    socket.recv(&mut [0; 16]).is_ok()
}
