//! The plan of one table: in place where the kernel can, else by rebuilding it in the same batch.
//!
//! Rules and elements change in place. A set or chain that appears, vanishes or differs rebuilds
//! the table: the kernel changes no declaration in place, and only a rebuilt table lists its
//! objects in the same order as a fresh one. This happens when a policy first uses or last drops a
//! feature; open connections are not affected, as conntrack keeps their translation, but one that
//! begins just then can fall between the tables ([`super::StaleConnections`]). A table that loses a rule
//! which learns is rebuilt too, as the learned elements would outlive the rule by an hour. So is a table
//! of which most elements change, where no counter is lost by that: it takes less time.

use std::borrow::Cow;

use super::{
    Action, Change, ChangeOp, Changes, ElementChanges, LiveChain, LiveSet, LiveTable, Op, Plan,
    Subject,
};
use super::{elements, rules};
use crate::ruleset::{Chain, Rule, Set, SetDeclaration, Table, TableFamily};

/// Adds to `plan` what makes the table of `family` the desired one.
pub(super) fn plan<'a>(
    family: TableFamily,
    live: Option<&'a LiveTable>,
    desired: Option<&'a Table>,
    plan: &mut Plan<'a>,
) {
    match (live, desired) {
        (None, None) => {}
        (Some(live), Some(desired)) => reconcile(live, desired, plan),
        (None, Some(desired)) => {
            plan.changes.push_new_table(desired);
            create(desired, &mut plan.ops);
        }
        (Some(live), None) => {
            plan.changes.push_old_table(live);
            plan.ops.push(Op { family, action: Action::DeleteTable });
        }
    }
}

fn reconcile<'a>(live: &'a LiveTable, desired: &'a Table, plan: &mut Plan<'a>) {
    let family = desired.family;
    let mut scope = Scope::new(family);
    if live.dormant {
        let subject = Subject::Table { live: Some(live), desired: Some(desired) };
        scope.structural(ChangeOp::Replace, subject);
    }
    for object in &live.others {
        scope.structural(ChangeOp::Delete, Subject::Other(object));
    }
    for pair in pairs(&live.sets, &desired.sets, LiveSet::name, |set| &set.declaration.name) {
        match pair {
            Pair::Both(live, desired) => scope.set(live, desired),
            Pair::Live(set) => {
                scope.structural(ChangeOp::Delete, Subject::Set { live: Some(set), desired: None });
                scope.changes.push_old_elements(family, set);
            }
            Pair::Desired(set) => {
                scope.structural(ChangeOp::Add, Subject::Set { live: None, desired: Some(set) });
                scope.changes.push_elements(ElementChanges::appearing(family, set));
            }
        }
    }
    for pair in pairs(&live.chains, &desired.chains, LiveChain::name, |c| &c.declaration.name) {
        match pair {
            Pair::Both(live, desired) => scope.chain(live, desired),
            Pair::Live(chain) => {
                let subject = Subject::Chain { live: Some(chain), desired: None };
                scope.structural(ChangeOp::Delete, subject);
                scope.changes.push_old_rules(family, chain);
            }
            Pair::Desired(chain) => {
                let subject = Subject::Chain { live: None, desired: Some(chain) };
                scope.structural(ChangeOp::Add, subject);
                scope.changes.push_new_rules(family, chain);
            }
        }
    }

    if scope.rebuild || scope.is_dearer_than_anew(live, desired) {
        plan.ops.push(Op { family, action: Action::DeleteTable });
        create(desired, &mut plan.ops);
    } else {
        plan.ops.append(&mut scope.ops);
    }
    plan.changes.append(scope.changes);
}

/// What is being planned for one table.
struct Scope<'a> {
    family: TableFamily,
    changes: Changes<'a>,
    /// How to get there in place.
    ops: Vec<Op<'a>>,
    /// Whether it can not be done in place.
    rebuild: bool,
    /// How many elements are deleted and added in place.
    edits: usize,
    /// Whether an element stays in place that counts.
    counts: bool,
}

/// How many elements that need not be deleted and added are worth to rebuild a table: they take some
/// 20 ms.
const WORTH_REBUILDING: usize = 20_000;

impl<'a> Scope<'a> {
    fn new(family: TableFamily) -> Self {
        let (changes, ops) = (Changes::default(), Vec::new());
        Self { family, changes, ops, rebuild: false, edits: 0, counts: false }
    }

    /// Whether the kernel needs so much longer in place that the table is better rebuilt, if that
    /// loses no counter: what somebody counts must not depend on how much else changes.
    ///
    /// Deleting an element takes about as long as adding one, 1 µs, and ten times as long as
    /// deleting it with its table. (Linux 6.18.)
    fn is_dearer_than_anew(&self, live: &LiveTable, desired: &Table) -> bool {
        let gone: usize = live.sets.iter().filter_map(LiveSet::element_count).sum();
        let come: usize = desired.sets.iter().map(|set| set.elements.len()).sum();
        let mut rules = live.chains.iter().flat_map(|chain| &chain.rules);
        let counts = self.counts || rules.any(|rule| rule.counter.is_some());
        !counts && self.edits > gone / 10 + come + WORTH_REBUILDING
    }

