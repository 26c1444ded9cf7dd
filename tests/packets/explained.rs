//! `explain --live` tells what the kernel does now, whatever was done to it by hand.

use crate::lab::{Lab, NO_ANSWER, PORT};
use crate::worlds::{TWO_FLOATS, World, saw};

#[test]
fn without_drift_every_connection_is_explained_as_it_is() {
    Lab::run(|lab| {
        lab.apply(TWO_FLOATS);
        for World { web, db, web_float, db_float, batch, bridge, outside, uplink, .. } in
            World::both()
        {
            for (client, from, target, peer, end) in [
                (&lab.web, web.to_string(), web_float, web_float, "itself"),
                (&lab.db, db.to_string(), web_float, db_float, "instance"),
                (&lab.batch, batch.to_string(), web_float, bridge, "instance"),
                (&lab.outside, outside.to_string(), web_float, outside, "instance"),
                (&lab.host, "host".to_owned(), web_float, uplink, "instance"),
            ] {
                let explained = lab.explain_live(&from, target);
                let told = if [bridge, uplink].contains(&peer) {
                    "host".to_owned()
                } else {
                    peer.to_string()
                };
                assert_eq!((explained.end(), explained.peer()), (end, told.as_str()), "{from}");
                assert_eq!(explained.obstacle(), None);
                assert_eq!(client.tcp(target, PORT), saw("web", peer));
            }
        }
    });
}

#[test]
fn where_ports_differ_in_their_mode_both_answers_are_given() {
    Lab::run(|lab| {
        lab.br_netfilter(true);
        lab.set_hairpin_mode("vnet1", true);
        lab.apply(TWO_FLOATS);
        for World { web, db, web_float, db_float, .. } in World::both() {
            for (from, target) in [(web, web_float), (db, db_float)] {
                let explained = lab.explain_live(&from.to_string(), target);
                assert_eq!(explained.obstacles(), [None, Some("port-hairpin-off")]);
            }
            assert_eq!(lab.web.tcp_in_vain(web_float, PORT), NO_ANSWER);
            assert_eq!(lab.db.tcp(db_float, PORT), saw("db", db_float));
        }
    });
}

/// Each row: `br_netfilter`, the isolated ports, then what keeps `web` from its own float, from the
/// float of `db`, and from the fixed address of `db`.
#[test]
fn isolated_ports_stop_bridged_packets_and_no_others() {
    const ISOLATED: Option<&str> = Some("ports-isolated");
    Lab::run(|lab| {
        lab.port_hairpin(true);
        lab.apply(TWO_FLOATS);
        for (bridge_nf, isolated, expected) in [
            (false, &["vnet0", "vnet1", "vnet2"][..], [None, None, ISOLATED]),
            (true, &["vnet0", "vnet1", "vnet2"], [ISOLATED, ISOLATED, ISOLATED]),
            (true, &["vnet0"], [ISOLATED, None, None]),
            (true, &["vnet1"], [None, None, None]),
            (true, &[], [None, None, None]),
        ] {
            lab.br_netfilter(bridge_nf);
            for port in ["vnet0", "vnet1", "vnet2"] {
                lab.isolate(port, isolated.contains(&port));
            }
            for World { web, db, web_float, db_float, .. } in World::both() {
                let aims = [
                    (web_float, saw("web", web_float)),
                    (db_float, saw("db", web_float)),
                    (db, saw("db", web)),
                ];
                for ((target, answer), obstacle) in aims.into_iter().zip(expected) {
                    let explained = lab.explain_live(&web.to_string(), target);
                    // Nobody knows which port an instance is behind.
                    let differ = isolated.len() == 1 && target == web_float;
                    let told = if differ { vec![None, ISOLATED] } else { vec![obstacle] };
                    assert_eq!(explained.obstacles(), told, "{bridge_nf} {isolated:?}");
                    let heard = match obstacle {
                        None => lab.web.tcp(target, PORT),
                        Some(_) => lab.web.tcp_in_vain(target, PORT),
                    };
                    let answer = if obstacle.is_none() { answer.as_str() } else { NO_ANSWER };
                    assert_eq!(heard, answer, "{bridge_nf} {isolated:?}: {target}");
                }
            }
        }
    });
}

/// The settings of bridges say nothing about packets that the host routes.
#[test]
fn without_a_bridge_the_own_float_is_explained_as_it_is() {
    Lab::run(|lab| {
        lab.without_bridge();
        lab.br_netfilter(true);
        lab.apply(TWO_FLOATS);
        for world in World::both() {
            routed_as_explained(lab, &world);
        }
    });
}

/// A bridge of another program has nothing to do with instances that have none.
#[test]
fn beside_a_bridge_that_leads_to_no_instance_the_own_float_is_explained_as_it_is() {
    Lab::run(|lab| {
        lab.without_bridge();
        lab.br_netfilter(true);
        lab.host.ip("link add docker0 type bridge\n\
             link add port0 type veth peer name port1\n\
             link set port0 master docker0 up\n\
             link set docker0 up");
        lab.apply(TWO_FLOATS);
        for world in World::both() {
            routed_as_explained(lab, &world);
        }
    });
}

fn routed_as_explained(lab: &Lab, world: &World) {
    let World { web, db, web_float, db_float, .. } = *world;
    for (target, answer) in
        [(web_float, saw("web", web_float)), (db_float, saw("db", web_float)), (db, saw("db", web))]
    {
        let explained = lab.explain_live(&web.to_string(), target);
        assert_eq!(explained.obstacle(), None, "{target}");
        assert_eq!(lab.web.tcp(target, PORT), answer);
    }
}

