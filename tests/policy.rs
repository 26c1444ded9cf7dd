//! The policy language, one scenario a file in `tests/policy`.
//!
//! A scenario is a sentence, the files of a policy, and what hairnat says about them: `valid`, or
//! the diagnostics as the terminal shows them. `HAIRNAT_BLESS=1` writes what it says now.

mod golden;
mod scenario;

use golden::every_scenario;
use hairnat::cli::diagnostics;
use hairnat::policy::{Diagnostics, Policy, Source, parse};
use scenario::{Scenario, scenarios, shipped};

/// Where the scenarios are.
const FOLDER: &str = "tests/policy";

/// What hairnat says about a scenario.
fn outcome(scenario: &Scenario) -> String {
    match parse(&scenario.sources) {
        Ok(_) => "valid\n".to_owned(),
        Err(found) => format!("{}\n", diagnostics::text(&found, false).trim_end()),
    }
}

fn valid(text: &str) -> Policy {
    let source = Source { name: "policy.yaml".to_owned(), text: text.into() };
    parse(&[source]).unwrap_or_else(|found| panic!("{}", diagnostics::text(&found, false)))
}

#[test]
fn every_scenario_says_what_it_expects() {
    every_scenario(FOLDER, 120, outcome);
}

#[test]
fn every_error_says_what_to_do() {
    for path in scenarios(FOLDER) {
        let found = parse(&Scenario::read(&path).sources).err();
        for diagnostic in found.iter().flat_map(Diagnostics::kept) {
            assert!(diagnostic.hint.is_some(), "{}: {}", path.display(), diagnostic.message);
        }
    }
}

#[test]
fn every_shipped_policy_is_valid() {
    let policies = shipped();
    assert!(policies.len() >= 6, "only {} policies", policies.len());
    for source in policies {
        let name = source.name.clone();
        if let Err(found) = parse(&[source]) {
            panic!("{name}:\n{}", diagnostics::text(&found, false));
        }
    }
}

/// The lines of `text` in blocks, each a line and the deeper ones below it, with `indent` spaces.
fn blocks(text: &str, indent: usize) -> Vec<String> {
    let mut blocks: Vec<String> = Vec::new();
    let kept = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    for line in text.lines().filter(kept) {
        let depth = line.len() - line.trim_start().len();
        match blocks.last_mut() {
            Some(block) if depth > indent => block.extend([line, "\n"]),
            _ => blocks.push(format!("{line}\n")),
        }
    }
    blocks
}

/// `text` with the entries of every map and list in block style in the opposite order.
fn reversed(text: &str, indent: usize) -> String {
    let reverse = |block: &String| match block.split_once('\n') {
        Some((head, body)) if !body.is_empty() => {
            let deeper = body.len() - body.trim_start().len();
            format!("{head}\n{}", reversed(body, deeper))
        }
        _ => block.clone(),
    };
    blocks(text, indent).iter().rev().map(reverse).collect()
}

#[test]
fn the_order_of_keys_and_items_changes_nothing() {
    for source in shipped() {
        let text = String::from_utf8(source.text).unwrap();
        let backwards = reversed(&text, 0);
        assert_eq!(valid(&text), valid(&backwards), "{}:\n{backwards}", source.name);
    }
}

#[test]
fn the_order_and_number_of_files_change_nothing() {
    let full = shipped().into_iter().find(|source| source.name == "full.yaml").unwrap();
    let text = String::from_utf8(full.text).unwrap();
    let whole = valid(&text);
    let mut sections: Vec<Source> = Vec::new();
    for (index, section) in blocks(&text, 0).into_iter().enumerate() {
        let (head, body) = section.split_once('\n').unwrap();
        // Floats and fixed networks may be spread over files.
        let entries = if matches!(head.trim_end(), "floats:" | "fixed:" | "pool:") {
            blocks(body, 2).into_iter().map(|entry| format!("{head}\n{entry}")).collect()
        } else {
            vec![section.clone()]
        };
        for (entry, text) in entries.into_iter().enumerate() {
            let name = format!("{index}-{entry}.yaml");
            sections.push(Source { name, text: text.into_bytes() });
        }
    }
    assert!(sections.len() > 10, "only {} sections", sections.len());
    for _ in 0..sections.len() {
        sections.rotate_left(1);
        assert_eq!(parse(&sections).as_ref(), Ok(&whole));
        let backwards: Vec<Source> = sections.iter().rev().cloned().collect();
        assert_eq!(parse(&backwards).as_ref(), Ok(&whole));
    }
}

