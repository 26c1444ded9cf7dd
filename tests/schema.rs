//! The JSON Schema of the policy language agrees with the parser.

mod scenario;

use hairnat::policy::{json_schema, parse};
use jsonschema::Validator;
use scenario::{Scenario, scenarios, shipped};
use serde_json::Value;

/// Scenarios with an error that a schema can express: one that shows in a single value.
const EXPRESSIBLE: &[&str] = &[
    "address_syntax",
    "choices",
    "default_invalid",
    "default_masquerade_in_list",
    "egress_of_port_map",
    "empty_map",
    "hairpin_mode_without_ports",
    "interface_names",
    "leads_nowhere",
    "names",
    "not_a_map",
    "other_version",
    "ports_and_fixed",
    "ports_empty",
    "ports_range_target",
    "ports_syntax",
    "prefix_syntax",
    "quoted_booleans_and_numbers",
    "too_many_uplinks",
    "unknown_keys",
    "uplinks_everything",
    "wrong_types",
    "wrong_types_of_items",
    "yaml_1_1_booleans",
];

fn schema() -> Validator {
    let schema: Value = serde_json::from_str(json_schema()).unwrap();
    assert_eq!(jsonschema::meta::validate(&schema).map_err(|error| error.to_string()), Ok(()));
    jsonschema::draft202012::new(&schema).unwrap()
}

fn json(text: &[u8]) -> Value {
    serde_yaml::from_slice(text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)).unwrap()
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
            .iter_errors(&json(&source.text))
            .map(|error| format!("{}: {error}", error.instance_path()))
            .collect();
        let text = String::from_utf8_lossy(&source.text).into_owned();
        assert!(refusals.is_empty(), "{refusals:?}\n{text}");
    }
}

#[test]
fn what_a_schema_can_express_both_refuse() {
    let schema = schema();
    let paths = scenarios("tests/policy");
    for name in EXPRESSIBLE {
        let path = paths.iter().find(|path| path.file_stem().is_some_and(|stem| stem == *name));
        let scenario = Scenario::read(path.expect(name));
        assert!(parse(&scenario.sources).is_err(), "{name}");
        for source in &scenario.sources {
            assert!(!schema.is_valid(&json(&source.text)), "{name}");
        }
    }
}

/// Each value alone, so that one refusal cannot hide behind another.
#[test]
fn schema_and_parser_agree_on_single_values() {
    let schema = schema();
    let float = |body: &str| format!("fixed: [10.0.0.0/24]\nfloats: {{203.0.113.10: {body}}}\n");
    let policies = [
        ("fixed: [10.0.0.0/024]\n".to_owned(), false),
        ("fixed: [10.0.0.0/33]\n".to_owned(), false),
        ("fixed: [010.0.0.0/24]\n".to_owned(), false),
        ("fixed: [10.0.0.0]\n".to_owned(), false),
        ("fixed: ['fd00::/129']\n".to_owned(), false),
        ("fixed: ['fd00::/128', 'fd00::/0']\n".to_owned(), false),
        ("fixed: ['fd00::/128', 'fc00::/7']\n".to_owned(), true),
        (float("10.0.0.10"), true),
        (float("10.0.0.10/32"), true),
        (float("10.0.0.256"), false),
        (float("10.0.0.10:80"), false),
        (float("{fixed: 10.0.0.10, ports: [80/tcp]}"), true),
        (float("{fixed: 10.0.0.10, ports: [0/tcp]}"), false),
        (float("{fixed: 10.0.0.10, ports: [80]}"), false),
        (float("{ports: {80/tcp: 10.0.0.10}}"), true),
        (float("{ports: {80/tcp: '10.0.0.10:8080'}}"), true),
        (float("{ports: {80-81/tcp: 10.0.0.10}}"), true),
        (float("{ports: {80-81/tcp: '10.0.0.10:8080'}}"), false),
        (float("{ports: {80/tcp: '10.0.0.10:08'}}"), false),
        (float("{egress: false, ports: {80/tcp: 10.0.0.10}}"), true),
        (float("{egress: true, ports: {80/tcp: 10.0.0.10}}"), false),
        (float("{fixed: 10.0.0.10, name: ''}"), false),
        (float("{fixed: 10.0.0.10, name: 'a\"b'}"), false),
        (float("{fixed: 10.0.0.10, name: \"a\\nb\"}"), false),
        (float("{fixed: 10.0.0.10, name: caf\u{e9} 1}"), true),
        (float("{fixed: 10.0.0.10, egress: yes}"), false),
        ("bridge: {ports: ['*'], hairpin_mode: on}\n".to_owned(), true),
        ("bridge: {ports: [], hairpin_mode: on}\n".to_owned(), false),
        ("bridge: {ports: [fifteen-bytes-x*]}\n".to_owned(), true),
        ("bridge: {ports: [sixteen-bytes-xx*]}\n".to_owned(), false),
        ("egress: {uplinks: ['*']}\n".to_owned(), false),
        ("egress: {uplinks: [wan*]}\n".to_owned(), true),
        ("counters: 1\n".to_owned(), false),
        ("floats: {}\n".to_owned(), true),
    ];
    for (text, expected) in policies {
        let source = hairnat::policy::Source { name: String::new(), text: text.clone().into() };
        assert_eq!(parse(&[source]).is_ok(), expected, "parser: {text}");
        // Zero-length prefixes reach into loopback, which only the parser knows.
        let schema_knows = !text.contains("/0'");
        assert_eq!(schema.is_valid(&json(text.as_bytes())), expected || !schema_knows, "{text}");
    }
}
