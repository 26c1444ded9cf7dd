//! `make bench`: hairnat beside its peers, in the same run and in namespaces of its own; writes
//! `benches/RESULTS.md`.
//!
//! Nothing here fails for being slow: the figures are for people.

mod contests;
mod floats;
mod inside;
mod instructions;
/// The packet tests' nodes; the benchmarks need no more of their lab.
#[allow(dead_code, unused_imports, reason = "the rest of the lab is for tests")]
#[path = "../../tests/lab/mod.rs"]
mod lab;
mod machine;
mod numbers;
mod options;
mod packets;
mod parts;
mod process;
mod raw;
mod report;
mod results;
mod stages;
mod statistics;
mod world;

use std::process::ExitCode;
use std::{env, fs};

use clap::Parser as _;

use options::{Cli, Options, Part, Topic};
use results::{Results, Run, SizeResults, Work};
use world::World;

/// Larger policies tell no more about instructions, and take long to count.
const MOST_COUNTED: usize = 10_000;

/// A size that is measured once, so that all programs and files are in memory; and the least for
/// packets.
const WARM_UP: usize = 10;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.part {
        Some(Part::Inside(options)) => inside(options),
        Some(Part::Process { command }) => tell(process::measure(&command)),
        Some(Part::Kernel { policy }) => tell(parts::kernel(&policy)),
        Some(Part::Floor { policy }) => tell(parts::floor(&policy)),
        Some(Part::Receive) => tell(parts::receive()),
        Some(Part::Stage { stage, policies }) => {
            stages::go(stage, &policies);
            ExitCode::SUCCESS
        }
        None if cli.bench => inside::run(env::args_os().skip(1).filter(|word| word != "--bench")),
        None => {
            println!("benchmarks are no tests: run them with `make bench`");
            ExitCode::SUCCESS
        }
    }
}

/// What a part of the benchmarks has to say to the process that started it.
fn tell(run: Result<Run, String>) -> ExitCode {
    match run {
        Ok(run) => {
            print!("{run}");
            ExitCode::SUCCESS
        }
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Measures everything.
fn inside(options: Options) -> ExitCode {
    let mut sizes = options.sizes.clone();
    sizes.sort_unstable();
    let text = report::text(&measure(&sizes, &options));
    match options.results {
        Some(path) => fs::write(&path, text).expect("write the results"),
        None => print!("{text}"),
    }
    ExitCode::SUCCESS
}

fn measure(sizes: &[usize], options: &Options) -> Results {
    let asked = |topic| options.only.contains(&topic);
    let mut results = Results { machine: machine::describe(), ..Results::default() };
    if asked(Topic::Processes) {
        eprintln!("warming up");
        contests::hold(&World::new(WARM_UP), 1);
    }
    for &floats in sizes {
        let world = World::new(floats);
        if asked(Topic::Processes) {
            eprintln!("{floats} floats: processes");
            let contests = contests::hold(&world, options.rounds(floats));
            results.sizes.push(SizeResults { floats, contests });
        }
        if asked(Topic::Instructions) && floats <= MOST_COUNTED {
            eprintln!("{floats} floats: instructions");
            let tenth = world.changes.iter().find(|change| change.work == Work::Tenth);
            let desired = &tenth.expect("a tenth moves").policy;
            results.instructions.extend(instructions::count(floats, &world.policy, desired));
        }
    }
    if asked(Topic::Packets) {
        eprintln!("first packets");
        let smaller = sizes.iter().copied().filter(|floats| *floats <= packets::MOST_IN_MAPS);
        let sizes: Vec<usize> = [WARM_UP].into_iter().chain(smaller).collect();
        results.packets = packets::measure(&sizes, options.packets);
    }
    results
}
