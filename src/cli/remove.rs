//! `hairnat remove`: both tables go, and nothing else.

use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::report::{Outcome, Report};
use super::turn::Turn;
use crate::kernel::{NfTables, Step, converge};
use crate::ruleset::Ruleset;

/// Takes both tables away, after somebody's trial of at most `wait` seconds.
///
/// # Errors
///
/// Whatever keeps it from being done; nothing was changed then.
pub(super) fn remove(wait: u32, out: &mut Output) -> Result<Exit, Failure> {
    let turn = Turn::take(wait, out)?;
    run(Step::Commit, Outcome::Applied, Some(turn), out)
}

/// Has the kernel say that it would do what [`remove`] does.
///
/// # Errors
///
/// Whatever would keep it from being done.
pub(super) fn dry_run(out: &mut Output) -> Result<Exit, Failure> {
    run(Step::Validate, Outcome::Validated, None, out)
}

fn run(
    step: Step,
    outcome: Outcome,
    turn: Option<Turn>,
    out: &mut Output,
) -> Result<Exit, Failure> {
    let warnings = turn.as_ref().map(|turn| turn.warnings.clone()).unwrap_or_default();
    let mut kernel = out.progress().watch(NfTables::open()?);
    let done = converge(&mut kernel, step, &Ruleset::default(), |plan| {
        Report::new(plan, &[], warnings.clone(), out)
    })?;
    out.trace_retries(done.retries);
    // Before the output: its reader may be slow.
    drop(turn);
    done.report.write(outcome, "nothing to remove", out)?;
    Ok(Exit::Success)
}
