//! nft(8) as a witness: what we write is what it loads, and what it then lists.

mod listing;
mod shapes;
mod witness;

use hairnat::ruleset::Ruleset;
use listing::{with_anonymous_maps, without_table_comments};
use witness::{as_listed, inside, listing, nft, nft_reading};

fn written(write: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    write(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[track_caller]
fn nft_lists_what_it_is_given(ruleset: &Ruleset) {
    let text = written(|out| ruleset.to_nft(out));
    nft_reading(&["-f", "-"], &text);
    assert_eq!(listing(), as_listed(&text));
}

#[test]
fn nft_lists_the_text_as_it_was_written() {
    inside(|| {
        nft_lists_what_it_is_given(&shapes::everything(false));
    });
}

#[test]
fn nft_lists_maps_that_count_as_they_were_written() {
    inside(|| {
        nft_lists_what_it_is_given(&shapes::everything(true));
    });
}

#[test]
fn nft_lists_every_comment_as_it_was_written() {
    inside(|| {
        let longest = "0123456789".repeat(6) + "abcd";
        let comments = [
            "web 1",
            "größe",
            "a*",
            "*",
            "back\\slash",
            "a\\*",
            "ends in \\",
            "$x {y} # ; , = @z",
            " led by a space",
            "it's",
            &longest,
        ];
        nft_lists_what_it_is_given(&shapes::commented(&comments));
    });
}

#[test]
fn nft_lists_ipv6_addresses_as_they_were_written() {
    inside(|| {
        let addresses = [
            "::",
            "::1",
            "::1:2",
            "::192.0.2.1",
            "::ffff:192.0.2.1",
            "::2:0:0",
            "::ffff:0:0",
            "::ffff:0:c000:201",
            "1::2:3:0:0:4",
            "1:0:0:2::3",
            "1:0:2:3:4:5:6:7",
            "64:ff9b::c000:201",
            "2001:db8::10",
            "2001:db8:0:0:1::",
            "fd00::",
            "ff02::1:ff00:1",
        ];
        nft_lists_what_it_is_given(&shapes::fixed6(&addresses));
    });
}

#[test]
fn nft_lists_port_floats_in_the_order_in_which_they_were_written() {
    inside(|| {
        let l4_ports = [1, 80, 255, 256, 443, 8080, 8443, 65535];
        nft_lists_what_it_is_given(&shapes::port_floats(&l4_ports));
    });
}

#[test]
fn a_script_replaces_what_is_there() {
    inside(|| {
        let ruleset = shapes::everything(true);
        let script = written(|out| ruleset.to_nft_script(out));
        for _ in 0..2 {
            nft_reading(&["-f", "-"], &script);
            assert_eq!(listing(), as_listed(&ruleset.to_string()));
        }
    });
}

#[test]
fn json_makes_what_the_text_makes_but_for_anonymous_maps() {
    inside(|| {
        for counters in [false, true] {
            let ruleset = shapes::everything(counters);
            let json = written(|out| ruleset.to_json(out));
            nft(&["flush", "ruleset"]);
            nft_reading(&["-j", "-f", "-"], &json);
            let expected = as_listed(&with_anonymous_maps(&ruleset.to_string()));
            assert_eq!(without_table_comments(&listing()), without_table_comments(&expected));
        }
    });
}

#[test]
fn json_keeps_every_comment() {
    inside(|| {
        let ruleset = shapes::commented(&["größe", "back\\slash", "a*", "a\\*", "it's", " "]);
        let json = written(|out| ruleset.to_json(out));
        nft_reading(&["-j", "-f", "-"], &json);
        let expected = as_listed(&ruleset.to_string());
        assert_eq!(without_table_comments(&listing()), without_table_comments(&expected));
    });
}
