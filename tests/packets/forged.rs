//! Packets that claim to be from an instance, and come from elsewhere.

use std::net::{IpAddr, UdpSocket};

use crate::lab::{Lab, PORT};
use crate::worlds::{TWO_FLOATS, World, saw};

/// Counts what arrives at an instance from others than the neighbor.
const WATCH: &str = "
    table inet watch {
      counter forged { }
      chain input {
        type filter hook input priority filter; policy accept;
        udp dport 80 ip saddr != 192.0.2.2 counter name forged
        udp dport 80 ip6 saddr != 2001:db8:2::2 counter name forged
      }
    }";

#[test]
fn a_forged_source_reaches_no_instance() {
    Lab::run(|lab| forged_sources_reach_nobody(lab, ""));
}

/// With uplinks, the packet that goes out again must not come back as a float.
#[test]
fn a_forged_source_reaches_no_instance_by_way_of_a_router() {
    Lab::run(|lab| {
        lab.outside.sysctl("ipv4/ip_forward", 1);
        lab.outside.sysctl("ipv6/conf/all/forwarding", 1);
        forged_sources_reach_nobody(lab, "egress: { uplinks: [eth0] }");
    });
}

fn forged_sources_reach_nobody(lab: &Lab, egress: &str) {
    lab.web.run("nft", &["-f", "-"], WATCH);
    lab.apply(&format!("{egress}{TWO_FLOATS}"));
    for rp_filter in [0, 2] {
        for interface in ["all", "eth0", "br0"] {
            lab.host.sysctl(&format!("ipv4/conf/{interface}/rp_filter"), rp_filter);
        }
        for World { web_float, db, batch, outside, .. } in World::both() {
            for claimed in [db, batch] {
                send_as(lab, claimed, web_float);
            }
            // What was sent before has arrived by now, or never will.
            assert_eq!(lab.outside.udp(web_float, PORT), saw("web", outside));
        }
    }
    let counter = lab.web.run("nft", &["list", "counter", "inet", "watch", "forged"], "");
    assert!(counter.contains("packets 0 bytes 0"), "{counter}");
}

/// Sends a datagram from outside with the address of an instance.
fn send_as(lab: &Lab, claimed: IpAddr, to: IpAddr) {
    let (len, flags) = if claimed.is_ipv4() { (32, "") } else { (128, "nodad") };
    lab.outside.ip(&format!("addr add {claimed}/{len} dev lo {flags}"));
    lab.outside.enter(|| {
        let socket = UdpSocket::bind((claimed, 0)).expect("bind");
        socket.send_to(b"forged", (to, PORT)).expect("send");
    });
    lab.outside.ip(&format!("addr del {claimed}/{len} dev lo"));
}
