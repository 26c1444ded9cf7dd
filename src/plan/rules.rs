//! The rules of one chain: the fewest deletes and adds that keep every rule that can stay, unless
//! others have filled the chain with theirs: then all are deleted, and ours added.

use super::{Action, Change, ChangeOp, Changes, LiveChain, Op, Subject};
use crate::ruleset::{Chain, TableFamily};

/// How many rules are deleted one by one, at most. For each the kernel goes through the rules of the
/// chain up to that one (`__nft_rule_lookup`), also those that the batch has deleted: 60,000 take 5 s,
/// and all at once 0.1 s. The rules that are added again begin to count anew.
const ONE_BY_ONE: usize = 1000;

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

    let flushed = live.rules.len() - kept.len() > ONE_BY_ONE;
    let mut push = |action| ops.push(Op { family, action });
    for (index, gone) in live.rules.iter().enumerate().filter(|&(index, _)| !stays(index)) {
        let rule = &gone.rule;
        let subject = Subject::Rule { chain, index, rule };
        changes.push(Change { family, op: ChangeOp::Delete, subject });
        if !flushed {
            push(Action::DeleteRule { chain, handle: gone.handle, rule });
        }
    }
    for (index, rule) in desired.rules.iter().enumerate().filter(|&(index, _)| !is_there(index)) {
        let before = kept
            .iter()
            .find(|&&(_, of_desired)| of_desired > index)
            .and_then(|&(of_live, _)| live.rules.get(of_live))
            .map(|next| next.handle);
        let subject = Subject::Rule { chain, index, rule };
        changes.push(Change { family, op: ChangeOp::Add, subject });
        if !flushed {
            push(Action::AddRule { chain, rule, before });
        }
    }
    if flushed {
        push(Action::FlushChain(chain));
        let rules = desired.rules.iter();
        rules.for_each(|rule| push(Action::AddRule { chain, rule, before: None }));
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
