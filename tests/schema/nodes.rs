//! What editors show of the schema: every part is described, and every example and default holds.

use hairnat::policy::{Policy, json_schema};
use serde_json::{Map, Value, json};

use crate::{parsed, schema};

/// The parts of the schema that a person may meet, each with its JSON pointer.
fn nodes() -> Vec<(String, Value)> {
    let root: Value = serde_json::from_str(json_schema()).unwrap();
    let mut nodes = vec![(String::new(), root.clone())];
    collect(&root, "", &mut nodes);
    nodes
}

fn collect(node: &Value, pointer: &str, nodes: &mut Vec<(String, Value)>) {
    for group in ["properties", "$defs"] {
        for (name, child) in node.get(group).and_then(Value::as_object).into_iter().flatten() {
            let pointer = format!("{pointer}/{group}/{name}");
            collect(child, &pointer, nodes);
            nodes.push((pointer, child.clone()));
        }
    }
}

/// The part of the schema alone, which still finds what it refers to.
fn subschema(node: &Value) -> jsonschema::Validator {
    let root: Value = serde_json::from_str(json_schema()).unwrap();
    let mut node = node.clone();
    node["$defs"] = root["$defs"].clone();
    jsonschema::draft202012::new(&node).unwrap()
}

/// Whether a part only narrows another one that has the same name: nobody meets it.
fn narrows(pointer: &str) -> bool {
    pointer.starts_with("/$defs/leadsTo") && pointer.contains("/properties/")
}

#[test]
fn every_part_is_described() {
    let nodes = nodes();
    assert!(nodes.len() > 35, "only {} parts", nodes.len());
    let root: Value = serde_json::from_str(json_schema()).unwrap();
    for (pointer, node) in nodes {
        if narrows(&pointer) {
            continue;
        }
        let referred =
            node["$ref"].as_str().and_then(|to| root.pointer(to.trim_start_matches('#')));
        let described = node.get("description").or(referred.and_then(|to| to.get("description")));
        let described = described.and_then(Value::as_str).unwrap_or_default();
        assert!(described.ends_with('.') && described.len() > 15, "{pointer}: {described:?}");
    }
}

#[test]
fn every_choice_is_described() {
    for (pointer, node) in nodes() {
        for choice in node["oneOf"].as_array().into_iter().flatten() {
            let described = choice["description"].as_str().unwrap_or_default();
            assert!(described.ends_with('.'), "{pointer}: {choice}");
        }
    }
}

/// A policy around a value that stands where the part of the schema is; `None` for parts that only
/// say what text looks like.
fn policy_around(pointer: &str, value: &Value) -> Option<Value> {
    let mut policy = json!({ "fixed": ["10.0.0.0/24", "fd00:10::/64"] });
    let text = value.as_str().unwrap_or_default();
    let (float, fixed) = match (text.matches(':').count() > 1, text.contains('/')) {
        (false, false) => ("203.0.113.200", "10.0.0.200"),
        (false, true) => ("203.0.113.0/28", "10.0.0.0/28"),
        (true, false) => ("2001:db8::200", "fd00:10::200"),
        (true, true) => ("2001:db8::/112", "fd00:10::/112"),
    };
    let float_with = |key: &str| {
        let mut body = Map::from_iter([(key.to_owned(), value.clone())]);
        if key != "fixed" && !(key == "ports" && value.is_object()) {
            body.insert("fixed".to_owned(), fixed.into());
        }
        json!({ float: body })
    };
    let path: Vec<&str> = pointer.split('/').skip(1).collect();
    match path[..] {
        [] => return Some(value.clone()),
        ["properties", section] | ["$defs", section @ ("bridge" | "egress" | "floats")] => {
            policy[section] = value.clone();
        }
        ["$defs", section @ ("bridge" | "egress"), "properties", key] => {
            policy[section] = json!({ key: value });
        }
        ["$defs", "float", "properties", key] => policy["floats"] = float_with(key),
        ["$defs", "outside"] => policy["floats"] = json!({ text: fixed }),
        ["$defs", "instance"] => policy["floats"] = json!({ float: value }),
        ["$defs", "public"] => policy["pool"] = json!([value]),
        ["$defs", "source"] => policy["egress"] = json!({ "default": value }),
        ["$defs", "network"] => policy["fixed"] = json!([value]),
        ["$defs", "interface"] => policy["bridge"] = json!({ "ports": [value] }),
        ["$defs", "exclusion"] => policy["bridge"] = json!({ "ports": ["*", value] }),
        ["$defs", "service"] => {
            policy["floats"] = json!({ "203.0.113.9": { "fixed": "10.0.0.9", "ports": [value] } });
        }
        ["$defs", "target"] => {
            policy["floats"] = json!({ float: { "ports": { "80/tcp": value } } });
        }
        ["$defs", "rangeTarget"] => {
            policy["floats"] = json!({ float: { "ports": { "8000-8010/tcp": value } } });
        }
        _ => return None,
    }
    Some(policy)
}

