//! What was not reached, and where the time goes, in words made of the figures.

use super::goals::{Goal, SIZES, packets};
use crate::numbers::{digits, thousands};
use crate::results::{Busy, Contest, Kind, Program, Results, Rules, Run, Work};

/// The steps of a process: the name of the figure, the title of its column, and in a sentence. The
/// last two are what remains of the commit and of the whole.
pub(super) const STEPS: [(&str, &str, &str); 8] = [
    ("read", "read file", "reading the file"),
    ("parse", "parse", "parsing"),
    ("compile", "compile", "compiling"),
    ("snapshot", "snapshot", "the snapshot"),
    ("plan", "plan", "planning"),
    ("encode", "encode", "encoding"),
    ("kernel", "kernel", "the kernel's work on the batch"),
    ("rest", "rest", "start, end and the rest"),
];

/// How the time of a whole process is spent.
pub(super) struct Steps {
    /// Milliseconds of each of [`STEPS`].
    pub(super) each: Vec<f64>,
    /// Milliseconds of the whole.
    pub(super) whole: f64,
}

impl Steps {
    /// The steps of hairnat at that work.
    pub(super) fn of(contest: &Contest, work: Work) -> Option<Self> {
        let whole = contest.row(work, Program::Hairnat)?.median(Run::TIME)?;
        let told = contest.row(work, Program::KernelPart)?;
        let commit = told.median("commit");
        let mut each: Vec<f64> = Vec::new();
        for (name, _, _) in STEPS {
            let took = match name {
                // An empty plan has no batch, and nothing is committed.
                "encode" | "kernel" if commit.is_none() => 0.0,
                "kernel" => commit? - told.median("encode")?,
                "rest" => whole - each.iter().sum::<f64>(),
                name => told.median(name)?,
            };
            each.push(took);
        }
        Some(Self { each, whole })
    }

    /// The three steps that take most.
    fn largest(&self) -> String {
        let mut each: Vec<_> = self.each.iter().zip(STEPS).collect();
        each.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let share = |(took, (_, _, words)): &(&f64, (&str, &str, &str))| {
            format!("{words} {} ms ({:.0} %)", digits(**took), 100.0 * **took / self.whole)
        };
        let shares: Vec<String> = each.iter().take(3).map(share).collect();
        format!("Of {} ms: {}.", digits(self.whole), shares.join(", "))
    }
}

/// A line for each figure that was not reached.
pub(super) fn unreached(results: &Results) -> String {
    let mut lines = Vec::new();
    for goal in Goal::ALL {
        for (floats, limit) in SIZES.into_iter().zip(goal.limits()) {
            let (Some(limit), Some(figure)) = (limit, goal.figure(results, floats)) else {
                continue;
            };
            if figure > limit {
                let (title, floats_text) = (goal.title(), thousands(floats));
                let why = why(goal, results, floats).unwrap_or_default();
                lines.push(
                    format!(
                        "- {title}, {floats_text} floats: {figure:.2} instead of {limit}. {why}"
                    )
                    .trim_end()
                    .to_owned(),
                );
            }
        }
    }
    if lines.is_empty() {
        return String::from("Not reached: nothing of what was measured.");
    }
    format!("Not reached, and where the time goes:\n\n{}", lines.join("\n"))
}

/// What the other figures say about it.
fn why(goal: Goal, results: &Results, floats: usize) -> Option<String> {
    let contest = |kind| results.contest(floats, kind);
    match goal {
        Goal::Load => Some(Steps::of(contest(Kind::Load)?, Work::Load)?.largest()),
        Goal::InSync => Some(Steps::of(contest(Kind::Read)?, Work::InSync)?.largest()),
        Goal::KernelPart => {
            let row = contest(Kind::Load)?.row(Work::Load, Program::KernelPart)?;
            let took = |name| row.median(name).map_or_else(String::new, digits);
            Some(format!(
                "Of {} ms, {} ms go to the snapshot, {} ms to the plan and {} ms to encoding.",
                took(Run::TIME),
                took("snapshot"),
                took("plan"),
                took("encode")
            ))
        }
        Goal::Added => {
            let changes = contest(Kind::Change)?;
            let median = |work, program, name| changes.row(work, program)?.median(name);
            Some(format!(
                "{} ms beside {} ms; planning took {} ms of it, encoding and commit {} ms.",
                digits(median(Work::Add, Program::Hairnat, Run::TIME)?),
                digits(median(Work::InSync, Program::Hairnat, Run::TIME)?),
                digits(median(Work::Add, Program::KernelPart, "plan")?),
                digits(median(Work::Add, Program::KernelPart, "commit")?),
            ))
        }
        Goal::Memory => {
            let load = contest(Kind::Load)?;
            let peak = |program| load.row(Work::Load, program)?.median(Run::MEMORY);
            Some(format!(
                "{} MiB beside {} MiB.",
                digits(peak(Program::Hairnat)?),
                digits(peak(Program::Nft)?)
            ))
        }
        Goal::Packet => None,
        Goal::AnyPacket => {
            let ratio = |rules, busy| packets(results, rules, busy);
            Some(format!(
                "Ten instances alone have {:.2}, and any instance {:.2} without any rules: what is \
                 more is memory that the processor has not at hand.",
                ratio(Rules::Hairnat, Busy::Ten)?,
                ratio(Rules::None, Busy::Any)?
            ))
        }
    }
}
