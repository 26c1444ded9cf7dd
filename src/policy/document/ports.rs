//! The key `ports` of a float.

use std::net::IpAddr;
use std::num::NonZeroU16;

use super::fields::wrong_type;
use crate::policy::findings::{Finding, Findings};
use crate::policy::source::Place;
use crate::policy::values::{PortKey, port_key, target};
use crate::policy::yaml::{Kind, Value};

/// One item of `ports`.
#[derive(Debug)]
pub(super) struct Port {
    pub(super) key: PortKey,
    pub(super) place: Place,
    /// Where it leads, if it is an item of a map.
    pub(super) target: Option<PortTarget>,
}

/// Where L4 ports of a map lead.
#[derive(Debug)]
pub(super) struct PortTarget {
    pub(super) fixed: IpAddr,
    pub(super) port: Option<NonZeroU16>,
    pub(super) place: Place,
}

/// Reads a list or map of L4 ports; `None` if it has none or any of them is wrong.
pub(super) fn read(value: Value<'_>, findings: &mut Findings) -> Option<Vec<Port>> {
    let ports: Option<Vec<Port>> = match value.kind() {
        Kind::List => all(value.items().map(|item| {
            let key = read_key(item, findings)?;
            Some(Port { key, place: item.place(), target: None })
        })),
        Kind::Map => all(value.entries().map(|(key, value)| {
            let place = key.place();
            let port = read_key(key, findings);
            let target = read_target(value, findings);
            let (key, target) = (port?, target?);
            check_range(key, &target, value, findings)?;
            Some(Port { key, place, target: Some(target) })
        })),
        _ => {
            let example = format!("[{}]", value.text());
            let expected = "a list of L4 ports, or a map of L4 ports to fixed addresses";
            findings.report(wrong_type(value, "`ports`", expected, &example));
            return None;
        }
    };
    if ports.as_ref().is_some_and(Vec::is_empty) {
        findings.report(
            Finding::new(value.place(), "`ports` names no L4 port")
                .hint("leave `ports` out to translate every protocol and port"),
        );
        return None;
    }
    ports
}

/// Every item, so that each is reported; `None` if any is.
fn all(items: impl Iterator<Item = Option<Port>>) -> Option<Vec<Port>> {
    let mut complete = true;
    let mut ports = Vec::new();
    for item in items {
        complete &= item.is_some();
        ports.extend(item);
    }
    complete.then_some(ports)
}

fn read_key(key: Value<'_>, findings: &mut Findings) -> Option<PortKey> {
    if matches!(key.kind(), Kind::Null | Kind::List | Kind::Map) {
        findings.report(wrong_type(key, "an item of `ports`", "an L4 port", "80/tcp"));
        return None;
    }
    let report = |problem| findings.report(Finding::of(key.place(), problem));
    port_key(key.text()).map_err(report).ok()
}

fn read_target(value: Value<'_>, findings: &mut Findings) -> Option<PortTarget> {
    if matches!(value.kind(), Kind::Null | Kind::List | Kind::Map) {
        let expected = "a fixed address, with or without an L4 port";
        findings.report(wrong_type(value, "the target of an L4 port", expected, "10.0.0.22:8443"));
        return None;
    }
    let report = |problem| findings.report(Finding::of(value.place(), problem));
    let target = target(value.text()).map_err(report).ok()?;
    Some(PortTarget { fixed: target.fixed, port: target.port, place: value.place() })
}

/// A range cannot move to one L4 port; a single one that keeps its number is not moved.
fn check_range(
    key: PortKey,
    target: &PortTarget,
    value: Value<'_>,
    findings: &mut Findings,
) -> Option<()> {
    if key.range.is_single() || target.port.is_none() {
        return Some(());
    }
    let message = format!("the range `{}/{}` leads to one L4 port", key.range, key.protocol);
    findings.report(
        Finding::new(value.place(), message)
            .hint(format!("write `{}`; the ports of a range keep their numbers", target.fixed)),
    );
    None
}
