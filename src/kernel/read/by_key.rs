//! Asking a set for the elements that it probably has, key by key.
//!
//! # Why that can give the same as a dump
//!
//! The kernel counts the elements of a set (`nft_set.nelems`), all but the catch-all, which is asked
//! for by itself. An element that a batch adds is counted before it is live (`nft_add_set_elem`),
//! and one that a batch deletes until it no longer is (`nf_tables_commit`); elements that time out
//! or that packets add are in none of our sets. So there are never more live elements than counted.
//! The elements that are found are live, and differ as their keys do: if there are as many of them
//! as were counted, there are no others. What somebody is about to add makes the count too large,
//! and the set is dumped.

mod guesses;

use super::{Expected, Interrupted, Reader, still_there};
use crate::kernel::KernelError;
use crate::kernel::decode::ElementReader;
use crate::kernel::encode::{ElementWriter, get_catch_all};
use crate::kernel::nfnetlink;
use crate::kernel::place::{Inner, inner};
use crate::kernel::uapi::NEWSETELEM;
use crate::netlink::{Malformed, Verdict};
use crate::plan::LiveSet;
use crate::ruleset::{ElementIter, Elements, SetDeclaration};

/// The number of elements from which on a set is asked for the expected keys.
///
/// The kernel dumps a set in parts of 32 KiB, some hundred elements, and begins each at the first
/// element of all, to pass over those that it dumped before (`nft_hash_walk`). So a dump takes time by
/// the square of the elements: 0.12 s for 100,000, 20 s for a million. A key takes 2.2 µs whatever the
/// number. Both take the same time at about 170,000. (Linux 6.18, `make bench`.)
pub(in crate::kernel) const LARGE: usize = 150_000;

/// The most keys of one request; more are no faster.
const KEYS: usize = 256;

/// The most guesses of one request, as it ends at the first that is wrong.
const GUESSES: usize = 8;

/// More than an answer takes of the receive queue: less than 500 bytes and the overhead of a buffer
/// (`SKB_TRUESIZE`, `netlink_trim`).
const ANSWER: usize = 1536;

/// How the answer to a request for several keys ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// All of them were found.
    Whole,
    /// There is no element of the next key.
    Missing,
    /// The receive queue was full.
    Cut,
}

impl Reader<'_> {
    /// Reads the elements of a large set that are expected, and others that are guessed if that does
    /// not make `count`. `None` if there are still others, or if the set is not large: it must be
    /// dumped. `others` are sets of the table that have been read.
    pub(super) fn by_key<'d>(
        &mut self,
        set: &'d SetDeclaration,
        count: Option<usize>,
        others: &[LiveSet],
    ) -> Result<Option<ElementReader<'d>>, Interrupted> {
        let (Some(Expected { ruleset, large }), Some(count)) = (self.expected, count) else {
            return Ok(None);
        };
        let sets = ruleset.table(self.family).map_or(&[][..], |table| &table.sets);
        let expected = sets.iter().find(|expected| expected.declaration.same_shape(set));
        let Some(expected) = expected.filter(|_| count >= large && !set.interval) else {
            return Ok(None);
        };
        let room = self.socket.receive_room().map_err(KernelError::from)?;
        let most = (room / ANSWER).clamp(1, KEYS);
        let mut reader = ElementReader::with_capacity(set, count);
        self.find(set, &expected.elements, count, most, &mut reader)?;
        if reader.count() < count {
            let guesses = guesses::guesses(set, &expected.elements, others);
            self.find(set, &guesses, count, most.min(GUESSES), &mut reader)?;
        }
        let all = reader.count() == count && !self.has_catch_all(set)?;
        Ok(all.then_some(reader))
    }

    /// Reads those of the elements that there are, until there are `count` in all, or as many are
    /// missing; at most `keys` at once, or fewer if that turns out to be too many.
    fn find(
        &mut self,
        set: &SetDeclaration,
        elements: &Elements,
        count: usize,
        mut keys: usize,
        reader: &mut ElementReader<'_>,
    ) -> Result<(), Interrupted> {
        let mut missing = 0;
        let mut rest = elements.iter();
        while rest.len() > 0 && reader.count() < count && missing <= count {
            let (asked, before) = (keys.min(rest.len()), reader.count());
            let writer = ElementWriter::asking(self.family, set, asked);
            let end = self.ask_for(rest.clone(), writer, reader)?;
            let found = reader.count() - before;
            let mut done = found;
            match end {
                End::Whole => {}
                End::Missing => (missing, done) = (missing + 1, found + 1),
                End::Cut if (asked, found) == (1, 0) => return Err(Interrupted::Again),
                End::Cut => keys = (asked / 2).max(1),
            }
            rest.by_ref().take(done).for_each(drop);
        }
        Ok(())
    }

    /// Asks for as many of the elements as `writer` does at once, and reads what is answered.
    fn ask_for(
        &mut self,
        mut elements: ElementIter<'_>,
        writer: ElementWriter<'_>,
        reader: &mut ElementReader<'_>,
    ) -> Result<End, Interrupted> {
        let (left, before) = (elements.len(), reader.count());
        let mut request = Vec::new();
        writer.write(&mut request, &mut elements, self.socket.next_seq());
        let asked = left - elements.len();
        let verdict = self.ask_queued(&request, |message| {
            if message.kind == NEWSETELEM {
                reader.read(nfnetlink::attributes(&message)?)?;
            }
            Ok(())
        })?;
        let Some(Verdict { errno, offset, .. }) = verdict else { return Ok(End::Cut) };
        let found = reader.count() - before;
        match errno {
            0 if found == asked => Ok(End::Whole),
            0 => Err(Malformed.into()),
            // Told of a key, which comes after all that were found, or of the whole set.
            libc::ENOENT => match offset.and_then(|offset| inner(&request, offset)) {
                Some(Inner::Element(number)) if number == found => Ok(End::Missing),
                _ => Err(Interrupted::Again),
            },
            libc::ENOBUFS => Ok(End::Cut),
            _ => still_there(errno, "read the elements of a set").map(|()| End::Whole),
        }
    }

    /// Whether the set has an element for every key that has none of its own.
    fn has_catch_all(&mut self, set: &SetDeclaration) -> Result<bool, Interrupted> {
        let request = get_catch_all(self.family, &set.name, self.socket.next_seq());
        match self.ask_queued(&request, |_| Ok(()))? {
            Some(verdict) => Ok(verdict.errno != libc::ENOENT),
            None => Err(Interrupted::Again),
        }
    }
}

#[cfg(test)]
mod tests;
