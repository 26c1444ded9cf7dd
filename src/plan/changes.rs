//! All that a plan changes: objects and rules one by one, the elements of a set together.
//!
//! The elements stay packed, or are those of the rulesets themselves, until somebody looks at them:
//! a table with a million floats that appears costs no more here than one with ten.

use std::borrow::Cow;

use super::merge::{Merge, MergedPair};
use super::{Change, ChangeOp, LiveChain, LiveSet, LiveTable, Subject, Summary};
use crate::ruleset::{Chain, Elements, Set, SetDeclaration, Table, TableFamily};

/// What a plan changes, in listing order.
///
/// It leaves nothing out, whatever happens to the table, set or chain around it: applied to the
/// elements and rules that were, the changes give those that shall be.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Changes<'a> {
    parts: Vec<ChangePart<'a>>,
}

/// One change, or those of the elements of one set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChangePart<'a> {
    /// A change of anything but an element.
    One(Change<'a>),
    /// Changes of elements.
    Elements(ElementChanges<'a>),
}

impl<'a> Changes<'a> {
    /// The changes, with those of elements by set.
    #[must_use]
    pub fn parts(&self) -> &[ChangePart<'a>] {
        &self.parts
    }

    /// The changes, one by one.
    pub fn iter(&self) -> impl Iterator<Item = Change<'_>> {
        self.parts.iter().flat_map(|part| {
            let (one, elements) = match part {
                ChangePart::One(change) => (Some(change.clone()), None),
                ChangePart::Elements(elements) => (None, Some(elements.iter())),
            };
            one.into_iter().chain(elements.into_iter().flatten())
        })
    }

    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// How many changes there are of each kind; of elements that hairnat cannot tell apart, each
    /// counts.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for part in &self.parts {
            match part {
                ChangePart::One(Change { op, subject: Subject::Strays { count, .. }, .. }) => {
                    summary.count(*op, *count);
                }
                ChangePart::One(change) => summary.count(change.op, 1),
                ChangePart::Elements(elements) => {
                    for op in ChangeOp::ALL {
                        summary.count(op, elements.summary.of(op));
                    }
                }
            }
        }
        summary
    }

    pub(super) fn push(&mut self, change: Change<'a>) {
        self.parts.push(ChangePart::One(change));
    }

    pub(super) fn push_elements(&mut self, elements: ElementChanges<'a>) {
        if elements.summary.total() > 0 {
            self.parts.push(ChangePart::Elements(elements));
        }
    }

    pub(super) fn append(&mut self, mut other: Self) {
        self.parts.append(&mut other.parts);
    }

    /// A table that appears: the table itself, then what is in it.
    pub(super) fn push_new_table(&mut self, table: &'a Table) {
        let subject = Subject::Table { live: None, desired: Some(table) };
        self.push(Change { family: table.family, op: ChangeOp::Add, subject });
        for set in &table.sets {
            self.push_elements(ElementChanges::appearing(table.family, set));
        }
        for chain in &table.chains {
            self.push_new_rules(table.family, chain);
        }
    }

    /// A table that vanishes: the table itself, then what is in it.
    pub(super) fn push_old_table(&mut self, table: &'a LiveTable) {
        let family = table.family;
        let subject = Subject::Table { live: Some(table), desired: None };
        self.push(Change { family, op: ChangeOp::Delete, subject });
        for object in &table.others {
            self.push(Change { family, op: ChangeOp::Delete, subject: Subject::Other(object) });
        }
        for set in &table.sets {
            self.push_old_elements(family, set);
        }
        for chain in &table.chains {
            self.push_old_rules(family, chain);
        }
    }

    /// The elements of a set that vanishes; those of a foreign one are not read.
    pub(super) fn push_old_elements(&mut self, family: TableFamily, set: &'a LiveSet) {
        self.push_strays(family, set);
        if let Some(set) = set.known() {
            self.push_elements(ElementChanges::vanishing(family, set));
        }
    }

    /// The elements of a live set that hairnat never writes, which vanish whatever becomes of it.
    pub(super) fn push_strays(&mut self, family: TableFamily, set: &'a LiveSet) {
        if let LiveSet::Known { set, strays: count @ 1.., .. } = set {
            let subject = Subject::Strays { set: &set.declaration, count: *count };
            self.push(Change { family, op: ChangeOp::Delete, subject });
        }
    }

    pub(super) fn push_new_rules(&mut self, family: TableFamily, chain: &'a Chain) {
        let name = &chain.declaration.name;
        for (index, rule) in chain.rules.iter().enumerate() {
            let subject = Subject::Rule { chain: name, index, rule };
            self.push(Change { family, op: ChangeOp::Add, subject });
        }
    }

    pub(super) fn push_old_rules(&mut self, family: TableFamily, chain: &'a LiveChain) {
        for (index, live) in chain.rules.iter().enumerate() {
            let subject = Subject::Rule { chain: chain.name(), index, rule: &live.rule };
            self.push(Change { family, op: ChangeOp::Delete, subject });
        }
    }
}

