//! What is in our tables as plain text, and a diff applied to it: nothing is known of a change but
//! what its JSON object says.

use std::collections::BTreeMap;

use hairnat::plan::{ChangeOp, KeptChanges, LiveSet, LiveTable, Snapshot, Summary, plan};
use hairnat::ruleset::{Ruleset, Set, Table};
use serde_json::{Value, json};

/// The elements and rules of both tables, and what hairnat never makes. Sets and chains with
/// nothing in them are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct Model {
    /// By family and name of the set, then by key: the data and the comment.
    elements: BTreeMap<Place, BTreeMap<String, (String, Option<String>)>>,
    /// How many elements of a set are of a form that hairnat never writes.
    strays: BTreeMap<Place, usize>,
    rules: BTreeMap<Place, Vec<String>>,
    others: BTreeMap<String, Vec<String>>,
}

/// A family and the name of a set or chain.
type Place = (String, String);

/// Checks that the changes from `live` to `desired` make the one of the other, and that they are
/// counted.
#[track_caller]
pub(crate) fn changes_lead_from(live: &Snapshot, desired: &Ruleset) {
    let plan = plan(live, desired);
    assert_eq!(plan.changes.is_empty(), plan.is_empty());
    let changes = json!(KeptChanges::new(&plan.changes));
    let mut model = Model::default();
    live.tables.iter().for_each(|table| model.add_live(table));
    let mut counted = Summary::default();
    for change in changes.as_array().unwrap() {
        let op = ChangeOp::ALL.into_iter().find(|op| change["op"] == op.word()).unwrap();
        let count = change["unknown_elements"].as_u64().unwrap_or(1);
        counted.count(op, usize::try_from(count).unwrap());
        model.apply(op, change);
    }
    model.apply_rules(changes.as_array().unwrap());
    assert_eq!(counted, plan.summary());

    let mut wanted = Model::default();
    desired.tables.iter().for_each(|table| wanted.add(table));
    assert_eq!(model, wanted, "{changes:#}");
}

impl Model {
    fn add_live(&mut self, table: &LiveTable) {
        let family = table.family.keyword().to_owned();
        for live in &table.sets {
            if let LiveSet::Known { set, strays, .. } = live {
                self.add_set(&family, set);
                if *strays > 0 {
                    self.strays.insert((family.clone(), live.name().to_owned()), *strays);
                }
            }
        }
        for chain in &table.chains {
            let rules = chain.rules.iter().map(|live| live.rule.to_string()).collect();
            self.add_rules(&family, chain.name(), rules);
        }
        if !table.others.is_empty() {
            self.others.insert(family, table.others.clone());
        }
    }

    fn add(&mut self, table: &Table) {
        let family = table.family.keyword();
        table.sets.iter().for_each(|set| self.add_set(family, set));
        for chain in &table.chains {
            let rules = chain.rules.iter().map(ToString::to_string).collect();
            self.add_rules(family, &chain.declaration.name, rules);
        }
    }

    fn add_set(&mut self, family: &str, Set { declaration, elements }: &Set) {
        let words = elements.iter().map(|element| {
            let comment = element.comment.map(str::to_owned);
            (declaration.key_text(element), (declaration.data_text(element), comment))
        });
        let words: BTreeMap<_, _> = words.collect();
        assert_eq!(words.len(), elements.len(), "keys tell elements apart");
        if !words.is_empty() {
            self.elements.insert((family.to_owned(), declaration.name.clone()), words);
        }
    }

    fn add_rules(&mut self, family: &str, chain: &str, rules: Vec<String>) {
        if !rules.is_empty() {
            self.rules.insert((family.to_owned(), chain.to_owned()), rules);
        }
    }

    /// Applies a change of anything but a rule.
    fn apply(&mut self, op: ChangeOp, change: &Value) {
        let text = |key: &str| change[key].as_str().unwrap().to_owned();
        let place = (text("family"), text("name"));
        if let Some(count) = change["unknown_elements"].as_u64() {
            assert_eq!(self.strays.remove(&place), Some(usize::try_from(count).unwrap()));
        } else if change["object"] == "other" {
            let others = self.others.get_mut(&place.0).unwrap();
            let found = others.iter().position(|other| *other == place.1).unwrap();
            others.remove(found);
            self.others.retain(|_, others| !others.is_empty());
        } else if change["key"].is_string() {
            self.apply_element(op, place, text("key"), change);
        }
    }

    fn apply_element(&mut self, op: ChangeOp, place: Place, key: String, change: &Value) {
        let data = |side: &str| change[side].as_str().unwrap_or_default().to_owned();
        let comment = change["comment"].as_str().map(str::to_owned);
        let elements = self.elements.entry(place).or_default();
        if op != ChangeOp::Add {
            let (before, called) = elements.remove(&key).expect("what changes was there");
            assert_eq!(before, data("before"));
            let named = change["comment_before"].as_str().map(str::to_owned);
            let unnamed = named.is_none() && op == ChangeOp::Replace && called.is_none();
            assert!(unnamed || called == named.or(comment.clone()), "{called:?}: {change:#}");
        }
        if op != ChangeOp::Delete {
            let before = elements.insert(key, (data("after"), comment));
            assert_eq!(before, None, "what appears was not there: {change:#}");
        }
        self.elements.retain(|_, elements| !elements.is_empty());
    }

    /// Applies the changes of rules: those that go are numbered as they were, and those that come as
    /// they shall be.
    fn apply_rules(&mut self, changes: &[Value]) {
        let rules = changes.iter().filter(|change| change["object"] == "rule");
        let (gone, come): (Vec<_>, Vec<_>) = rules.partition(|change| change["op"] == "delete");
        let parts = |change: &Value, side: &str| {
            let text = |key: &str| change[key].as_str().unwrap().to_owned();
            let index = usize::try_from(change["index"].as_u64().unwrap()).unwrap();
            ((text("family"), text("name")), index, text(side))
        };
        for change in gone.into_iter().rev() {
            let (place, index, rule) = parts(change, "before");
            assert_eq!(self.rules.get_mut(&place).unwrap().remove(index), rule);
        }
        for change in come {
            let (place, index, rule) = parts(change, "after");
            self.rules.entry(place).or_default().insert(index, rule);
        }
        self.rules.retain(|_, rules| !rules.is_empty());
    }
}
