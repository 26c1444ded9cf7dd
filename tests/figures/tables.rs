//! The text that is made of results.

use crate::report::text;
use crate::results::{
    Busy, Contest, Kind, PacketRow, Program, Results, Row, Rules, Run, SizeResults, StageCount,
    Way, Work,
};

fn run(figures: &[(&str, f64)]) -> Run {
    let mut run = Run::default();
    for (name, figure) in figures {
        run.put(name, *figure);
    }
    run
}

fn whole(milliseconds: f64, mebibytes: f64) -> Run {
    run(&[(Run::TIME, milliseconds), (Run::MEMORY, mebibytes)])
}

fn row(work: Work, program: Program, title: &str, runs: Vec<Run>) -> Row {
    Row { work, program, title: title.to_owned(), runs: Ok(runs) }
}

/// 10,000 floats, loaded by three programs, of which one fails.
fn results() -> Results {
    let steps = run(&[
        (Run::TIME, 30.0),
        (Run::MEMORY, 9.0),
        ("read", 1.0),
        ("parse", 10.0),
        ("compile", 4.0),
        ("snapshot", 2.0),
        ("plan", 1.0),
        ("encode", 2.0),
        ("commit", 27.0),
    ]);
    let failed = Row {
        runs: Err("Message too long".to_owned()),
        ..row(Work::Load, Program::NftJson, "nft -j -f", Vec::new())
    };
    let load = Contest {
        kind: Kind::Load,
        rows: vec![
            row(Work::Load, Program::Hairnat, "hairnat apply", vec![whole(50.0, 10.0); 3]),
            row(Work::Load, Program::Nft, "nft -f", vec![whole(100.0, 40.0); 3]),
            failed,
            row(Work::Load, Program::KernelPart, "kernel part", vec![steps; 3]),
            row(Work::Load, Program::Floor, "raw send", vec![whole(25.0, 9.0); 3]),
        ],
    };
    let packets = |busy, floats, microseconds: f64| PacketRow {
        rules: Rules::Hairnat,
        floats,
        way: Way::OwnFloat,
        busy,
        bursts: Ok(vec![vec![microseconds; 4]; 2]),
    };
    let list = PacketRow {
        rules: Rules::NovaNft,
        bursts: Err("too many".to_owned()),
        ..packets(Busy::Any, 100_000, 0.0)
    };
    Results {
        machine: vec![("cores", "2".to_owned())],
        sizes: vec![SizeResults { floats: 10_000, contests: vec![load] }],
        packets: vec![
            packets(Busy::Ten, 10, 20.0),
            packets(Busy::Any, 10, 20.0),
            packets(Busy::Ten, 100_000, 21.0),
            packets(Busy::Any, 100_000, 23.0),
            list,
        ],
        instructions: vec![StageCount {
            stage: "parse",
            floats: 10_000,
            instructions: Ok(123_450_000),
        }],
    }
}

#[track_caller]
fn has_line(line: &str) {
    let text = text(&results());
    assert!(text.lines().any(|known| known == line), "no line\n{line}\nin\n{text}");
}

#[test]
fn a_figure_is_reached_or_not_or_not_measured() {
    has_line(
        "| load: whole process ÷ `nft -f` of the same ruleset \
         | **0.50** not reached (≤ 0.45) | not measured (≤ 0.35) | not measured (≤ 0.25) |",
    );
    has_line(
        "| load: kernel part ÷ floor \
         | 1.20 reached (≤ 1.3) | not measured (≤ 1.2) | not measured (≤ 1.2) |",
    );
    let packets = "| first packet p50 at 100k ÷ at 10 floats, of";
    has_line(&format!("{packets} the same ten instances | | 1.05 reached (≤ 1.1) | |"));
    has_line(&format!("{packets} any instance | | **1.15** not reached (≤ 1.1) | |"));
}

#[test]
fn what_was_not_reached_is_explained_by_the_largest_steps() {
    has_line(
        "- load: whole process ÷ `nft -f` of the same ruleset, 10,000 floats: 0.50 instead of \
             0.45. Of 50.0 ms: the kernel's work on the batch 25.0 ms (50 %), parsing 10.0 ms \
             (20 %), start, end and the rest 5.00 ms (10 %).",
    );
}

#[test]
fn who_fails_is_listed_with_the_reason() {
    has_line("| load | `nft -j -f` | on paper: Message too long | | | |");
}

#[test]
fn a_peer_stands_beside_hairnat_at_the_same_work() {
    has_line("| load | `hairnat apply` | 50.0 | 10.0 | | |");
    has_line("| load | `nft -f` | 100 | 40.0 | 0.50 | 0.25 |");
}

#[test]
fn the_steps_of_a_process_add_up_to_the_whole() {
    has_line("| 10,000 | load | 1.00 | 10.0 | 4.00 | 2.00 | 1.00 | 2.00 | 25.0 | 5.00 | 50.0 |");
}

#[test]
fn instructions_are_told_in_all_and_for_each_float() {
    has_line("| parse | 10,000 | 123.45 M | 12,345 |");
}

#[test]
fn packets_have_percentiles() {
    has_line("| rules | to | of | 10 | 100,000 |");
    has_line("| hairnat | own float | ten instances | 20.0, 20.0 | 21.0, 21.0 |");
    has_line("| nova-network, iptables-nft | own float | any instance |  | on paper: too many |");
}