    fn structural(&mut self, op: ChangeOp, subject: Subject<'a>) {
        self.rebuild = true;
        self.changes.push(Change { family: self.family, op, subject });
    }

    fn set(&mut self, live: &'a LiveSet, desired: &'a Set) {
        let family = self.family;
        let known = live.known();
        let Some(set) = known.filter(|set| set.declaration.same_shape(&desired.declaration)) else {
            return self.redeclared(live, desired);
        };
        self.rebuild |= live.has_strays();
        self.changes.push_strays(family, live);
        if set.declaration.learned.is_some() {
            return;
        }
        let elements = elements::plan(family, set, desired, &mut self.ops);
        let (deleted, added) = elements.edits();
        self.edits += deleted.len() + added.len();
        self.counts |= set.declaration.counter && set.elements.len() > deleted.len();
        // Growth is no change by itself, but only a rebuilt set is larger.
        self.rebuild |= !added.is_empty() && overflows(&set.declaration, desired);
        self.changes.push_elements(elements);
    }

    /// A set that is made anew. Elements whose form stays are told apart one by one all the same.
    fn redeclared(&mut self, live: &'a LiveSet, desired: &'a Set) {
        let family = self.family;
        let subject = Subject::Set { live: Some(live), desired: Some(desired) };
        self.structural(ChangeOp::Replace, subject);
        let known = live.known();
        if let Some(set) = known.filter(|set| set.declaration.same_form(&desired.declaration)) {
            self.changes.push_strays(family, live);
            self.changes.push_elements(ElementChanges::between(family, set, desired));
        } else {
            self.changes.push_old_elements(family, live);
            self.changes.push_elements(ElementChanges::appearing(family, desired));
        }
    }

    fn chain(&mut self, live: &'a LiveChain, desired: &'a Chain) {
        if live.declaration.as_ref() != Ok(&desired.declaration) {
            let subject = Subject::Chain { live: Some(live), desired: Some(desired) };
            self.structural(ChangeOp::Replace, subject);
        }
        let forgets = |rule: &Rule| rule.learns() && !desired.rules.contains(rule);
        self.rebuild |= live.rules.iter().any(|live| forgets(&live.rule));
        rules::plan(self.family, live, desired, &mut self.changes, &mut self.ops);
    }
}

/// Whether the live set is too small for the desired elements on some kernel: those without
/// `nft_set_ksize` count both ends of an interval, and the end that nft(8) puts at zero.
fn overflows(live: &SetDeclaration, desired: &Set) -> bool {
    let ends = live.interval && live.key.len() == 1;
    let count = desired.elements.len();
    let room = if ends { count.saturating_mul(2).saturating_add(1) } else { count };
    live.size.is_some_and(|size| usize::try_from(size).is_ok_and(|size| room > size))
}

/// Makes the whole table. Rules come before elements: binding a filled map to a chain would walk
/// all of it (`nft_map_validate` for each rule).
fn create<'a>(table: &'a Table, ops: &mut Vec<Op<'a>>) {
    let mut push = |action| ops.push(Op { family: table.family, action });
    push(Action::AddTable);
    for set in &table.sets {
        push(Action::AddSet(&set.declaration));
    }
    for chain in &table.chains {
        push(Action::AddChain(&chain.declaration));
    }
    for chain in &table.chains {
        for rule in &chain.rules {
            push(Action::AddRule { chain: &chain.declaration.name, rule, before: None });
        }
    }
    for set in table.sets.iter().filter(|set| !set.elements.is_empty()) {
        let elements = Cow::Borrowed(&set.elements);
        push(Action::AddElements { set: &set.declaration, elements });
    }
}

enum Pair<L, D> {
    Live(L),
    Desired(D),
    Both(L, D),
}

/// Objects of the same name, in the desired order, then what is only live, in the kernel's order.
fn pairs<'a, L, D>(
    live: &'a [L],
    desired: &'a [D],
    live_name: impl Fn(&L) -> &str,
    desired_name: impl Fn(&D) -> &String,
) -> Vec<Pair<&'a L, &'a D>> {
    let of_live = |name: &str| live.iter().find(|object| live_name(object) == name);
    let wanted = |name: &str| desired.iter().any(|object| desired_name(object) == name);
    let mut pairs: Vec<_> = desired
        .iter()
        .map(|object| match of_live(desired_name(object)) {
            Some(live) => Pair::Both(live, object),
            None => Pair::Desired(object),
        })
        .collect();
    pairs.extend(live.iter().filter(|object| !wanted(live_name(object))).map(Pair::Live));
    pairs
}
