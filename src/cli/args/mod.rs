//! The command line as clap sees it: the contract with people.

mod explain;

use std::path::PathBuf;

use clap::{Args, ColorChoice, Parser, Subcommand, ValueEnum, ValueHint};

use super::exit::EXIT_CODES;
pub(super) use explain::{Explain, ExplainProtocol};

/// Keep the hairpin floating-IP path of this host as a policy declares it.
#[derive(Debug, Parser)]
#[command(name = "hairnat", version, max_term_width = 100, propagate_version = true)]
#[command(after_help = "\
Exit codes: 0 done or in sync, 1 `diff` found differences, 2 wrong usage, 3 the policy is invalid,
4 the kernel or the host refused, 5 the ruleset kept changing, or somebody's trial is running,
6 `apply --confirm`: not confirmed.

See a command's options and examples with `hairnat help COMMAND`.")]
#[command(after_long_help = after_long_help())]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Command,

    /// What every command takes.
    #[command(flatten)]
    pub(super) common: Common,
}

/// Options of every command.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(super) struct Common {
    /// How results are written to standard output
    #[arg(short, long, value_enum, global = true, default_value_t, value_name = "FORMAT")]
    pub(super) output: OutputFormat,

    /// Say nothing but errors: no diff, no warnings; the exit code tells
    ///
    /// What `show`, `render`, `schema` and their like print, and JSON, is printed all the same.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,

    /// Show every change, also beyond the first 50 elements and rules, and what is done on the way
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,

    /// When to colour
    ///
    /// `auto` colours on terminals, unless NO_COLOR is set.
    #[arg(long, global = true, default_value_t = ColorChoice::Auto, value_name = "WHEN")]
    pub(super) color: ColorChoice,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Make the kernel match the policy
    #[command(after_long_help = "\
The difference is sent as one transaction: the kernel takes all of it or nothing. When there is no
difference, nothing is sent. Open connections of floats that moved or vanished are cut afterwards:
they would go on to the old instance. So are UDP streams and pings that began before their float was
added. All others go on.

With --confirm, the tables and the bridge ports that changed come back as they were, unless somebody
says in time that the changes are good; also when hairnat itself is killed or stopped, or its
connection breaks. A process of its own sees to that; what kills both at once, such as SIGKILL to
their whole control group, leaves the changes in place. Changes that somebody else made to the tables
meanwhile cannot be confirmed with them: the previous state comes back.

One apply or remove at a time changes a network namespace. The next one waits for it, at most a
minute, and exits with 5 then. While changes are on trial it exits with 5 at once, unless --wait is
given.

Example:
  hairnat apply policy.yaml
  hairnat apply --dry-run /etc/hairnat/policy.d/
  hairnat apply --confirm 30 policy.yaml")]
    Apply {
        /// Print the changes and have the kernel validate them, but change nothing
        #[arg(long)]
        dry_run: bool,
        /// Bring the previous state back unless the changes are confirmed within SECONDS
        ///
        /// Enter confirms, which is an empty line on standard input, and so does the signal SIGUSR1
        /// to hairnat. The signals INT, TERM, HUP and QUIT, and a terminal that closes, bring the
        /// previous state back at once. Exits with 6 when it is back. At most a day, 86400.
        #[arg(long, value_name = "SECONDS", conflicts_with = "dry_run")]
        #[arg(value_parser = clap::value_parser!(u32).range(1..=86400))]
        confirm: Option<u32>,
        /// Wait at most SECONDS for the end of somebody's `apply --confirm`
        #[arg(long, value_name = "SECONDS", conflicts_with = "dry_run", default_value_t = 0)]
        #[arg(value_parser = clap::value_parser!(u32).range(0..=86400))]
        wait: u32,
        /// The policy.
        #[command(flatten)]
        policy: PolicyFiles,
    },
    /// Show what apply would change; change nothing
    #[command(after_long_help = "\
Exits 0 without differences and 1 with, as diff(1) does.

Example:
  hairnat diff policy.yaml")]
    Diff {
        /// The policy.
        #[command(flatten)]
        policy: PolicyFiles,
    },
    /// Validate a policy; needs no kernel and no privileges
    #[command(after_long_help = "\
With -v, every float is listed with the file that it is in.

Example:
  hairnat check policy.yaml conf.d/
  generate-policy | hairnat check -
  hairnat check --stdin-as /etc/hairnat/policy.d/web.yaml < web.yaml")]
    Check {
        /// Also warn where this host contradicts the policy
        #[arg(long)]
        host: bool,
        /// The policy.
        #[command(flatten)]
        policy: PolicyFiles,
    },
    /// Print what a policy compiles to; needs no kernel and no privileges
    #[command(after_long_help = "\
Example:
  hairnat render policy.yaml | nft -f -
  hairnat render --format json policy.yaml | nft -j -f -")]
    Render {
        /// The form; without it, --output decides between the same
        #[arg(long, value_enum, value_name = "FORMAT")]
        format: Option<RenderFormat>,
        /// The policy.
        #[command(flatten)]
        policy: PolicyFiles,
    },
    /// Walk one packet: which rules translate it, who is reached, what each side sees
    #[command(after_long_help = "\
What is asked about is the first packet of a connection: what follows, answers too, is translated as
it was. Whether it arrives depends on settings of the host as well; the answer is for their present
values, or with --all for every combination. What other programs' rules do is not known here.

