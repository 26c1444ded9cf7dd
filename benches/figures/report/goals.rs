//! The figures that hairnat is to reach, and whether it does.

use crate::results::{Busy, Contest, Kind, PacketRow, Program, Results, Rules, Run, Work};
use crate::statistics::{median, median_ratio};

/// The sizes that have figures to reach.
pub(super) const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];

/// The floats of the packets that have a figure to reach, and of those beside them.
const MANY: usize = 100_000;
const FEW: usize = 10;

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// Loading, beside `nft -f`.
    Load,
    /// The kernel part of loading, beside the kernel alone.
    KernelPart,
    /// Finding out that nothing is to be done, beside a listing.
    InSync,
    /// Adding one, beside finding out that nothing is to be done.
    Added,
    /// The memory of loading, beside `nft -f`.
    Memory,
    /// A packet of the same instances with many floats, beside a few.
    Packet,
    /// A packet of any instance with many floats, beside a few.
    AnyPacket,
}

impl Goal {
    /// In the order of the table.
    pub(super) const ALL: [Self; 7] = [
        Self::Load,
        Self::KernelPart,
        Self::InSync,
        Self::Added,
        Self::Memory,
        Self::Packet,
        Self::AnyPacket,
    ];

    /// What is compared.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::Load => "load: whole process ÷ `nft -f` of the same ruleset",
            Self::KernelPart => "load: kernel part ÷ floor",
            Self::InSync => "in-sync apply ÷ `nft -j list ruleset`",
            Self::Added => "one float added, whole process ÷ in-sync apply",
            Self::Memory => "peak memory ÷ `nft -f`",
            Self::Packet => "first packet p50 at 100k ÷ at 10 floats, of the same ten instances",
            Self::AnyPacket => "first packet p50 at 100k ÷ at 10 floats, of any instance",
        }
    }

    /// The most that the figure may be, for each of [`SIZES`].
    pub(super) const fn limits(self) -> [Option<f64>; 3] {
        match self {
            Self::Load => [Some(0.45), Some(0.35), Some(0.25)],
            Self::KernelPart => [Some(1.3), Some(1.2), Some(1.2)],
            Self::InSync => [Some(0.25), Some(0.25), Some(0.12)],
            Self::Added => [Some(1.15), Some(1.1), Some(1.1)],
            Self::Memory => [Some(0.5), Some(0.4), Some(0.35)],
            Self::Packet | Self::AnyPacket => [None, Some(1.1), None],
        }
    }

    /// The figure, if it was measured.
    pub(super) fn figure(self, results: &Results, floats: usize) -> Option<f64> {
        let ratio = |kind, ours, theirs, name| {
            let contest: &Contest = results.contest(floats, kind)?;
            let [ours, theirs]: [(Work, Program); 2] = [ours, theirs];
            contest.row(ours.0, ours.1)?.ratio(contest.row(theirs.0, theirs.1)?, name)
        };
        let load = |program| (Work::Load, program);
        let in_sync = |program| (Work::InSync, program);
        let [ours, nft] = [load(Program::Hairnat), load(Program::Nft)];
        let time = Run::TIME;
        match self {
            Self::Load => ratio(Kind::Load, ours, nft, time),
            Self::Memory => ratio(Kind::Load, ours, nft, Run::MEMORY),
            Self::KernelPart => {
                ratio(Kind::Load, load(Program::KernelPart), load(Program::Floor), time)
            }
            Self::InSync => {
                ratio(Kind::Read, in_sync(Program::Hairnat), in_sync(Program::NftJson), time)
            }
            Self::Added => {
                let added = (Work::Add, Program::Hairnat);
                ratio(Kind::Change, added, in_sync(Program::Hairnat), time)
            }
            Self::Packet => packets(results, Rules::Hairnat, Busy::Ten),
            Self::AnyPacket => packets(results, Rules::Hairnat, Busy::Any),
        }
    }
}

/// The ratio of the medians with [`MANY`] floats to those with [`FEW`], the larger one where there
/// are two ways.
pub(super) fn packets(results: &Results, rules: Rules, busy: Busy) -> Option<f64> {
    let with = |floats| {
        let of =
            move |row: &&PacketRow| row.floats == floats && row.rules == rules && row.busy == busy;
        results.packets.iter().filter(of)
    };
    let ratio = |many: &PacketRow| {
        let few = with(FEW).find(|few| few.way == many.way)?;
        median_ratio(&burst_medians(many), &burst_medians(few))
    };
    let ratios: Option<Vec<f64>> = with(MANY).map(ratio).collect();
    ratios?.into_iter().reduce(f64::max)
}

fn burst_medians(row: &PacketRow) -> Vec<f64> {
    let bursts = row.bursts.as_deref().unwrap_or_default();
    bursts.iter().filter_map(|burst| median(burst.iter().copied())).collect()
}

/// The table.
pub(super) fn table(results: &Results) -> String {
    let mut table = String::from("| | 10k | 100k | 1M |\n|---|---|---|---|\n");
    for goal in Goal::ALL {
        let cells = SIZES.iter().zip(goal.limits()).map(|(floats, limit)| {
            let Some(limit) = limit else { return String::from(" |") };
            match goal.figure(results, *floats) {
                None => format!(" not measured (≤ {limit}) |"),
                Some(figure) if figure <= limit => format!(" {figure:.2} reached (≤ {limit}) |"),
                Some(figure) => format!(" **{figure:.2}** not reached (≤ {limit}) |"),
            }
        });
        table += &["| ", goal.title(), " |", &cells.collect::<String>(), "\n"].concat();
    }
    table
}
