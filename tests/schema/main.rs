//! The JSON Schema of the policy language agrees with the parser.

mod nodes;
mod refusals;
#[path = "../scenario/mod.rs"]
mod scenario;
mod shipped;

use hairnat::cli::diagnostics;
use hairnat::policy::{Policy, Source, json_schema, parse};
use jsonschema::Validator;
use scenario::{Scenario, scenarios, shipped};
use serde_json::Value;

fn schema() -> Validator {
    let schema: Value = serde_json::from_str(json_schema()).unwrap();
    assert_eq!(jsonschema::meta::validate(&schema).map_err(|error| error.to_string()), Ok(()));
    jsonschema::draft202012::new(&schema).unwrap()
}

/// What an editor sees of a file: one JSON value, if it is one.
fn json(text: &[u8]) -> Option<Value> {
    serde_yaml::from_slice(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)).ok()
}

/// What the parser makes of one file.
fn parsed(text: &str) -> Result<Policy, String> {
    let source = Source { name: "policy.yaml".to_owned(), text: text.into() };
    parse(&[source]).map_err(|found| diagnostics::text(&found, false))
}

#[test]
fn what_the_parser_takes_the_schema_takes() {
    let schema = schema();
    let valid = scenarios("tests/policy").into_iter().map(|path| Scenario::read(&path));
    let valid = valid.filter(|scenario| scenario.expected == "valid\n");
    let sources: Vec<_> = valid.flat_map(|scenario| scenario.sources).chain(shipped()).collect();
    assert!(sources.len() > 15, "only {} files", sources.len());
    for source in sources {
        let refusals: Vec<String> = schema
            .iter_errors(&json(&source.text).unwrap())
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        let text = String::from_utf8_lossy(&source.text).into_owned();
        assert!(refusals.is_empty(), "{refusals:?}\n{text}");
    }
}

/// Each value alone, so that one refusal cannot hide behind another.
#[test]
fn schema_and_parser_agree_on_single_values() {
    let schema = schema();
    let fixed = "fixed: [10.0.0.0/24, 'fd00::/16']\n";
    let agree = |text: &str, expected: bool| {
        assert_eq!(parsed(text).is_ok(), expected, "parser: {text}");
        assert_eq!(schema.is_valid(&json(text.as_bytes()).unwrap()), expected, "schema: {text}");
    };
    for (network, expected) in NETWORKS {
        agree(&format!("fixed: ['{network}']\n"), *expected);
    }
    for (float, expected) in FLOATS {
        let fixed = fixed.replace("'fd00::/16'", "'fd00::/16', '1::/16', '2001:db8::/32'");
        let body = if float.contains(':') { "fd00::1" } else { "10.0.0.10" };
        agree(&format!("{fixed}floats: {{'{float}': '{body}'}}\n"), *expected);
        agree(&format!("{fixed}egress: {{default: '{float}'}}\n"), *expected);
    }
    for (body, expected) in BODIES {
        agree(&format!("{fixed}floats: {{203.0.113.10: {body}}}\n"), *expected);
    }
    for (body, expected) in IPV6_BODIES {
        agree(&format!("{fixed}floats: {{2001:db8::10: {body}}}\n"), *expected);
    }
    for (section, expected) in SECTIONS {
        agree(&format!("{fixed}{section}\n"), *expected);
    }
}

const NETWORKS: &[(&str, bool)] = &[
    ("10.0.0.0/24", true),
    ("10.0.0.0/024", false),
    ("10.0.0.0/33", false),
    ("010.0.0.0/24", false),
    ("10.0.0.0", false),
    ("10.0.0.5/24", false),
    ("10.0.0.16/28", true),
    ("169.254.0.0/16", true),
    ("127.0.0.0/8", false),
    ("0.0.0.0/0", false),
    ("fd00::/129", false),
    ("fd00::/128", true),
    ("fc00::/7", true),
    ("fd00::1/64", false),
    ("fd00::10/124", true),
    ("fd00:0:0:0:0:0:0:0/64", true),
    ("fe80::/64", true),
    ("ff00::/8", false),
    ("::/96", false),
    ("::ffff:0:0/96", false),
];

