//! The rules of one chain: the fewest deletes and adds that keep every rule that can stay.

use super::{Action, Change, ChangeOp, Changes, LiveChain, Op, Subject};
use crate::ruleset::{Chain, TableFamily};

/// Adds to `changes` and `ops` what makes the rules of `live` those of `desired`.
pub(super) fn plan<'a>(
    family: TableFamily,
    live: &'a LiveChain,
    desired: &'a Chain,
    changes: &mut Changes<'a>,
    ops: &mut Vec<Op<'a>>,
) {
    let chain = desired.declaration.name.as_str();
    let kept = longest_common(live, desired);
    let stays = |index: usize| kept.iter().any(|&(of_live, _)| of_live == index);
    let is_there = |index: usize| kept.iter().any(|&(_, of_desired)| of_desired == index);

    for (index, gone) in live.rules.iter().enumerate().filter(|&(index, _)| !stays(index)) {
        let rule = &gone.rule;
        let subject = Subject::Rule { chain, index, rule };
        changes.push(Change { family, op: ChangeOp::Delete, subject });
        let action = Action::DeleteRule { chain, handle: gone.handle, rule };
        ops.push(Op { family, action });
    }
    for (index, rule) in desired.rules.iter().enumerate().filter(|&(index, _)| !is_there(index)) {
        let before = kept
            .iter()
            .find(|&&(_, of_desired)| of_desired > index)
            .and_then(|&(of_live, _)| live.rules.get(of_live))
            .map(|next| next.handle);
        let subject = Subject::Rule { chain, index, rule };
        changes.push(Change { family, op: ChangeOp::Add, subject });
        ops.push(Op { family, action: Action::AddRule { chain, rule, before } });
    }
}

/// The longest common subsequence of both lists of rules, as pairs of indices. Our chains have
/// some ten rules, and a chain that others filled costs only its length times ten.
fn longest_common(live: &LiveChain, desired: &Chain) -> Vec<(usize, usize)> {
    let (rows, columns) = (live.rules.len(), desired.rules.len());
    let same = |row: usize, column: usize| live.rules[row].rule == desired.rules[column];
    let mut longest = vec![vec![0_usize; columns + 1]; rows + 1];
    for row in (0..rows).rev() {
        for column in (0..columns).rev() {
            longest[row][column] = if same(row, column) {
                longest[row + 1][column + 1] + 1
            } else {
                longest[row + 1][column].max(longest[row][column + 1])
            };
        }
    }
    let mut common = Vec::new();
    let (mut row, mut column) = (0, 0);
    while row < rows && column < columns {
        if same(row, column) {
            common.push((row, column));
            row += 1;
            column += 1;
        } else if longest[row + 1][column] >= longest[row][column + 1] {
            row += 1;
        } else {
            column += 1;
        }
    }
    common
}
