//! Instructions of the pure core, counted by callgrind: the same from run to run, whatever else
//! the machine does, so that a change of a hundredth shows.
//!
//! `valgrind` and no crate for it: those need a runner of the very same version, which cargo cannot
//! bring along, for what is one command and one number here.

use std::process::Command;

use crate::process::part;
use crate::results::StageCount;
use crate::stages::Stage;

/// Counts all stages with the policies that are live and desired.
pub(crate) fn count(floats: usize, live: &str, desired: &str) -> Vec<StageCount> {
    let counted = |stage: Stage| StageCount {
        stage: stage.name(),
        floats,
        instructions: callgrind(stage, live, desired),
    };
    Stage::ALL.map(counted).into()
}

fn callgrind(stage: Stage, live: &str, desired: &str) -> Result<u64, String> {
    let name = stage.name();
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"])
        // The function itself, not what is defined within.
        .arg(format!("--toggle-collect=*::stages::stage_{name}*"))
        .args(part(&["stage", name, live, desired]))
        .output()
        .map_err(|error| format!("`valgrind` cannot be run: {error}"))?;
    let text = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        let last = text.lines().last().unwrap_or_default();
        return Err(format!("valgrind ended with {}: {last}", output.status));
    }
    // `==123== Collected : 4567`
    let collected = text.lines().find_map(|line| line.split_once("Collected :"));
    let instructions = collected.and_then(|(_, number)| number.trim().parse().ok());
    instructions.filter(|&number| number > 0).ok_or_else(|| format!("no such function: {name}"))
}