/// Floats, which may be sources too.
const FLOATS: &[(&str, bool)] = &[
    ("203.0.113.10", true),
    ("203.0.113.256", false),
    ("203.0.113", false),
    ("203.0.113.10.1", false),
    ("0.0.0.0", false),
    ("0.0.0.16", true),
    ("127.0.0.1", false),
    ("169.254.1.1", false),
    ("223.255.255.255", true),
    ("224.0.0.1", false),
    ("239.1.1.1", false),
    ("255.255.255.254", true),
    ("255.255.255.255", false),
    ("2001:db8::10", true),
    ("2001:DB8::10", true),
    ("2001:db8:::10", false),
    ("2001:db8::1::2", false),
    ("2001:db8::10g", false),
    ("2001:db8::12345", false),
    ("1:2:3:4:5:6:7", false),
    ("1:2:3:4:5:6:7:8", true),
    ("1:2:3:4:5:6:7:8:9", false),
    ("1:2:3:4:5:6:7::", true),
    ("1::3:4:5:6:7:8", true),
    ("::2:3:4:5:6:7:8", true),
    ("1::2:3:4:5:6:7:8", false),
    ("1:2:3:4:5:6:7:8::", false),
    (":1:2:3:4:5:6:7", false),
    ("1:2:3:4:5:6:7:", false),
    ("1:2:3:4:5:6:192.0.2.1", true),
    ("1:2:3:4:5:6:7:192.0.2.1", false),
    ("1:2:3:4:5::192.0.2.1", true),
    ("1:2:3:4:5:6::192.0.2.1", false),
    ("64:ff9b::192.0.2.1", true),
    ("64:ff9b::192.0.2.1.1", false),
    ("[2001:db8::10]", false),
    ("2001:db8::10%eth0", false),
    ("::", false),
    ("0::0", false),
    ("::1", false),
    ("0:0:0:0:0:0:0:1", false),
    ("::10", true),
    ("::2", true),
    ("::ffff:192.0.2.1", false),
    ("::ffff:c000:201", false),
    ("0:0:0:0:0:ffff:c000:201", false),
    ("::ffff:1", true),
    ("fe7f::1", true),
    ("fe80::1", false),
    ("febf::1", false),
    ("fec0::1", true),
    ("ff02::1", false),
];

