//! The tables, but for the figures to reach.

use std::fmt::Write as _;

use super::explain::{STEPS, Steps};
use crate::numbers::{digits, thousands};
use crate::results::{
    Busy, Contest, Kind, PacketRow, Program, Results, Row, Rules, Run, SizeResults, Way, Work,
};
use crate::statistics::percentile;

/// The machine and the programs.
pub(super) fn machine(results: &Results) -> String {
    let mut table = String::from("| | |\n|---|---|\n");
    for (name, value) in &results.machine {
        writeln!(table, "| {name} | {value} |").expect(TEXT);
    }
    table
}

/// Whole processes, a table for each size.
pub(super) fn processes(results: &Results) -> String {
    let mut text = String::new();
    for size in &results.sizes {
        writeln!(text, "### {} floats\n", thousands(size.floats)).expect(TEXT);
        let rounds: Vec<String> = size
            .contests
            .iter()
            .map(|contest| format!("{} {}", kind(contest.kind), contest.rounds()))
            .collect();
        writeln!(text, "Rounds: {}.\n", rounds.join(", ")).expect(TEXT);
        text += "| work | program | ms | MiB | hairnat ÷ it, time | hairnat ÷ it, memory |\n\
                 |---|---|---|---|---|---|\n";
        for contest in &size.contests {
            for row in contest.rows.iter().filter(|row| is_whole(row.program)) {
                text += &process(contest, row);
            }
        }
        text.push('\n');
    }
    text
}

fn process(contest: &Contest, row: &Row) -> String {
    let Row { title, runs, .. } = row;
    let work = match (contest.kind, row.work) {
        (Kind::Change, Work::InSync) => "in sync, again",
        (_, other) => work(other),
    };
    if let Err(reason) = runs {
        return format!("| {work} | `{title}` | on paper: {reason} | | | |\n");
    }
    let figure = |name| row.median(name).map_or_else(String::new, digits);
    let (time, memory) = (figure(Run::TIME), figure(Run::MEMORY));
    let ours = contest.row(row.work, Program::Hairnat).filter(|_| row.program != Program::Hairnat);
    let ratio = |name| {
        ours.and_then(|ours| ours.ratio(row, name))
            .map_or_else(String::new, |ratio| format!("{ratio:.2} "))
    };
    let (of_time, of_memory) = (ratio(Run::TIME), ratio(Run::MEMORY));
    format!("| {work} | `{title}` | {time} | {memory} | {of_time}| {of_memory}|\n")
}

/// hairnat's part beside the kernel's.
pub(super) fn kernel_parts(results: &Results) -> String {
    let mut text = String::from(
        "| floats | work | kernel part, ms | floor | floor, ms | kernel part ÷ floor |\n\
         |---|---|---|---|---|---|\n",
    );
    for SizeResults { floats, contests } in &results.sizes {
        for contest in contests {
            for ours in contest.rows.iter().filter(|row| row.program == Program::KernelPart) {
                let Some(floor) = contest.row(ours.work, Program::Floor) else { continue };
                // A change is read and sent, but its floor is only sent.
                let comparable = matches!(ours.work, Work::Load | Work::InSync);
                let ratio = ours.ratio(floor, Run::TIME).filter(|_| comparable);
                let cells = [*floats].map(thousands).into_iter().chain([
                    work(ours.work).to_owned(),
                    time(ours),
                    floor.title.clone(),
                    time(floor),
                    ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}")),
                ]);
                writeln!(text, "| {} |", cells.collect::<Vec<_>>().join(" | ")).expect(TEXT);
            }
        }
    }
    text
}

/// The median time of a contestant, or why there is none.
fn time(row: &Row) -> String {
    match &row.runs {
        Ok(_) => row.median(Run::TIME).map_or_else(String::new, digits),
        Err(reason) => format!("on paper: {reason}"),
    }
}

