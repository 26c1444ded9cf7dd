//! A name or an interface that a policy takes comes back from text as it was.

use hairnat::address::InterfacePattern;
use hairnat::compile::compile;
use hairnat::policy::{Name, Policy, Source, parse};
use hairnat::ruleset::{Ruleset, TABLE_COMMENT};
use serde_json::Value;

/// Stands between the name of a float and an interface: no byte of UTF-8.
pub const SEPARATOR: u8 = 0xff;

/// Reads `data` as a name and an interface.
///
/// # Panics
///
/// If the law does not hold.
pub fn check(data: &[u8]) {
    let Some((name, interface)) = texts(data) else { return };
    let named = policy(&[name], &[]);
    assert_eq!(named.is_some(), Name::new(name).is_some(), "{name:?}");
    if let Some(policy) = named {
        let given = policy.ipv4.floats[0].name.as_ref().expect("a name");
        assert_eq!(given.as_str(), name);
        comes_back_as_a_comment(name, &compile(&policy));
    }
    let guarded = policy(&[], &[interface]);
    // `!` leaves ports out, and a wildcard of iptables(8) is no part of a name.
    let name = interface.strip_prefix('!').unwrap_or(interface);
    let taken = !name.starts_with('!') && !name.ends_with('+') && interface != "!*";
    let pattern = name.parse::<InterfacePattern>();
    assert_eq!(guarded.is_some(), taken && pattern.is_ok(), "{interface:?}");
    if let (Some(policy), Ok(pattern)) = (guarded, pattern) {
        comes_back_as_an_interface(&pattern, &compile(&policy));
    }
}

/// The name and the interface in `data`, or the one text that is tried as both.
#[must_use]
pub fn texts(data: &[u8]) -> Option<(&str, &str)> {
    let text = |bytes| std::str::from_utf8(bytes).ok();
    let mut parts = data.splitn(2, |&byte| byte == SEPARATOR);
    let name = text(parts.next()?)?;
    Some((name, parts.next().map_or(Some(name), text)?))
}

/// A policy with floats of those names and instance ports of those names, if it is one.
#[must_use]
pub fn policy(names: &[&str], interfaces: &[&str]) -> Option<Policy> {
    let mut text = "fixed: [10.0.0.0/8]\n".to_owned();
    if !interfaces.is_empty() {
        let ports: Vec<String> = interfaces.iter().map(|name| quoted(name)).collect();
        text.extend(["bridge: {ports: [", &ports.join(", "), "]}\n"]);
    }
    if !names.is_empty() {
        text += "floats:\n";
    }
    for (number, name) in (1..).zip(names) {
        let [_, b, c, d] = u32::to_be_bytes(number);
        let float = format!("  203.{b}.{c}.{d}: {{fixed: 10.{b}.{c}.{d}, name: ");
        text.extend([&*float, &quoted(name), "}\n"]);
    }
    parse(&[Source { name: "policy.yaml".to_owned(), text: text.into_bytes() }]).ok()
}

/// The text in double quotes, with nothing in them that YAML takes for anything else.
fn quoted(text: &str) -> String {
    let escaped = text.chars().map(|c| match c {
        ' '..='~' if !matches!(c, '"' | '\\') => c.to_string(),
        c => format!("\\U{:08x}", u32::from(c)),
    });
    format!("\"{}\"", escaped.collect::<String>())
}

fn comes_back_as_a_comment(name: &str, ruleset: &Ruleset) {
    let text = ruleset.to_string();
    let comments: Vec<&str> = strings(&text)
        .filter(|(before, _)| before.ends_with(" comment "))
        .map(|(_, s)| s)
        .collect();
    let of_elements = |comment: &Value| *comment != TABLE_COMMENT;
    // Once in the map of destinations, once in that of sources.
    assert_eq!(comments, [name, name], "{text}");
    let mut found = Vec::new();
    json_values(ruleset, "comment", &mut |value| found.push(value.clone()));
    found.retain(of_elements);
    assert_eq!(found, [name, name].map(Value::from));
}

fn comes_back_as_an_interface(pattern: &InterfacePattern, ruleset: &Ruleset) {
    let text = ruleset.to_string();
    let (guard, _) = text.split_once("table inet ").expect("both tables");
    let names: Vec<&str> =
        strings(guard).filter(|(before, _)| before.contains("iifname ")).map(|(_, s)| s).collect();
    if pattern.matches_everything() {
        assert!(names.is_empty(), "{text}");
    } else {
        let read: Vec<_> = names.iter().map(|name| name.parse()).collect();
        assert_eq!(read, [Ok(pattern.clone())], "{text}");
    }
}

/// The strings in an nft script, as its lexer takes them: from one quotation mark to the next,
/// whatever is between; and what stands on the same line before each.
fn strings(script: &str) -> impl Iterator<Item = (&str, &str)> {
    script.lines().flat_map(|line| {
        let parts: Vec<&str> = line.split('"').collect();
        assert!(parts.len() % 2 == 1, "a string goes on over the end of its line: {line}");
        let pairs: Vec<_> = parts.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
        pairs
    })
}

/// Hands out every value of `key` in the JSON of the ruleset.
fn json_values(ruleset: &Ruleset, key: &str, found: &mut impl FnMut(&Value)) {
    fn walk(value: &Value, key: &str, found: &mut impl FnMut(&Value)) {
        match value {
            Value::Array(items) => items.iter().for_each(|item| walk(item, key, found)),
            Value::Object(fields) => {
                for (name, value) in fields {
                    if name == key {
                        found(value);
                    }
                    walk(value, key, found);
                }
            }
            _ => {}
        }
    }
    let mut json = Vec::new();
    ruleset.to_json(&mut json).expect("a vector takes everything");
    walk(&serde_json::from_slice(&json).expect("JSON"), key, found);
}
