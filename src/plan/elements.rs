//! The elements of a set that stays.

use std::borrow::Cow;

use super::{Action, ElementChanges, Op};
use crate::ruleset::{Set, TableFamily};

/// What makes the elements of `live` those of `desired`, in place; adds to `ops` how.
///
/// The kernel changes no element in place (EEXIST), so one that differs is deleted and added;
/// deletes go first.
pub(super) fn plan<'a>(
    family: TableFamily,
    live: &Set,
    desired: &'a Set,
    ops: &mut Vec<Op<'a>>,
) -> ElementChanges<'a> {
    let set = &desired.declaration;
    let changes = ElementChanges::between(family, live, desired);
    let (deleted, added) = changes.edits();
    if !deleted.is_empty() {
        let elements = Cow::Owned(deleted.clone());
        ops.push(Op { family, action: Action::DeleteElements { set, elements } });
    }
    if !added.is_empty() {
        let elements = Cow::Owned(added.clone());
        ops.push(Op { family, action: Action::AddElements { set, elements } });
    }
    changes
}
