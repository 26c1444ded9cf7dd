//! A diff for programs: the `changes` of the JSON output.

use serde_json::{Map, Value, json};

use super::{Change, ChangeOp, Subject, TableSize};
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

impl Change<'_> {
    /// The change as one object.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let subject = &self.subject;
        let kind = match subject {
            Subject::Rule { .. } => "rule",
            Subject::Other(_) => "other",
            _ => subject.keyword(),
        };
        let mut object = Map::new();
        object.insert("op".into(), self.op.word().into());
        object.insert("family".into(), self.family.keyword().into());
        object.insert("table".into(), TABLE_NAME.into());
        object.insert("object".into(), kind.into());
        object.insert("name".into(), subject.name().unwrap_or(TABLE_NAME).into());
        if let Some((before, after)) = subject.redeclaration(self.family) {
            object.insert("before".into(), before.into());
            object.insert("after".into(), after.into());
        }
        let TableSize { sets, chains, rules, elements } = TableSize::of(subject);
        match subject {
            Subject::Table { .. } => {
                let size =
                    json!({ "sets": sets, "chains": chains, "rules": rules, "elements": elements });
                object.insert("size".into(), size);
            }
            Subject::Set { .. } => {
                object.insert("elements".into(), elements.into());
            }
            Subject::Chain { .. } => {
                object.insert("rules".into(), rules.into());
            }
            Subject::Other(name) => {
                object.insert("name".into(), (*name).into());
            }
            Subject::Rule { rule, .. } => {
                let side = if self.op == ChangeOp::Delete { "before" } else { "after" };
                object.insert(side.into(), rule.to_string().into());
            }
            Subject::Element { set, live, desired } => element(&mut object, set, *live, *desired),
            Subject::Strays { count, .. } => {
                object.insert("unknown_elements".into(), (*count).into());
            }
        }
        Value::Object(object)
    }
}

fn element(
    object: &mut Map<String, Value>,
    set: &SetDeclaration,
    live: Option<Element<'_>>,
    desired: Option<Element<'_>>,
) {
    let key = desired.or(live).map(|element| set.key_text(element));
    object.insert("key".into(), key.into());
    if set.data.is_some() {
        if let Some(live) = live {
            object.insert("before".into(), set.data_text(live).into());
        }
        if let Some(desired) = desired {
            object.insert("after".into(), set.data_text(desired).into());
        }
    }
    let comment = desired.or(live).and_then(|element| element.comment);
    if let Some(comment) = comment {
        object.insert("comment".into(), comment.into());
    }
    let renamed_from = live.and_then(|live| live.comment).filter(|before| Some(*before) != comment);
    if let Some(before) = renamed_from {
        object.insert("comment_before".into(), before.into());
    }
}
