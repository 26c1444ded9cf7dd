//! The command line of the benchmarks.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::stages::Stage;

/// Measure hairnat beside its peers, in namespaces of its own.
#[derive(Debug, Parser)]
#[command(name = "figures", max_term_width = 100)]
pub(crate) struct Cli {
    /// A part of the benchmarks that is a process of its own.
    #[command(subcommand)]
    pub(crate) part: Option<Part>,

    /// What to measure.
    #[command(flatten)]
    pub(crate) options: Options,

    /// Passed by `cargo bench`, and by nothing else that cargo does with this program
    #[arg(long, hide = true)]
    pub(crate) bench: bool,
}

/// What to measure, and where to write it.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// Numbers of floats
    #[arg(long, value_name = "FLOATS", num_args = 1.., value_delimiter = ',')]
    #[arg(default_values_t = [1_000, 10_000, 100_000, 1_000_000])]
    pub(crate) sizes: Vec<usize>,

    /// How often everything is run, unless it takes too long; fewer for large sizes if not given
    #[arg(long)]
    pub(crate) rounds: Option<usize>,

    /// What to measure, instead of everything
    #[arg(long, value_enum, num_args = 1.., value_delimiter = ',', default_values_t = Topic::ALL)]
    pub(crate) only: Vec<Topic>,

    /// First packets of each kind
    #[arg(long, default_value_t = 4_000)]
    pub(crate) packets: usize,

    /// The file to write the results to, instead of standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Option<PathBuf>,
}

/// A section of the results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Topic {
    /// Programs as whole processes, the kernel part and the floor
    Processes,
    /// Instructions of the pure core
    Instructions,
    /// First packets of connections
    Packets,
}

impl Topic {
    const ALL: [Self; 3] = [Self::Processes, Self::Instructions, Self::Packets];
}

/// What runs as a process of its own, so that nothing that ran before it is in its figures.
#[derive(Debug, Subcommand)]
#[command(hide = true)]
pub(crate) enum Part {
    /// Everything, inside of the namespaces
    Inside(Options),
    /// A command: its wall time and its peak memory
    Process {
        /// The command.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
        command: Vec<String>,
    },
    /// hairnat's own steps, one by one, in one process
    Kernel {
        /// The policy.
        policy: PathBuf,
    },
    /// The same batch in one raw send
    Floor {
        /// The policy.
        policy: PathBuf,
    },
    /// Everything in the maps, received and not looked at
    Receive,
    /// One stage of the pure core, to count its instructions
    Stage {
        /// The stage.
        stage: Stage,
        /// The policy that is live, and the one that is desired.
        policies: Vec<PathBuf>,
    },
}

impl Options {
    /// How often everything is run with so many floats.
    pub(crate) fn rounds(&self, floats: usize) -> usize {
        self.rounds.unwrap_or(match floats {
            ..5_000 => 15,
            5_000..50_000 => 11,
            50_000..500_000 => 5,
            _ => 3,
        })
    }
}