/// The steps of whole processes.
pub(super) fn steps(results: &Results) -> String {
    let names: Vec<&str> = STEPS.iter().map(|(_, title, _)| *title).collect();
    let mut text =
        format!("Medians in ms.\n\n| floats | work | {} | all |\n|---|", names.join(" | "));
    text += &"---|".repeat(STEPS.len() + 2);
    text.push('\n');
    for size in &results.sizes {
        for (kind, work) in [(Kind::Load, Work::Load), (Kind::Read, Work::InSync)] {
            let Some(steps) = results.contest(size.floats, kind).and_then(|c| Steps::of(c, work))
            else {
                continue;
            };
            let cells: Vec<String> = steps.each.iter().map(|took| digits(*took)).collect();
            let (floats, work) = (thousands(size.floats), self::work(work));
            writeln!(
                text,
                "| {floats} | {work} | {} | {} |",
                cells.join(" | "),
                digits(steps.whole)
            )
            .expect(TEXT);
        }
    }
    text
}

/// First packets: a row for each kind, a column for each number of floats.
pub(super) fn packets(results: &Results) -> String {
    let mut sizes: Vec<usize> = results.packets.iter().map(|row| row.floats).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let titles: Vec<String> = sizes.iter().map(|floats| thousands(*floats)).collect();
    let mut text = format!(
        "Medians and 99th percentiles in µs, by number of floats.\n\n| rules | to | of | {} |\n|",
        titles.join(" | ")
    );
    text += &"---|".repeat(3 + sizes.len());
    text.push('\n');
    let mut kinds: Vec<_> =
        results.packets.iter().map(|row| (row.rules, row.way, row.busy)).collect();
    kinds.sort_by_key(|(rules, way, busy)| (*rules as u8, *way as u8, *busy as u8));
    kinds.dedup();
    for kind in kinds {
        let cells = sizes.iter().map(|floats| {
            let of =
                |row: &&PacketRow| row.floats == *floats && (row.rules, row.way, row.busy) == kind;
            results.packets.iter().find(of).map_or_else(String::new, percentiles)
        });
        let (rules, way, busy) = (rules(kind.0), way(kind.1), busy(kind.2));
        let cells = cells.collect::<Vec<_>>().join(" | ");
        writeln!(text, "| {rules} | {way} | {busy} | {cells} |").expect(TEXT);
    }
    text
}

fn percentiles(row: &PacketRow) -> String {
    match &row.bursts {
        Ok(bursts) => {
            let figure = |percent| percentile(bursts.iter().flatten().copied(), percent);
            let [median, rare] = [50, 99].map(|percent| figure(percent).map(digits));
            median.zip(rare).map_or_else(String::new, |(median, rare)| format!("{median}, {rare}"))
        }
        Err(reason) => format!("on paper: {reason}"),
    }
}

/// Instructions.
pub(super) fn instructions(results: &Results) -> String {
    let mut text = String::from("| stage | floats | instructions | a float |\n|---|---|---|---|\n");
    for count in &results.instructions {
        let figures = match &count.instructions {
            #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
            Ok(number) => {
                let each = usize::try_from(*number).unwrap_or(usize::MAX) / count.floats.max(1);
                format!("{:.2} M | {}", *number as f64 / 1e6, thousands(each))
            }
            Err(reason) => format!("on paper: {reason} |"),
        };
        writeln!(text, "| {} | {} | {figures} |", count.stage, thousands(count.floats))
            .expect(TEXT);
    }
    text
}

const TEXT: &str = "a String takes any text";

const fn is_whole(program: Program) -> bool {
    !matches!(program, Program::KernelPart | Program::Floor)
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Load => "load",
        Kind::Read => "in sync and diff",
        Kind::Change => "changes",
        Kind::Check => "check",
    }
}

const fn work(work: Work) -> &'static str {
    match work {
        Work::Load => "load",
        Work::InSync => "in sync",
        Work::Diff => "diff",
        Work::Add => "one added",
        Work::Move => "one moved",
        Work::Tenth => "a tenth moved",
        Work::Check => "check",
    }
}

const fn rules(rules: Rules) -> &'static str {
    match rules {
        Rules::None => "none",
        Rules::Hairnat => "hairnat",
        Rules::NovaNft => "nova-network, iptables-nft",
        Rules::NovaLegacy => "nova-network, iptables-legacy",
    }
}

const fn way(way: Way) -> &'static str {
    match way {
        Way::OwnFloat => "own float",
        Way::OtherFloat => "another's float",
        Way::Fixed => "another's fixed address",
    }
}

const fn busy(busy: Busy) -> &'static str {
    match busy {
        Busy::Ten => "ten instances",
        Busy::Any => "any instance",
    }
}
