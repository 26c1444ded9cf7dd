//! Where each float of a policy is declared: whose it is, when several files make one policy.

use super::Name;
use super::draft::{Draft, Family};
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
    let mut floats = Vec::new();
    collect(&draft.ipv4, &mut floats);
    collect(&draft.ipv6, &mut floats);
    floats.sort_unstable_by_key(|(place, ..)| *place);
    let mut ruler = Ruler::new(sources);
    let measured = |(place, float, name): (Place, String, Option<Name>)| {
        let (line, column) = ruler.measure(place);
        Declared { float, name, source: place.source(), line, column }
    };
    floats.into_iter().map(measured).collect()
}

fn collect<A: Address>(family: &Family<A>, floats: &mut Vec<(Place, String, Option<Name>)>) {
    let single = family.floats.iter().map(|one| (one.place, &one.float));
    floats.extend(single.map(|(place, one)| (place, one.float.to_string(), one.name.clone())));
    let prefixes = family.prefixes.iter().map(|one| (one.place, &one.float));
    floats.extend(prefixes.map(|(place, one)| (place, one.float.to_string(), one.name.clone())));
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
