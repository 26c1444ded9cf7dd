//! From what is and what should be to what must be done. Pure: no kernel, no clock.
//!
//! A plan has two faces. Its *changes* tell people what will be different; its *ops* tell the
//! kernel how to get there. They differ where the kernel cannot change a thing in place: a table
//! that is rebuilt for one new map shows that one map and its elements as changes.

mod change;
mod changes;
mod describe;
mod elements;
mod float_maps;
mod json;
mod merge;
mod op;
mod row;
mod rules;
mod size;
mod snapshot;
mod stale;
mod table;
mod text;

use crate::ruleset::{Ruleset, TableFamily};

pub use change::{Change, ChangeOp, Subject, Summary};
pub use changes::{ChangePart, Changes, ElementChanges};
pub use float_maps::{Connection, Tuple};
pub use json::KeptChanges;
pub use op::{Action, Op};
pub use size::TableSize;
pub use snapshot::{CounterValue, ForeignChain, LiveChain, LiveRule, LiveSet, LiveTable, Snapshot};
pub use stale::StaleConnections;
pub use text::{Detail, Group, Line, groups};

/// How a live ruleset becomes the desired one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan<'a> {
    /// A generation at which our tables were as the plan was made for; it holds while they are.
    pub generation: u32,
    /// What will be different, in listing order; empty exactly when `ops` is.
    pub changes: Changes<'a>,
    /// The operations in kernel order; empty when nothing is to be done.
    pub ops: Vec<Op<'a>>,
    /// The open connections that the changes leave behind.
    pub stale: StaleConnections<'a>,
}

impl Plan<'_> {
    /// Whether the live ruleset is the desired one already.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    /// How many changes there are of each kind.
    #[must_use]
    pub fn summary(&self) -> Summary {
        self.changes.summary()
    }
}

/// The smallest plan that makes `live` what `desired` is; an empty ruleset takes our tables away.
#[must_use]
pub fn plan<'a>(live: &'a Snapshot, desired: &'a Ruleset) -> Plan<'a> {
    let mut plan = Plan { generation: live.generation, ..Plan::default() };
    for family in TableFamily::ALL {
        table::plan(family, live.table(family), desired.table(family), &mut plan);
    }
    let (live, desired) = (live.table(TableFamily::Inet), desired.table(TableFamily::Inet));
    let adds_table =
        |op: &Op<'_>| (op.family, &op.action) == (TableFamily::Inet, &Action::AddTable);
    let anew = live.is_some() && plan.ops.iter().any(adds_table);
    plan.stale = StaleConnections::new(live, desired, &plan.changes, anew);
    plan
}
