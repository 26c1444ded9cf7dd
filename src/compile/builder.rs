//! Packs the elements of one set or map, and declares it.

use crate::address::{Address, IpFamily};
use crate::policy::Name;
use crate::ruleset::{Data, Datatype, Element, Elements, Set, SetDeclaration};

/// One element before it is packed.
pub(super) struct Entry<'a> {
    pub(super) key: Wire,
    pub(super) last: Option<Wire>,
    pub(super) data: Wire,
    pub(super) name: Option<&'a Name>,
}

/// A key or datum as the kernel lays it out, without a heap allocation for each of a million.
pub(super) struct Wire {
    bytes: [u8; Wire::LONGEST],
    len: usize,
}

impl Wire {
    /// Two IPv6 addresses: the data of a prefix map.
    const LONGEST: usize = 32;

    pub(super) const fn new() -> Self {
        Self { bytes: [0; Self::LONGEST], len: 0 }
    }

    pub(super) fn address<A: Address>(&mut self, address: A) {
        let bits = address.to_bits().to_be_bytes();
        let len = A::FAMILY.address_len();
        self.padded(&bits[bits.len() - len..]);
    }

    /// Appends a field and pads it to whole 32-bit registers.
    pub(super) fn padded(&mut self, field: &[u8]) {
        self.bytes[self.len..self.len + field.len()].copy_from_slice(field);
        self.len += field.len().next_multiple_of(4);
    }

    fn as_slice(&self) -> &[u8] {
        &self.bytes[..self.len]
    }
}

/// Makes the declaration of a set or map, then the set, if it has elements.
pub(super) struct Builder {
    declaration: SetDeclaration,
    sized: bool,
}

impl Builder {
    /// A set named after its family: `dnat4_port` for the stem `dnat_port`.
    pub(super) fn new<A: Address>(stem: &str, key: &[Datatype]) -> Self {
        let digit = match A::FAMILY {
            IpFamily::V4 => '4',
            IpFamily::V6 => '6',
        };
        let name = match stem.split_once('_') {
            Some((head, tail)) => format!("{head}{digit}_{tail}"),
            None => format!("{stem}{digit}"),
        };
        Self {
            declaration: SetDeclaration {
                name,
                key: key.to_vec(),
                data: None,
                interval: false,
                learned: None,
                counter: false,
                size: None,
            },
            sized: false,
        }
    }

    pub(super) fn into_data(mut self, types: &[Datatype]) -> Self {
        self.declaration.data = Some(Data { types: types.to_vec(), interval: false });
        self
    }

    pub(super) fn into_range(mut self, types: &[Datatype]) -> Self {
        self.declaration.data = Some(Data { types: types.to_vec(), interval: true });
        self
    }

    pub(super) fn interval(mut self) -> Self {
        self.declaration.interval = true;
        self
    }

    pub(super) fn counted(mut self, counter: bool) -> Self {
        self.declaration.counter = counter;
        self
    }

    /// Only for hash tables: with a size the kernel takes one that need not grow while it loads.
    pub(super) fn sized(mut self) -> Self {
        self.sized = true;
        self
    }

    pub(super) fn fill<'a>(
        mut self,
        entries: impl Iterator<Item = Entry<'a>> + Clone,
    ) -> Option<Set> {
        let (_, most) = entries.size_hint();
        let most = most.unwrap_or_else(|| entries.clone().count());
        let mut elements = Elements::with_capacity(&self.declaration, most);
        for entry in entries {
            let key = entry.key.as_slice();
            elements.push(Element {
                key,
                last: entry.last.as_ref().map_or(key, Wire::as_slice),
                data: entry.data.as_slice(),
                comment: entry.name.map(Name::as_str),
            });
        }
        if elements.is_empty() {
            return None;
        }
        elements.sort();
        if self.sized {
            self.declaration.size = Some(size_for(elements.len()));
        }
        Some(Set { declaration: self.declaration, elements })
    }
}

/// The next power of two from twice the elements, at least 1024: room to grow without a rebuild.
fn size_for(elements: usize) -> u32 {
    const LEAST: usize = 1024;
    let size = elements.saturating_mul(2).checked_next_power_of_two();
    size.and_then(|size| u32::try_from(size.max(LEAST)).ok()).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::size_for;

    #[test]
    fn a_map_has_room_to_double() {
        assert_eq!(size_for(1), 1024);
        assert_eq!(size_for(512), 1024);
        assert_eq!(size_for(513), 2048);
        assert_eq!(size_for(1_000_000), 2_097_152);
        assert_eq!(size_for(usize::MAX), u32::MAX);
    }
}
