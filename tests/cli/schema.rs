//! The JSON Schema of what `-o json` prints: it describes all of that, and nothing else.

use std::collections::BTreeSet;
use std::fs;

use serde_json::{Value, json};

use crate::contract::golden;
use crate::world::{OUTPUT_SCHEMA, World, described};

fn schema() -> Value {
    serde_json::from_str(OUTPUT_SCHEMA).unwrap()
}

/// Everything in the schema that can be one itself.
fn every_part<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(schema);
    match schema {
        Value::Object(fields) => fields.values().for_each(|part| every_part(part, found)),
        Value::Array(items) => items.iter().for_each(|part| every_part(part, found)),
        _ => {}
    }
}

fn object(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(golden(name)).unwrap()).unwrap()
}

/// Every golden, by its name.
fn objects() -> Vec<(String, Value)> {
    let files = fs::read_dir(golden("any").parent().unwrap()).unwrap();
    let name = |file: fs::DirEntry| file.path().file_stem().unwrap().to_str().unwrap().to_owned();
    let mut names: Vec<String> = files.map(|file| name(file.unwrap())).collect();
    names.sort();
    names.into_iter().map(|name| (name.clone(), object(&name))).collect()
}

#[test]
fn there_is_a_schema_of_the_policy_and_one_of_the_output() {
    let world = World::new();
    world.run("hairnat schema output").is(0, OUTPUT_SCHEMA, "");
    let schema = schema();
    assert_eq!(jsonschema::meta::validate(&schema).map_err(|error| error.to_string()), Ok(()));
    let said = world.run("hairnat schema");
    let policy: Value = serde_json::from_str(said.output()).unwrap();
    assert_ne!(schema["$id"], policy["$id"]);
    world.run("hairnat schema policy").is(0, said.output(), "");
    let error = world.run("hairnat schema outptu -o json").object(2);
    assert_eq!(error["error"]["hint"], "a similar value exists: 'output'");
}

#[test]
fn its_examples_are_what_it_describes() {
    let schema = schema();
    let mut parts = Vec::new();
    every_part(&schema, &mut parts);
    let mut examples = 0;
    for part in parts.into_iter().filter(|part| part["examples"].is_array()) {
        let mut whole = part.clone();
        whole["$defs"] = schema["$defs"].clone();
        let validator = jsonschema::draft202012::new(&whole).unwrap();
        for example in part["examples"].as_array().unwrap() {
            examples += 1;
            assert!(validator.is_valid(example), "{example:#}");
        }
    }
    assert!(examples >= 10, "only {examples} examples");
}

#[test]
fn every_object_is_closed_and_every_field_is_described() {
    let schema = schema();
    let told = |part: &Value| part["description"].is_string() || part.get("const").is_some();
    let referred = |part: &Value| {
        let name = part["$ref"].as_str()?.strip_prefix("#/$defs/")?;
        schema["$defs"].get(name)
    };
    let mut parts = Vec::new();
    every_part(&schema, &mut parts);
    let mut fields = 0;
    for part in parts.into_iter().filter(|part| part["type"] == "object") {
        if part["oneOf"].is_array() {
            continue;
        }
        assert_eq!(part["additionalProperties"], false, "{part:#}");
        for (name, field) in part["properties"].as_object().unwrap() {
            fields += 1;
            assert!(told(field) || referred(field).is_some_and(told), "`{name}` in {part:#}");
        }
    }
    assert!(fields >= 80, "only {fields} fields");
}

/// The value as often as there are values in it, each time with another one that is wrong.
fn each_wrong(value: &Value, wrong: fn(&Value) -> Vec<Value>) -> Vec<Value> {
    let mut all = wrong(value);
    let keys: Vec<String> = match value {
        Value::Object(fields) => fields.keys().cloned().collect(),
        Value::Array(items) => (0..items.len()).map(|index| index.to_string()).collect(),
        _ => Vec::new(),
    };
    for key in keys {
        let pointer = format!("/{key}");
        for inner in each_wrong(value.pointer(&pointer).unwrap(), wrong) {
            let mut whole = value.clone();
            *whole.pointer_mut(&pointer).unwrap() = inner;
            all.push(whole);
        }
    }
    all
}

