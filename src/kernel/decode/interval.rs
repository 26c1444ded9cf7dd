//! The intervals of an `rbtree` set, from its bounds.
//!
//! The kernel keeps a start and an end as two elements; the end is the first key that is no longer
//! inside (`NFT_SET_ELEM_INTERVAL_END`, `net/netfilter/nft_set_rbtree.c`). An interval up to the last
//! key of all has no end. nft(8) puts an end at zero before the first interval, which ends nothing.

use crate::plan::CounterValue;

/// A start or an end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Bound {
    pub(super) key: Vec<u8>,
    pub(super) is_end: bool,
    pub(super) data: Vec<u8>,
    pub(super) comment: Option<Box<str>>,
    pub(super) counter: Option<CounterValue>,
}

/// The intervals as their starts and last keys, and how many bounds belong to none.
pub(super) fn pair(mut bounds: Vec<Bound>) -> (Vec<(Bound, Vec<u8>)>, usize) {
    // Where one interval ends and the next begins, the end comes first.
    bounds.sort_by(|a, b| (&a.key, !a.is_end).cmp(&(&b.key, !b.is_end)));
    let mut intervals = Vec::new();
    let mut strays = 0;
    let mut open: Option<Bound> = None;
    for bound in bounds {
        match (open.take(), bound.is_end) {
            (None, false) => open = Some(bound),
            (Some(start), true) => {
                let last = predecessor(bound.key);
                intervals.push((start, last));
            }
            // A start without an end of its own cannot be deleted as hairnat would.
            (Some(_), false) => {
                strays += 1;
                open = Some(bound);
            }
            (None, true) => strays += usize::from(bound.key.iter().any(|&byte| byte != 0)),
        }
    }
    if let Some(start) = open {
        let last = vec![0xff; start.key.len()];
        intervals.push((start, last));
    }
    (intervals, strays)
}

/// The key before that one, which is not zero.
fn predecessor(mut key: Vec<u8>) -> Vec<u8> {
    for byte in key.iter_mut().rev() {
        *byte = byte.wrapping_sub(1);
        if *byte != 0xff {
            break;
        }
    }
    key
}

#[cfg(test)]
mod tests {
    use super::{Bound, pair};

    fn bound(key: u8, is_end: bool) -> Bound {
        Bound { key: vec![10, key], is_end, data: Vec::new(), comment: None, counter: None }
    }

    /// The last byte of the first and of the last key of each interval, and the strays.
    fn paired(bounds: &[(u8, bool)]) -> (Vec<(u8, u8)>, usize) {
        let bounds = bounds.iter().map(|&(key, is_end)| bound(key, is_end)).collect();
        let (intervals, strays) = pair(bounds);
        (intervals.iter().map(|(start, last)| (start.key[1], last[1])).collect(), strays)
    }

    #[test]
    fn neighbours_stay_two_intervals_whatever_the_order() {
        let expected = (vec![(16, 31), (32, 47)], 0);
        assert_eq!(paired(&[(48, true), (32, true), (32, false), (16, false)]), expected);
        assert_eq!(paired(&[(16, false), (32, false), (32, true), (48, true)]), expected);
    }

    #[test]
    fn an_interval_without_an_end_goes_up_to_the_last_key() {
        assert_eq!(paired(&[(240, false)]), (vec![(240, 255)], 0));
    }

    #[test]
    fn an_end_at_zero_ends_nothing_and_any_other_lone_end_is_a_stray() {
        let zero = Bound { key: vec![0, 0], ..bound(0, true) };
        assert_eq!(pair(vec![zero, bound(7, true)]), (Vec::new(), 1));
    }

    #[test]
    fn a_start_without_an_end_of_its_own_is_a_stray() {
        assert_eq!(paired(&[(1, false), (5, false), (9, true)]), (vec![(5, 8)], 1));
    }
}
