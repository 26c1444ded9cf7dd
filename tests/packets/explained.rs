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
