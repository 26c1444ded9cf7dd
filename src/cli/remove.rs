//! `hairnat remove`: both tables go, and with the guard the hairpin mode of its ports.

use std::mem;

use super::exit::Exit;
use super::failure::Failure;
use super::output::Output;
use super::ports::commit_after;
use super::report::{Outcome, Report};
use super::turn::Turn;
use crate::host::{Facts, Guard, Host, LiveHost, PortPlan, plan_ports};
use crate::kernel::{NfTables, Step, attempt, carry_out};
use crate::plan::Snapshot;
use crate::policy::Bridge;
use crate::ruleset::Ruleset;

/// The new hairpin mode of the ports that the live guard covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PortModes {
    /// Off, before the guard goes.
    Off,
    /// Unchanged, without a guard.
    Keep,
}

impl PortModes {
    /// As the option `--keep-hairpin-mode` has it.
    pub(super) const fn of(keep: bool) -> Self {
        if keep { Self::Keep } else { Self::Off }
    }

    fn plan(self, facts: &Facts, live: &Snapshot) -> PortPlan {
        let live = match self {
            Self::Off => Guard::live(live),
            Self::Keep => Guard::default(),
        };
        plan_ports(&Bridge::default(), facts, &live, &Guard::default())
    }
}

/// Takes both tables away, after somebody's trial of at most `wait` seconds.
///
/// # Errors
///
/// Whatever keeps it from being done; nothing was changed then.
pub(super) fn remove(modes: PortModes, wait: u32, out: &mut Output) -> Result<Exit, Failure> {
    let turn = Turn::take(wait, out)?;
    let mut warnings = turn.warnings.clone();
    let nothing = Ruleset::default();
    let mut kernel = out.progress().watch(NfTables::open()?);
    let mut host = LiveHost::open()?;
    let facts = host.facts()?;
    let done = attempt(&mut kernel, &nothing, &nothing, |kernel, live, plan| {
        let ports = modes.plan(&facts, live);
        let (off, _) = ports.off_and_on();
        let committed =
            commit_after(&mut host, &off, || carry_out(kernel, Step::Commit, live, plan))?;
        Ok(committed.map(|()| Report::new(plan, &ports, mem::take(&mut warnings), out)))
    })?;
    out.trace_retries(done.retries);
    // Before the output: its reader may be slow.
    drop(turn);
    done.report?.write(Outcome::Applied, NOTHING, out)?;
    Ok(Exit::Success)
}

/// Has the kernel say that it would do what [`remove`] does.
///
/// # Errors
///
/// Whatever would keep it from being done.
pub(super) fn dry_run(modes: PortModes, out: &mut Output) -> Result<Exit, Failure> {
    let nothing = Ruleset::default();
    let mut kernel = out.progress().watch(NfTables::open()?);
    let facts = LiveHost::open()?.facts()?;
    let done = attempt(&mut kernel, &nothing, &nothing, |kernel, live, plan| {
        carry_out(kernel, Step::Validate, live, plan)?;
        Ok(Report::new(plan, &modes.plan(&facts, live), Vec::new(), out))
    })?;
    out.trace_retries(done.retries);
    done.report.write(Outcome::Validated, NOTHING, out)?;
    Ok(Exit::Success)
}

/// The result line when there is no table.
const NOTHING: &str = "nothing to remove";
