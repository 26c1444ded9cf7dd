//! Prefixes of either family.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnetwork::IpNetwork;

use super::address::{forbidden, refusal, syntax};
use super::{Problem, Role};
use crate::address::{IpFamily, Prefix};
use crate::policy::suggest::quoted;

/// A prefix of either family.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum SomePrefix {
    V4(Prefix<Ipv4Addr>),
    V6(Prefix<Ipv6Addr>),
}

impl SomePrefix {
    pub(in crate::policy) fn family(self) -> IpFamily {
        match self {
            SomePrefix::V4(_) => IpFamily::V4,
            SomePrefix::V6(_) => IpFamily::V6,
        }
    }

    fn first(self) -> IpAddr {
        match self {
            SomePrefix::V4(prefix) => prefix.first().into(),
            SomePrefix::V6(prefix) => prefix.first().into(),
        }
    }

    fn last(self) -> IpAddr {
        match self {
            SomePrefix::V4(prefix) => prefix.last().into(),
            SomePrefix::V6(prefix) => prefix.last().into(),
        }
    }

    /// The address, if the prefix contains only one.
    pub(in crate::policy) fn single(self) -> Option<IpAddr> {
        (self.first() == self.last()).then_some(self.first())
    }
}

/// Reads a prefix: an address, `/`, and a length in plain decimal; no host bits.
pub(in crate::policy) fn prefix(text: &str, role: Role) -> Result<SomePrefix, Problem> {
    let Some((address, length)) = text.split_once('/') else {
        let address = syntax(text, role)?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        return Err(Problem::new(format!("{} has no prefix length", quoted(text)))
            .hint(format!("write `{address}/{bits}` for this one address")));
    };
    let family = syntax(address, role)?;
    // IpNetwork takes `/+24`, `/024` and `/255.255.255.0` too.
    let plain = length.parse::<u8>().is_ok_and(|number| number.to_string() == length);
    let network: IpNetwork = match text.parse() {
        Ok(network) if plain => network,
        _ => {
            let bits = if family.is_ipv4() { 32 } else { 128 };
            let message = format!("{} has no valid prefix length", quoted(text));
            return Err(Problem::new(message).hint(format!("write a number from 0 to {bits}")));
        }
    };
    let prefix = match (network.network(), network.prefix()) {
        (IpAddr::V4(first), len) => Prefix::new(first, len).map(SomePrefix::V4),
        (IpAddr::V6(first), len) => Prefix::new(first, len).map(SomePrefix::V6),
    };
    let without_host_bits = prefix.filter(|_| network.ip() == network.network());
    let Some(prefix) = without_host_bits else {
        return Err(Problem::new(format!("{} has host bits set", quoted(text))).hint(format!(
            "did you mean `{}/{}`?",
            network.network(),
            network.prefix()
        )));
    };
    match forbidden(prefix.first(), prefix.last(), role) {
        None => Ok(prefix),
        Some(what) => {
            let what = if prefix.single().is_some() {
                what.to_owned()
            } else {
                format!("{what}, at least in part")
            };
            Err(refusal(text, &what, role))
        }
    }
}

/// The address of a prefix with host bits.
pub(super) fn host_bits(text: &str) -> Option<IpAddr> {
    let network: IpNetwork = text.parse().ok()?;
    (network.ip() != network.network()).then_some(network.ip())
}

#[cfg(test)]
mod tests {
    use super::{Role, prefix};

    fn refusal(text: &str) -> (String, String) {
        let problem = prefix(text, Role::Fixed).unwrap_err();
        (problem.message, problem.hint.unwrap_or_default())
    }

    #[test]
    fn only_plain_lengths_are_read() {
        for text in ["10.0.0.0/024", "10.0.0.0/+24", "10.0.0.0/255.255.255.0", "10.0.0.0/33"] {
            assert_eq!(refusal(text).0, format!("`{text}` has no valid prefix length"));
        }
        for text in ["10.0.0.0/", "10.0.0.0/ 24", "10.0.0.0/24/24", "fd00::/129"] {
            assert_eq!(refusal(text).0, format!("`{text}` has no valid prefix length"));
        }
        assert!(prefix("10.0.0.0/24", Role::Fixed).is_ok());
        assert!(prefix("fd00::/128", Role::Fixed).is_ok());
    }

    #[test]
    fn host_bits_are_refused_with_the_prefix_that_was_meant() {
        let (message, hint) = refusal("10.0.0.5/24");
        assert_eq!(message, "`10.0.0.5/24` has host bits set");
        assert_eq!(hint, "did you mean `10.0.0.0/24`?");
        assert_eq!(refusal("fd00::1/64").1, "did you mean `fd00::/64`?");
    }

    #[test]
    fn an_address_alone_is_no_prefix() {
        let (message, hint) = refusal("10.0.0.5");
        assert_eq!(message, "`10.0.0.5` has no prefix length");
        assert_eq!(hint, "write `10.0.0.5/32` for this one address");
    }

    #[test]
    fn a_prefix_that_reaches_into_a_special_range_is_refused_except_as_a_destination() {
        assert!(refusal("0.0.0.0/0").0.contains("at least in part"));
        assert!(refusal("224.0.0.0/3").0.contains("for multicast"));
        assert!(prefix("0.0.0.0/0", Role::Destination).is_ok());
    }
}
