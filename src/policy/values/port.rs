//! L4 ports with their protocol, and ICMP, which has none.

use std::net::IpAddr;
use std::num::NonZeroU16;

use super::Problem;
use super::misspelt_service::{no_protocol, ports_hint, wrong_protocol};
use crate::address::{PortRange, Protocol};
use crate::policy::Service;
use crate::policy::suggest::quoted;

/// The word for ICMP.
pub(super) const ICMP: &str = "icmp";

/// Reads L4 ports with their protocol, or `icmp`: `80/tcp`, `6000-6010/udp`.
///
/// Hints name `instance`, where they lead.
pub(in crate::policy) fn service(text: &str, instance: Option<IpAddr>) -> Result<Service, Problem> {
    if text == ICMP {
        return Ok(Service::Icmp);
    }
    let Some((ports, protocol)) = text.split_once('/') else {
        return Err(no_protocol(text, instance));
    };
    let Some(protocol) = Protocol::from_name(protocol) else {
        return Err(wrong_protocol(text, ports, protocol));
    };
    let range =
        range(text, ports).map_err(|problem| match ports_hint(ports, protocol, instance) {
            Some(hint) => problem.hint(hint),
            None => problem,
        })?;
    Ok(Service::Ports(protocol, range))
}

/// Reads one L4 port of `text`, or a range of them.
pub(super) fn range(text: &str, ports: &str) -> Result<PortRange, Problem> {
    let (first, last) = ports.split_once('-').unwrap_or((ports, ports));
    let (first, last) = (port(text, first)?, port(text, last)?);
    PortRange::new(first, last).ok_or_else(|| {
        let turned = text.replace(ports, &format!("{last}-{first}"));
        Problem::new(format!("{} is a reversed range", quoted(text)))
            .hint(format!("write {}", quoted(&turned)))
    })
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
    use super::service;

    fn key_refusal(text: &str) -> String {
        service(text, None).unwrap_err().message
    }

    #[test]
    fn single_ports_and_ranges_are_read() {
        let read = |text| service(text, None).unwrap().to_string();
        assert_eq!(read("80/tcp"), "80/tcp");
        assert_eq!(read("6000-6010/udp"), "6000-6010/udp");
        assert_eq!(read("7-7/sctp"), "7/sctp");
        assert_eq!(read("icmp"), "icmp");
    }

    #[test]
    fn what_is_no_port_is_refused_in_words() {
        assert_eq!(key_refusal("0/tcp"), "`0/tcp` names the L4 port 0, which does not exist");
        assert_eq!(key_refusal("20-10/tcp"), "`20-10/tcp` is a reversed range");
        for text in ["080/tcp", "+80/tcp", "65536/tcp", "/tcp", "1-/tcp", "1-2-3/tcp"] {
            assert_eq!(key_refusal(text), format!("`{text}` has no valid L4 port"));
        }
        assert_eq!(key_refusal("80"), "`80` names no protocol");
        assert_eq!(service("80/tpc", None).unwrap_err().hint.unwrap(), "did you mean `80/tcp`?");
    }
}
