//! A kernel of plain values: for tests of what is above the kernel, and as its contract.
//!
//! It is at least as strict as nf_tables about what must and must not be there (the contract tests
//! hold both to the same clauses), takes a batch whole or not at all on a copy that is swapped in,
//! and lets a test move the generation or fail an operation.

mod elements;
mod rules;

use std::io;

use super::{Kernel, KernelError};
use crate::plan::{Action, LiveChain, LiveSet, LiveTable, Op, Plan, Snapshot};
use crate::ruleset::{Elements, Ruleset, Set, SetDeclaration, TableFamily};

/// A kernel without a kernel.
#[derive(Debug, Clone, Default)]
pub struct FakeKernel {
    live: Snapshot,
    /// The generation since which our tables are as they are.
    unchanged_since: u32,
    last_handle: u64,
    commits: usize,
    interruptions: usize,
    fault: Option<usize>,
}

impl FakeKernel {
    /// A network namespace without tables.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What is live, for assertions and for making drift by hand.
    pub fn live_mut(&mut self) -> &mut Snapshot {
        &mut self.live
    }

    /// How many batches were taken.
    #[must_use]
    pub fn commits(&self) -> usize {
        self.commits
    }

    /// Lets somebody else commit to a table of ours, to no effect in the end, just before each of the
    /// next `times` batches. Whoever commits to another table only adds to the generation of
    /// [`FakeKernel::live_mut`].
    pub fn interrupt(&mut self, times: usize) {
        self.interruptions = times;
    }

    /// Lets the operation at `index` of every later batch fail with EINVAL.
    pub fn fail_at(&mut self, index: usize) {
        self.fault = Some(index);
    }

    fn run(&mut self, plan: &Plan<'_>) -> Result<Self, KernelError> {
        if plan.ops.is_empty() {
            return Ok(self.clone());
        }
        if self.interruptions > 0 {
            self.interruptions -= 1;
            self.live.generation += 1;
            self.unchanged_since = self.live.generation;
        }
        if !(self.unchanged_since..=self.live.generation).contains(&plan.generation) {
            return Err(KernelError::Stale);
        }
        let mut next = self.clone();
        for (index, op) in plan.ops.iter().enumerate() {
            let faulty = self.fault == Some(index);
            let done = if faulty { Err(libc::EINVAL.into()) } else { next.apply(op) };
            done.map_err(|Refusal { errno, element, detail }| {
                let source = io::Error::from_raw_os_error(errno);
                KernelError::refused(op, element, detail, source)
            })?;
        }
        next.live.generation += 1;
        next.unchanged_since = next.live.generation;
        next.commits += 1;
        Ok(next)
    }

    fn apply(&mut self, op: &Op<'_>) -> Result<(), Refusal> {
        match &op.action {
            Action::AddTable => self.add_table(op.family),
            Action::DeleteTable => self.delete_table(op.family),
            Action::AddSet(set) => add_set(self.table(op.family)?, set),
            Action::AddChain(declaration) => {
                let table = self.table(op.family)?;
                if table.chains.iter().any(|chain| chain.name() == declaration.name) {
                    return Err(libc::EEXIST.into());
                }
                let declaration = Ok((*declaration).clone());
                table.chains.push(LiveChain { declaration, rules: Vec::new() });
                Ok(())
            }
            Action::AddRule { chain, rule, before } => {
                self.last_handle += 1;
                let handle = self.last_handle;
                rules::add(self.table(op.family)?, chain, rule, handle, *before)
            }
            Action::DeleteRule { chain, handle, .. } => {
                rules::delete(self.table(op.family)?, chain, *handle)
            }
            Action::FlushChain(chain) => rules::flush(self.table(op.family)?, chain),
            Action::AddElements { set, elements } => {
                elements::add(self.set(op.family, &set.name)?, elements)
            }
            Action::DeleteElements { set, elements } => {
                elements::delete(self.set(op.family, &set.name)?, elements)
            }
        }
    }

    fn add_table(&mut self, family: TableFamily) -> Result<(), Refusal> {
        if self.table(family).is_ok() {
            return Err(libc::EEXIST.into());
        }
        self.live.tables.push(LiveTable {
            family,
            owner: None,
            dormant: false,
            sets: Vec::new(),
            chains: Vec::new(),
            others: Vec::new(),
        });
        self.live.tables.sort_by_key(|table| table.family);
        Ok(())
    }

    fn delete_table(&mut self, family: TableFamily) -> Result<(), Refusal> {
        self.table(family)?;
        self.live.tables.retain(|table| table.family != family);
        Ok(())
    }

    fn table(&mut self, family: TableFamily) -> Result<&mut LiveTable, Refusal> {
        let table = self.live.tables.iter_mut().find(|table| table.family == family);
        table.ok_or_else(|| libc::ENOENT.into())
    }

    fn set(&mut self, family: TableFamily, name: &str) -> Result<&mut LiveSet, Refusal> {
        let set = self.table(family)?.sets.iter_mut().find(|set| set.name() == name);
        set.ok_or_else(|| libc::ENOENT.into())
    }
}

impl Kernel for FakeKernel {
    fn snapshot(&mut self) -> Result<Snapshot, KernelError> {
        Ok(self.live.clone())
    }

    fn snapshot_expecting(&mut self, _expected: &Ruleset) -> Result<Snapshot, KernelError> {
        self.snapshot()
    }

    fn commit(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
        *self = self.run(plan)?;
        Ok(())
    }

    fn validate(&mut self, plan: &Plan<'_>) -> Result<(), KernelError> {
        self.run(plan).map(drop)
    }
}

/// Why an operation is refused, and at which element.
struct Refusal {
    errno: i32,
    element: Option<usize>,
    detail: Option<String>,
}

impl From<i32> for Refusal {
    fn from(errno: i32) -> Self {
        Self { errno, element: None, detail: None }
    }
}

fn add_set(table: &mut LiveTable, declaration: &SetDeclaration) -> Result<(), Refusal> {
    if table.sets.iter().any(|set| set.name() == declaration.name) {
        return Err(libc::EEXIST.into());
    }
    let set = Set { declaration: declaration.clone(), elements: Elements::new(declaration) };
    table.sets.push(LiveSet::Known { set, counters: Vec::new(), strays: 0 });
    Ok(())
}
