//! `hairnat apply` and `hairnat diff`: the main job, done or only shown.

use std::mem;

use super::args::PolicyFiles;
use super::exit::Exit;
use super::failure::Failure;
use super::load::{self, Stdin};
use super::nat_order::foreign_nat_first;
use super::output::Output;
use super::ports::commit_after;
use super::report::{Outcome, Report};
use super::turn::Turn;
use crate::compile::compile_on;
use crate::host::{
    Facts, Guard, Host, LiveHost, PortPlan, Warning, hairpin_loop, host_addresses, plan_ports,
    set_ports, warnings,
};
use crate::kernel::{Kernel, NfTables, Step, attempt, carry_out, cut};
use crate::plan::{Snapshot, plan};
use crate::policy::Bridge;
use crate::ruleset::Ruleset;

/// Makes the kernel match the policy, after somebody's trial of at most `wait` seconds.
///
/// # Errors
///
/// Whatever keeps it from being done; nothing was changed then.
pub(super) fn apply(files: &PolicyFiles, wait: u32, out: &mut Output) -> Result<Exit, Failure> {
    let (turn, wanted) = Wanted::load_in_turn(files, wait, out)?;
    let Wanted { ruleset, mut host, ports, mut warnings, in_sync } = wanted;
    let mut kernel = out.progress().watch(NfTables::open()?);
    let done = attempt(&mut kernel, &ruleset, &ruleset, |kernel, live, plan| {
        let ports = ports.plan(live);
        let (off, on) = ports.off_and_on();
        let carry_out = || carry_out(kernel, Step::Commit, live, plan);
        Ok(commit_after(&mut host, &off, carry_out)?.map(|()| {
            let report = Report::new(plan, &ports, mem::take(&mut warnings), out);
            // At once: until then the connections of a moved float go on to its old instance.
            (report.with_cut(cut(&plan.stale)), on)
        }))
    })?;
    out.trace_retries(done.retries);
    let (report, on) = done.report?;
    if let Err(error) = set_ports(&mut host, &on) {
        return Err(Failure::Ports { error, warnings: report.warnings });
    }
    // Before the output: its reader may be slow.
    drop(turn);
    report.write(Outcome::Applied, &in_sync, out)?;
    Ok(Exit::Success)
}

/// Has the kernel say that it would do what [`apply`] does.
///
/// # Errors
///
/// Whatever would keep it from being done.
pub(super) fn dry_run(files: &PolicyFiles, out: &mut Output) -> Result<Exit, Failure> {
    let Wanted { ruleset, ports, mut warnings, in_sync, .. } = Wanted::load(files, out)?;
    let mut kernel = out.progress().watch(NfTables::open()?);
    let done = attempt(&mut kernel, &ruleset, &ruleset, |kernel, live, plan| {
        carry_out(kernel, Step::Validate, live, plan)?;
        Ok(Report::new(plan, &ports.plan(live), mem::take(&mut warnings), out))
    })?;
    out.trace_retries(done.retries);
    done.report.write(Outcome::Validated, &in_sync, out)?;
    Ok(Exit::Success)
}

/// Shows what [`apply`] would change.
///
/// # Errors
///
/// Whatever keeps the policy or the kernel from being read.
pub(super) fn diff(files: &PolicyFiles, out: &mut Output) -> Result<Exit, Failure> {
    let wanted = Wanted::load(files, out)?;
    let live = out.progress().watch(NfTables::open()?).snapshot_expecting(&wanted.ruleset)?;
    let plan = plan(&live, &wanted.ruleset);
    let report = Report::new(&plan, &wanted.ports.plan(&live), wanted.warnings, out);
    report.write(Outcome::Shown, &wanted.in_sync, out)?;
    Ok(if report.changed() { Exit::Differences } else { Exit::Success })
}

/// What a policy asks of this host. The policy itself is not kept: it is as large as its ruleset.
pub(super) struct Wanted {
    /// What shall be live.
    pub(super) ruleset: Ruleset,
    /// Open already: once the rules are there, nothing should be left that can fail.
    pub(super) host: LiveHost,
    /// The part of the policy that concerns bridge ports.
    pub(super) ports: WantedPorts,
    /// Where the host contradicts the policy.
    pub(super) warnings: Vec<Warning>,
    /// What is said when there is nothing to change.
    pub(super) in_sync: String,
}

/// The part of a policy that concerns bridge ports. The changes also depend on the live guard.
pub(super) struct WantedPorts {
    bridge: Bridge,
    facts: Facts,
    guard: Guard,
}

impl WantedPorts {
    /// The plan for the ports where `live` is live.
    pub(super) fn plan(&self, live: &Snapshot) -> PortPlan {
        plan_ports(&self.bridge, &self.facts, &Guard::live(live), &self.guard)
    }
}

impl Wanted {
    /// Reads the policy and the host.
    ///
    /// # Errors
    ///
    /// The policy or the host cannot be read, the policy is invalid, or it would do harm on this host.
    fn load(files: &PolicyFiles, out: &mut Output) -> Result<Self, Failure> {
        let stdin = load::standard_input(files, out)?;
        Self::load_with(files, stdin, out)
    }

    /// As [`Wanted::load`], once it is our turn to change the host; somebody's trial may take `wait`
    /// seconds until then. So of two applies the later one has the newer policy. Standard input is
    /// read before the lock is taken: its writer may be slow.
    ///
    /// # Errors
    ///
    /// As [`Wanted::load`], and [`Failure::Busy`].
    pub(super) fn load_in_turn(
        files: &PolicyFiles,
        wait: u32,
        out: &mut Output,
    ) -> Result<(Turn, Self), Failure> {
        let stdin = load::standard_input(files, out)?;
        let turn = Turn::take(wait, out)?;
        let mut wanted = Self::load_with(files, stdin, out)?;
        wanted.warnings.extend_from_slice(&turn.warnings);
        Ok((turn, wanted))
    }

    fn load_with(files: &PolicyFiles, stdin: Stdin, out: &mut Output) -> Result<Self, Failure> {
        let policy = load::policy_with(files, stdin, out)?;
        let mut host = LiveHost::open()?;
        let facts = Facts { routes: host.routes(&policy)?, ..host.facts()? };
        if let Some(harm) = hairpin_loop(&policy.bridge, &facts) {
            return Err(Failure::HairpinLoop(harm));
        }
        let floats = policy.float_count();
        let plural = if floats == 1 { "" } else { "s" };
        let compiling = out.progress().phase(|| "compiling the policy".to_owned());
        let ruleset = compile_on(&policy, host_addresses(&policy.bridge, &facts));
        drop(compiling);
        Ok(Self {
            host,
            warnings: warnings(&policy, &facts)
                .into_iter()
                .chain(foreign_nat_first(&policy))
                .collect(),
            ports: WantedPorts { bridge: policy.bridge, facts, guard: Guard::of(&ruleset) },
            ruleset,
            in_sync: format!("in sync: {floats} float{plural}"),
        })
    }
}