/// What an IPv4 float leads to.
const BODIES: &[(&str, bool)] = &[
    ("10.0.0.10", true),
    ("10.0.0.10/32", true),
    ("10.0.0.256", false),
    ("10.0.0.10:80", false),
    ("10.0.0.16/28", false),
    ("fd00::1", false),
    ("", false),
    ("{fixed: 10.0.0.10, name: , egress: , ports: }", true),
    ("{fixed: , ports: {80/tcp: 10.0.0.10}}", true),
    ("{fixed: , name: web}", false),
    ("{fixed: fd00::1}", false),
    ("{fixed: 10.0.0.10, ports: [80/tcp]}", true),
    ("{fixed: 10.0.0.10/32, ports: [80/tcp]}", true),
    ("{fixed: 10.0.0.16/28, ports: [80/tcp]}", false),
    ("{fixed: 10.0.0.10, ports: [0/tcp]}", false),
    ("{fixed: 10.0.0.10, ports: [1-65535/sctp]}", true),
    ("{fixed: 10.0.0.10, ports: [65536/tcp]}", false),
    ("{fixed: 10.0.0.10, ports: [1-65536/tcp]}", false),
    ("{fixed: 10.0.0.10, ports: [99999-100000/tcp]}", false),
    ("{fixed: 10.0.0.10, ports: [60000-65599/tcp]}", false),
    ("{fixed: 10.0.0.10, ports: [80]}", false),
    ("{ports: {80/tcp: 10.0.0.10}}", true),
    ("{ports: {80/tcp: '10.0.0.10:8080'}}", true),
    ("{ports: {80/tcp: '10.0.0.10:65535'}}", true),
    ("{ports: {80/tcp: '10.0.0.10:65536'}}", false),
    ("{ports: {80/tcp: '10.0.0.256:80'}}", false),
    ("{ports: {80/tcp: '[10.0.0.10]:80'}}", false),
    ("{ports: {80/tcp: '[fd00::1]:80'}}", false),
    ("{ports: {80/tcp: 127.0.0.1}}", false),
    ("{ports: {80/tcp: '127.0.0.1:80'}}", false),
    ("{ports: {80/tcp: 10.0.0.10/32}}", false),
    ("{ports: {80/tcp: }}", false),
    ("{ports: {80-81/tcp: 10.0.0.10}}", true),
    ("{ports: {80-81/tcp: '10.0.0.10:8080'}}", false),
    ("{ports: {80-81/tcp: '10.0.0.10:8080-8081'}}", true),
    ("{ports: {1-2/tcp: '10.0.0.10:65534-65535'}}", true),
    ("{ports: {1-2/tcp: '10.0.0.10:65535-65536'}}", false),
    ("{ports: {80/tcp: '10.0.0.10:8080-8081'}}", false),
    ("{ports: {80-81/tcp: '10.0.0.10:08-09'}}", false),
    ("{ports: {icmp: 10.0.0.10}}", true),
    ("{ports: {icmp: '10.0.0.10:80'}}", false),
    ("{ports: {icmp: '[fd00::1]'}}", false),
    ("{ports: {icmpv6: 10.0.0.10}}", false),
    ("{fixed: 10.0.0.10, ports: [icmp]}", true),
    ("{fixed: 10.0.0.10, ports: [80/icmp]}", false),
    ("{fixed: 10.0.0.10, ports: {80/tcp: 10.0.0.11}}", true),
    ("{fixed: 10.0.0.10, host: [22/tcp, icmp, 6000-6010/udp]}", true),
    ("{fixed: 10.0.0.10, host: }", true),
    ("{fixed: 10.0.0.10, host: []}", false),
    ("{fixed: 10.0.0.10, host: 22/tcp}", false),
    ("{fixed: 10.0.0.10, host: {22/tcp: 10.0.0.11}}", false),
    ("{host: [22/tcp]}", false),
    ("{host: [22/tcp], ports: {80/tcp: 10.0.0.10}}", true),
    ("{host: [22/tcp], ports: [80/tcp], fixed: 10.0.0.10}", true),
    ("{egress: 10.0.0.10}", true),
    ("{egress: 10.0.0.10, host: [22/tcp]}", false),
    ("{egress: 10.0.0.10, fixed: 10.0.0.11}", true),
    ("{egress: 10.0.0.10, ports: {80/tcp: 10.0.0.11}}", true),
    ("{egress: 10.0.0.10, ports: [80/tcp]}", false),
    ("{egress: 10.0.0.256}", false),
    ("{egress: 10.0.0.0/28}", false),
    ("{egress: 127.0.0.1}", false),
    ("{egress: fd00::1}", false),
    ("{egress: true}", false),
    ("{egress: false}", false),
    ("{egress: true, fixed: 10.0.0.10, ports: {80/tcp: 10.0.0.11}}", true),
    ("{ports: {80/tcp: '10.0.0.10:08'}}", false),
    ("{egress: false, ports: {80/tcp: 10.0.0.10}}", true),
    ("{egress: true, ports: {80/tcp: 10.0.0.10}}", false),
    ("{fixed: 10.0.0.10, name: ''}", false),
    ("{fixed: 10.0.0.10, name: 'a\"b'}", false),
    ("{fixed: 10.0.0.10, name: \"a\\nb\"}", false),
    ("{fixed: 10.0.0.10, name: caf\u{e9} 1}", true),
    ("{fixed: 10.0.0.10, name: 123}", true),
    ("{fixed: 10.0.0.10, name: 007}", true),
    ("{fixed: 10.0.0.10, name: 1e3}", true),
    ("{fixed: 10.0.0.10, name: true}", true),
    ("{fixed: 10.0.0.10, name: no}", true),
    ("{fixed: 10.0.0.10, egress: yes}", false),
    ("{fixed: 10.0.0.10, egress: 1}", false),
];

/// What an IPv6 float leads to.
const IPV6_BODIES: &[(&str, bool)] = &[
    ("fd00::1", true),
    ("fd00::1/128", true),
    ("10.0.0.10", false),
    ("{fixed: 10.0.0.10}", false),
    ("{fixed: fd00::1/128, ports: [80/tcp]}", true),
    ("{ports: {80/tcp: fd00::1}}", true),
    ("{ports: {80/tcp: '[fd00::1]'}}", true),
    ("{ports: {80/tcp: '[fd00::1]:8080'}}", true),
    ("{ports: {80/tcp: '[fd00:1:2:3:4:5:6::]:8080'}}", true),
    ("{ports: {80/tcp: '[fd00::1]:65536'}}", false),
    ("{ports: {80/tcp: '[fd00::1'}}", false),
    ("{ports: {80/tcp: '[::1]:80'}}", false),
    ("{ports: {80/tcp: '[ff02::1]:80'}}", false),
    ("{ports: {80/tcp: 'fd00::1:80'}}", false),
    ("{ports: {80/tcp: '[fd00::1:80]'}}", true),
    ("{ports: {80/tcp: 'fd00::1:a'}}", true),
    ("{ports: {80/tcp: 'fd00::80'}}", true),
    ("{ports: {80/tcp: 'fd00:1:2:3:4:5:6:80'}}", true),
    ("{ports: {80/tcp: 'fd00::3:4:5:6:7:80'}}", false),
    ("{ports: {80/tcp: 'fd00:1:2:3:4:5::80'}}", true),
    ("{ports: {80/tcp: 'fd00::1:080'}}", true),
    ("{ports: {80-81/tcp: 'fd00::1:80'}}", false),
    ("{ports: {80-81/tcp: '[fd00::1]:80-81'}}", true),
    ("{ports: {80-81/tcp: '[fd00::1]:80'}}", false),
    ("{ports: {icmp: 'fd00::1:80'}}", true),
    ("{ports: {icmp: '[fd00::1]'}}", true),
    ("{ports: {icmp: '[fd00::1]:80'}}", false),
    ("{egress: 'fd00::1'}", true),
    ("{egress: 10.0.0.10}", false),
    ("{ports: {80/tcp: '10.0.0.10:80'}}", false),
];

