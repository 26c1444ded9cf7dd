//! What a plan changes, for people and for other programs.

use super::{LiveChain, LiveSet, LiveTable};
use crate::ruleset::{Chain, Element, Rule, Set, SetDeclaration, Table, TableFamily};

/// One change of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<'a> {
    /// The table that the object is, or is in.
    pub family: TableFamily,
    /// What becomes of it.
    pub op: ChangeOp,
    /// The object.
    pub subject: Subject<'a>,
}

/// What becomes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ChangeOp {
    /// It appears.
    Add,
    /// It stays, with another content.
    Replace,
    /// It vanishes.
    Delete,
}

/// The object of a change, as it was (live) and as it shall be (desired).
///
/// A `Replace` has both, an `Add` only the desired one, a `Delete` only the live one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The table with all that is in it; replaced when only the table itself differs, because it
    /// was switched off.
    Table {
        /// As it was.
        live: Option<&'a LiveTable>,
        /// As it shall be.
        desired: Option<&'a Table>,
    },
    /// A set or map with its elements.
    Set {
        /// As it was.
        live: Option<&'a LiveSet>,
        /// As it shall be.
        desired: Option<&'a Set>,
    },
    /// A chain with its rules.
    Chain {
        /// As it was.
        live: Option<&'a LiveChain>,
        /// As it shall be.
        desired: Option<&'a Chain>,
    },
    /// An object of a kind that hairnat never makes.
    Other(&'a str),
    /// A rule of a chain that stays.
    Rule {
        /// The chain.
        chain: &'a str,
        /// The rule.
        rule: &'a Rule,
    },
    /// An element of a set or map that stays.
    Element {
        /// The set or map.
        set: &'a SetDeclaration,
        /// As it was.
        live: Option<Element<'a>>,
        /// As it shall be.
        desired: Option<Element<'a>>,
    },
    /// Elements of a set or map that stays, of a form that hairnat never writes.
    Strays {
        /// The set or map.
        set: &'a SetDeclaration,
        /// How many there are.
        count: usize,
    },
}

impl<'a> Subject<'a> {
    /// What nft(8) calls the object, or the one that it is in: `table`, `map`, `set`, `chain`.
    #[must_use]
    pub fn keyword(&self) -> &'static str {
        match self {
            Subject::Table { .. } | Subject::Other(_) => "table",
            Subject::Chain { .. } | Subject::Rule { .. } => "chain",
            Subject::Set { desired: Some(set), .. } => set.declaration.keyword(),
            Subject::Set { live, .. } => live.map_or("set", LiveSet::keyword),
            Subject::Element { set, .. } | Subject::Strays { set, .. } => set.keyword(),
        }
    }

    /// The name of that object; `None` for the table, whose name is always the same.
    #[must_use]
    pub fn name(&self) -> Option<&'a str> {
        match *self {
            Subject::Table { .. } | Subject::Other(_) => None,
            Subject::Set { live, desired } => {
                desired.map(|set| set.declaration.name.as_str()).or(live.map(LiveSet::name))
            }
            Subject::Chain { live, desired } => {
                desired.map(|chain| chain.declaration.name.as_str()).or(live.map(LiveChain::name))
            }
            Subject::Rule { chain, .. } => Some(chain),
            Subject::Element { set, .. } | Subject::Strays { set, .. } => Some(&set.name),
        }
    }

    /// What a declaration that is replaced was and shall be, in a few words, in a table of
    /// `family`.
    #[must_use]
    pub fn redeclaration(&self, family: TableFamily) -> Option<(String, String)> {
        match *self {
            Subject::Table { live: Some(_), desired: Some(_) } => {
                Some(("flags dormant".to_owned(), "no flags".to_owned()))
            }
            Subject::Set { live: Some(live), desired: Some(desired) } => {
                Some((live.describe(), desired.declaration.describe()))
            }
            Subject::Chain { live: Some(live), desired: Some(desired) } => {
                Some((live.describe(family), desired.declaration.describe(family)))
            }
            _ => None,
        }
    }
}

/// How many changes there are of each kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// Objects and elements that appear.
    pub add: usize,
    /// Objects and elements with another content.
    pub replace: usize,
    /// Objects and elements that vanish.
    pub delete: usize,
}

impl Summary {
    /// Counts `changes`.
    #[must_use]
    pub fn of(changes: &[Change<'_>]) -> Self {
        let mut summary = Self::default();
        for change in changes {
            summary.count(change.op);
        }
        summary
    }

    /// Counts one more change.
    pub fn count(&mut self, op: ChangeOp) {
        match op {
            ChangeOp::Add => self.add += 1,
            ChangeOp::Replace => self.replace += 1,
            ChangeOp::Delete => self.delete += 1,
        }
    }

    /// All changes.
    #[must_use]
    pub const fn total(self) -> usize {
        self.add + self.replace + self.delete
    }
}
