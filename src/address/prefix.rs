//! Address prefixes without host bits.

use std::fmt;

use super::Address;

/// An address prefix of one family whose host bits are zero (RFC 4632 §3.1, RFC 4291 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix<A> {
    first: A,
    len: u8,
}

impl<A: Address> Prefix<A> {
    /// The prefix of `len` bits that starts at `first`; `None` if `len` is too long or host bits are set.
    #[must_use]
    pub fn new(first: A, len: u8) -> Option<Self> {
        if len > A::BITS {
            return None;
        }
        (first.to_bits() & host_mask::<A>(len) == 0).then_some(Self { first, len })
    }

    /// The prefix of `len` bits that `address` lies in.
    ///
    /// # Panics
    ///
    /// If `len` is longer than an address.
    #[must_use]
    pub fn containing(address: A, len: u8) -> Self {
        assert!(len <= A::BITS, "a prefix is at most {} bits long", A::BITS);
        Self { first: A::from_bits(address.to_bits() & !host_mask::<A>(len)), len }
    }

    /// The prefix of one address.
    #[must_use]
    pub fn host(address: A) -> Self {
        Self { first: address, len: A::BITS }
    }

    /// The first address.
    #[must_use]
    pub fn first(self) -> A {
        self.first
    }

    /// The last address, itself in the prefix.
    #[must_use]
    pub fn last(self) -> A {
        A::from_bits(self.first.to_bits() | host_mask::<A>(self.len))
    }

    /// The length in bits.
    #[must_use]
    #[expect(clippy::len_without_is_empty, reason = "the length of a prefix is its number of bits")]
    pub fn len(self) -> u8 {
        self.len
    }

    /// Whether `address` lies in the prefix.
    #[must_use]
    pub fn contains(self, address: A) -> bool {
        self.first <= address && address <= self.last()
    }

    /// Whether all of `other` lies in the prefix.
    #[must_use]
    pub fn covers(self, other: Self) -> bool {
        self.len <= other.len && self.contains(other.first)
    }

    /// Whether both have an address in common: one of two overlapping prefixes always covers the other.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// The prefix whose addresses run from `first` to `last`, if there is one.
    #[must_use]
    pub fn from_range(first: A, last: A) -> Option<Self> {
        let size = last.to_bits().checked_sub(first.to_bits())?;
        let host_bits = u8::try_from(u128::BITS - size.leading_zeros()).ok()?;
        let prefix = Self::new(first, A::BITS.checked_sub(host_bits)?)?;
        (prefix.last() == last).then_some(prefix)
    }
}

impl<A: Address> fmt::Display for Prefix<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.first, self.len)
    }
}

/// Ones where `len` leaves host bits.
fn host_mask<A: Address>(len: u8) -> u128 {
    let host_bits = u32::from(A::BITS - len);
    u128::MAX.checked_shr(u128::BITS - host_bits).unwrap_or(0)
}

/// Sorts `prefixes`, and removes those that another one covers.
pub fn minimize<A: Address>(prefixes: &mut Vec<Prefix<A>>) {
    // A prefix sorts before all that it covers.
    prefixes.sort_unstable();
    prefixes.dedup_by(|next, kept| kept.covers(*next));
}

/// The one of `prefixes` that covers `other`, by a binary search; they must be as [`minimize`] leaves
/// them.
#[must_use]
pub fn covering<A: Address>(prefixes: &[Prefix<A>], other: Prefix<A>) -> Option<Prefix<A>> {
    let next = prefixes.partition_point(|prefix| prefix.first() <= other.first());
    let prefix = *prefixes.get(next.checked_sub(1)?)?;
    prefix.covers(other).then_some(prefix)
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::Prefix;

    #[test]
    fn host_bits_are_refused() {
        assert_eq!(Prefix::new(Ipv4Addr::new(10, 0, 0, 5), 24), None);
        assert!(Prefix::new(Ipv4Addr::new(10, 0, 0, 0), 24).is_some());
        assert_eq!(Prefix::new(Ipv4Addr::UNSPECIFIED, 33), None);
    }

    #[test]
    fn the_last_address_is_in_the_prefix() {
        let slash28 = Prefix::new(Ipv4Addr::new(198, 51, 100, 16), 28).unwrap();
        assert_eq!(slash28.last(), Ipv4Addr::new(198, 51, 100, 31));
        let all = Prefix::new(Ipv6Addr::UNSPECIFIED, 0).unwrap();
        assert_eq!(all.last(), Ipv6Addr::from(u128::MAX));
        let host = Prefix::host(Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(host.last(), host.first());
    }

    #[test]
    fn a_range_is_a_prefix_only_when_aligned() {
        let address = |last| Ipv4Addr::new(192, 0, 2, last);
        assert_eq!(Prefix::from_range(address(16), address(31)), Prefix::new(address(16), 28));
        assert_eq!(Prefix::from_range(address(17), address(32)), None);
        assert_eq!(Prefix::from_range(address(9), address(9)), Some(Prefix::host(address(9))));
        let all = Prefix::new(Ipv6Addr::UNSPECIFIED, 0);
        assert_eq!(Prefix::from_range(Ipv6Addr::UNSPECIFIED, Ipv6Addr::from(u128::MAX)), all);
    }
}