/// The elements of one set that appear, vanish, or lead elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ElementChanges<'a> {
    family: TableFamily,
    set: Cow<'a, SetDeclaration>,
    /// Those that go, as they were.
    deleted: Cow<'a, Elements>,
    /// Those that come. One with the key of one that goes replaces it.
    added: Cow<'a, Elements>,
    summary: Summary,
}

impl<'a> ElementChanges<'a> {
    /// All elements of a set of a table of `family`, which appear.
    pub(super) fn appearing(family: TableFamily, set: &'a Set) -> Self {
        let Set { declaration, elements } = set;
        let summary = Summary { add: elements.len(), ..Summary::default() };
        Self {
            family,
            set: Cow::Borrowed(declaration),
            deleted: Cow::Owned(Elements::new(declaration)),
            added: Cow::Borrowed(elements),
            summary,
        }
    }

    /// All elements of a set of a table of `family`, which vanish.
    pub(super) fn vanishing(family: TableFamily, set: &'a Set) -> Self {
        let Set { declaration, elements } = set;
        let summary = Summary { delete: elements.len(), ..Summary::default() };
        Self {
            family,
            set: Cow::Borrowed(declaration),
            deleted: Cow::Borrowed(elements),
            added: Cow::Owned(Elements::new(declaration)),
            summary,
        }
    }

    /// What makes the elements of `live` those of `desired`, where both have elements of the same
    /// form.
    pub(super) fn between(family: TableFamily, live: &Set, desired: &'a Set) -> Self {
        let set = &desired.declaration;
        let (mut deleted, mut added) = (Elements::new(set), Elements::new(set));
        let mut summary = Summary::default();
        for pair in Merge::new(&live.elements, &desired.elements) {
            let (live, desired) = pair;
            if live == desired {
                continue;
            }
            summary.count(op_of(&pair), 1);
            if let Some(element) = live {
                deleted.push(element);
            }
            if let Some(element) = desired {
                added.push(element);
            }
        }
        let set = Cow::Borrowed(set);
        Self { family, set, deleted: Cow::Owned(deleted), added: Cow::Owned(added), summary }
    }

    /// The table that the set is in.
    #[must_use]
    pub const fn family(&self) -> TableFamily {
        self.family
    }

    /// What the set is.
    #[must_use]
    pub fn set(&self) -> &SetDeclaration {
        &self.set
    }

    /// How many changes there are of each kind.
    #[must_use]
    pub const fn summary(&self) -> Summary {
        self.summary
    }

    /// The changes, in the order of the keys.
    pub fn iter(&self) -> impl Iterator<Item = Change<'_>> {
        self.pairs().map(|pair| {
            let (live, desired) = pair;
            let subject = Subject::Element { set: &self.set, live, desired };
            Change { family: self.family, op: op_of(&pair), subject }
        })
    }

    /// Each element as it was and as it shall be, in the order of the keys.
    pub(super) fn pairs(&self) -> impl Iterator<Item = MergedPair<'_>> {
        Merge::new(&self.deleted, &self.added)
    }

    /// The elements that go, and those that come.
    pub(super) fn edits(&self) -> (&Elements, &Elements) {
        (&self.deleted, &self.added)
    }

    /// The same, to keep when the rulesets are gone. The elements stay packed.
    #[must_use]
    pub fn into_owned(self) -> ElementChanges<'static> {
        ElementChanges {
            family: self.family,
            set: Cow::Owned(self.set.into_owned()),
            deleted: Cow::Owned(self.deleted.into_owned()),
            added: Cow::Owned(self.added.into_owned()),
            summary: self.summary,
        }
    }
}

const fn op_of(pair: &MergedPair<'_>) -> ChangeOp {
    match pair {
        (Some(_), Some(_)) => ChangeOp::Replace,
        (None, _) => ChangeOp::Add,
        (_, None) => ChangeOp::Delete,
    }
}