/// Without a bridge no answer goes past conntrack.
#[test]
fn without_a_bridge_nor_source_rules_anothers_float_is_answered() {
    Lab::run(|lab| {
        lab.without_bridge();
        lab.apply(TWO_FLOATS);
        lab.host.run("nft", &["flush", "chain", "inet", "hairnat", "postrouting"], "");
        for World { web, db, db_float, .. } in World::both() {
            let explained = lab.explain_live(&web.to_string(), db_float);
            assert_eq!((explained.peer(), explained.obstacle()), (web.to_string().as_str(), None));
            assert_eq!(lab.web.tcp(db_float, PORT), saw("db", web));
            for key in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
                lab.host.sysctl(key, 0);
            }
            let explained = lab.explain_live(&web.to_string(), db);
            assert_eq!(explained.obstacle(), Some("forwarding-off"));
            assert_eq!(lab.web.tcp_in_vain(db, PORT), NO_ANSWER);
            for key in ["ipv4/ip_forward", "ipv6/conf/all/forwarding"] {
                lab.host.sysctl(key, 1);
            }
        }
    });
}

#[test]
fn without_source_rules_the_own_float_brings_the_own_address() {
    Lab::run(|lab| {
        lab.apply(TWO_FLOATS);
        lab.host.run("nft", &["flush", "chain", "inet", "hairnat", "postrouting"], "");
        for World { web, web_float, .. } in World::both() {
            let explained = lab.explain_live(&web.to_string(), web_float);
            assert_eq!((explained.end(), explained.peer()), ("itself", web.to_string().as_str()));
            assert_eq!(explained.obstacle(), Some("own-address"));
            assert_eq!(lab.web.tcp_in_vain(web_float, PORT), NO_ANSWER);
        }
    });
}

/// With `br_netfilter` the answer that takes the short way passes conntrack on it.
#[test]
fn without_source_rules_anothers_float_is_answered_past_conntrack() {
    Lab::run(|lab| {
        lab.apply(TWO_FLOATS);
        lab.host.run("nft", &["flush", "chain", "inet", "hairnat", "postrouting"], "");
        for World { web, db_float, batch, .. } in World::both() {
            for (client, from) in [(&lab.web, web), (&lab.batch, batch)] {
                lab.br_netfilter(false);
                let explained = lab.explain_live(&from.to_string(), db_float);
                assert_eq!(explained.peer(), from.to_string());
                assert_eq!(explained.obstacle(), Some("direct-answer"));
                assert_eq!(client.tcp_in_vain(db_float, PORT), NO_ANSWER);

                lab.br_netfilter(true);
                let explained = lab.explain_live(&from.to_string(), db_float);
                assert_eq!(
                    (explained.peer(), explained.obstacle()),
                    (from.to_string().as_str(), None)
                );
                assert_eq!(client.tcp(db_float, PORT), saw("db", from));
            }
        }
    });
}

#[test]
fn a_deleted_element_and_a_drop_are_explained() {
    Lab::run(|lab| {
        lab.apply(TWO_FLOATS);
        let World { web, web_float, db_float, .. } = World::both()[0];
        let from = web.to_string();
        lab.host.run("nft", &["delete element inet hairnat dnat4 { 203.0.113.11 }"], "");
        let explained = lab.explain_live(&from, web_float);
        assert_eq!((explained.end(), explained.peer()), ("elsewhere", "203.0.113.11"));
        assert_eq!(lab.web.tcp_in_vain(web_float, PORT), NO_ANSWER);

        lab.host.run("nft", &["insert rule inet hairnat postrouting drop"], "");
        let explained = lab.explain_live(&from, db_float);
        assert_eq!((explained.end(), explained.obstacle()), ("dropped", Some("dropped")));
        assert_eq!(lab.web.tcp_in_vain(db_float, PORT), NO_ANSWER);
    });
}

#[test]
fn a_table_that_is_switched_off_translates_nothing() {
    Lab::run(|lab| {
        lab.apply(TWO_FLOATS);
        lab.host.run("nft", &["add table inet hairnat { flags dormant; }"], "");
        let World { web, web_float, .. } = World::both()[0];
        let explained = lab.explain_live(&web.to_string(), web_float);
        assert_eq!((explained.end(), explained.peer()), ("elsewhere", web.to_string().as_str()));
        assert_eq!(lab.web.tcp_in_vain(web_float, PORT), NO_ANSWER);
    });
}

/// Which addresses are the host's own is nothing that a ruleset tells; `explain` says both.
#[test]
fn the_host_itself_sees_the_fixed_address() {
    Lab::run(|lab| {
        lab.host.serve(PORT);
        lab.apply(TWO_FLOATS);
        for World { web, web_float, uplink, outside, .. } in World::both() {
            assert_eq!(lab.web.tcp(outside, PORT), saw("outside", web_float));
            assert_eq!(lab.web.tcp(uplink, PORT), saw("host", web));
            let explained = lab.explain_live(&web.to_string(), uplink);
            assert_eq!(
                (explained.end(), explained.peer()),
                ("elsewhere", web_float.to_string().as_str())
            );
        }
    });
}

#[test]
fn where_nothing_is_live_nothing_is_translated() {
    Lab::run(|lab| {
        let World { web, web_float, .. } = World::both()[0];
        let explained = lab.explain_live(&web.to_string(), web_float);
        assert_eq!((explained.end(), explained.peer()), ("elsewhere", web.to_string().as_str()));
    });
}
