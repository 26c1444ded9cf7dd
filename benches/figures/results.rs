//! What was measured, as values; `report` makes text of them.

use std::fmt;

use crate::statistics::{median, median_ratio};

/// All of one run of the benchmarks.
#[derive(Default)]
pub(crate) struct Results {
    /// What the machine and the programs are: a name and a value each.
    pub(crate) machine: Vec<(&'static str, String)>,
    /// From the smallest size to the largest.
    pub(crate) sizes: Vec<SizeResults>,
    /// First packets of connections, by rules, way, instances and number of floats.
    pub(crate) packets: Vec<PacketRow>,
    /// Instructions of the pure core.
    pub(crate) instructions: Vec<StageCount>,
}

/// All contests of one number of floats.
pub(crate) struct SizeResults {
    /// How many floats.
    pub(crate) floats: usize,
    /// The contests, in the order in which they were held.
    pub(crate) contests: Vec<Contest>,
}

/// What contestants of one contest have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// From nothing to all floats.
    Load,
    /// With all floats in the kernel, changing nothing.
    Read,
    /// From all floats to a few others.
    Change,
    /// The policy alone.
    Check,
}

/// Contestants that were measured in turn, A B A B ….
pub(crate) struct Contest {
    /// What they have in common.
    pub(crate) kind: Kind,
    /// One for each contestant.
    pub(crate) rows: Vec<Row>,
}

/// What is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Work {
    /// All floats, into a kernel that has none.
    Load,
    /// Finding out that nothing is to be done.
    InSync,
    /// The same, without the right to change anything.
    Diff,
    /// One float more.
    Add,
    /// One float leads to another instance.
    Move,
    /// A tenth of all floats lead to other instances.
    Tenth,
    /// Whether the files are valid.
    Check,
}

/// Who does it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Program {
    /// hairnat, as a whole process.
    Hairnat,
    /// `nft` with text, as a whole process.
    Nft,
    /// `nft` with JSON, as a whole process.
    NftJson,
    /// `iptables-nft-restore`, as a whole process.
    IptablesNft,
    /// `iptables-legacy-restore`, as a whole process.
    IptablesLegacy,
    /// hairnat from a compiled ruleset on.
    KernelPart,
    /// The kernel alone.
    Floor,
}

/// The runs of one contestant.
pub(crate) struct Row {
    /// What it did.
    pub(crate) work: Work,
    /// Who did it.
    pub(crate) program: Program,
    /// The command as a person would write it.
    pub(crate) title: String,
    /// One a round, or why there is none.
    pub(crate) runs: Result<Vec<Run>, String>,
}

/// One run, as figures with names.
#[derive(Debug, Clone, Default)]
pub(crate) struct Run(Vec<(String, f64)>);

/// First packets of one kind.
pub(crate) struct PacketRow {
    /// Whose rules they met.
    pub(crate) rules: Rules,
    /// How many floats the rules had.
    pub(crate) floats: usize,
    /// Where they went.
    pub(crate) way: Way,
    /// Who sent and received them.
    pub(crate) busy: Busy,
    /// Microseconds from one instance to the other, burst by burst, or why there are none.
    pub(crate) bursts: Result<Vec<Vec<f64>>, String>,
}

/// Whose rules a packet met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rules {
    /// None at all, not even conntrack.
    None,
    /// hairnat's.
    Hairnat,
    /// nova-network's, by `iptables-nft-restore`.
    NovaNft,
    /// nova-network's, by `iptables-legacy-restore`.
    NovaLegacy,
}

/// Where an instance sends its packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// To its own float.
    OwnFloat,
    /// To the float of another instance.
    OtherFloat,
    /// To the fixed address of another instance.
    Fixed,
}

/// Which instances talk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Busy {
    /// Ten of them, evenly spread over all, whatever the number of floats.
    Ten,
    /// Any, at random.
    Any,
}

/// What one stage of the pure core took.
pub(crate) struct StageCount {
    /// The stage.
    pub(crate) stage: &'static str,
    /// How many floats.
    pub(crate) floats: usize,
    /// Instructions, or why they were not counted.
    pub(crate) instructions: Result<u64, String>,
}

impl Results {
    /// The contest of that kind and size.
    pub(crate) fn contest(&self, floats: usize, kind: Kind) -> Option<&Contest> {
        let size = self.sizes.iter().find(|size| size.floats == floats)?;
        size.contests.iter().find(|contest| contest.kind == kind)
    }
}

impl Contest {
    /// The contestant.
    pub(crate) fn row(&self, work: Work, program: Program) -> Option<&Row> {
        self.rows.iter().find(|row| row.work == work && row.program == program)
    }

    /// How many rounds were held.
    pub(crate) fn rounds(&self) -> usize {
        self.rows.iter().filter_map(|row| row.runs.as_ref().ok()).map(Vec::len).max().unwrap_or(0)
    }
}

impl Row {
    /// That figure of every run.
    pub(crate) fn figures(&self, name: &str) -> Vec<f64> {
        let runs = self.runs.as_deref().unwrap_or_default();
        runs.iter().filter_map(|run| run.get(name)).collect()
    }

    /// The median of that figure.
    pub(crate) fn median(&self, name: &str) -> Option<f64> {
        median(self.figures(name))
    }

    /// The median ratio of that figure to the one of `other`, round by round.
    pub(crate) fn ratio(&self, other: &Row, name: &str) -> Option<f64> {
        median_ratio(&self.figures(name), &other.figures(name))
    }
}

impl Run {
    /// Wall time, in milliseconds.
    pub(crate) const TIME: &'static str = "milliseconds";
    /// Peak of the resident memory, in MiB.
    pub(crate) const MEMORY: &'static str = "mebibytes";

    /// Adds a figure.
    pub(crate) fn put(&mut self, name: &str, figure: f64) {
        self.0.push((name.to_owned(), figure));
    }

    /// The figure of that name.
    pub(crate) fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, figure)| *figure)
    }

    /// Reads what [`Run`] displays.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let figure = |line: &str| {
            let (name, figure) = line.split_once(' ')?;
            Some((name.to_owned(), figure.parse().ok()?))
        };
        text.lines().map(figure).collect::<Option<Vec<_>>>().map(Self)
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|(name, figure)| writeln!(f, "{name} {figure}"))
    }
}
