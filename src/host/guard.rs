//! Which bridge ports the guard covers: the rules that drop an instance's own IPv6 multicast when a
//! port in hairpin mode returns it.

use crate::address::InterfaceName;
use crate::plan::Snapshot;
use crate::ruleset::{Ruleset, Table, TableFamily};
use crate::trace::{Fate, Frame, walk_frame};

/// To a solicited-node group, as a probe for duplicate addresses has it (RFC 4862 §5.4.2).
const PROBE: [u8; 6] = [0x33, 0x33, 0xff, 0, 0, 1];

/// The rules of a guard, or none.
#[derive(Debug, Clone, Default)]
pub struct Guard(Ruleset);

impl Guard {
    /// The guard that is live.
    #[must_use]
    pub fn live(snapshot: &Snapshot) -> Self {
        let table = snapshot.rules_in_force(TableFamily::Bridge);
        Self(Ruleset { tables: table.into_iter().collect() })
    }

    /// The guard of a ruleset.
    #[must_use]
    pub fn of(ruleset: &Ruleset) -> Self {
        let rules = |table: &Table| Table {
            family: table.family,
            sets: Vec::new(),
            chains: table.chains.clone(),
        };
        Self(Ruleset {
            tables: ruleset.table(TableFamily::Bridge).map(rules).into_iter().collect(),
        })
    }

    /// Whether a probe that comes in by that port does not leave by it.
    #[must_use]
    pub fn covers(&self, port: &InterfaceName) -> bool {
        let frame = Frame { from_port: port.clone(), to_port: port.clone(), destination: PROBE };
        walk_frame(&self.0, &frame).fate == Fate::Guarded
    }
}
