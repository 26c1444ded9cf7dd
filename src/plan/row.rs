//! A change in words, in columns.

use super::size::counted;
use super::{Change, ChangeOp, LiveSet, Subject, TableSize};
use crate::ruleset::{Element, SetDeclaration};

/// A change in columns: the key, what it leads to, the comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    op: ChangeOp,
    key: String,
    value: String,
    comment: String,
}

impl Row {
    /// A row of one column.
    pub(super) fn plain(op: ChangeOp, text: String) -> Self {
        Self { op, key: text, value: String::new(), comment: String::new() }
    }

    /// The words of a change.
    pub(super) fn of(change: &Change<'_>) -> Self {
        let op = change.op;
        match &change.subject {
            Subject::Table { .. } | Subject::Set { .. } | Subject::Chain { .. } => {
                Self::plain(op, declaration(change))
            }
            Subject::Other(object) => Self::plain(op, (*object).to_owned()),
            Subject::Rule { rule, .. } => Self::plain(op, rule.to_string()),
            Subject::Strays { count, .. } => {
                let elements = counted(*count, "element");
                Self::plain(op, format!("{elements} of a form that hairnat does not write"))
            }
            Subject::Element { set, live: Some(live), desired: Some(desired) } => {
                Self::replaced(set, *live, *desired)
            }
            Subject::Element { set, live: Some(element), .. }
            | Subject::Element { set, desired: Some(element), .. } => {
                Self::element(op, set, *element)
            }
            Subject::Element { set, .. } => Self::plain(op, set.name.clone()),
        }
    }

    fn element(op: ChangeOp, set: &SetDeclaration, element: Element<'_>) -> Self {
        Self {
            op,
            key: set.key_text(element),
            value: set.data_text(element),
            comment: element.comment.unwrap_or_default().to_owned(),
        }
    }

    fn replaced(set: &SetDeclaration, live: Element<'_>, desired: Element<'_>) -> Self {
        let (before, after) = (set.data_text(live), set.data_text(desired));
        let value = if before == after { after } else { format!("{before} -> {after}") };
        let comment = if live.comment == desired.comment {
            desired.comment.unwrap_or_default().to_owned()
        } else {
            let named = |comment: Option<&str>| comment.unwrap_or("(no name)").to_owned();
            format!("{} -> {}", named(live.comment), named(desired.comment))
        };
        Self { op: ChangeOp::Replace, key: set.key_text(desired), value, comment }
    }

    /// Add, replace or delete.
    pub(super) const fn op(&self) -> ChangeOp {
        self.op
    }

    /// How wide the columns are that others are aligned with: those of the key and of the value.
    pub(super) fn widths(&self) -> (usize, usize) {
        if self.value.is_empty() && self.comment.is_empty() {
            return (0, 0);
        }
        (self.key.chars().count(), self.value.chars().count())
    }

    /// The row as a line, the columns of key and value so wide.
    pub(super) fn aligned(self, key_width: usize, value_width: usize) -> String {
        let Self { key, value, comment, .. } = self;
        match (value.is_empty(), comment.is_empty()) {
            (true, true) => key,
            (true, false) => format!("{key:key_width$}   {comment}"),
            (false, true) => format!("{key:key_width$} : {value}"),
            (false, false) => format!("{key:key_width$} : {value:value_width$}   {comment}"),
        }
    }
}

/// What a table, set or chain was and shall be.
fn declaration(change: &Change<'_>) -> String {
    let (before, after) = change.subject.declaration(change.family);
    let (unread, size) = match change.subject {
        Subject::Set { live: Some(LiveSet::Foreign { .. }), .. } => {
            (" (its elements are not read)", TableSize::default())
        }
        Subject::Table { live, desired } => ("", TableSize::of(live, desired)),
        Subject::Set { .. }
        | Subject::Chain { .. }
        | Subject::Other(_)
        | Subject::Rule { .. }
        | Subject::Element { .. }
        | Subject::Strays { .. } => ("", TableSize::default()),
    };
    match (before, after) {
        (Some(before), Some(after)) => format!("{before}{unread} -> {after}"),
        (Some(before), None) => format!("{before}{unread}"),
        (None, Some(after)) => after,
        (None, None) => size.to_string(),
    }
}
