//! Who is measured beside whom.

use std::thread;
use std::time::{Duration, Instant};

use crate::process::{Words, attempt, part, quietly, told, whole, words};
use crate::results::{Contest, Kind, Program, Row, Run, Work};
use crate::world::{Change, HAIRNAT, World};

/// How long a contest may go on before its next round.
const PATIENCE: Duration = Duration::from_secs(360);

/// A rest before each run, in which the kernel lets go of what the one before has left.
const REST: Duration = Duration::from_millis(30);

/// One that is measured.
struct Contestant {
    work: Work,
    program: Program,
    title: String,
    /// What is run before each time, not measured.
    before: Vec<Words>,
    /// What is measured, or why it is not.
    command: Result<Words, String>,
    /// What is run after each time, not measured.
    after: Vec<Words>,
}

/// Holds all contests of one size.
pub(crate) fn hold(world: &World, rounds: usize) -> Vec<Contest> {
    let apply = words(&[HAIRNAT, "apply", "--quiet", &world.policy]);
    let held = |kind, contestants| run(kind, contestants, rounds);
    let load = held(Kind::Load, load(world));
    let loaded = attempt(&apply);
    let on_all = |mut contestants: Vec<Contestant>| {
        if let Err(reason) = &loaded {
            for contestant in &mut contestants {
                contestant.command = Err(reason.clone());
            }
        }
        contestants
    };
    let read = held(Kind::Read, on_all(read(world)));
    let change = held(Kind::Change, on_all(change(world)));
    if loaded.is_ok() {
        // All changes were taken back, or else the figures would be those of something else.
        quietly(&words(&[HAIRNAT, "diff", "--quiet", &world.policy]));
    }
    quietly(&flush());
    vec![load, read, change, held(Kind::Check, check(world))]
}

fn load(world: &World) -> Vec<Contestant> {
    let contestant = |program, title: &str, command| Contestant {
        before: vec![flush()],
        ..Contestant::new(Work::Load, program, title, command)
    };
    let restore = |program: &str| world.nova.as_ref().map(|file| words(&[program, file]));
    let restore = |program| restore(program).map_err(Clone::clone);
    let apply = words(&[HAIRNAT, "apply", "--quiet", &world.policy]);
    vec![
        contestant(Program::Hairnat, "hairnat apply", Ok(apply)),
        contestant(Program::Nft, "nft -f", Ok(words(&["nft", "-f", &world.script]))),
        contestant(Program::NftJson, "nft -j -f", Ok(words(&["nft", "-j", "-f", &world.json]))),
        contestant(Program::KernelPart, "kernel part", Ok(part(&["kernel", &world.policy]))),
        contestant(Program::Floor, "raw send", Ok(part(&["floor", &world.policy]))),
        contestant(Program::IptablesNft, "iptables-nft-restore", restore("iptables-nft-restore")),
        Contestant {
            after: vec![words(&["iptables-legacy-restore", &world.no_nova])],
            ..contestant(
                Program::IptablesLegacy,
                "iptables-legacy-restore",
                restore("iptables-legacy-restore"),
            )
        },
    ]
}

fn read(world: &World) -> Vec<Contestant> {
    let list = ["nft", "list", "ruleset"];
    let list_json = ["nft", "-j", "list", "ruleset"];
    let diff = [HAIRNAT, "diff", "--quiet", &world.policy];
    vec![
        in_sync(world),
        Contestant::new(Work::Diff, Program::Hairnat, "hairnat diff", Ok(words(&diff))),
        Contestant::new(Work::InSync, Program::Nft, "nft list ruleset", Ok(words(&list))),
        Contestant::new(
            Work::InSync,
            Program::NftJson,
            "nft -j list ruleset",
            Ok(words(&list_json)),
        ),
        Contestant::new(
            Work::InSync,
            Program::KernelPart,
            "kernel part",
            Ok(part(&["kernel", &world.policy])),
        ),
        Contestant::new(Work::InSync, Program::Floor, "raw receive", Ok(part(&["receive"]))),
    ]
}

