//! The shipped policies tell an editor where the schema is.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use hairnat::policy::{Service, ServiceTarget, json_schema};
use serde_json::Value;

use crate::scenario::shipped;
use crate::{json, parsed, schema};

/// What the YAML language server of editors reads on the first line.
const MODELINE: &str = "# yaml-language-server: $schema=";

#[test]
fn every_shipped_policy_names_the_schema_on_its_first_line() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("policies");
    let policies = shipped();
    assert!(policies.len() >= 6, "only {} policies", policies.len());
    for source in policies {
        let text = String::from_utf8(source.text).unwrap();
        let path = text.lines().next().unwrap().strip_prefix(MODELINE).expect(&source.name);
        let schema = fs::read_to_string(folder.join(path)).expect(&source.name);
        assert_eq!(schema, json_schema(), "{}", source.name);
    }
}

/// What stands before another value of the key above.
const ALTERNATIVE: &str = "# or: ";

fn full() -> String {
    let full = shipped().into_iter().find(|source| source.name == "full.yaml").unwrap();
    String::from_utf8(full.text).unwrap()
}

/// The text with the alternative in its line `index` in the place of the key that it belongs to.
fn with_alternative(text: &str, index: usize) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let indent = lines[index].find('#').unwrap();
    let value = lines[index].trim_start().strip_prefix(ALTERNATIVE).unwrap();
    let key = format!("{}{}:", " ".repeat(indent), value.split(':').next().unwrap());
    let first = lines[..index].iter().rposition(|line| line.starts_with(&key)).expect(&key);
    let deeper = |line: &&&str| line.len() - line.trim_start().len() > indent;
    let last = first + 1 + lines[first + 1..].iter().take_while(deeper).count();
    let changed = [" ".repeat(indent), value.to_owned()].concat();
    [&lines[..first], &[changed.as_str()], &lines[last..]].concat().join("\n")
}

#[test]
fn the_full_policy_means_something_else_with_each_alternative() {
    let text = full();
    let policy = parsed(&text).unwrap();
    let alternatives: Vec<usize> = text
        .lines()
        .enumerate()
        .filter(|(_, line)| line.trim_start().starts_with(ALTERNATIVE))
        .map(|(index, _)| index)
        .collect();
    assert!(alternatives.len() > 6, "only {} alternatives", alternatives.len());
    for index in alternatives {
        let changed = with_alternative(&text, index);
        assert_ne!(parsed(&changed).as_ref(), Ok(&policy), "{changed}");
        parsed(&changed).unwrap();
    }
}

#[test]
fn the_full_policy_has_every_key_and_every_word() {
    let text = full();
    let without_marks = text.replace(ALTERNATIVE, "");
    let schema: Value = serde_json::from_str(json_schema()).unwrap();
    let mut words = 0;
    for part in ["", "/$defs/bridge", "/$defs/egress", "/$defs/float"] {
        let properties = schema.pointer(&format!("{part}/properties")).unwrap();
        for (key, node) in properties.as_object().unwrap() {
            let stands = |line: &&str| line.trim_start().starts_with(&format!("{key}:"));
            assert!(text.lines().any(|line| stands(&line)), "no `{key}`");
            for group in ["oneOf", "anyOf"] {
                for choice in node[group].as_array().into_iter().flatten() {
                    let Some(word) = choice["const"].as_str() else { continue };
                    let said = format!("{key}: {word}");
                    assert!(without_marks.contains(&said), "no `{said}`");
                    words += 1;
                }
            }
        }
    }
    assert!(words > 10, "only {words} words");
}

/// The forms that a float can have, as far as the policy tells them apart.
#[test]
fn the_full_policy_has_every_form_of_a_float() {
    let half = parsed(&full()).unwrap().ipv4;
    let mut forms = BTreeSet::new();
    for (index, float) in half.floats.iter().enumerate() {
        let leaving = half.egress.iter().any(|one| one.float == index);
        let whole = if float.fixed.is_some() { "whole" } else { "parts" };
        let services = if float.services.is_empty() { "alone" } else { "with services" };
        forms.insert(format!("{whole} {services}, {}", if leaving { "egress" } else { "inbound" }));
        for one in &float.services {
            let service = match one.service {
                Service::Ports(_, range) if range.is_single() => "port",
                Service::Ports(..) => "range",
                Service::Icmp => "icmp",
            };
            let target = match one.target {
                ServiceTarget::Instance { port: None, .. } => "keeps its number",
                ServiceTarget::Instance { port: Some(_), .. } => "moves",
                ServiceTarget::Host => "stays",
            };
            forms.insert(format!("{service} {target}"));
        }
    }
    let expected = [
        "icmp keeps its number",
        "parts alone, egress",
        "parts with services, egress",
        "parts with services, inbound",
        "port keeps its number",
        "port moves",
        "port stays",
        "range keeps its number",
        "range moves",
        "whole alone, egress",
        "whole alone, inbound",
        "whole with services, egress",
    ];
    assert_eq!(forms.into_iter().collect::<Vec<_>>(), expected);
    assert!(half.prefixes.iter().any(|float| float.egress));
    let bridge = parsed(&full()).unwrap().bridge;
    assert!(!bridge.ports.is_empty() && !bridge.excluded.is_empty());
}

#[test]
fn policies_of_the_readme_are_valid() {
    let readme = include_str!("../../README.md");
    let blocks = readme.split("```yaml\n").skip(1).map(|rest| rest.split("```").next().unwrap());
    let is_policy = |block: &&str| block.starts_with(|c: char| c.is_ascii_lowercase());
    let without_comment = |block: &'static str| block.trim_start_matches("# policy.yaml\n");
    let policies: Vec<_> = blocks.map(without_comment).filter(is_policy).collect();
    assert!(policies.len() >= 3, "only {} policies", policies.len());
    for policy in policies {
        parsed(policy).unwrap();
        assert!(schema().is_valid(&json(policy.as_bytes()).unwrap()), "{policy}");
    }
}
