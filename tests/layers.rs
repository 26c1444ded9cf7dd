//! The layers of the crate: a module uses only what is below it.

use std::fs;
use std::path::{Path, PathBuf};

/// From the bottom up; modules of one layer do not use one another.
const LAYERS: &[&[&str]] = &[
    &["printable"],
    &["address", "netlink"],
    &["ruleset", "policy"],
    &["compile", "plan", "trace"],
    &["kernel", "host"],
    &["cli"],
];

/// `policy` may name the types of `address`, `compile` those of `policy` and `ruleset`, and so on:
/// every use must lead strictly down.
#[test]
fn no_module_uses_a_layer_above_or_beside_its_own() {
    let mut upward = Vec::new();
    for file in sources(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let module = module_of(&file);
        let Some(own) = layer(&module) else { continue };
        let text = fs::read_to_string(&file).unwrap();
        for used in used_modules(&text).filter(|used| *used != module) {
            let Some(theirs) = layer(&used) else {
                panic!("{}: `crate::{used}` is in no layer: add it to LAYERS", file.display())
            };
            if theirs >= own {
                upward.push(format!("{} uses crate::{used}", file.display()));
            }
        }
    }
    assert_eq!(upward, Vec::<String>::new());
}

#[test]
fn every_module_is_in_a_layer() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let modules = sources(src).into_iter().map(|file| module_of(&file));
    let unknown: Vec<String> =
        modules.filter(|m| m != "lib" && m != "main" && layer(m).is_none()).collect();
    assert_eq!(unknown, Vec::<String>::new());
}

fn layer(module: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| layer.contains(&module))
}

/// The top-level module that a source file belongs to.
fn module_of(file: &Path) -> String {
    let inside = file.strip_prefix(Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    let first = inside.components().next().unwrap().as_os_str().to_string_lossy();
    first.trim_end_matches(".rs").to_owned()
}

/// The top-level modules that code, not comments, names by `crate::`.
fn used_modules(text: &str) -> impl Iterator<Item = String> {
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.split("crate::").skip(1))
        .map(|rest| rest.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or(""))
        .filter(|name| !name.is_empty())
        .map(str::to_owned)
        .collect::<Vec<_>>()
        .into_iter()
}

fn sources(directory: PathBuf) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}
