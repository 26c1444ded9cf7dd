//! How much there is in a table.

use std::fmt;

use super::{LiveSet, LiveTable};
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
            elements: table.sets.iter().filter_map(LiveSet::element_count).sum(),
        }
    }
}

impl TableSize {
    /// The size of a table after a change, or before it if it vanishes.
    #[must_use]
    pub fn of(live: Option<&LiveTable>, desired: Option<&Table>) -> Self {
        desired.map(Self::from).or(live.map(Self::from)).unwrap_or_default()
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
