//! Any text is a policy, or there are reasons why not; and a policy becomes what it says.

use std::io::ErrorKind;

use hairnat::cli::diagnostics;
use hairnat::compile::compile;
use hairnat::kernel::{batch_bytes, snapshot_from_bytes};
use hairnat::plan::{Snapshot, plan};
use hairnat::policy::{Diagnostics, Policy, Source, parse, parse_with_places};
use hairnat::printable::is_invisible;
use hairnat::ruleset::{Ruleset, Statement};

/// Stands between two files: no byte of UTF-8.
pub const SEPARATOR: u8 = 0xff;

/// The most files.
const FILES: usize = 4;

/// Reads `data` as the files of a policy.
///
/// # Panics
///
/// If the law does not hold.
pub fn check(data: &[u8]) {
    let mut sources = sources(data);
    let read = parse(&sources);
    match &read {
        Ok(policy) => {
            // All floats are met, each once.
            let (again, places) = parse_with_places(&sources).expect("a valid policy");
            assert_eq!((&again, places.len()), (policy, policy.float_count()));
            becomes_what_it_says(policy);
        }
        Err(found) => has_reasons(found),
    }
    if let Some(indented) = indented(&sources) {
        assert_eq!(parse(&indented).ok().as_ref(), read.as_ref().ok(), "as a whole, and in pieces");
    }
    sources.reverse();
    assert_eq!(parse(&sources).ok(), read.ok(), "in the other order of files");
}

fn sources(data: &[u8]) -> Vec<Source> {
    let files = data.splitn(FILES, |&byte| byte == SEPARATOR).enumerate();
    files
        .map(|(number, text)| Source { name: format!("{number}.yaml"), text: text.into() })
        .collect()
}

/// The same documents one column further right, so that none is read in pieces; `None` if that is
/// another text in more than its columns.
fn indented(sources: &[Source]) -> Option<Vec<Source>> {
    let indent = |source: &Source| {
        let text = std::str::from_utf8(&source.text).ok()?;
        // Marks of documents stand in the first column; line breaks of YAML are not only `\n`.
        let otherwise = ["---", "...", "%", "\u{feff}", "\r", "\u{85}", "\u{2028}", "\u{2029}"];
        if otherwise.iter().any(|mark| text.contains(mark)) {
            return None;
        }
        let lines = text.split('\n').map(|line| format!(" {line}")).collect::<Vec<_>>();
        Some(Source { name: source.name.clone(), text: lines.join("\n").into_bytes() })
    };
    sources.iter().map(indent).collect()
}

/// Each reason has a place, and none does anything to a terminal.
fn has_reasons(found: &Diagnostics) {
    assert!(!found.kept().is_empty());
    assert_eq!(found.count(), found.kept().len() + found.left_out());
    for diagnostic in found.kept() {
        let words = [Some(&diagnostic.message), diagnostic.hint.as_ref()];
        let notes = diagnostic.notes.iter().map(|note| &note.message);
        for text in words.into_iter().flatten().chain(notes) {
            assert!(!text.is_empty());
            assert!(!text.contains(is_invisible), "{text:?}");
        }
    }
    let text = diagnostics::text(found, false);
    assert!(!text.contains(|c| is_invisible(c) && c != '\n'), "{text:?}");
    let styled = diagnostics::text(found, true);
    assert!(!styled.contains(|c| is_invisible(c) && c != '\n' && c != '\x1b'), "{styled:?}");
    assert!(diagnostics::json(found).is_array());
}

/// What the kernel would be sent is the ruleset, and it can be printed.
fn becomes_what_it_says(policy: &Policy) {
    let ruleset = compile(policy);
    let nothing = Snapshot::default();
    let batch = batch_bytes(&plan(&nothing, &ruleset)).expect("hairnat's own rules");
    let live = snapshot_from_bytes(&batch).expect("hairnat's own messages");
    assert_eq!(live.to_ruleset(), (ruleset.clone(), Vec::new()));
    assert!(plan(&live, &ruleset).is_empty(), "a second apply has nothing to do");

    let mut text = Vec::new();
    ruleset.to_nft(&mut text).expect("a vector takes everything");
    assert_eq!(String::from_utf8(text).expect("UTF-8"), ruleset.to_string());
    let mut json = Vec::new();
    let written = ruleset.to_json(&mut json);
    if has_unwritable_interface(&ruleset) {
        assert_eq!(written.map_err(|error| error.kind()), Err(ErrorKind::InvalidData));
    } else {
        written.expect("a vector takes everything");
        let json: serde_json::Value = serde_json::from_slice(&json).expect("JSON");
        assert!(json["nftables"].is_array());
    }
}

/// Whether a rule has an interface that nft(8) takes for a set in JSON.
fn has_unwritable_interface(ruleset: &Ruleset) -> bool {
    let chains = ruleset.tables.iter().flat_map(|table| &table.chains);
    let rules = chains.flat_map(|chain| &chain.rules);
    rules.flat_map(|rule| &rule.statements).any(|statement| {
        matches!(statement, Statement::Interface { pattern, .. }
            if pattern.literal().starts_with('@'))
    })
}
