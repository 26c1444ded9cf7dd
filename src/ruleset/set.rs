//! Sets and maps: what they are keyed by and what they hold.

use super::{Element, Elements};

/// A set or map and its elements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Set {
    /// What the set is.
    pub declaration: SetDeclaration,
    /// Its elements; always empty for a set that the kernel fills itself.
    pub elements: Elements,
}

/// A set or map without its elements.
///
/// It compares equal to another only with the same `size`; see [`SetDeclaration::same_shape`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetDeclaration {
    /// The name.
    pub name: String,
    /// The datatypes that make up a key, concatenated.
    pub key: Vec<Datatype>,
    /// What a key leads to; `None` for a set.
    pub data: Option<Data>,
    /// Whether an element's key is a range (`flags interval`).
    pub interval: bool,
    /// For a set that packets fill (`flags dynamic,timeout`): after how many seconds an entry goes.
    pub learned: Option<u32>,
    /// Whether each element counts packets.
    pub counter: bool,
    /// The most elements it takes; without one the kernel lets it grow, which loads slower.
    pub size: Option<u32>,
}

/// What a map's key leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data {
    /// The datatypes, concatenated.
    pub types: Vec<Datatype>,
    /// Whether the data is a range (`interval ipv4_addr`).
    pub interval: bool,
}

impl Set {
    /// The element that `key` is, or lies in, as the kernel finds it.
    ///
    /// In a concatenation each field has an interval of its own (`nft_pipapo_lookup`), so that more than
    /// a binary search is needed unless [`Set::is_sorted_by_intervals`].
    #[must_use]
    pub fn find(&self, key: &[u8]) -> Option<Element<'_>> {
        if key.len() != self.declaration.key_len() {
            return None;
        }
        if self.is_sorted_by_intervals() {
            return self.elements.containing(key);
        }
        self.elements.iter().find(|element| self.declaration.contains(*element, key))
    }

    /// Whether the intervals follow one another as their keys do: those of one field, and those of a
    /// concatenation of which only the last field is a range, as hairnat makes them.
    #[must_use]
    pub fn is_sorted_by_intervals(&self) -> bool {
        let key = &self.declaration.key;
        let Some(last) = key.last().filter(|_| self.declaration.interval && key.len() > 1) else {
            return true;
        };
        let fixed = self.declaration.key_len() - last.padded_len();
        self.elements.iter().all(|element| element.key.get(..fixed) == element.last.get(..fixed))
    }
}

impl SetDeclaration {
    /// Whether each field of `key` lies between those of an interval.
    fn contains(&self, element: Element<'_>, key: &[u8]) -> bool {
        let mut offset = 0;
        self.key.iter().all(|datatype| {
            let field = offset..offset + datatype.padded_len();
            offset = field.end;
            let (first, last) = (element.key.get(field.clone()), element.last.get(field.clone()));
            let key = key.get(field);
            first <= key && key <= last
        })
    }

    /// Whether both are the same but for `size`, which is no difference by itself, unless packets
    /// fill the set: a smaller one holds less, and nobody hears of it.
    #[must_use]
    pub fn same_shape(&self, other: &Self) -> bool {
        (self.learned.is_none() || self.size == other.size)
            && self.name == other.name
            && self.key == other.key
            && self.data == other.data
            && self.interval == other.interval
            && self.learned == other.learned
            && self.counter == other.counter
    }

    /// Whether the elements of both have keys and data of one form, so that one can be compared with
    /// another.
    #[must_use]
    pub fn same_form(&self, other: &Self) -> bool {
        self.key == other.key && self.data == other.data && self.interval == other.interval
    }

    /// `map` or `set`, as nft(8) calls it.
    #[must_use]
    pub const fn keyword(&self) -> &'static str {
        if self.data.is_some() { "map" } else { "set" }
    }

    /// The length of a key in bytes on the wire.
    #[must_use]
    pub fn key_len(&self) -> usize {
        wire_len(&self.key)
    }

    /// The length of an element's data in bytes on the wire: both ends of a range.
    #[must_use]
    pub fn data_len(&self) -> usize {
        self.data
            .as_ref()
            .map_or(0, |data| wire_len(&data.types) * if data.interval { 2 } else { 1 })
    }
}

fn wire_len(types: &[Datatype]) -> usize {
    types.iter().map(|datatype| datatype.padded_len()).sum()
}

/// The datatypes of nft(8) that hairnat uses; the numbers are `enum datatypes` of nftables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Datatype {
    /// `ipv4_addr`
    Ipv4Addr = 7,
    /// `ipv6_addr`
    Ipv6Addr = 8,
    /// `inet_proto`: a protocol number.
    InetProto = 12,
    /// `inet_service`: an L4 port, big endian.
    InetService = 13,
    /// `iface_index`: an interface number, host endian.
    IfaceIndex = 20,
}

impl Datatype {
    /// Every datatype.
    pub const ALL: [Datatype; 5] = [
        Datatype::Ipv4Addr,
        Datatype::Ipv6Addr,
        Datatype::InetProto,
        Datatype::InetService,
        Datatype::IfaceIndex,
    ];

    /// The keyword of nft(8).
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Datatype::Ipv4Addr => "ipv4_addr",
            Datatype::Ipv6Addr => "ipv6_addr",
            Datatype::InetProto => "inet_proto",
            Datatype::InetService => "inet_service",
            Datatype::IfaceIndex => "iface_index",
        }
    }

    /// The length of a value in bytes.
    #[must_use]
    pub const fn value_len(self) -> usize {
        match self {
            Datatype::Ipv4Addr | Datatype::IfaceIndex => 4,
            Datatype::Ipv6Addr => 16,
            Datatype::InetProto => 1,
            Datatype::InetService => 2,
        }
    }

    /// The length within a key: whole 32-bit registers, as the kernel lays out concatenations.
    #[must_use]
    pub const fn padded_len(self) -> usize {
        self.value_len().next_multiple_of(4)
    }
}
