//! Where each float of a policy is declared: whose it is, when several files make one policy.

use std::fmt::Display;

use super::Name;
use super::draft::{Draft, Family, FloatDraft, PrefixDraft};
use super::source::{Place, Source};
use crate::address::Address;

/// A float with the place that declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declared {
    /// The address or prefix, in canonical form.
    pub float: String,
    /// What the operator calls it.
    pub name: Option<Name>,
    /// The number of the source, from 0.
    pub source: usize,
    /// The line, from 1.
    pub line: usize,
    /// The column, from 1, in characters.
    pub column: usize,
}

/// The floats of `draft` as a reader meets them in `sources`, in time linear in their size.
pub(super) fn declared(draft: &Draft, sources: &[Source]) -> Vec<Declared> {
    let mut floats = Vec::with_capacity(draft.ipv4.float_count() + draft.ipv6.float_count());
    collect(&draft.ipv4, &mut floats);
    collect(&draft.ipv6, &mut floats);
    floats.sort_unstable_by_key(|(place, ..)| *place);
    let mut ruler = Ruler::new(sources);
    let measured = |(place, float, name): Placed<'_>| {
        let (line, column) = ruler.measure(place);
        let (float, name) = (float.to_string(), name.clone());
        Declared { float, name, source: place.source(), line, column }
    };
    floats.into_iter().map(measured).collect()
}

/// A float and its name, with their place.
type Placed<'d> = (Place, &'d dyn Display, &'d Option<Name>);

fn collect<'d, A: Address>(family: &'d Family<A>, floats: &mut Vec<Placed<'d>>) {
    floats.extend(family.floats.iter().map(|FloatDraft { float, place }| -> Placed<'d> {
        (place.float(), &float.float, &float.name)
    }));
    floats.extend(family.prefixes.iter().map(|PrefixDraft { float, place, .. }| -> Placed<'d> {
        (*place, &float.float, &float.name)
    }));
}

/// Counts lines and columns of places that come in order, without going back.
struct Ruler<'a> {
    sources: &'a [Source],
    source: usize,
    line: usize,
    line_start: usize,
    counted: usize,
}

impl<'a> Ruler<'a> {
    fn new(sources: &'a [Source]) -> Self {
        Self { sources, source: 0, line: 1, line_start: 0, counted: 0 }
    }

    /// The line and the column of a place that is not before the last one.
    fn measure(&mut self, place: Place) -> (usize, usize) {
        if place.source() != self.source {
            *self = Self { source: place.source(), ..Self::new(self.sources) };
        }
        let content = self.sources.get(self.source).map(Source::content).unwrap_or_default();
        let start = place.start().min(content.len());
        for (index, byte) in content.iter().enumerate().take(start).skip(self.counted) {
            if *byte == b'\n' {
                self.line += 1;
                self.line_start = index + 1;
            }
        }
        self.counted = start;
        let before = content.get(self.line_start..start).unwrap_or_default();
        (self.line, 1 + String::from_utf8_lossy(before).chars().count())
    }
}
