//! Where the L4 ports of a map lead.

use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU16;

use super::port::range;
use super::{Problem, Role, address};
use crate::address::PortRange;
use crate::policy::Service;
use crate::policy::suggest::quoted;

/// The most L4 ports of a range that leads to other numbers: each is an element of its own.
const MOST_REMAPPED: usize = 1_000;

/// Where a service leads: `10.0.0.22`, `10.0.0.22:8443`, `10.0.0.22:80-90`, `[fd00:10::22]:8443`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct Target {
    /// The address that the instance has.
    pub(in crate::policy) fixed: IpAddr,
    /// The instance's L4 port for the first one of the service; `None` if L4 ports keep their numbers.
    pub(in crate::policy) port: Option<NonZeroU16>,
}

/// Reads where `service` leads.
///
/// Hints name `instance`, where the rest of the float leads.
pub(in crate::policy) fn target(
    text: &str,
    service: Service,
    instance: Option<IpAddr>,
) -> Result<Target, Problem> {
    if let Ok(ports) = range(text, text.trim_start_matches(':')) {
        return Err(without_address(text, ports, instance));
    }
    let (host, ports) = split(text)?;
    if let (Service::Ports(..), Some((host, ports))) = (service, unbracketed(text)) {
        return Err(without_brackets(text, host, ports));
    }
    let fixed = address(host, Role::Fixed)?;
    if text.starts_with('[') && fixed.is_ipv4() {
        return Err(not_a_target(text));
    }
    let Some(ports) = ports else { return Ok(Target { fixed, port: None }) };
    let port = remapped(text, fixed, range(text, ports)?, service)?;
    Ok(Target { fixed, port })
}

/// The address, and the L4 ports after it.
fn split(text: &str) -> Result<(&str, Option<&str>), Problem> {
    let Some(rest) = text.strip_prefix('[') else {
        // One colon is IPv4 with L4 ports; more are IPv6.
        return Ok(match text.split_once(':') {
            Some((host, ports)) if !ports.contains(':') => (host, Some(ports)),
            _ => (text, None),
        });
    };
    let (host, rest) = rest.split_once(']').ok_or_else(|| not_a_target(text))?;
    match rest.strip_prefix(':') {
        Some(ports) => Ok((host, Some(ports))),
        None if rest.is_empty() => Ok((host, None)),
        None => Err(not_a_target(text)),
    }
}

/// The refusal of L4 ports alone.
fn without_address(text: &str, ports: PortRange, instance: Option<IpAddr>) -> Problem {
    Problem::new(format!("{} names no instance", quoted(text))).hint(match instance {
        Some(instance) => format!("write {}", with_ports(instance, ports)),
        None => format!("write its address before it, such as `10.0.0.22:{ports}`"),
    })
}

/// The address with L4 ports, in backticks, as YAML takes it.
pub(super) fn with_ports(address: IpAddr, ports: PortRange) -> String {
    match address {
        IpAddr::V4(address) => format!("`{address}:{ports}`"),
        IpAddr::V6(address) => format!("`\"[{address}]:{ports}\"`"),
    }
}

/// The IPv6 address and the L4 ports that `text` could be if its address had brackets.
fn unbracketed(text: &str) -> Option<(&str, &str)> {
    let (host, ports) = text.rsplit_once(':')?;
    host.parse::<Ipv6Addr>().ok()?;
    range(text, ports).ok().map(|_| (host, ports))
}

/// The refusal of an IPv6 address whose last group could be an L4 port (RFC 5952 §6).
fn without_brackets(text: &str, host: &str, ports: &str) -> Problem {
    let meant = format!("write `\"[{host}]:{ports}\"`");
    if text.parse::<Ipv6Addr>().is_err() {
        return Problem::new(format!("{} needs brackets around its address", quoted(text)))
            .hint(meant);
    }
    Problem::new(format!("{} could be an address, or one with an L4 port", quoted(text)))
        .hint(format!("{meant} for the L4 port {ports}, or `\"[{text}]\"` for the address"))
}

fn not_a_target(text: &str) -> Problem {
    Problem::new(format!("{} is not an address with an L4 port", quoted(text)))
        .hint("write `10.0.0.22:8443` or `\"[fd00:10::22]:8443\"`")
}

/// The L4 port that the first one of `service` becomes; `None` if they keep their numbers.
fn remapped(
    text: &str,
    fixed: IpAddr,
    to: PortRange,
    service: Service,
) -> Result<Option<NonZeroU16>, Problem> {
    let Service::Ports(_, from) = service else {
        let message = format!("{} names an L4 port, but ICMP has none", quoted(text));
        return Err(Problem::new(message).hint(format!("write `{fixed}`")));
    };
    if from.count() != to.count() {
        return Err(uneven(text, fixed, to, from, service));
    }
    if from == to {
        return Ok(None);
    }
    if from.count() > MOST_REMAPPED {
        let message = format!(
            "the range `{service}` has {} L4 ports that change their numbers",
            from.count()
        );
        return Err(Problem::new(message).hint(format!(
            "at most {MOST_REMAPPED} can; split the range, or write `{fixed}` to keep the numbers"
        )));
    }
    Ok(Some(to.first()))
}

/// The refusal of as many L4 ports as `service` does not have.
fn uneven(text: &str, fixed: IpAddr, to: PortRange, from: PortRange, service: Service) -> Problem {
    let message = match (from.is_single(), to.is_single()) {
        (false, true) => format!("the range `{service}` leads to one L4 port"),
        _ => format!("`{service}` and {} are ranges of different lengths", quoted(text)),
    };
    let kept = format!("or `{fixed}` to keep the numbers");
    let last = usize::from(to.first().get()) + from.count() - 1;
    let Some(last) = u16::try_from(last).ok().and_then(NonZeroU16::new) else {
        let count = from.count();
        let hint = format!(
            "{count} L4 ports from {} on end above 65535: write lower ones, {kept}",
            to.first()
        );
        return Problem::new(message).hint(hint);
    };
    let Some(meant) = PortRange::new(to.first(), last) else {
        return Problem::new(message).hint(format!("write `{fixed}`"));
    };
    Problem::new(message).hint(format!("write {}, {kept}", with_ports(fixed, meant)))
}

