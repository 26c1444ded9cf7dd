//! The shipped policies tell an editor where the schema is.

use std::fs;
use std::path::Path;

use hairnat::policy::json_schema;

use crate::scenario::shipped;

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
