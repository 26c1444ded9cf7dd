//! The L4 ports of one float lead to one place each.

use crate::address::Address;
use crate::policy::draft::Family;
use crate::policy::findings::{Finding, Findings};

/// Sorts the ranges of each float, and reports those that overlap.
pub(super) fn check<A: Address>(family: &mut Family<A>, findings: &mut Findings) {
    for float in &mut family.ports {
        float.ranges.sort_by_key(|range| (range.protocol, range.range, range.place));
        let mut ranges = float.ranges.iter();
        // The one that reaches farthest so far.
        let Some(mut farthest) = ranges.next() else { continue };
        for range in ranges {
            let same_protocol = range.protocol == farthest.protocol;
            if same_protocol && range.range.overlaps(farthest.range) {
                let (first, second) = if range.place < farthest.place {
                    (range, farthest)
                } else {
                    (farthest, range)
                };
                let message = format!(
                    "L4 ports `{}/{}` of float `{}` overlap `{}/{}`",
                    second.range, second.protocol, float.float, first.range, first.protocol,
                );
                findings.report(
                    Finding::new(second.place, message)
                        .note("first given at", first.place)
                        .hint("each L4 port of a float leads to one fixed address"),
                );
            }
            if !same_protocol || range.range.last() > farthest.range.last() {
                farthest = range;
            }
        }
    }
}