fn change(world: &World) -> Vec<Contestant> {
    // nft is fast, as it looks at nothing; but it may not send as much everywhere.
    const UNDO: &str = r#"nft -f "$0" 2>/dev/null || "$1" apply --quiet "$2""#;
    let changes = world.changes.iter().flat_map(|change| {
        let Change { work, policy, script, undo } = change;
        let contestant = |program, title: &str, command: &[&str]| Contestant {
            after: vec![words(&["sh", "-c", UNDO, undo, HAIRNAT, &world.policy])],
            ..Contestant::new(*work, program, title, Ok(words(command)))
        };
        let [kernel, floor] = ["kernel", "floor"].map(|name| part(&[name, policy]));
        let part = |program, title, command: Words| Contestant {
            command: Ok(command),
            ..contestant(program, title, &[])
        };
        [
            contestant(Program::Hairnat, "hairnat apply", &[HAIRNAT, "apply", "--quiet", policy]),
            contestant(Program::Nft, "nft -f of that change alone", &["nft", "-f", script]),
            part(Program::KernelPart, "kernel part", kernel),
            part(Program::Floor, "raw send", floor),
        ]
    });
    [in_sync(world)].into_iter().chain(changes).collect()
}

fn check(world: &World) -> Vec<Contestant> {
    let ours = [HAIRNAT, "check", "--quiet", &world.policy];
    let theirs = ["nft", "-c", "-f", &world.script];
    vec![
        Contestant::new(Work::Check, Program::Hairnat, "hairnat check", Ok(words(&ours))),
        Contestant::new(Work::Check, Program::Nft, "nft -c -f", Ok(words(&theirs))),
    ]
}

fn in_sync(world: &World) -> Contestant {
    let apply = [HAIRNAT, "apply", "--quiet", &world.policy];
    Contestant::new(Work::InSync, Program::Hairnat, "hairnat apply", Ok(words(&apply)))
}

fn flush() -> Words {
    words(&["nft", "flush", "ruleset"])
}

impl Contestant {
    fn new(work: Work, program: Program, title: &str, command: Result<Words, String>) -> Self {
        let title = title.to_owned();
        Self { work, program, title, before: Vec::new(), command, after: Vec::new() }
    }

    /// Measures once.
    fn run(&self) -> Result<Run, String> {
        let command = self.command.as_ref().map_err(Clone::clone)?;
        self.before.iter().for_each(|command| quietly(command));
        thread::sleep(REST);
        let run = match self.program {
            Program::KernelPart | Program::Floor => told(command)?,
            _ => whole(command)?,
        };
        self.after.iter().for_each(|command| quietly(command));
        Ok(run)
    }
}

/// Takes the contestants in turn, A B A B …, so that a machine that speeds up or slows down does so
/// for all. Who fails is not tried again.
fn run(kind: Kind, contestants: Vec<Contestant>, rounds: usize) -> Contest {
    let start = Instant::now();
    let mut runs: Vec<_> = contestants.iter().map(|_| Ok(Vec::new())).collect();
    for round in 1..=rounds {
        for (contestant, runs) in contestants.iter().zip(&mut runs) {
            let Ok(so_far) = runs else { continue };
            match contestant.run() {
                Ok(run) => so_far.push(run),
                Err(reason) => *runs = Err(reason),
            }
        }
        let rounds_done = u32::try_from(round).unwrap_or(u32::MAX);
        if start.elapsed() / rounds_done * (rounds_done + 1) > PATIENCE {
            break;
        }
    }
    let rows = contestants.into_iter().zip(runs).map(|(contestant, runs)| {
        let Contestant { work, program, title, .. } = contestant;
        Row { work, program, title, runs }
    });
    Contest { kind, rows: rows.collect() }
}