const SECTIONS: &[(&str, bool)] = &[
    ("bridge: {ports: ['*'], hairpin_mode: on}", true),
    ("bridge: {ports: [], hairpin_mode: on}", false),
    ("bridge: {ports: ['!eth0'], hairpin_mode: on}", false),
    ("bridge: {ports: ['*', '!eth0'], hairpin_mode: on}", true),
    ("bridge: {ports: ['!eth0'], hairpin_mode: keep, redirect: off}", true),
    ("bridge: {ports: [vnet*], redirect: on}", true),
    ("bridge: {ports: ['!eth0'], redirect: on}", false),
    ("bridge: {redirect: on}", false),
    ("bridge: {own_float: rewrite}", true),
    ("bridge: {own_float: on}", false),
    ("bridge: {own_float: , redirect: , through: , ports: }", true),
    ("bridge: {through: []}", true),
    ("bridge: {through: [fwbr*, br7]}", true),
    ("bridge: {through: ['*']}", false),
    ("bridge: {through: ['!fwbr1']}", false),
    ("bridge: {ports: ['!*']}", false),
    ("bridge: {ports: ['!!a']}", false),
    ("bridge: {ports: ['!']}", false),
    ("bridge: {ports: ['!..']}", false),
    ("bridge: {ports: ['!fifteen-bytes-x*']}", true),
    ("bridge: {ports: ['!sixteen-bytes-xx']}", false),
    ("bridge: {ports: [vnet+]}", false),
    ("bridge: {ports: ['!vnet+']}", false),
    ("bridge: {ports: [a+b]}", true),
    ("egress: {uplinks: [eth+]}", false),
    ("egress: {uplinks: ['!eth0']}", false),
    ("pool: [203.0.113.0/24, '2001:db8::/64']", true),
    ("pool: ", true),
    ("pool: []", true),
    ("pool: 203.0.113.0/24", false),
    ("pool: [203.0.113.1]", false),
    ("pool: [203.0.113.1/32]", true),
    ("pool: [203.0.113.1/24]", false),
    ("pool: [169.254.0.0/16]", false),
    ("pool: [127.0.0.0/8]", false),
    ("bridge: {ports: , hairpin_mode: on}", false),
    ("bridge: {ports: [fifteen-bytes-x*]}", true),
    ("bridge: {ports: [sixteen-bytes-xx*]}", false),
    ("bridge: {ports: ['a\\b']}", false),
    ("bridge: {ports: [7, true, 1e3]}", true),
    ("bridge: {reflection: , hairpin_mode: }", true),
    ("egress: {uplinks: ['*']}", false),
    ("egress: {uplinks: [wan*]}", true),
    ("egress: {default: [203.0.113.1, '2001:db8::1']}", true),
    ("egress: {default: [203.0.113.1, 203.0.113.2]}", false),
    ("egress: {default: ['2001:db8::1', '2001:db8::2']}", false),
    ("egress: {default: []}", true),
    ("egress: {exempt: [0.0.0.0/0, '::/0', 127.0.0.0/8]}", true),
    ("egress: {exempt: [192.0.2.1/24]}", false),
    ("floats: {203.0.113.0/28: {fixed: 10.0.0.16/28, name: lab, ports: }}", true),
    ("floats: {203.0.113.0/28: {fixed: 10.0.0.16/28, ports: [80/tcp]}}", false),
    ("floats: {203.0.113.0/28: 10.0.0.16}", false),
    ("floats: {203.0.113.0/28: {fixed: 10.0.0.16/28, egress: 10.0.0.16}}", false),
    ("floats: {203.0.113.0/28: {fixed: 10.0.0.16/28, host: [22/tcp]}}", false),
    ("floats: {203.0.113.10/32: {fixed: 10.0.0.10, ports: [80/tcp]}}", true),
    ("floats: {'2001:db8::/32': 'fd00::/32'}", true),
    ("counters: 1", false),
    ("counters: True", true),
    ("version: ", true),
    ("floats: {}", true),
];