#[test]
fn every_example_is_taken_where_it_belongs() {
    let schema = schema();
    let mut examples = 0;
    for (pointer, node) in nodes() {
        let alone = subschema(&node);
        for example in node["examples"].as_array().into_iter().flatten() {
            assert!(alone.is_valid(example), "{pointer}: {example}");
            let policy = policy_around(&pointer, example).expect(&pointer);
            assert!(schema.is_valid(&policy), "{policy}");
            if let Err(found) = parsed(&policy.to_string()) {
                panic!("{pointer}: {found}");
            }
            examples += 1;
        }
    }
    assert!(examples > 30, "only {examples} examples");
}

/// The keys that people write have examples; those with choices or `true` and `false` need none.
#[test]
fn every_key_shows_what_it_takes() {
    for (pointer, node) in nodes() {
        let key = pointer.rsplit_once('/').is_some_and(|(group, _)| group.ends_with("properties"));
        if !key || narrows(&pointer) {
            continue;
        }
        let shows =
            ["examples", "enum", "oneOf", "$ref"].iter().any(|word| node.get(word).is_some());
        assert!(shows || node["type"][0] == "boolean", "{pointer}");
    }
}

#[test]
fn every_default_is_what_an_absent_key_means() {
    let absent = |pointer: &str, value: &Value| -> Policy {
        let mut policy = policy_around(pointer, value).expect(pointer);
        let path: Vec<&str> = pointer.split('/').skip(1).collect();
        match path[..] {
            ["properties", section] => {
                assert!(policy.as_object_mut().unwrap().remove(section).is_some());
            }
            ["$defs", section, "properties", _] => policy[section] = json!({}),
            _ => panic!("a default at {pointer}"),
        }
        parsed(&policy.to_string()).unwrap()
    };
    let mut defaults = 0;
    for (pointer, node) in nodes() {
        if let Some(default) = node.get("default") {
            assert!(subschema(&node).is_valid(default), "{pointer}: {default}");
            let said = parsed(&policy_around(&pointer, default).unwrap().to_string()).unwrap();
            assert_eq!(said, absent(&pointer, default), "{pointer}");
            let text = node["description"].as_str().unwrap();
            let shown = match default {
                Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(", "),
                value => plain(value),
            };
            assert!(text.contains(&shown), "{pointer} does not name its default");
            defaults += 1;
        }
    }
    assert_eq!(defaults, 7);
}

fn plain(value: &Value) -> String {
    value.as_str().map_or(value.to_string(), str::to_owned)
}

/// A default of choices differs from another choice, or the test above would prove nothing.
#[test]
fn what_is_no_default_means_something_else() {
    let means = |policy: Value| parsed(&policy.to_string()).unwrap();
    let absent = means(json!({ "bridge": {} }));
    assert_ne!(means(json!({ "bridge": { "reflection": "off" } })), absent);
    assert_ne!(means(json!({ "bridge": { "hairpin_mode": "on", "ports": ["*"] } })), absent);
    assert_ne!(means(json!({ "bridge": { "through": [] } })), absent);
    assert_ne!(means(json!({ "bridge": { "own_float": "rewrite" } })), absent);
    let with = |redirect: &str| {
        let bridge = json!({ "redirect": redirect, "ports": ["*"] });
        means(json!({ "fixed": ["10.0.0.0/24"], "bridge": bridge }))
    };
    assert_ne!(with("on"), with("off"));
    assert_ne!(means(json!({ "counters": true })), means(json!({ "counters": false })));
}
