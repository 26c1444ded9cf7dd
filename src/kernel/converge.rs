//! Read, plan, commit; and again when somebody else changed our tables in between.

use std::thread;
use std::time::Duration;

use super::{Kernel, KernelError};
use crate::plan::{Plan, Snapshot, plan};
use crate::ruleset::Ruleset;

/// How often a plan is made anew before it is given up.
const ATTEMPTS: u32 = 20;

/// The pause before the second attempt; it grows with each, so that twenty take some two seconds.
const PAUSE: Duration = Duration::from_millis(10);

/// What is done with a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Carry it out.
    Commit,
    /// Have the kernel check it.
    Validate,
}

/// What [`converge`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Converged<T> {
    /// What was made of the plan that was carried out.
    pub report: T,
    /// How often it had to be made anew.
    pub retries: u32,
}

/// Plans how what is live becomes `desired` and carries that out (or only validates it), again as
/// long as our tables change between the reading and the commit. A plan without operations sends
/// nothing. `report` is called once, with the plan that was carried out.
///
/// # Errors
///
/// [`KernelError::Stale`] if they kept changing, [`KernelError::Owned`] if the plan changes a
/// table of another process, or whatever else the kernel refused. Nothing was changed then.
pub fn converge<T>(
    kernel: &mut impl Kernel,
    step: Step,
    desired: &Ruleset,
    mut report: impl FnMut(&Plan<'_>) -> T,
) -> Result<Converged<T>, KernelError> {
    attempt(kernel, desired, desired, |kernel, live, plan| {
        carry_out(kernel, step, live, plan)?;
        Ok(report(plan))
    })
}

/// As [`converge`], where `one` does a single attempt, mostly by [`carry_out`]: it is given what
/// was read and the plan from there, and is called anew with a newer plan as long as it says
/// [`KernelError::Stale`]. `expected` is what is probably live, see [`Kernel::snapshot_expecting`].
///
/// # Errors
///
/// Those of [`Kernel::snapshot`] and of `one`; [`KernelError::Stale`] only after many attempts.
pub fn attempt<K: Kernel, T>(
    kernel: &mut K,
    expected: &Ruleset,
    desired: &Ruleset,
    mut one: impl FnMut(&mut K, &Snapshot, &Plan<'_>) -> Result<T, KernelError>,
) -> Result<Converged<T>, KernelError> {
    let mut retries = 0;
    loop {
        let live = kernel.snapshot_expecting(expected)?;
        let plan = plan(&live, desired);
        match one(kernel, &live, &plan) {
            Ok(report) => return Ok(Converged { report, retries }),
            Err(KernelError::Stale) if retries + 1 < ATTEMPTS => {
                retries += 1;
                thread::sleep(PAUSE * retries);
            }
            Err(error) => return Err(error),
        }
    }
}

/// Commits or validates `plan`, which was made from `live`; sends nothing if it is empty.
///
/// # Errors
///
/// [`KernelError::Owned`] if the plan changes a table of another process, else those of
/// [`Kernel::commit`]. Nothing was changed then.
pub fn carry_out(
    kernel: &mut impl Kernel,
    step: Step,
    live: &Snapshot,
    plan: &Plan<'_>,
) -> Result<(), KernelError> {
    if plan.is_empty() {
        return Ok(());
    }
    let touched = |family| plan.ops.iter().any(|op| op.family == family);
    for table in &live.tables {
        if let Some(owner) = table.owner
            && touched(table.family)
        {
            return Err(KernelError::Owned { family: table.family, owner });
        }
    }
    match step {
        Step::Commit => kernel.commit(plan),
        Step::Validate => kernel.validate(plan),
    }
}

#[cfg(test)]
mod tests {
    use super::{ATTEMPTS, Converged, Step, attempt, carry_out, converge};
    use crate::kernel::{FakeKernel, Kernel, KernelError};
    use crate::ruleset::{Ruleset, Table, TableFamily};

    fn one_table() -> Ruleset {
        let table = Table { family: TableFamily::Inet, sets: Vec::new(), chains: Vec::new() };
        Ruleset { tables: vec![table] }
    }

    fn apply(kernel: &mut FakeKernel, step: Step) -> Result<Converged<usize>, KernelError> {
        converge(kernel, step, &one_table(), |plan| plan.ops.len())
    }

    #[test]
    fn a_second_apply_sends_nothing() {
        let mut kernel = FakeKernel::new();
        assert_eq!(apply(&mut kernel, Step::Commit).unwrap().report, 1);
        assert_eq!(apply(&mut kernel, Step::Commit).unwrap().report, 0);
        assert_eq!(kernel.commits(), 1);
    }

    #[test]
    fn validation_changes_nothing() {
        let mut kernel = FakeKernel::new();
        assert_eq!(apply(&mut kernel, Step::Validate).unwrap().report, 1);
        assert!(kernel.snapshot().unwrap().tables.is_empty());
    }

    #[test]
    fn a_commit_of_somebody_else_to_our_tables_makes_a_new_plan() {
        let mut kernel = FakeKernel::new();
        kernel.interrupt(3);
        let done = apply(&mut kernel, Step::Commit).unwrap();
        assert_eq!((done.report, done.retries), (1, 3));
    }

    #[test]
    fn a_commit_of_somebody_else_to_another_table_does_not_matter() {
        let mut kernel = FakeKernel::new();
        let desired = one_table();
        let done = attempt(&mut kernel, &desired, &desired, |kernel, live, plan| {
            kernel.live_mut().generation += 1;
            carry_out(kernel, Step::Commit, live, plan)
        });
        assert_eq!(done.unwrap().retries, 0);
        assert_eq!(kernel.commits(), 1);
    }

    #[test]
    fn a_ruleset_that_never_rests_is_given_up() {
        let mut kernel = FakeKernel::new();
        kernel.interrupt(usize::try_from(ATTEMPTS).unwrap());
        assert!(matches!(apply(&mut kernel, Step::Commit), Err(KernelError::Stale)));
        assert!(kernel.snapshot().unwrap().tables.is_empty());
    }

    #[test]
    fn a_table_of_another_process_is_left_alone() {
        let mut kernel = FakeKernel::new();
        apply(&mut kernel, Step::Commit).unwrap();
        kernel.live_mut().tables[0].owner = Some(4321);
        assert_eq!(apply(&mut kernel, Step::Commit).unwrap().report, 0, "in sync is no conflict");
        kernel.live_mut().tables[0].dormant = true;
        let refused = apply(&mut kernel, Step::Commit);
        assert!(matches!(refused, Err(KernelError::Owned { owner: 4321, .. })));
    }
}