#[cfg(test)]
mod tests {
    use super::target;
    use crate::policy::values::service;

    fn read(key: &str, text: &str) -> Result<(String, u16), String> {
        let target =
            target(text, service(key, None).unwrap(), None).map_err(|problem| problem.message)?;
        Ok((target.fixed.to_string(), target.port.map_or(0, u16::from)))
    }

    fn hint(key: &str, text: &str) -> String {
        target(text, service(key, None).unwrap(), None).unwrap_err().hint.unwrap()
    }

    #[test]
    fn targets_of_both_families_are_read() {
        let read = |text| read("443/tcp", text).unwrap();
        assert_eq!(read("10.0.0.22"), ("10.0.0.22".to_owned(), 0));
        assert_eq!(read("10.0.0.22:8443"), ("10.0.0.22".to_owned(), 8443));
        assert_eq!(read("fd00:10::22"), ("fd00:10::22".to_owned(), 0));
        assert_eq!(read("[fd00:10::22]"), ("fd00:10::22".to_owned(), 0));
        assert_eq!(read("[fd00:10::22]:8443"), ("fd00:10::22".to_owned(), 8443));
    }

    #[test]
    fn a_port_that_leads_to_its_own_number_is_not_moved() {
        assert_eq!(read("80/tcp", "10.0.0.22:80").unwrap().1, 0);
        assert_eq!(read("80-90/tcp", "10.0.0.22:80-90").unwrap().1, 0);
        assert_eq!(read("1-65535/tcp", "10.0.0.22:1-65535").unwrap().1, 0);
    }

    #[test]
    fn a_range_leads_to_as_many_ports_as_it_has() {
        assert_eq!(read("8000-8010/tcp", "10.0.0.22:80-90").unwrap().1, 80);
        assert_eq!(read("8000-8010/tcp", "[fd00::22]:80-90").unwrap().1, 80);
        assert_eq!(read("1-1000/tcp", "10.0.0.22:64536-65535").unwrap().1, 64_536);
        assert!(read("1-1001/tcp", "10.0.0.22:2-1002").is_err());
        for (key, text) in [
            ("8000-8010/tcp", "10.0.0.22:80"),
            ("8000-8010/tcp", "10.0.0.22:80-91"),
            ("8000/tcp", "10.0.0.22:80-90"),
            ("icmp", "10.0.0.22:80"),
        ] {
            assert!(read(key, text).is_err(), "{key}: {text}");
        }
    }

    #[test]
    fn the_range_that_was_meant_is_named() {
        let write = |text| format!("write `{text}`, or `10.0.0.22` to keep the numbers");
        assert_eq!(hint("8000-8010/tcp", "10.0.0.22:80"), write("10.0.0.22:80-90"));
        assert_eq!(hint("8000/tcp", "10.0.0.22:80-90"), write("10.0.0.22:80"));
        let quoted = "write `\"[fd00::22]:80-90\"`, or `fd00::22` to keep the numbers";
        assert_eq!(hint("8000-8010/tcp", "[fd00::22]:80"), quoted);
        let none = "11 L4 ports from 65530 on end above 65535: write lower ones, \
                    or `10.0.0.22` to keep the numbers";
        assert_eq!(hint("8000-8010/tcp", "10.0.0.22:65530"), none);
    }

    #[test]
    fn an_address_that_could_end_in_a_port_needs_brackets() {
        let both = "write `\"[fd00:10::22]:8443\"` for the L4 port 8443, \
                    or `\"[fd00:10::22:8443]\"` for the address";
        assert_eq!(hint("443/tcp", "fd00:10::22:8443"), both);
        assert_eq!(hint("443/tcp", "fd00::1:2:3:4:5:6:80"), "write `\"[fd00::1:2:3:4:5:6]:80\"`");
        assert_eq!(hint("80-81/tcp", "fd00::1:90-91"), "write `\"[fd00::1]:90-91\"`");
        for address in ["fd00::8443", "fd00:10::a:b", "fd00::1:080", "1:2:3:4:5:6:7:80"] {
            assert_eq!(read("443/tcp", address).unwrap().1, 0, "{address}");
        }
        assert_eq!(read("icmp", "fd00:10::22:8443").unwrap().0, "fd00:10::22:8443");
    }

    #[test]
    fn a_port_alone_is_told_its_instance() {
        let hint = |text, instance: Option<&str>| {
            let instance = instance.map(|address| address.parse().unwrap());
            let problem = target(text, service("443/tcp", None).unwrap(), instance).unwrap_err();
            assert_eq!(problem.message, format!("`{text}` names no instance"));
            problem.hint.unwrap()
        };
        assert_eq!(hint("80", Some("10.0.0.10")), "write `10.0.0.10:80`");
        assert_eq!(hint(":80", Some("fd00::10")), "write `\"[fd00::10]:80\"`");
        assert_eq!(hint("80-90", None), "write its address before it, such as `10.0.0.22:80-90`");
    }

    #[test]
    fn broken_targets_are_refused() {
        for text in ["[fd00::1", "[fd00::1]8443", "[10.0.0.1]:80", "10.0.0.1:0", "10.0.0.1:", ":80"]
        {
            assert!(read("80/tcp", text).is_err(), "{text}");
        }
    }
}
