//! What is asked of the kernel, one operation a message, in the order in which it must see them.

use std::borrow::Cow;

use crate::ruleset::{ChainDeclaration, Elements, Rule, SetDeclaration, TableFamily};

/// One operation on one of our tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Op<'a> {
    /// The table.
    pub family: TableFamily,
    /// What is done in it.
    pub action: Action<'a>,
}

/// What an [`Op`] does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action<'a> {
    /// Makes the table, which must not be there.
    AddTable,
    /// Deletes the table with all that is in it.
    DeleteTable,
    /// Makes a set or map, empty.
    AddSet(&'a SetDeclaration),
    /// Makes a chain, empty.
    AddChain(&'a ChainDeclaration),
    /// Adds a rule.
    AddRule {
        /// The chain.
        chain: &'a str,
        /// The rule.
        rule: &'a Rule,
        /// The handle of the rule that it goes before; `None`: after all others.
        before: Option<u64>,
    },
    /// Deletes a rule.
    DeleteRule {
        /// The chain.
        chain: &'a str,
        /// The kernel's handle.
        handle: u64,
        /// The rule, for messages.
        rule: &'a Rule,
    },
    /// Deletes all rules of a chain.
    FlushChain(&'a str),
    /// Adds elements, none of which may be there with other data.
    AddElements {
        /// The set.
        set: &'a SetDeclaration,
        /// The elements.
        elements: Cow<'a, Elements>,
    },
    /// Deletes elements, all of which must be there.
    DeleteElements {
        /// The set.
        set: &'a SetDeclaration,
        /// The elements as they are live.
        elements: Cow<'a, Elements>,
    },
}