fn misspelt(value: &Value) -> Vec<Value> {
    let Some(fields) = value.as_object() else { return Vec::new() };
    let misspell = |name: &String| {
        let rename = |key: &String| if key == name { format!("{key}s") } else { key.clone() };
        fields.iter().map(|(key, field)| (rename(key), field.clone())).collect()
    };
    fields.keys().map(misspell).collect()
}

fn of_another_type(value: &Value) -> Vec<Value> {
    match value {
        Value::Object(_) => vec![json!([]), Value::Null],
        Value::Array(_) => vec![json!({}), Value::Null],
        Value::String(_) => vec![json!(7), json!(["text"])],
        Value::Bool(truth) => vec![json!(truth.to_string()), json!(1)],
        Value::Number(number) => vec![json!(number.to_string()), json!(-1), json!(0.5)],
        Value::Null => vec![json!(false)],
    }
}

/// All fields of all objects in a value.
fn fields_of<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.keys().map(String::as_str));
            fields.values().for_each(|field| fields_of(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| fields_of(item, found)),
        _ => {}
    }
}

/// But `nft`, which no kernel can be led to have a cause for; a test beside the code has it.
#[test]
fn every_field_that_is_described_is_in_a_golden() {
    let (schema, objects) = (schema(), objects());
    let mut printed = BTreeSet::from(["nft"]);
    for (_, object) in &objects {
        fields_of(object, &mut printed);
    }
    let mut parts = Vec::new();
    every_part(&schema, &mut parts);
    let closed = parts.into_iter().filter(|part| part["additionalProperties"] == false);
    let described: BTreeSet<&str> = closed
        .flat_map(|part| part["properties"].as_object().unwrap().keys().map(String::as_str))
        .collect();
    assert_eq!(described, printed);
}

#[test]
fn a_misspelt_field_and_a_wrong_type_are_refused_wherever_they_are() {
    let mut refused = 0;
    for (name, object) in objects() {
        assert_eq!(described(&object), Ok(()));
        for wrong in [misspelt, of_another_type].map(|wrong| each_wrong(&object, wrong)).concat() {
            refused += 1;
            assert!(described(&wrong).is_err(), "{name}: {wrong:#}");
        }
    }
    assert!(refused > 2000, "only {refused} objects");
}

#[test]
fn fields_that_contradict_one_another_are_refused() {
    for (name, path, value) in [
        ("diff_moved", "/format", Some(json!(2))),
        ("diff_moved", "/changed", Some(json!(false))),
        ("diff_moved", "/confirmed", Some(json!(true))),
        ("diff_moved", "/reason", Some(json!("no answer in 1 s"))),
        ("diff_moved", "/changes", Some(json!([]))),
        ("diff_moved", "/changes/0/op", Some(json!("change"))),
        ("diff_moved", "/changes/0/before", None),
        ("diff_moved", "/changes/0/after", None),
        ("diff_in_sync", "/applied", Some(json!(true))),
        ("apply_not_confirmed", "/applied", Some(json!(true))),
        ("apply_not_confirmed", "/confirmed", Some(json!(true))),
        ("apply_not_confirmed", "/connections_cut", None),
        ("apply_not_confirmed", "/reason", None),
        ("check", "/valid", Some(json!(false))),
        ("error_usage", "/error/kind", Some(json!("usages"))),
        ("error_usage", "/error/kind", Some(json!("policy"))),
        ("error_usage", "/error/left_out", Some(json!(0))),
        ("error_usage", "/error/nft", Some(json!("add table inet hairnat"))),
        ("error_usage", "/warnings", Some(json!([]))),
        ("error_usage", "/changed", Some(json!(false))),
        ("error_usage", "/error/process", Some(json!(4711))),
        ("error_busy", "/error/kind", Some(json!("stale"))),
        ("error_policy", "/error/diagnostics", Some(json!([]))),
        ("error_policy", "/error/left_out", None),
        ("show_counters", "/tables/1/sets/0/elements/0/bytes", None),
        ("show_counters", "/tables/1/sets/0/size", None),
    ] {
        let mut object = object(name);
        assert_eq!(described(&object), Ok(()));
        let (parent, field) = path.rsplit_once('/').unwrap();
        let fields = object.pointer_mut(parent).unwrap().as_object_mut().unwrap();
        match value {
            Some(value) => drop(fields.insert(field.to_owned(), value)),
            None => drop(fields.shift_remove(field).unwrap()),
        }
        assert!(described(&object).is_err(), "{name}{path}: {object:#}");
    }
}
