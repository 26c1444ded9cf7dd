//! An operation in words, and as the nft(8) line that it stands for.

use std::borrow::Cow;

use super::{Action, Op};
use crate::ruleset::{Elements, SetDeclaration, TABLE_NAME};

impl Op<'_> {
    /// What the operation does, to follow "to": ``add map `dnat4` to table `inet hairnat` ``.
    ///
    /// With the number of an element it speaks of that one only.
    #[must_use]
    pub fn describe(&self, element: Option<usize>) -> String {
        let table = format!("table `{} {TABLE_NAME}`", self.family);
        match &self.action {
            Action::AddTable => format!("add {table}"),
            Action::DeleteTable => format!("delete {table}"),
            Action::AddSet(set) => format!("add {} `{}` to {table}", set.keyword(), set.name),
            Action::AddChain(chain) => format!("add chain `{}` to {table}", chain.name),
            Action::AddRule { chain, .. } => format!("add a rule to chain `{chain}` of {table}"),
            Action::DeleteRule { chain, .. } => {
                format!("delete a rule from chain `{chain}` of {table}")
            }
            Action::FlushChain(chain) => {
                format!("delete the rules of chain `{chain}` of {table}")
            }
            Action::AddElements { set, elements } => {
                let what = subject(set, elements, element);
                format!("add {what} to {} `{}` of {table}", set.keyword(), set.name)
            }
            Action::DeleteElements { set, elements } => {
                let what = subject(set, elements, element);
                format!("delete {what} from {} `{}` of {table}", set.keyword(), set.name)
            }
        }
    }

    /// The nft(8) command that does the same; of many elements only the one of that number.
    #[must_use]
    pub fn nft(&self, element: Option<usize>) -> String {
        let family = self.family;
        let table = format!("{family} {TABLE_NAME}");
        match &self.action {
            Action::AddTable => format!("add table {table}"),
            Action::DeleteTable => format!("delete table {table}"),
            Action::AddSet(set) => {
                format!("add {} {table} {} {{ {}; }}", set.keyword(), set.name, set.describe())
            }
            Action::AddChain(chain) => {
                format!("add chain {table} {} {{ {} }}", chain.name, chain.describe(family))
            }
            Action::AddRule { chain, rule, before: None } => {
                format!("add rule {table} {chain} {rule}")
            }
            Action::AddRule { chain, rule, before: Some(handle) } => {
                format!("insert rule {table} {chain} handle {handle} {rule}")
            }
            Action::DeleteRule { chain, handle, .. } => {
                format!("delete rule {table} {chain} handle {handle}")
            }
            Action::FlushChain(chain) => format!("flush chain {table} {chain}"),
            Action::AddElements { set, elements } => {
                format!("add element {table} {} {{ {} }}", set.name, listed(set, elements, element))
            }
            Action::DeleteElements { set, elements } => {
                let listed = listed(set, elements, element);
                format!("delete element {table} {} {{ {listed} }}", set.name)
            }
        }
    }
}

/// The one element that is meant, or how many there are.
fn subject(set: &SetDeclaration, elements: &Elements, element: Option<usize>) -> String {
    match the_one(elements, element) {
        Some(number) => format!("element `{}`", set.key_text(elements.get(number))),
        None => format!("{} elements", elements.len()),
    }
}

fn listed<'a>(set: &SetDeclaration, elements: &Elements, element: Option<usize>) -> Cow<'a, str> {
    match the_one(elements, element) {
        Some(number) => set.element(elements.get(number)).to_string().into(),
        None => "…".into(),
    }
}

fn the_one(elements: &Elements, element: Option<usize>) -> Option<usize> {
    let only = (elements.len() == 1).then_some(0);
    element.filter(|&number| number < elements.len()).or(only)
}
