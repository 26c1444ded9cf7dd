//! Texts that are no addresses, and what to write instead.

use std::net::{IpAddr, Ipv4Addr};

use super::{Problem, Role};
use crate::policy::suggest::quoted;

/// Words for every address.
const EVERY: &[&str] = &["any", "all", "*"];

/// Why `text` is no address.
pub(super) fn not_an_address(text: &str, role: Role) -> Problem {
    let problem = |what: &str| Problem::new(format!("{} {what}", quoted(text)));
    if let Some((_, zone)) = text.split_once('%') {
        return problem("has a zone").hint(format!("leave out {}", quoted(&format!("%{zone}"))));
    }
    if let Some((address, _)) = text.split_once('/') {
        let problem = problem("is a prefix where one address belongs");
        return problem.hint(match address.parse::<IpAddr>() {
            Ok(address) => format!("write `{address}`"),
            Err(_) => "write the address without its prefix length".to_owned(),
        });
    }
    if let Some(plain) = without_leading_zeros(text) {
        return problem("has leading zeros").hint(format!("write `{plain}`"));
    }
    if is_range(text) {
        return problem("is a range of addresses").hint(match role {
            Role::Float | Role::Fixed => {
                "write a line for each address, or prefixes, such as `203.0.113.16/28: 10.0.0.16/28`"
            }
            Role::Source => "name one address per family",
            Role::Pool | Role::Destination => "write prefixes, such as `203.0.113.16/28`",
        });
    }
    if let Some((address, port)) = with_port(text) {
        let target =
            if role == Role::Fixed { format!("{address}:{port}") } else { "10.0.0.10".to_owned() };
        return problem("is an address with an L4 port").hint(match role {
            Role::Float | Role::Fixed => {
                format!("L4 ports stand in `ports`, such as `{{ports: {{{port}/tcp: {target}}}}}`")
            }
            Role::Source | Role::Pool | Role::Destination => format!("write `{address}`"),
        });
    }
    let problem = problem("is not an IP address");
    if text.starts_with('[') {
        return problem.hint("write an IPv6 address without brackets");
    }
    if text.starts_with('!') {
        return problem.hint("`!` leaves something out only in `bridge.ports`");
    }
    if EVERY.contains(&text) {
        return problem.hint("name each address, or prefixes of them");
    }
    let name = text.starts_with(|c: char| c.is_alphabetic()) && !text.contains(':');
    problem.hint(match (name, role) {
        (true, Role::Source) => {
            "write `masquerade` for the address of the interface that a connection leaves by, or an \
             address"
        }
        (true, Role::Fixed) => {
            "names are not looked up: write the address, and the name as `name` of the float"
        }
        (true, Role::Float | Role::Pool | Role::Destination) => {
            "names of hosts and interfaces are not looked up: write the address"
        }
        (false, _) => {
            "write an IPv4 address such as `203.0.113.10` or an IPv6 address such as `2001:db8::10`"
        }
    })
}

/// The IPv4 address that `text` is with leading zeros, read as decimal.
fn without_leading_zeros(text: &str) -> Option<Ipv4Addr> {
    let decimal = |part: &str| match part.trim_start_matches('0') {
        "" if part.is_empty() => "x".to_owned(),
        "" => "0".to_owned(),
        digits => digits.to_owned(),
    };
    text.split('.').map(decimal).collect::<Vec<_>>().join(".").parse().ok()
}

/// Whether `text` is an address, `-`, and an address or the last number of one.
fn is_range(text: &str) -> bool {
    let is_last =
        |last: &str| last.parse::<IpAddr>().is_ok() || u16::from_str_radix(last, 16).is_ok();
    text.split_once('-')
        .is_some_and(|(first, last)| first.trim().parse::<IpAddr>().is_ok() && is_last(last.trim()))
}

/// The IPv4 address and the L4 port that `text` is.
fn with_port(text: &str) -> Option<(Ipv4Addr, u16)> {
    let (address, port) = text.split_once(':')?;
    Some((address.parse().ok()?, port.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use crate::policy::values::{Role, address};

    fn refusal(text: &str, role: Role) -> (String, String) {
        let problem = address(text, role).unwrap_err();
        (problem.message, problem.hint.unwrap())
    }

    #[test]
    fn leading_zeros_are_read_back_in_decimal() {
        let (message, hint) = refusal("010.000.0.1", Role::Fixed);
        assert_eq!(message, "`010.000.0.1` has leading zeros");
        assert_eq!(hint, "write `10.0.0.1`");
        for text in ["10.0.0", "10..0.1"] {
            let (message, hint) = refusal(text, Role::Fixed);
            assert!(message.ends_with("is not an IP address"));
            assert!(hint.starts_with("write an IPv4 address"));
        }
    }

    #[test]
    fn ranges_are_prefixes_or_lines() {
        for text in ["203.0.113.10-20", "203.0.113.10-203.0.113.20", "2001:db8::1-ff"] {
            let (message, hint) = refusal(text, Role::Float);
            assert_eq!(message, format!("`{text}` is a range of addresses"));
            assert!(hint.contains("a line for each address"));
            assert!(refusal(text, Role::Destination).1.starts_with("write prefixes"));
        }
        assert!(refusal("203.0.113.10-web", Role::Float).0.ends_with("is not an IP address"));
    }

    #[test]
    fn names_say_what_is_possible_in_their_place() {
        assert!(refusal("web-1", Role::Fixed).1.contains("`name` of the float"));
        assert!(refusal("www.example.com", Role::Float).1.contains("write the address"));
        assert!(refusal("eth0", Role::Source).1.starts_with("write `masquerade`"));
        assert!(refusal("any", Role::Float).1.starts_with("name each address"));
        assert!(refusal("!192.0.2.0", Role::Destination).1.contains("bridge.ports"));
    }

    #[test]
    fn ports_and_prefix_lengths_are_named() {
        let (message, hint) = refusal("10.0.0.10:80", Role::Fixed);
        assert_eq!(message, "`10.0.0.10:80` is an address with an L4 port");
        let ports = "L4 ports stand in `ports`, such as `{ports: {80/tcp: 10.0.0.10:80}}`";
        assert_eq!(hint, ports);
        assert_eq!(refusal("203.0.113.1:80", Role::Source).1, "write `203.0.113.1`");
        assert_eq!(refusal("10.0.0.10/24", Role::Fixed).1, "write `10.0.0.10`");
    }
}
