//! What `hairnat explain` says, one situation a scenario in `tests/explain`.
//!
//! A scenario is a sentence, a policy, questions, and the answers to them for any host, so that
//! none depends on the machine. `HAIRNAT_BLESS=1` writes the answers of now; that these are what the
//! kernel does is shown by `tests/conformance`.

mod golden;
#[expect(dead_code, reason = "policies that are shipped are tested elsewhere")]
mod scenario;

use std::io::Write as _;
use std::process::{Command, Stdio};

use golden::every_scenario;
use scenario::Scenario;

/// Where the scenarios are.
const FOLDER: &str = "tests/explain";

#[test]
fn every_question_is_answered_as_expected() {
    every_scenario(FOLDER, 16, answers);
}

/// Each question with its answer.
fn answers(scenario: &Scenario) -> String {
    let [policy, questions] = scenario.sources.as_slice() else {
        panic!("a policy and questions, not {} parts", scenario.sources.len())
    };
    let questions = std::str::from_utf8(&questions.text).unwrap();
    questions.lines().map(|question| answer(question, &policy.text)).collect()
}

fn answer(question: &str, policy: &[u8]) -> String {
    let mut hairnat = Command::new(env!("CARGO_BIN_EXE_hairnat"))
        .args(["explain", "-"])
        .args(question.split_whitespace())
        .env_remove("NO_COLOR")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // What refuses its arguments does not read.
    let _ = hairnat.stdin.take().unwrap().write_all(policy);
    let output = hairnat.wait_with_output().unwrap();
    let [said, complained] =
        [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    let code = output.status.code().unwrap();
    let code = if code == 0 { String::new() } else { format!("exit code {code}\n") };
    format!("$ hairnat explain {question}\n{said}{complained}{code}\n")
}
