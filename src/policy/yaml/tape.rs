//! A YAML document as one flat list of values.
//!
//! 16 bytes a value: a tree of `serde_yaml::Value` takes about ten times as much.

use std::borrow::Cow;

use crate::policy::source::Place;
use crate::policy::suggest::quoted;

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Kind {
    /// Nothing, `~` or `null`.
    Null,
    /// `true` or `false`.
    Boolean,
    /// A number.
    Number,
    /// Any other scalar.
    Text,
    /// A list.
    List,
    /// A map; its values are key, value, key, value…
    Map,
}

/// A value, or the start of a list or map whose content follows.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) kind: Kind,
    /// The first byte of the value as it is written.
    pub(super) start: u32,
    /// The bytes of the value as it is written.
    pub(super) length: u32,
    /// List, map: the index of the node behind its content. Text: 1 + the index in `unescaped`, or
    /// 0 if the text is as written.
    pub(super) link: u32,
}

/// A document.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::policy) struct Tape<'a> {
    pub(super) text: &'a str,
    pub(super) source: usize,
    pub(super) nodes: Vec<Node>,
    pub(super) unescaped: Vec<Box<str>>,
}

impl<'a> Tape<'a> {
    /// The value that contains all others.
    pub(in crate::policy) fn root(&self) -> Value<'_> {
        Value { tape: self, index: 0 }
    }

    /// No values yet, with room for so many.
    pub(super) fn new(text: &'a str, source: usize, values: usize) -> Self {
        Self { text, source, nodes: Vec::with_capacity(values), unescaped: Vec::new() }
    }
}

/// One value of a document.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Value<'t> {
    tape: &'t Tape<'t>,
    index: usize,
}

impl<'t> Value<'t> {
    fn node(self) -> &'t Node {
        const NOTHING: &Node = &Node { kind: Kind::Null, start: 0, length: 0, link: 0 };
        self.tape.nodes.get(self.index).unwrap_or(NOTHING)
    }

    /// What the value is.
    pub(in crate::policy) fn kind(self) -> Kind {
        self.node().kind
    }

    /// Where the value stands; of a list or map, where it starts.
    pub(in crate::policy) fn place(self) -> Place {
        let node = self.node();
        Place::new(self.tape.source, node.start as usize, node.length as usize)
    }

    /// The scalar as text: a number as it is written, quoted text without its quotes.
    pub(in crate::policy) fn text(self) -> &'t str {
        let node = self.node();
        let index = (node.link as usize).wrapping_sub(1);
        if let (Kind::Text, Some(text)) = (node.kind, self.tape.unescaped.get(index)) {
            return text;
        }
        let (start, length) = (node.start as usize, node.length as usize);
        let written = self.tape.text.get(start..start + length).unwrap_or_default();
        let unquoted = |quote| written.strip_prefix(quote)?.strip_suffix(quote);
        unquoted('"').or_else(|| unquoted('\'')).unwrap_or(written)
    }

    /// Whether the scalar is written in quotes.
    pub(in crate::policy) fn is_quoted(self) -> bool {
        let first = self.tape.text.as_bytes().get(self.node().start as usize);
        self.kind() == Kind::Text && matches!(first, Some(b'"' | b'\''))
    }

    /// What a message calls the value: itself, or `a list` or `a map`.
    pub(in crate::policy) fn describe(self) -> Cow<'static, str> {
        match self.kind() {
            Kind::Null => "nothing".into(),
            Kind::List => "a list".into(),
            Kind::Map => "a map".into(),
            Kind::Text if self.is_quoted() => format!("the text {}", quoted(self.text())).into(),
            Kind::Boolean | Kind::Number | Kind::Text => quoted(self.text()).into(),
        }
    }

    /// The items of a list; of anything else, none.
    pub(in crate::policy) fn items(self) -> impl Iterator<Item = Value<'t>> {
        self.children(Kind::List)
    }

    /// The keys and values of a map; of anything else, none.
    pub(in crate::policy) fn entries(self) -> impl Iterator<Item = (Value<'t>, Value<'t>)> {
        let mut children = self.children(Kind::Map);
        std::iter::from_fn(move || Some((children.next()?, children.next()?)))
    }

    fn children(self, kind: Kind) -> impl Iterator<Item = Value<'t>> {
        let node = self.node();
        let end = if node.kind == kind { node.link as usize } else { 0 };
        let mut index = self.index + 1;
        std::iter::from_fn(move || {
            let child = Value { tape: self.tape, index };
            let node = (index < end).then(|| child.node())?;
            index = match node.kind {
                Kind::List | Kind::Map => (node.link as usize).max(index + 1),
                _ => index + 1,
            };
            Some(child)
        })
    }
}