#[test]
fn hostile_repetition_is_counted_and_not_kept() {
    let text = format!("floats:\n{}", "  203.0.113.10: 10.0.0.10\n".repeat(100_000));
    let source = Source { name: "policy.yaml".to_owned(), text: text.into_bytes() };
    let found = parse(&[source]).unwrap_err();
    assert_eq!(found.kept().len(), 20);
    // All but the first repeat it, and `fixed` is missing.
    assert_eq!(found.count(), 99_999 + 1);
}

/// As many floats as take several threads to read, each fixed address with one.
fn many_floats(separator: &str) -> Vec<String> {
    let float = |number: u16| {
        let [high, low] = number.to_be_bytes();
        format!("100.64.{high}.{low}{separator}10.0.{high}.{low}")
    };
    (1..=20_000).map(float).collect()
}

#[test]
fn a_long_policy_means_the_same_in_any_order_and_style() {
    let mut floats = many_floats(": ");
    let in_brackets = format!("{{fixed: [10.0.0.0/16], floats: {{{}}}}}", floats.join(", "));
    let block =
        |floats: &[String]| format!("floats:\n  {}\nfixed: [10.0.0.0/16]\n", floats.join("\n  "));
    let whole = valid(&in_brackets);
    assert_eq!(whole.float_count(), 20_000);
    assert_eq!(valid(&block(&floats)), whole);
    floats.reverse();
    assert_eq!(valid(&block(&floats)), whole);
    floats.rotate_left(7_777);
    assert_eq!(valid(&block(&floats)), whole);
}

#[test]
fn every_error_of_a_long_policy_is_told_with_its_line() {
    let mut floats = many_floats(": ");
    floats[5_000] = "100.64.0.1: 10.0.0.1".to_owned();
    floats[12_000] = "203.0.113.999: 10.0.0.1".to_owned();
    floats[19_998] = "203.0.113.10: 192.0.2.1".to_owned();
    let text = format!("fixed: [10.0.0.0/16]\nfloats:\n  {}\n", floats.join("\n  "));
    let source = |text: String| Source { name: "policy.yaml".to_owned(), text: text.into() };
    let found = parse(&[source(text.clone())]).unwrap_err();
    let told: Vec<_> = found.kept().iter().map(|one| (one.line, one.message.as_str())).collect();
    let expected = [
        (5_003, "float `100.64.0.1` is given twice"),
        (12_003, "`203.0.113.999` is not an IP address"),
        (20_001, "fixed address `192.0.2.1` lies in no network of `fixed`"),
    ];
    assert_eq!(told, expected);

    let broken = text.replace("100.64.50.1: ", "100.64.50.1 ");
    let found = parse(&[source(broken)]).unwrap_err();
    let told: Vec<_> = found.kept().iter().map(|one| (one.line, one.message.as_str())).collect();
    let message = "the file is not valid YAML: could not find expected ':'";
    assert_eq!(told, [(12_804, message)]);
}

#[test]
fn no_files_are_no_policy() {
    let found = parse(&[]).unwrap_err();
    assert_eq!(diagnostics::text(&found, false), "error: no policy file is given\n\n");
}

#[test]
fn a_policy_has_not_too_many_files() {
    let source = Source { name: "a.yaml".to_owned(), text: b"fixed: [10.0.0.0/24]\n".to_vec() };
    assert!(parse(&vec![source.clone(); 65_535]).is_ok());
    let found = parse(&vec![source; 65_536]).unwrap_err();
    let message = "error: more than 65535 policy files are given\n\n";
    assert_eq!(diagnostics::text(&found, false), message);
}
