//! `hairnat apply` and `hairnat diff`: the main job, done or only shown.

use super::args::PolicyFiles;
use super::exit::Exit;
use super::failure::Failure;
use super::load;
use super::output::Output;
use super::report::{Outcome, Report};
use crate::compile::compile;
use crate::host::{Host, LiveHost, port_changes, warnings};
use crate::kernel::{Kernel, NfTables, Step, converge, cut};
use crate::plan::plan;

/// Makes the kernel match the policy, or with `dry_run` has it say that it could.
///
/// # Errors
///
/// Whatever keeps it from being done; nothing was changed then.
pub(super) fn apply(files: &PolicyFiles, dry_run: bool, out: &mut Output) -> Result<Exit, Failure> {
    let policy = load::policy(files, out)?;
    let desired = compile(&policy);
    let mut host = LiveHost::open()?;
    let facts = host.facts()?;
    let ports = port_changes(&policy.bridge, &facts);
    let warnings = warnings(&policy, &facts);

    let step = if dry_run { Step::Validate } else { Step::Commit };
    let mut kernel = NfTables::open()?;
    let done = converge(&mut kernel, step, &desired, |plan| {
        let report = Report::new(plan, &ports, warnings, out);
        // At once: until then the connections of a moved float go on to its old instance.
        if dry_run { report } else { report.with_cut(cut(&plan.stale)) }
    })?;
    out.trace_retries(done.retries);
    // After the rules: a port that reflects before its guard is there would break DAD.
    if !dry_run {
        for change in &ports {
            host.set_hairpin(&change.port, change.on)?;
        }
    }
    let outcome = if dry_run { Outcome::Validated } else { Outcome::Applied };
    done.report.write(outcome, &in_sync(policy.float_count()), out)?;
    Ok(Exit::Success)
}

/// Shows what [`apply`] would change.
///
/// # Errors
///
/// Whatever keeps the policy or the kernel from being read.
pub(super) fn diff(files: &PolicyFiles, out: &mut Output) -> Result<Exit, Failure> {
    let policy = load::policy(files, out)?;
    let desired = compile(&policy);
    let facts = LiveHost::open()?.facts()?;
    let ports = port_changes(&policy.bridge, &facts);

    let live = NfTables::open()?.snapshot()?;
    let plan = plan(&live, &desired);
    let report = Report::new(&plan, &ports, warnings(&policy, &facts), out);
    report.write(Outcome::Shown, &in_sync(policy.float_count()), out)?;
    Ok(if report.changed() { Exit::Differences } else { Exit::Success })
}

fn in_sync(floats: usize) -> String {
    let plural = if floats == 1 { "" } else { "s" };
    format!("in sync: {floats} float{plural}")
}
