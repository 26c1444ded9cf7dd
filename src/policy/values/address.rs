//! Addresses, and which of them may be a float or a fixed address.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::misspelt_address::not_an_address;
use super::prefix::host_bits;
use super::{Problem, SomePrefix, prefix};
use crate::address::{Address, IpFamily};
use crate::policy::suggest::quoted;

/// What an address or prefix is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Role {
    /// A float, or another address that the outside sees.
    Float,
    /// The source of connections of instances without a float.
    Source,
    /// A fixed address or a network of them.
    Fixed,
    /// Public addresses that belong to instances.
    Pool,
    /// Any destination.
    Destination,
}

/// A float or fixed side: one address, or a prefix of more than one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Endpoint {
    Address(IpAddr),
    Prefix(SomePrefix),
}

impl Endpoint {
    pub(in crate::policy) fn family(self) -> IpFamily {
        match self {
            Endpoint::Address(address) => family_of(address),
            Endpoint::Prefix(prefix) => prefix.family(),
        }
    }
}

/// The family of `address`.
pub(in crate::policy) fn family_of(address: IpAddr) -> IpFamily {
    if address.is_ipv4() { IpFamily::V4 } else { IpFamily::V6 }
}

/// Reads an address, or a prefix with `/`; a prefix of one address is the address.
pub(in crate::policy) fn endpoint(text: &str, role: Role) -> Result<Endpoint, Problem> {
    if !text.contains('/') {
        return address(text, role).map(Endpoint::Address);
    }
    let prefix = prefix(text, role)?;
    Ok(prefix.single().map_or(Endpoint::Prefix(prefix), Endpoint::Address))
}

impl Problem {
    /// The problem of the endpoint `text` beside one address. With the length of its network, as
    /// interfaces have their addresses, it means one address too.
    pub(in crate::policy) fn beside_one_address(self, text: &str) -> Self {
        match host_bits(text) {
            Some(address) => self.hint(format!("write `{address}`")),
            None => self,
        }
    }
}

/// Reads one address (RFC 4291 §2.2; IPv4 in dotted decimal without leading zeros).
pub(in crate::policy) fn address(text: &str, role: Role) -> Result<IpAddr, Problem> {
    let address = syntax(text, role)?;
    match forbidden(address, address, role) {
        None => Ok(address),
        Some(what) => Err(refusal(text, what, role)),
    }
}

/// Reads the digits of an address.
pub(super) fn syntax(text: &str, role: Role) -> Result<IpAddr, Problem> {
    text.parse().map_err(|_| not_an_address(text, role))
}

pub(super) fn refusal(text: &str, what: &str, role: Role) -> Problem {
    let (use_, hint) = match role {
        Role::Float => ("a float", "use an address that other hosts can reach"),
        Role::Source => ("a source", "use an address that other hosts can reach"),
        Role::Pool => ("of the pool", "name addresses that other hosts can reach"),
        Role::Fixed | Role::Destination => ("fixed", "use an address that an instance can have"),
    };
    Problem::new(format!("{} cannot be {use_}: {what}", quoted(text))).hint(hint)
}

/// Addresses of one family with a meaning of their own.
struct Special<A> {
    first: A,
    last: A,
    what: &'static str,
    /// Whether only floats are refused.
    float_only: bool,
}

const fn v4(
    first: [u8; 4],
    last: [u8; 4],
    what: &'static str,
    float_only: bool,
) -> Special<Ipv4Addr> {
    let (first, last) = (u32::from_be_bytes(first), u32::from_be_bytes(last));
    let (first, last) = (Ipv4Addr::from_bits(first), Ipv4Addr::from_bits(last));
    Special { first, last, what, float_only }
}

const fn v6(
    first: u128,
    host_bits: u32,
    what: &'static str,
    float_only: bool,
) -> Special<Ipv6Addr> {
    let last = first | ((1 << host_bits) - 1);
    let (first, last) = (Ipv6Addr::from_bits(first), Ipv6Addr::from_bits(last));
    Special { first, last, what, float_only }
}

/// RFC 6890 §2.2.
const SPECIAL_V4: &[Special<Ipv4Addr>] = &[
    v4([0, 0, 0, 0], [0, 0, 0, 0], "it is the unspecified address", false),
    v4([127, 0, 0, 0], [127, 255, 255, 255], "it is for loopback", false),
    v4([169, 254, 0, 0], [169, 254, 255, 255], "it is link-local", true),
    v4([224, 0, 0, 0], [239, 255, 255, 255], "it is for multicast", false),
    v4([255, 255, 255, 255], [255, 255, 255, 255], "it is for broadcast", false),
];

/// RFC 6890 §2.2, RFC 4291 §2.4 and §2.5.
const SPECIAL_V6: &[Special<Ipv6Addr>] = &[
    v6(0, 0, "it is the unspecified address", false),
    v6(1, 0, "it is for loopback", false),
    v6(0xffff << 32, 32, "it is an IPv4-mapped IPv6 address", false),
    v6(0xfe80 << 112, 118, "it is link-local", true),
    v6(0xff00 << 112, 120, "it is for multicast", false),
];

/// Why the addresses from `first` to `last` cannot have `role`.
pub(super) fn forbidden(first: IpAddr, last: IpAddr, role: Role) -> Option<&'static str> {
    match (first, last) {
        (IpAddr::V4(first), IpAddr::V4(last)) => overlapping(SPECIAL_V4, first, last, role),
        (IpAddr::V6(first), IpAddr::V6(last)) => overlapping(SPECIAL_V6, first, last, role),
        _ => None,
    }
}

fn overlapping<A: Address>(
    special: &'static [Special<A>],
    first: A,
    last: A,
    role: Role,
) -> Option<&'static str> {
    let applies = |special: &&Special<A>| match role {
        Role::Float | Role::Source | Role::Pool => true,
        Role::Fixed => !special.float_only,
        Role::Destination => false,
    };
    let overlaps = |special: &&Special<A>| first <= special.last && special.first <= last;
    special.iter().filter(overlaps).find(applies).map(|special| special.what)
}

#[cfg(test)]
mod tests {
    use super::{Role, address};

    fn refusal(text: &str, role: Role) -> String {
        address(text, role).unwrap_err().message
    }

    #[test]
    fn addresses_with_a_meaning_of_their_own_are_refused() {
        for text in ["0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", "::", "::1", "ff02::1"]
        {
            assert!(refusal(text, Role::Float).contains("cannot be a float"));
            assert!(refusal(text, Role::Fixed).contains("cannot be fixed"));
        }
        let mapped = refusal("::ffff:192.0.2.1", Role::Float);
        assert_eq!(
            mapped,
            "`::ffff:192.0.2.1` cannot be a float: it is an IPv4-mapped IPv6 address"
        );
    }

    #[test]
    fn link_local_addresses_may_be_fixed_but_no_float() {
        for text in ["169.254.169.254", "fe80::1", "febf::1"] {
            assert!(address(text, Role::Fixed).is_ok());
            assert!(refusal(text, Role::Float).contains("it is link-local"));
        }
        assert!(address("fec0::1", Role::Float).is_ok());
    }
}
