//! A diff for people: grouped by object, one line a change.

use super::row::Row;
use super::{Change, ChangeOp, ChangePart, Changes, ElementChanges, Subject};
use crate::ruleset::{TABLE_NAME, TableFamily};

/// How much of a diff is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// The first 50 elements and rules, then how many more there are. Of a table that appears or
    /// vanishes, no rules: its line says how many it has.
    Brief,
    /// Every change.
    Full,
}

/// How many elements and rules [`Detail::Brief`] shows.
const BRIEF: usize = 50;

/// The changes of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The object as nft(8) would name it: `map inet hairnat dnat4`.
    pub object: String,
    parts: Vec<GroupPart>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum GroupPart {
    Row(Row),
    /// Rows to be made when they are shown: there may be millions.
    Elements(Box<ElementChanges<'static>>),
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Add, replace or delete.
    pub op: ChangeOp,
    /// The change, columns aligned within its group.
    pub text: String,
}

impl ChangeOp {
    /// The sign that a diff begins the line with.
    #[must_use]
    pub const fn sign(self) -> char {
        match self {
            ChangeOp::Add => '+',
            ChangeOp::Replace => '~',
            ChangeOp::Delete => '-',
        }
    }
}

/// The changes as groups of lines.
#[must_use]
pub fn groups(changes: &Changes<'_>, detail: Detail) -> Vec<Group> {
    let mut drafts = Drafts { groups: Vec::new(), detail, room: BRIEF, whole: None };
    for part in changes.parts() {
        match part {
            ChangePart::One(change) => drafts.push_change(change),
            ChangePart::Elements(elements) => drafts.push_elements(elements),
        }
    }
    drafts.groups.into_iter().map(Draft::finish).collect()
}

/// What nft calls an object of one of our tables, or the table itself.
fn object(family: TableFamily, keyword: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{keyword} {family} {TABLE_NAME} {name}"),
        None => format!("{keyword} {family} {TABLE_NAME}"),
    }
}

struct Drafts {
    groups: Vec<Draft>,
    detail: Detail,
    /// How many more elements and rules are shown if the diff is brief.
    room: usize,
    /// The table that appears or vanishes, as long as what is in it is shown.
    whole: Option<TableFamily>,
}

struct Draft {
    group: Group,
    /// What is left out of the group, in the order of the operations.
    hidden: Vec<Hidden>,
    /// Whether any element or rule of the group is shown.
    begun: bool,
}

/// Changes that are only counted.
struct Hidden {
    op: ChangeOp,
    noun: &'static str,
    count: usize,
}

impl Drafts {
    fn push_change(&mut self, change: &Change<'_>) {
        let (family, subject) = (change.family, &change.subject);
        let is_rule = matches!(subject, Subject::Rule { .. });
        if let Subject::Table { live, desired } = subject {
            self.whole = (live.is_none() || desired.is_none()).then_some(family);
        }
        let brief = self.detail == Detail::Brief;
        if brief && is_rule && self.whole == Some(family) {
            return;
        }
        let room = self.room;
        let draft = self.draft(object(family, subject.keyword(), subject.name()));
        if brief && is_rule && room == 0 {
            return draft.hide(change.op, "rule", 1);
        }
        draft.group.parts.push(GroupPart::Row(Row::of(change)));
        if is_rule {
            draft.begun = true;
            self.room = self.room.saturating_sub(1);
        }
    }

    fn push_elements(&mut self, elements: &ElementChanges<'_>) {
        let (set, room, detail) = (elements.set(), self.room, self.detail);
        let draft = self.draft(object(elements.family(), set.keyword(), Some(&set.name)));
        if detail == Detail::Full {
            let elements = Box::new(elements.clone().into_owned());
            return draft.group.parts.push(GroupPart::Elements(elements));
        }
        let mut hidden = elements.summary();
        for change in elements.iter().take(room) {
            draft.group.parts.push(GroupPart::Row(Row::of(&change)));
            draft.begun = true;
            hidden.discount(change.op);
        }
        for op in ChangeOp::ALL {
            draft.hide(op, "element", hidden.of(op));
        }
        self.room = room.saturating_sub(elements.summary().total());
    }

    /// The group of that object, which is the last one or a new one.
    fn draft(&mut self, object: String) -> &mut Draft {
        if self.groups.last().is_none_or(|last| last.group.object != object) {
            let group = Group { object, parts: Vec::new() };
            self.groups.push(Draft { group, hidden: Vec::new(), begun: false });
        }
        self.groups.last_mut().expect("there is one now")
    }
}

impl Draft {
    fn hide(&mut self, op: ChangeOp, noun: &'static str, count: usize) {
        match self.hidden.iter_mut().find(|hidden| (hidden.op, hidden.noun) == (op, noun)) {
            Some(hidden) => hidden.count += count,
            None if count > 0 => self.hidden.push(Hidden { op, noun, count }),
            None => {}
        }
    }

    fn finish(self) -> Group {
        let Self { mut group, hidden, begun } = self;
        let more = if begun { "more " } else { "" };
        group.parts.extend(hidden.into_iter().map(|Hidden { op, noun, count }| {
            let plural = if count == 1 { "" } else { "s" };
            let text = format!("{count} {more}{noun}{plural}, shown with `-v`");
            GroupPart::Row(Row::plain(op, text))
        }));
        group
    }
}

impl Group {
    /// A group of one line, about something else than a ruleset.
    #[must_use]
    pub fn of_line(object: String, line: Line) -> Self {
        Self { object, parts: vec![GroupPart::Row(Row::plain(line.op, line.text))] }
    }

    /// Its changes. Each line is made as it is asked for.
    pub fn lines(&self) -> impl Iterator<Item = Line> {
        let (mut key, mut value) = (0, 0);
        for row in self.rows() {
            let (key_width, value_width) = row.widths();
            (key, value) = (key.max(key_width), value.max(value_width));
        }
        self.rows().map(move |row| Line { op: row.op(), text: row.aligned(key, value) })
    }

    fn rows(&self) -> impl Iterator<Item = Row> {
        self.parts.iter().flat_map(|part| {
            let (row, elements) = match part {
                GroupPart::Row(row) => (Some(row.clone()), None),
                GroupPart::Elements(elements) => (None, Some(elements.iter())),
            };
            let made = elements.into_iter().flatten().map(|change| Row::of(&change));
            row.into_iter().chain(made)
        })
    }
}
