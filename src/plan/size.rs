//! How much there is in an object that appears or vanishes whole.

use std::fmt;

use super::{LiveSet, LiveTable, Subject};
use crate::ruleset::Table;

/// How much there is in a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TableSize {
    /// Sets and maps.
    pub sets: usize,
    /// Chains.
    pub chains: usize,
    /// Rules of all chains.
    pub rules: usize,
    /// Elements of all sets and maps.
    pub elements: usize,
}

impl From<&Table> for TableSize {
    fn from(table: &Table) -> Self {
        Self {
            sets: table.sets.len(),
            chains: table.chains.len(),
            rules: table.chains.iter().map(|chain| chain.rules.len()).sum(),
            elements: table.sets.iter().map(|set| set.elements.len()).sum(),
        }
    }
}

impl From<&LiveTable> for TableSize {
    fn from(table: &LiveTable) -> Self {
        Self {
            sets: table.sets.len(),
            chains: table.chains.len(),
            rules: table.chains.iter().map(|chain| chain.rules.len()).sum(),
            elements: table.sets.iter().map(LiveSet::element_count).sum(),
        }
    }
}

impl TableSize {
    /// The size of a table, set or chain that appears or vanishes: of the desired one, if there is
    /// one.
    #[must_use]
    pub fn of(subject: &Subject<'_>) -> Self {
        match *subject {
            Subject::Table { desired: Some(table), .. } => table.into(),
            Subject::Table { live: Some(table), .. } => table.into(),
            Subject::Set { desired: Some(set), .. } => {
                Self { elements: set.elements.len(), ..Self::default() }
            }
            Subject::Set { live: Some(set), .. } => {
                Self { elements: set.element_count(), ..Self::default() }
            }
            Subject::Chain { desired: Some(chain), .. } => {
                Self { rules: chain.rules.len(), ..Self::default() }
            }
            Subject::Chain { live: Some(chain), .. } => {
                Self { rules: chain.rules.len(), ..Self::default() }
            }
            _ => Self::default(),
        }
    }
}

impl fmt::Display for TableSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> = [
            (self.sets, "set"),
            (self.chains, "chain"),
            (self.rules, "rule"),
            (self.elements, "element"),
        ]
        .into_iter()
        .filter(|&(count, _)| count > 0)
        .map(|(count, noun)| counted(count, noun))
        .collect();
        if parts.is_empty() {
            return f.write_str("empty");
        }
        f.write_str(&parts.join(", "))
    }
}

/// `1 rule`, `2 rules`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
