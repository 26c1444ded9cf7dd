//! L4 ports in the notations of other programs, and what to write instead.

use std::net::IpAddr;

use super::Problem;
use super::port::{ICMP, range};
use super::target::with_ports;
use crate::address::{PortRange, Protocol};
use crate::policy::suggest::{alternatives, nearest, quoted, series};

/// The most entries that a hint writes out.
const MOST_ENTRIES: usize = 4;

/// Services by the names that people call them (RFC 6335 §5, and `dns` and `rdp`).
const WELL_KNOWN: &[(&str, u16, Protocol)] = &[
    ("ftp", 21, Protocol::Tcp),
    ("ssh", 22, Protocol::Tcp),
    ("smtp", 25, Protocol::Tcp),
    ("domain", 53, Protocol::Udp),
    ("dns", 53, Protocol::Udp),
    ("http", 80, Protocol::Tcp),
    ("ntp", 123, Protocol::Udp),
    ("imap", 143, Protocol::Tcp),
    ("snmp", 161, Protocol::Udp),
    ("ldap", 389, Protocol::Tcp),
    ("https", 443, Protocol::Tcp),
    ("submission", 587, Protocol::Tcp),
    ("imaps", 993, Protocol::Tcp),
    ("pop3s", 995, Protocol::Tcp),
    ("mysql", 3306, Protocol::Tcp),
    ("rdp", 3389, Protocol::Tcp),
    ("postgresql", 5432, Protocol::Tcp),
];

/// Names of ICMP, and what people call its echo requests.
const ICMP_NAMES: &[&str] = &["icmp", "icmp4", "icmpv4", "icmp6", "icmpv6", "ipv6-icmp", "ping"];

/// Protocols without L4 ports (IANA protocol numbers).
const PORTLESS: &[&str] = &["gre", "esp", "ah", "ipip", "ipencap", "igmp", "ospf", "vrrp", "sit"];

/// Words for TCP and UDP together.
const BOTH: &[&str] = &["both", "any", "all", "*", "tcpudp", "udptcp"];

/// Why `text`, which has no `/`, names no L4 ports; `instance` is where it would lead.
pub(super) fn no_protocol(text: &str, instance: Option<IpAddr>) -> Problem {
    let word = text.to_ascii_lowercase();
    if ICMP_NAMES.contains(&word.as_str()) {
        return Problem::new(format!("{} names no L4 port", quoted(text)))
            .hint(format!("write `{ICMP}`, which is ICMPv6 for an IPv6 float"));
    }
    if PORTLESS.contains(&word.as_str()) {
        return Problem::new(format!("{} is a protocol without L4 ports", quoted(text)))
            .hint("only a float without `ports` translates it: that translates every protocol");
    }
    let problem = Problem::new(format!("{} names no protocol", quoted(text)));
    if let Some((_, number, protocol)) = well_known(&word) {
        return problem.hint(format!("write `{number}/{protocol}`"));
    }
    if let Some((first, second)) = with_colon(text) {
        return problem.hint(colon(first, second, Protocol::Tcp, instance));
    }
    match range(text, text) {
        Ok(ports) => problem.hint(format!("write `{ports}/tcp` or `{ports}/udp`")),
        Err(wrong) if text.starts_with(|c: char| c.is_ascii_digit()) && !text.contains(',') => {
            wrong
        }
        Err(_) => problem.hint("write L4 ports such as `80/tcp` or `6000-6010/udp`"),
    }
}

/// Why `protocol` in `text`, which is `ports/protocol`, is none with L4 ports.
pub(super) fn wrong_protocol(text: &str, ports: &str, protocol: &str) -> Problem {
    let problem = Problem::new(format!("{} names no protocol with L4 ports", quoted(text)));
    let word = protocol.to_ascii_lowercase();
    if let Some(turned) = Protocol::from_name(&ports.to_ascii_lowercase()) {
        return problem.hint(format!("did you mean {}?", quoted(&format!("{protocol}/{turned}"))));
    }
    if ICMP_NAMES.contains(&word.as_str()) {
        return problem.hint(format!("ICMP has no L4 ports: write `{ICMP}`"));
    }
    let several: Option<Vec<Protocol>> = if BOTH.contains(&word.as_str()) {
        Some(vec![Protocol::Tcp, Protocol::Udp])
    } else {
        word.split(['+', ',', '|', '&']).map(Protocol::from_name).collect()
    };
    if let Some(protocols) = several.filter(|protocols| protocols.len() > 1) {
        let entries = protocols.iter().map(|protocol| format!("{ports}/{protocol}"));
        return problem.hint(write_entries(&entries.collect::<Vec<_>>()));
    }
    let names = Protocol::ALL.map(Protocol::name);
    problem.hint(match nearest(protocol, &names) {
        Some(name) => format!("did you mean {}?", quoted(&format!("{ports}/{name}"))),
        None => format!("the protocol is {}", alternatives(&names)),
    })
}

