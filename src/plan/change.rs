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

impl ChangeOp {
    /// Every one of them.
    pub const ALL: [ChangeOp; 3] = [ChangeOp::Add, ChangeOp::Replace, ChangeOp::Delete];
}

/// The object of a change, as it was (live) and as it shall be (desired).
///
/// A `Replace` has both, an `Add` only the desired one, a `Delete` only the live one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject<'a> {
    /// The table and its sets and chains; replaced when only the table itself differs, because it
    /// was switched off.
    Table {
        /// As it was.
        live: Option<&'a LiveTable>,
        /// As it shall be.
        desired: Option<&'a Table>,
    },
    /// A set or map of a table that stays, without its elements.
    Set {
        /// As it was.
        live: Option<&'a LiveSet>,
        /// As it shall be.
        desired: Option<&'a Set>,
    },
    /// A chain of a table that stays, without its rules.
    Chain {
        /// As it was.
        live: Option<&'a LiveChain>,
        /// As it shall be.
        desired: Option<&'a Chain>,
    },
    /// An object of a kind that hairnat never makes.
    Other(&'a str),
    /// A rule.
    Rule {
        /// The chain.
        chain: &'a str,
        /// How many rules of the chain come before it: as it was for a `Delete`, as it shall be for
        /// an `Add`.
        index: usize,
        /// The rule.
        rule: &'a Rule,
    },
    /// An element of a set or map.
    Element {
        /// The set or map.
        set: &'a SetDeclaration,
        /// As it was.
        live: Option<Element<'a>>,
        /// As it shall be.
        desired: Option<Element<'a>>,
    },
    /// Elements of a set or map, of a form that hairnat never writes.
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

    /// What the declaration of a table that stays, or of a set or chain, was and shall be, in a few
    /// words, in a table of `family`; `None` on the side on which there is none.
    #[must_use]
    pub fn declaration(&self, family: TableFamily) -> (Option<String>, Option<String>) {
        match self {
            Subject::Table { live: Some(_), desired: Some(_) } => {
                (Some("flags dormant".to_owned()), Some("no flags".to_owned()))
            }
            Subject::Set { live, desired } => {
                (live.map(LiveSet::describe), desired.map(|set| set.declaration.describe()))
            }
            Subject::Chain { live, desired } => (
                live.map(|chain| chain.describe(family)),
                desired.map(|chain| chain.declaration.describe(family)),
            ),
            Subject::Table { .. }
            | Subject::Other(_)
            | Subject::Rule { .. }
            | Subject::Element { .. }
            | Subject::Strays { .. } => (None, None),
        }
    }
}

/// How many changes there are of each kind.
///
/// Each table, rule and element counts, and each set and chain of a table that stays: those of a
/// table that appears or vanishes count with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Summary {
    /// What appears.
    pub add: usize,
    /// What stays, with another content.
    pub replace: usize,
    /// What vanishes.
    pub delete: usize,
}

impl Summary {
    /// Counts `count` more changes.
    pub fn count(&mut self, op: ChangeOp, count: usize) {
        match op {
            ChangeOp::Add => self.add += count,
            ChangeOp::Replace => self.replace += count,
            ChangeOp::Delete => self.delete += count,
        }
    }

    /// Takes one change away.
    pub(super) fn discount(&mut self, op: ChangeOp) {
        match op {
            ChangeOp::Add => self.add -= 1,
            ChangeOp::Replace => self.replace -= 1,
            ChangeOp::Delete => self.delete -= 1,
        }
    }

    /// How many changes there are of that kind.
    #[must_use]
    pub const fn of(self, op: ChangeOp) -> usize {
        match op {
            ChangeOp::Add => self.add,
            ChangeOp::Replace => self.replace,
            ChangeOp::Delete => self.delete,
        }
    }

    /// All changes.
    #[must_use]
    pub const fn total(self) -> usize {
        self.add + self.replace + self.delete
    }
}