Needs no privileges, but for --live.

Example:
  hairnat explain policy.yaml --from 10.0.0.10 --to 203.0.113.10 --port 443
  hairnat explain --live --from 198.51.100.7 --to 203.0.113.10 --proto icmp
  hairnat explain --from host --to 203.0.113.10 --port 53 --proto udp
  hairnat explain --frame --from-port vnet0 --to-port vnet0 --ether-dst 33:33:ff:00:00:10")]
    Explain(Explain),
    /// Print what is live, with counters
    #[command(after_long_help = "\
With -o nft it prints a script that nft loads. What other programs put into the tables and a script
cannot say, such as a name that is a keyword of nft, is left out and named on standard error.

Example:
  hairnat show
  hairnat show -o nft > backup.nft
  nft -f backup.nft")]
    Show,
    /// Take both tables away
    #[command(after_long_help = "\
Bridge ports that the guard covers leave hairpin mode before it goes: without a guard it breaks
duplicate address detection. No connection is cut, but the kernel goes on translating the open ones
only where another program has NAT rules too.

While somebody's `apply --confirm` is on trial, it exits with 5.

Example:
  hairnat remove")]
    Remove {
        /// Print the changes and have the kernel validate them, but change nothing
        #[arg(long)]
        dry_run: bool,
        /// Leave every bridge port in its hairpin mode
        ///
        /// Something else must keep its instances from hearing their own IPv6 multicast.
        #[arg(long)]
        keep_hairpin_mode: bool,
        /// Wait at most SECONDS for the end of somebody's `apply --confirm`
        #[arg(long, value_name = "SECONDS", conflicts_with = "dry_run", default_value_t = 0)]
        #[arg(value_parser = clap::value_parser!(u32).range(0..=86400))]
        wait: u32,
    },
    /// Print the JSON Schema of the policy, or of what `-o json` prints
    #[command(after_long_help = "\
Example:
  hairnat schema > hairnat-policy.schema.json
  hairnat schema output > hairnat-output.schema.json")]
    Schema {
        /// What it describes
        #[arg(value_enum, value_name = "WHAT", default_value_t)]
        of: SchemaOf,
    },
    /// Print the completions of a shell
    #[command(after_long_help = "\
Example:
  hairnat completions bash > /etc/bash_completion.d/hairnat")]
    Completions {
        /// The shell that they are for
        shell: clap_complete::Shell,
    },
    /// Print a manual page
    #[command(after_long_help = "\
Example:
  hairnat man | man -l -
  hairnat man apply | man -l -
  hairnat man --to /usr/local/share/man/man8")]
    Man {
        /// The command that it is of; without one, the page of hairnat with all of them
        #[arg(value_name = "COMMAND")]
        command: Option<String>,
        /// Write every page into this directory, for man(1) to find them
        #[arg(long, value_name = "DIRECTORY", value_hint = ValueHint::DirPath)]
        #[arg(conflicts_with = "command")]
        to: Option<PathBuf>,
    },
}

/// The files that make one policy.
#[derive(Debug, Args)]
pub(super) struct PolicyFiles {
    /// Policy files, directories of *.yaml and *.yml, or - for standard input
    ///
    /// Together they make one policy. Without any: /etc/hairnat/policy.yaml and
    /// /etc/hairnat/policy.d/. A directory's files must be regular files. A link among them must lead
    /// to a file below the directory; a link that is named here may lead anywhere.
    #[arg(value_name = "FILE", value_hint = ValueHint::AnyPath)]
    pub(super) files: Vec<PathBuf>,
    /// Read standard input in the place of the policy file PATH, which need not exist yet
    ///
    /// So a file can be tried together with all others of the policy before it is put there. PATH is
    /// one of FILE, or in a directory among them; without FILE, one of the defaults.
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(super) stdin_as: Option<PathBuf>,
    /// Leave the policy file PATH out, whether it exists or not; may be given several times
    #[arg(long, value_name = "PATH", value_hint = ValueHint::FilePath)]
    pub(super) without: Vec<PathBuf>,
}

impl PolicyFiles {
    /// Whether standard input is one of them.
    pub(super) fn has_stdin(&self) -> bool {
        self.stdin_as.is_some() || self.files.contains(&PathBuf::from("-"))
    }
}

/// The forms of a command's result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum OutputFormat {
    /// For people
    #[default]
    Text,
    /// For programs: one object
    Json,
    /// `show` and `render`: what nft -f takes
    Nft,
}

/// The forms of a compiled policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum RenderFormat {
    /// The text of nft(8), as it lists the tables after apply (the default)
    #[default]
    Nft,
    /// libnftables-json(5), for `nft -j -f`
    Json,
}

/// What there is a JSON Schema of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(super) enum SchemaOf {
    /// A policy file
    #[default]
    Policy,
    /// The one object that `-o json` prints, of every command and of errors
    Output,
}

/// The exit codes, and how the commands go together.
fn after_long_help() -> String {
    let codes: Vec<String> =
        EXIT_CODES.iter().map(|(code, meaning)| format!("  {code}  {meaning}")).collect();
    let codes = codes.join("\n");
    format!(
        "Exit codes:\n{codes}\n\n\
         Example:\n  \
         hairnat check policy.yaml\n  \
         hairnat diff policy.yaml\n  \
         hairnat apply policy.yaml"
    )
}
