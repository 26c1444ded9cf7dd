//! What a listener makes of the messages of commits. Pure.
//!
//! A commit is told of when it has taken effect and before the next one can begin, at its end: one
//! message for each object that it changed, then one with the generation that it made
//! (`nft_commit_notify`, `nf_tables_gen_notify`, both under `commit_mutex`). Objects of all kinds have
//! the name of their table in attribute 1.

use crate::kernel::decode;
use crate::kernel::encode::Family as _;
use crate::kernel::nfnetlink;
use crate::kernel::uapi::{
    DELRULE, DELSET, DELSETELEM, DELTABLE, NEWGEN, NEWRULE, NEWSET, NEWSETELEM, NEWTABLE,
    NFTA_ANY_TABLE, NFTA_GEN_ID,
};
use crate::netlink::{Malformed, Message};
use crate::ruleset::TableFamily;

/// What the commits have done that were told of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seen {
    /// The generation of the last of them.
    newest: u32,
    /// The first generation since which our tables are as they are.
    unchanged_since: u32,
    /// Whether our tables have changed, or may have, by a commit whose generation is not known yet.
    changed: bool,
    /// How often a chain, object or flowtable has come, gone or changed, by [`TableFamily`].
    shifts: [usize; TableFamily::ALL.len()],
}

impl Seen {
    /// Nothing yet: our tables are as they are since `generation`, the newest.
    pub(super) fn since(generation: u32) -> Self {
        let shifts = [0; TableFamily::ALL.len()];
        Self { newest: generation, unchanged_since: generation, changed: false, shifts }
    }

    /// The generation of the last commit.
    pub(super) fn newest(&self) -> u32 {
        self.newest
    }

    /// Whether our tables are now as they were at `generation`.
    pub(super) fn holds(&self, generation: u32) -> bool {
        let known = !later(self.unchanged_since, generation) && !later(generation, self.newest);
        known && !self.changed
    }

    /// How often a chain, object or flowtable has come, gone or changed in the tables of `family`.
    pub(super) fn shifts(&self, family: TableFamily) -> usize {
        self.shifts[family as usize]
    }

    /// Messages were lost.
    pub(super) fn miss(&mut self) {
        self.changed = true;
        self.shifts = self.shifts.map(|count| count + 1);
    }

    /// Takes one message.
    pub(super) fn take(&mut self, message: &Message<'_>) -> Result<(), Malformed> {
        let attributes = nfnetlink::attributes(message)?;
        if message.kind == NEWGEN {
            let generation = attributes.find(NFTA_GEN_ID)?.ok_or(Malformed)?.be32()?;
            self.end(generation);
            return Ok(());
        }
        let family = message.body.first().copied();
        let family = TableFamily::ALL.into_iter().find(|known| Some(known.number()) == family);
        let Some(family) = family else { return Ok(()) };
        if !matches!(
            message.kind,
            NEWTABLE | DELTABLE | NEWRULE | DELRULE | NEWSET | DELSET | NEWSETELEM | DELSETELEM
        ) {
            self.shifts[family as usize] += 1;
        }
        // Of what names no table nothing is known.
        let elsewhere = attributes.find(NFTA_ANY_TABLE)?.is_some()
            && !decode::is_ours(attributes, NFTA_ANY_TABLE)?;
        self.changed |= !elsewhere;
        Ok(())
    }

    /// The commit that made `generation` is at its end.
    fn end(&mut self, generation: u32) {
        if later(generation, self.newest) {
            // Generation 0 is passed over.
            let next = self.newest.checked_add(1).unwrap_or(1);
            if self.changed || generation != next {
                self.unchanged_since = generation;
            }
            self.newest = generation;
        }
        self.changed = false;
    }
}

/// Whether generation `a` comes after `b`; they go round.
fn later(a: u32, b: u32) -> bool {
    a.wrapping_sub(b).cast_signed() > 0
}

#[cfg(test)]
mod tests {
    use super::Seen;
    use crate::kernel::encode::Family as _;
    use crate::kernel::nfnetlink::{self, Header};
    use crate::kernel::uapi::{
        DELRULE, NEWCHAIN, NEWGEN, NEWOBJ, NEWSETELEM, NEWTABLE, NFPROTO_IPV4, NFTA_ANY_TABLE,
        NFTA_GEN_ID,
    };
    use crate::netlink::{self, Messages, put_be32, put_text};
    use crate::ruleset::TableFamily::{self, Bridge, Inet};