/// What to write in place of `ports/protocol`, if that is understood.
pub(super) fn ports_hint(
    ports: &str,
    protocol: Protocol,
    instance: Option<IpAddr>,
) -> Option<String> {
    if let Some((_, number, _)) = well_known(&ports.to_ascii_lowercase()) {
        return Some(format!("write `{number}/{protocol}`"));
    }
    if let Some((first, second)) = with_colon(ports) {
        return Some(colon(first, second, protocol, instance));
    }
    if ports.contains(',') {
        let entry = |part: &str| {
            let ports = range(part, part.trim()).ok()?;
            Some(format!("{ports}/{protocol}"))
        };
        let entries: Option<Vec<String>> = ports.split(',').map(entry).collect();
        return entries.map(|entries| write_entries(&entries));
    }
    if let Some(last) = ports.strip_prefix("0-")
        && range(ports, last).is_ok_and(PortRange::is_single)
    {
        return Some(format!("write `1-{last}/{protocol}`"));
    }
    ports
        .contains(|c: char| c.is_alphabetic())
        .then(|| format!("an L4 port is a number from 1 to 65535, such as 80 in `80/{protocol}`"))
}

fn well_known(word: &str) -> Option<(&'static str, u16, Protocol)> {
    WELL_KNOWN.iter().copied().find(|(name, ..)| *name == word)
}

/// Two L4 ports with a colon: a range for iptables(8), one that leads to another for Docker.
fn with_colon(text: &str) -> Option<(PortRange, PortRange)> {
    let (first, second) = text.split_once(':')?;
    Some((range(text, first).ok()?, range(text, second).ok()?))
}

fn colon(
    first: PortRange,
    second: PortRange,
    protocol: Protocol,
    instance: Option<IpAddr>,
) -> String {
    let whole = PortRange::new(first.first(), second.last())
        .filter(|_| first.is_single() && second.is_single())
        .map(|range| format!("`{range}/{protocol}` for a range"));
    let moved = instance.map(|instance| {
        let target = with_ports(instance, second);
        let target = target.trim_matches('`');
        format!("`{first}/{protocol}: {target}` in a map for L4 ports that change")
    });
    match (whole, moved) {
        (Some(whole), Some(moved)) => format!("write {whole}, or {moved}"),
        (Some(only), None) | (None, Some(only)) => format!("write {only}"),
        (None, None) => "an L4 port leads to another one in a map of `ports`".to_owned(),
    }
}

fn write_entries(entries: &[String]) -> String {
    match entries {
        [first, ..] if entries.len() > MOST_ENTRIES => {
            format!("write {} entries, such as {}", entries.len(), quoted(first))
        }
        entries => {
            let count = match entries.len() {
                2 => "two".to_owned(),
                count => count.to_string(),
            };
            format!("write {count} entries: {}", series(entries))
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::policy::values::service;

    fn hint(text: &str) -> String {
        let instance = "10.0.0.10".parse().ok();
        service(text, instance).unwrap_err().hint.unwrap()
    }

    #[test]
    fn other_notations_are_understood() {
        for (text, expected) in [
            ("80", "write `80/tcp` or `80/udp`"),
            ("6000-6010", "write `6000-6010/tcp` or `6000-6010/udp`"),
            ("tcp/80", "did you mean `80/tcp`?"),
            ("80/TCP", "did you mean `80/tcp`?"),
            ("80,443/tcp", "write two entries: `80/tcp` and `443/tcp`"),
            ("80, 90-99/udp", "write two entries: `80/udp` and `90-99/udp`"),
            ("1,2,3/tcp", "write 3 entries: `1/tcp`, `2/tcp` and `3/tcp`"),
            ("1,2,3,4,5/tcp", "write 5 entries, such as `1/tcp`"),
            ("53/tcp+udp", "write two entries: `53/tcp` and `53/udp`"),
            ("53/tcp,udp", "write two entries: `53/tcp` and `53/udp`"),
            ("53/both", "write two entries: `53/tcp` and `53/udp`"),
            ("53/tcpudp", "write two entries: `53/tcp` and `53/udp`"),
            ("http/tcp", "write `80/tcp`"),
            ("domain/tcp", "write `53/tcp`"),
            ("https", "write `443/tcp`"),
            ("dns", "write `53/udp`"),
            ("web/tcp", "an L4 port is a number from 1 to 65535, such as 80 in `80/tcp`"),
            ("0-65535/tcp", "write `1-65535/tcp`"),
            ("80/icmp", "ICMP has no L4 ports: write `icmp`"),
            ("icmpv6", "write `icmp`, which is ICMPv6 for an IPv6 float"),
        ] {
            assert_eq!(hint(text), expected, "{text}");
        }
    }

    #[test]
    fn a_colon_is_a_range_or_another_number() {
        let moved = "`8080/tcp: 10.0.0.10:80` in a map for L4 ports that change";
        assert_eq!(hint("8080:80/tcp"), format!("write {moved}"));
        assert_eq!(hint("8080:80"), format!("write {moved}"));
        let either = "write `8080-8090/udp` for a range, \
                      or `8080/udp: 10.0.0.10:8090` in a map for L4 ports that change";
        assert_eq!(hint("8080:8090/udp"), either);
        let hint = |text| service(text, None).unwrap_err().hint.unwrap();
        assert_eq!(hint("8080:8090/tcp"), "write `8080-8090/tcp` for a range");
        assert_eq!(hint("8080:80/tcp"), "an L4 port leads to another one in a map of `ports`");
    }

    #[test]
    fn protocols_without_ports_need_a_whole_float() {
        let problem = service("gre", None).unwrap_err();
        assert_eq!(problem.message, "`gre` is a protocol without L4 ports");
    }
}
