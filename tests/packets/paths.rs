//! The paths through NAT, and one beside it, with traffic of every kind.

use std::net::IpAddr;

use crate::bulk::{MUCH, datagrams_in_fragments, transfer};
use crate::lab::{Lab, Node, PORT, ping};
use crate::worlds::{World, saw};

/// Its name, the client, the server, the address that the client asks, and the one that the server sees.
pub(crate) type Path<'l> = (&'static str, &'l Node, &'l Node, IpAddr, IpAddr);

/// The paths, where the host is seen as the uplink of `world`.
pub(crate) fn paths<'l>(lab: &'l Lab, world: &World) -> [Path<'l>; 7] {
    let World { web_float, db_float, web, db, bridge, uplink, outside, .. } = *world;
    [
        ("own float", &lab.web, &lab.web, web_float, web_float),
        ("another's float", &lab.web, &lab.db, db_float, web_float),
        ("float, from a client without one", &lab.batch, &lab.web, web_float, bridge),
        ("fixed → fixed", &lab.web, &lab.db, db, web),
        ("outside → float", &lab.outside, &lab.web, web_float, outside),
        ("host → float", &lab.host, &lab.web, web_float, uplink),
        ("instance → outside", &lab.web, &lab.outside, outside, web_float),
    ]
}

/// TCP, UDP, ICMP, datagrams in fragments and a long transfer go every path.
pub(crate) fn every_path_works(lab: &Lab, world: &World, settings: &str) {
    for (path, client, server, to, seen) in paths(lab, world) {
        let path = format!("{path}, {settings}");
        let answer = saw(server.name(), seen);
        assert_eq!(client.tcp(to, PORT), answer, "TCP, {path}");
        assert_eq!(client.udp(to, PORT), answer, "UDP, {path}");
        let echoed = format!("{} saw {seen}", server.name());
        assert_eq!(ping(client, server, to), echoed, "ICMP, {path}");
        assert_eq!(datagrams_in_fragments(client, server, to), seen, "fragments, {path}");
        assert_eq!(transfer(client, server, to), (MUCH, seen), "a transfer, {path}");
    }
}