    fn message(kind: u16, family: u8, fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
        let mut bytes = Vec::new();
        let header = Header { kind, flags: 0, seq: 0, family, resource: 0 };
        let start = nfnetlink::begin(&mut bytes, header);
        fill(&mut bytes);
        netlink::end(&mut bytes, start);
        bytes
    }

    fn object(kind: u16, family: TableFamily, table: &str) -> Vec<u8> {
        message(kind, family.number(), |out| put_text(out, NFTA_ANY_TABLE, table))
    }

    fn end(generation: u32) -> Vec<u8> {
        message(NEWGEN, 0, |out| put_be32(out, NFTA_GEN_ID, generation))
    }

    /// What is known after those messages, from generation 7 on.
    fn after(messages: &[Vec<u8>]) -> Seen {
        let mut seen = Seen::since(7);
        take(&mut seen, messages);
        seen
    }

    fn take(seen: &mut Seen, messages: &[Vec<u8>]) {
        for message in Messages(&messages.concat()) {
            seen.take(&message.unwrap()).unwrap();
        }
    }

    #[test]
    fn commits_to_other_tables_leave_ours_as_they_were() {
        let ours_of_another_family =
            message(NEWTABLE, NFPROTO_IPV4, |out| put_text(out, NFTA_ANY_TABLE, "hairnat"));
        let seen = after(&[
            object(NEWTABLE, Inet, "other"),
            object(NEWSETELEM, Bridge, "hairnat2"),
            end(8),
            ours_of_another_family,
            end(9),
        ]);
        assert_eq!(seen.newest(), 9);
        assert_eq!([6, 7, 8, 9, 10].map(|at| seen.holds(at)), [false, true, true, true, false]);
    }

    #[test]
    fn a_commit_to_one_of_ours_ends_what_was_before_it() {
        for family in [Bridge, Inet] {
            let mut seen = after(&[
                object(NEWTABLE, Inet, "other"),
                end(8),
                object(NEWTABLE, Inet, "other"),
                object(DELRULE, family, "hairnat"),
                object(NEWTABLE, Inet, "other"),
            ]);
            assert!(!seen.holds(7) && !seen.holds(8), "as soon as it is known");
            take(&mut seen, &[end(9), end(10)]);
            assert_eq!([7, 8, 9, 10].map(|at| seen.holds(at)), [false, false, true, true]);
        }
    }

    #[test]
    fn what_was_committed_before_the_beginning_does_not_matter() {
        let seen = after(&[
            object(NEWTABLE, Inet, "hairnat"),
            end(6),
            object(NEWTABLE, Inet, "hairnat"),
            end(7),
            end(8),
        ]);
        assert_eq!((seen.newest(), seen.holds(7)), (8, true));
    }

    #[test]
    fn what_is_not_known_counts_as_a_change() {
        let mut lost = Seen::since(7);
        lost.miss();
        assert!(!lost.holds(7));
        take(&mut lost, &[end(8)]);
        assert_eq!((lost.holds(7), lost.holds(8)), (false, true));
        let skipped = after(&[end(9)]);
        assert_eq!((skipped.holds(7), skipped.holds(9)), (false, true));
        let nameless = after(&[message(NEWCHAIN, Inet.number(), |_| {}), end(8)]);
        assert!(!nameless.holds(7));
    }

    #[test]
    fn generations_go_round_past_zero() {
        let mut seen = Seen::since(u32::MAX - 1);
        take(&mut seen, &[end(u32::MAX), end(1), end(2)]);
        assert_eq!((seen.newest(), seen.holds(u32::MAX - 1), seen.holds(1)), (2, true, true));
    }

    #[test]
    fn what_dumps_count_is_told_by_family() {
        let seen = after(&[
            object(NEWCHAIN, Inet, "other"),
            object(NEWOBJ, Inet, "other"),
            object(NEWSETELEM, Inet, "other"),
            object(DELRULE, Inet, "other"),
            object(NEWTABLE, Bridge, "other"),
            object(NEWCHAIN, Bridge, "other"),
            end(8),
        ]);
        assert_eq!((seen.shifts(Inet), seen.shifts(Bridge)), (2, 1));
        let mut lost = seen.clone();
        lost.miss();
        assert_eq!((lost.shifts(Inet), lost.shifts(Bridge)), (3, 2));
    }
}
