//! `hairnat show -o nft`: nft(8) loads what it prints, and what it leaves out it names.

use crate::world::{World, alone};

/// Runs `nft -f` on a script, and `nft -j -f` on JSON.
fn load(world: &World, script: &str) {
    let option = if script.starts_with('{') { "-j" } else { "" };
    world.write("load", script);
    world.run(&format!("nft {option} -f load")).is(0, "", "");
}

/// With the script of show, nft makes of no tables at all what it listed before, but for `left_out`.
#[track_caller]
fn comes_back(world: &World, left_out: &[&str]) -> String {
    let said = left_out.iter().map(|object| format!("warning: left out {object}\n"));
    let said = said.collect::<Vec<_>>().concat();
    world.run("hairnat show -o nft > script").is(0, "", &said);
    let before = world.run("nft list ruleset").output().to_owned();
    world.run("nft flush ruleset && nft -f script").is(0, "", "");
    let again = world.run("nft list ruleset").output().to_owned();
    if left_out.is_empty() {
        assert_eq!(again, before);
    }
    world.run("hairnat show -o nft 2> /dev/null | cmp - script").is(0, "", "");
    again
}

#[test]
fn a_table_that_is_switched_off_stays_so() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        load(
            world,
            "table inet hairnat {\n flags dormant\n}\ntable bridge hairnat {\n flags dormant\n}\n",
        );
        let again = comes_back(world, &[]);
        assert_eq!(again.matches("\tflags dormant\n").count(), 2, "{again}");
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        assert!(!comes_back(world, &[]).contains("dormant"));
    });
}

#[test]
fn the_family_that_a_rule_compares_is_shown_where_nothing_implies_it() {
    alone(|world| {
        load(
            world,
            "\
table inet hairnat {
	comment \"managed by hairnat\"

	set fixed4 {
		type ipv4_addr
	}

	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
		meta nfproto ipv6 accept
		meta nfproto ipv4 counter packets 0 bytes 0 ip saddr @fixed4 accept
		oifname \"eth0\" ip saddr @fixed4 accept
		meta nfproto ipv4 snat ip to 203.0.113.1
		meta nfproto ipv4 masquerade
	}
}
",
        );
        let again = comes_back(world, &[]);
        assert!(again.contains("\t\tmeta nfproto ipv6 accept\n"), "{again}");
        let shown = world.run("hairnat show").output().to_owned();
        assert!(shown.contains("  meta nfproto ipv6 accept\n"), "{shown}");
    });
}

#[test]
fn a_range_of_one_address_or_of_protocols_is_one() {
    alone(|world| {
        load(
            world,
            "\
table inet hairnat {
	comment \"managed by hairnat\"

	map dnat4_net {
		type ipv4_addr : interval ipv4_addr
		flags interval
		elements = { 203.0.113.1 : 10.0.0.1/32, 203.0.113.16/28 : 10.0.0.16/28 }
	}

	set protocols {
		type ipv4_addr . inet_proto
		flags interval
		elements = { 203.0.113.1 . 6-17 }
	}
}
",
        );
        comes_back(world, &[]);
    });
}

#[test]
fn names_that_nft_cannot_read_are_left_out_with_what_refers_to_them() {
    alone(|world| {
        let object = |kind: &str, rest: &str| {
            format!(
                "{{\"add\": {{\"{kind}\": {{\"family\": \"inet\", \"table\": \"hairnat\", {rest}}}}}}}"
            )
        };
        let rule = |chain: &str, set: &str| {
            let left = r#"{"payload": {"protocol": "ip", "field": "saddr"}}"#;
            let found =
                format!(r#"{{"match": {{"op": "==", "left": {left}, "right": "@{set}"}}}}"#);
            object("rule", &format!(r#""chain": "{chain}", "expr": [{found}, {{"accept": null}}]"#))
        };
        let commands = [
            r#"{"add": {"table": {"family": "inet", "name": "hairnat"}}}"#.to_owned(),
            object("set", r#""name": "drop", "type": "ipv4_addr""#),
            object("set", r#""name": "ll", "type": "ipv4_addr""#),
            object("set", r#""name": "fixed4", "type": "ipv4_addr""#),
            object("chain", r#""name": "dst""#),
            object("chain", r#""name": "my chain""#),
            object("chain", r#""name": "mine""#),
            rule("mine", "drop"),
            rule("mine", "ll"),
            rule("mine", "fixed4"),
        ];
        load(world, &format!("{{\"nftables\": [{}]}}", commands.join(", ")));
        let again = comes_back(
            world,
            &[
                "chain `my chain`, which hairnat cannot write",
                "set `drop`, which nft cannot load from text",
                "chain `dst`, which nft cannot load from text",
                "rule `ip saddr @drop accept` of chain `mine`, which nft cannot load from text",
                "rule `ip saddr @ll accept` of chain `mine`, which nft cannot load from text",
            ],
        );
        let expected = "\
table inet hairnat {
	comment \"managed by hairnat\"
	set ll {
		type ipv4_addr
	}

	set fixed4 {
		type ipv4_addr
	}

	chain mine {
		ip saddr @fixed4 accept
	}
}
";
        assert_eq!(again, expected);
    });
}

#[test]
fn comments_that_nft_cannot_read_are_left_out_and_the_elements_stay() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        let elements: Vec<String> = ["the \\\"web\\\"", "plain", "a\\nb"]
            .iter()
            .zip(20..)
            .map(|(comment, last)| {
                let key = format!(
                    "{{\"elem\": {{\"val\": \"203.0.113.{last}\", \"comment\": \"{comment}\"}}}}"
                );
                format!("[{key}, \"10.0.0.{last}\"]")
            })
            .collect();
        let name = r#""family": "inet", "table": "hairnat", "name": "dnat4""#;
        let elements = elements.join(", ");
        load(
            world,
            &format!(
                "{{\"nftables\": [{{\"add\": {{\"element\": {{{name}, \"elem\": [{elements}]}}}}}}]}}"
            ),
        );
        let left_out = ["1 comment of map `dnat4`, which nft cannot load from text"];
        let again = comes_back(world, &left_out);
        assert!(again.contains("203.0.113.20 : 10.0.0.20"), "{again}");
        assert!(again.contains("203.0.113.21 comment \"plain\" : 10.0.0.21"), "{again}");
        assert!(again.contains("203.0.113.22 comment \"a\nb\" : 10.0.0.22"), "{again}");
    });
}

#[test]
fn what_packets_put_into_a_set_of_others_is_left_out() {
    alone(|world| {
        world.run("hairnat apply -q policy.yaml").is(0, "", "");
        load(
            world,
            "table inet hairnat {\n set seen {\n type ipv4_addr\n size 10\n flags dynamic,timeout\n \
             timeout 1h\n elements = { 192.0.2.1 }\n }\n}\n",
        );
        let again = comes_back(world, &["the elements of set `seen`, which packets fill"]);
        assert!(again.contains("\tset seen {\n") && !again.contains("192.0.2.1"), "{again}");
    });
}
