//! `hairnat remove`: both tables go, and nothing else.

use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::report::{Outcome, Report};
use crate::kernel::{NfTables, Step, converge};
use crate::ruleset::Ruleset;

/// Takes both tables away, or with `dry_run` has the kernel say that it could.
///
/// # Errors
///
/// Whatever keeps it from being done; nothing was changed then.
pub(super) fn run(dry_run: bool, out: &mut Output) -> Result<Exit, Failure> {
    let step = if dry_run { Step::Validate } else { Step::Commit };
    let mut kernel = out.progress().watch(NfTables::open()?);
    let done = converge(&mut kernel, step, &Ruleset::default(), |plan| {
        Report::new(plan, &[], Vec::new(), out)
    })?;
    out.trace_retries(done.retries);
    let outcome = if dry_run { Outcome::Validated } else { Outcome::Applied };
    done.report.write(outcome, "nothing to remove", out)?;
    Ok(Exit::Success)
}
