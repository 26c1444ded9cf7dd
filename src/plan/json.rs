//! A diff for programs: the `changes` of the JSON output.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::{Change, ChangeOp, ChangePart, Changes, ElementChanges, LiveSet, Subject, TableSize};
use crate::ruleset::{Element, SetDeclaration, TABLE_NAME};

impl ChangeOp {
    /// The word in JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            ChangeOp::Add => "add",
            ChangeOp::Replace => "replace",
            ChangeOp::Delete => "delete",
        }
    }
}

/// One object.
impl Serialize for Change<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let subject = &self.subject;
        let (kind, name) = match subject {
            Subject::Rule { chain, .. } => ("rule", *chain),
            Subject::Other(name) => ("other", *name),
            Subject::Table { .. }
            | Subject::Set { .. }
            | Subject::Chain { .. }
            | Subject::Element { .. }
            | Subject::Strays { .. } => (subject.keyword(), subject.name().unwrap_or(TABLE_NAME)),
        };
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("op", self.op.word())?;
        object.serialize_entry("family", self.family.keyword())?;
        object.serialize_entry("table", TABLE_NAME)?;
        object.serialize_entry("object", kind)?;
        object.serialize_entry("name", name)?;
        let (before, after) = subject.declaration(self.family);
        entry(&mut object, "before", before)?;
        entry(&mut object, "after", after)?;
        match subject {
            Subject::Table { live, desired } => {
                let TableSize { sets, chains, rules, elements } = TableSize::of(*live, *desired);
                let size =
                    json!({ "sets": sets, "chains": chains, "rules": rules, "elements": elements });
                object.serialize_entry("size", &size)?;
            }
            Subject::Set { live, desired } => {
                let before = || live.and_then(LiveSet::element_count);
                let elements = desired.map(|set| set.elements.len()).or_else(before);
                entry(&mut object, "elements", elements)?;
            }
            Subject::Chain { live, desired } => {
                let before = || live.map(|chain| chain.rules.len());
                let rules = desired.map(|chain| chain.rules.len()).or_else(before);
                entry(&mut object, "rules", rules)?;
            }
            Subject::Other(_) => {}
            Subject::Rule { index, rule, .. } => {
                object.serialize_entry("index", index)?;
                let side = if self.op == ChangeOp::Delete { "before" } else { "after" };
                object.serialize_entry(side, &rule.to_string())?;
            }
            Subject::Element { set, live, desired } => {
                element(&mut object, set, *live, *desired)?;
            }
            Subject::Strays { count, .. } => object.serialize_entry("unknown_elements", count)?,
        }
        object.end()
    }
}

fn element<M: SerializeMap>(
    object: &mut M,
    set: &SetDeclaration,
    live: Option<Element<'_>>,
    desired: Option<Element<'_>>,
) -> Result<(), M::Error> {
    entry(object, "key", desired.or(live).map(|element| set.key_text(element)))?;
    if set.data.is_some() {
        entry(object, "before", live.map(|element| set.data_text(element)))?;
        entry(object, "after", desired.map(|element| set.data_text(element)))?;
    }
    let comment = desired.or(live).and_then(|element| element.comment);
    entry(object, "comment", comment)?;
    let renamed_from = live.and_then(|live| live.comment).filter(|before| Some(*before) != comment);
    entry(object, "comment_before", renamed_from)
}

/// An entry, if there is a value for it.
fn entry<M: SerializeMap>(
    object: &mut M,
    key: &str,
    value: Option<impl Serialize>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| object.serialize_entry(key, &value))
}

/// Changes to be written as an array when the rulesets are gone: elements stay packed until then,
/// so that a million of them are never objects in memory.
#[derive(Debug, Default)]
pub struct KeptChanges(Vec<KeptPart>);

#[derive(Debug)]
enum KeptPart {
    One(Value),
    Elements(Box<ElementChanges<'static>>),
}

impl KeptChanges {
    /// Keeps `changes`.
    #[must_use]
    pub fn new(changes: &Changes<'_>) -> Self {
        let keep = |part: &ChangePart<'_>| match part {
            ChangePart::One(change) => KeptPart::One(json!(change)),
            ChangePart::Elements(elements) => {
                KeptPart::Elements(Box::new(elements.clone().into_owned()))
            }
        };
        Self(changes.parts().iter().map(keep).collect())
    }

    /// Adds a change of something else than a ruleset.
    pub fn push(&mut self, change: Value) {
        self.0.push(KeptPart::One(change));
    }
}

impl Serialize for KeptChanges {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().flat_map(|part| {
            let (one, elements) = match part {
                KeptPart::One(change) => (Some(KeptChange::One(change)), None),
                KeptPart::Elements(elements) => (None, Some(elements.iter())),
            };
            one.into_iter().chain(elements.into_iter().flatten().map(KeptChange::Element))
        }))
    }
}

enum KeptChange<'a> {
    One(&'a Value),
    Element(Change<'a>),
}

impl Serialize for KeptChange<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            KeptChange::One(change) => change.serialize(serializer),
            KeptChange::Element(change) => change.serialize(serializer),
        }
    }
}
