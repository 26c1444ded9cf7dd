//! L4 ports with their protocol, and the targets of a map of them.

use std::net::IpAddr;
use std::num::NonZeroU16;

use super::{Problem, Role, address};
use crate::address::{PortRange, Protocol};
use crate::policy::suggest::{alternatives, nearest, quoted};

/// L4 ports of a float: `80/tcp`, `6000-6010/udp`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct PortKey {
    pub(in crate::policy) protocol: Protocol,
    pub(in crate::policy) range: PortRange,
}

/// Where L4 ports lead: `10.0.0.22`, `10.0.0.22:8443`, `[fd00:10::22]:8443`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct Target {
    pub(in crate::policy) fixed: IpAddr,
    pub(in crate::policy) port: Option<NonZeroU16>,
}

/// Reads L4 ports with their protocol.
pub(in crate::policy) fn port_key(text: &str) -> Result<PortKey, Problem> {
    let problem = |what: &str| Problem::new(format!("{} {what}", quoted(text)));
    let Some((ports, protocol)) = text.split_once('/') else {
        return Err(problem("names no protocol").hint(
            if text.bytes().all(|b| b.is_ascii_digit()) {
                format!(
                    "write {} or {}",
                    quoted(&format!("{text}/tcp")),
                    quoted(&format!("{text}/udp"))
                )
            } else {
                "write L4 ports such as `80/tcp` or `6000-6010/udp`".to_owned()
            },
        ));
    };
    let protocol = Protocol::from_name(protocol).ok_or_else(|| {
        let names = Protocol::ALL.map(Protocol::name);
        problem("names no protocol with L4 ports").hint(match nearest(protocol, &names) {
            Some(name) => format!("did you mean {}?", quoted(&format!("{ports}/{name}"))),
            None => format!("the protocol is {}", alternatives(&names)),
        })
    })?;
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (first, last) = (port(text, first)?, port(text, last)?);
    let range = PortRange::new(first, last).ok_or_else(|| {
        problem("is a reversed range").hint(format!("write `{last}-{first}/{protocol}`"))
    })?;
    Ok(PortKey { protocol, range })
}

/// Reads where an L4 port leads.
pub(in crate::policy) fn target(text: &str) -> Result<Target, Problem> {
    let (host, number) = match text.strip_prefix('[') {
        Some(rest) => match rest.split_once(']') {
            Some((host, "")) => (host, None),
            Some((host, number)) => match number.strip_prefix(':') {
                Some(number) => (host, Some(number)),
                None => return Err(not_a_target(text)),
            },
            None => return Err(not_a_target(text)),
        },
        // One colon is IPv4 with an L4 port; more are IPv6.
        None => match text.split_once(':') {
            Some((host, number)) if !number.contains(':') => (host, Some(number)),
            _ => (text, None),
        },
    };
    let fixed = address(host, Role::Fixed)?;
    if text.starts_with('[') && fixed.is_ipv4() {
        return Err(not_a_target(text));
    }
    let port = number.map(|number| port(text, number)).transpose()?;
    Ok(Target { fixed, port })
}

fn not_a_target(text: &str) -> Problem {
    Problem::new(format!("{} is not an address with an L4 port", quoted(text)))
        .hint("write `10.0.0.22:8443` or `\"[fd00:10::22]:8443\"`")
}

/// Reads one L4 port of `text`: plain decimal, not zero (RFC 6335 §6 reserves it).
fn port(text: &str, number: &str) -> Result<NonZeroU16, Problem> {
    let decimal = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let port = number.parse::<NonZeroU16>().ok().filter(|_| decimal && !number.starts_with('0'));
    port.ok_or_else(|| {
        let message = match number {
            "0" => format!("{} names the L4 port 0, which does not exist", quoted(text)),
            _ => format!("{} has no valid L4 port", quoted(text)),
        };
        Problem::new(message).hint("an L4 port is a number from 1 to 65535")
    })
}

#[cfg(test)]
mod tests {
    use super::{port_key, target};

    fn key_refusal(text: &str) -> String {
        port_key(text).unwrap_err().message
    }

    #[test]
    fn single_ports_and_ranges_are_read() {
        let read = |text| {
            let key = port_key(text).unwrap();
            format!("{}/{}", key.range, key.protocol)
        };
        assert_eq!(read("80/tcp"), "80/tcp");
        assert_eq!(read("6000-6010/udp"), "6000-6010/udp");
        assert_eq!(read("7-7/sctp"), "7/sctp");
    }

    #[test]
    fn what_is_no_port_is_refused_in_words() {
        assert_eq!(key_refusal("0/tcp"), "`0/tcp` names the L4 port 0, which does not exist");
        assert_eq!(key_refusal("20-10/tcp"), "`20-10/tcp` is a reversed range");
        for text in ["080/tcp", "+80/tcp", "65536/tcp", "/tcp", "1-/tcp", "1-2-3/tcp"] {
            assert_eq!(key_refusal(text), format!("`{text}` has no valid L4 port"));
        }
        assert_eq!(key_refusal("80"), "`80` names no protocol");
        assert_eq!(port_key("80/tpc").unwrap_err().hint.unwrap(), "did you mean `80/tcp`?");
    }

    #[test]
    fn targets_of_both_families_are_read() {
        let read = |text| {
            let target = target(text).unwrap();
            (target.fixed.to_string(), target.port.map_or(0, u16::from))
        };
        assert_eq!(read("10.0.0.22"), ("10.0.0.22".to_owned(), 0));
        assert_eq!(read("10.0.0.22:8443"), ("10.0.0.22".to_owned(), 8443));
        assert_eq!(read("fd00:10::22"), ("fd00:10::22".to_owned(), 0));
        assert_eq!(read("[fd00:10::22]"), ("fd00:10::22".to_owned(), 0));
        assert_eq!(read("[fd00:10::22]:8443"), ("fd00:10::22".to_owned(), 8443));
    }

    #[test]
    fn broken_targets_are_refused() {
        for text in ["[fd00::1", "[fd00::1]8443", "[10.0.0.1]:80", "10.0.0.1:0", "10.0.0.1:", ":80"]
        {
            assert!(target(text).is_err(), "{text}");
        }
    }
}
