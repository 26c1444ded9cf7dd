//! A diff for people: grouped by object, one line a change.

use super::size::counted;
use super::{Change, ChangeOp, LiveSet, Subject, TableSize};
use crate::ruleset::{Element, Set, SetDeclaration, TABLE_NAME, TableFamily};

/// The changes of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// The object as nft(8) would name it: `map inet hairnat dnat4`.
    pub object: String,
    /// Its changes.
    pub lines: Vec<Line>,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// What becomes of what is described.
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

/// The changes as groups of lines. An object that appears or vanishes is one line with its size;
/// with `verbose` its content follows.
#[must_use]
pub fn groups(changes: &[Change<'_>], verbose: bool) -> Vec<Group> {
    let mut drafts = Drafts::default();
    for change in changes {
        let subject = &change.subject;
        let object = object(change.family, subject.keyword(), subject.name());
        drafts.push(object, Row::of(change));
        if verbose {
            drafts.push_content(change);
        }
    }
    drafts.0.into_iter().map(Draft::align).collect()
}

/// What nft calls an object of one of our tables, or the table itself.
fn object(family: TableFamily, keyword: &str, name: Option<&str>) -> String {
    match name {
        Some(name) => format!("{keyword} {family} {TABLE_NAME} {name}"),
        None => format!("{keyword} {family} {TABLE_NAME}"),
    }
}

#[derive(Default)]
struct Drafts(Vec<Draft>);

struct Draft {
    object: String,
    rows: Vec<Row>,
}

/// A change in columns: the key, what it leads to, the comment.
struct Row {
    op: ChangeOp,
    key: String,
    value: String,
    comment: String,
}

impl Drafts {
    fn push(&mut self, object: String, row: Row) {
        match self.0.last_mut() {
            Some(last) if last.object == object => last.rows.push(row),
            _ => self.0.push(Draft { object, rows: vec![row] }),
        }
    }

    /// What is in an object that appears or vanishes whole.
    fn push_content(&mut self, change: &Change<'_>) {
        let (family, op) = (change.family, change.op);
        match change.subject {
            Subject::Table { live: None, desired: Some(table) } => {
                table.sets.iter().for_each(|set| self.push_elements(family, op, set));
                for chain in &table.chains {
                    let rules = chain.rules.iter().map(ToString::to_string);
                    self.push_rules(family, op, &chain.declaration.name, rules);
                }
            }
            Subject::Table { live: Some(table), desired: None } => {
                let known = table.sets.iter().filter_map(LiveSet::known);
                known.for_each(|set| self.push_elements(family, op, set));
                for chain in &table.chains {
                    let rules = chain.rules.iter().map(|live| live.rule.to_string());
                    self.push_rules(family, op, chain.name(), rules);
                }
            }
            Subject::Set { live: None, desired: Some(set) } => self.push_elements(family, op, set),
            Subject::Set { live: Some(set), desired: None } => {
                set.known().into_iter().for_each(|set| self.push_elements(family, op, set));
            }
            Subject::Chain { live: None, desired: Some(chain) } => {
                let rules = chain.rules.iter().map(ToString::to_string);
                self.push_rules(family, op, &chain.declaration.name, rules);
            }
            Subject::Chain { live: Some(chain), desired: None } => {
                let rules = chain.rules.iter().map(|live| live.rule.to_string());
                self.push_rules(family, op, chain.name(), rules);
            }
            _ => {}
        }
    }

    fn push_elements(&mut self, family: TableFamily, op: ChangeOp, set: &Set) {
        let declaration = &set.declaration;
        for element in &set.elements {
            let object = object(family, declaration.keyword(), Some(&declaration.name));
            self.push(object, Row::element(op, declaration, element));
        }
    }

    fn push_rules(
        &mut self,
        family: TableFamily,
        op: ChangeOp,
        chain: &str,
        rules: impl Iterator<Item = String>,
    ) {
        for rule in rules {
            self.push(object(family, "chain", Some(chain)), Row::plain(op, rule));
        }
    }
}

impl Draft {
    fn align(self) -> Group {
        let width = |column: fn(&Row) -> &String| {
            self.rows.iter().map(|row| column(row).chars().count()).max().unwrap_or(0)
        };
        let keyed = self.rows.iter().filter(|row| !row.value.is_empty());
        let key_width = keyed.map(|row| row.key.chars().count()).max().unwrap_or(0);
        let value_width = width(|row| &row.value);
        let line = |Row { op, key, value, comment }: &Row| {
            let text = match (value.is_empty(), comment.is_empty()) {
                (true, _) => key.clone(),
                (false, true) => format!("{key:key_width$} : {value}"),
                (false, false) => format!("{key:key_width$} : {value:value_width$}   {comment}"),
            };
            Line { op: *op, text }
        };
        Group { lines: self.rows.iter().map(line).collect(), object: self.object }
    }
}

impl Row {
    fn plain(op: ChangeOp, text: String) -> Self {
        Self { op, key: text, value: String::new(), comment: String::new() }
    }

    fn of(change: &Change<'_>) -> Self {
        let op = change.op;
        if let Some((before, after)) = change.subject.redeclaration(change.family) {
            return Self::plain(op, format!("{before} -> {after}"));
        }
        let size = TableSize::of(&change.subject);
        match &change.subject {
            Subject::Table { .. } => Self::plain(op, size.to_string()),
            // Its elements are not read.
            Subject::Set { live: Some(live), .. } if live.known().is_none() => {
                Self::plain(op, live.describe())
            }
            Subject::Set { .. } => Self::plain(op, counted(size.elements, "element")),
            Subject::Chain { .. } => Self::plain(op, counted(size.rules, "rule")),
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
}
