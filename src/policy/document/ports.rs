//! The keys `ports` and `host` of a float.

use std::net::IpAddr;
use std::num::NonZeroU16;

use super::fields::{items, wrong_type};
use crate::policy::Service;
use crate::policy::findings::{Finding, Findings};
use crate::policy::source::Place;
use crate::policy::suggest::quoted;
use crate::policy::values::{service, target};
use crate::policy::yaml::{Kind, Value};

/// What L4 ports look like.
const EXAMPLE: &str = "80/tcp";

/// The keys in messages.
const PORTS: &str = "`ports`";
const HOST: &str = "`host`";

/// Words for every protocol and port.
const EVERY: &[&str] = &["any", "all", "*"];

/// What to do in place of naming all ports.
const NO_PORTS: &str = "leave `ports` out to translate every protocol and port";

/// A service, and where it stands.
pub(super) type ListItem = (Service, Place);

/// What `ports` says.
#[derive(Debug)]
pub(super) enum Ports {
    /// Services of the one instance that `fixed` names.
    List(Vec<ListItem>),
    /// Services, each with its instance.
    Map(Vec<MapEntry>),
}

/// A service and where it leads.
#[derive(Debug)]
pub(super) struct MapEntry {
    pub(super) service: Service,
    pub(super) place: Place,
    pub(super) fixed: IpAddr,
    pub(super) port: Option<NonZeroU16>,
    pub(super) fixed_place: Place,
}

/// Reads `ports` beside `fixed`; `None` if it has nothing or any of it is wrong.
pub(super) fn read(
    value: Value<'_>,
    fixed: Option<IpAddr>,
    findings: &mut Findings,
) -> Option<Ports> {
    let (ports, count) = match value.kind() {
        Kind::List => {
            let list = read_list(value, PORTS, fixed, findings)?;
            let count = list.len();
            (Ports::List(list), count)
        }
        Kind::Map => {
            let entries =
                value.entries().map(|(key, value)| read_entry(key, value, fixed, findings));
            let map = all(entries)?;
            let count = map.len();
            (Ports::Map(map), count)
        }
        Kind::Null | Kind::Boolean | Kind::Number | Kind::Text => {
            let example = format!("[{}]", value.text());
            let expected = "a list of L4 ports, or a map of L4 ports to fixed addresses";
            let finding = wrong_type(value, "`ports`", expected, &example);
            findings.report(if EVERY.contains(&value.text()) {
                finding.hint(NO_PORTS)
            } else {
                finding
            });
            return None;
        }
    };
    if count == 0 {
        findings.report(Finding::new(value.place(), "`ports` names no L4 port").hint(NO_PORTS));
        return None;
    }
    Some(ports)
}

/// Reads `host`; `None` if it has nothing or any of it is wrong.
pub(super) fn read_host(
    key: Value<'_>,
    value: Value<'_>,
    findings: &mut Findings,
) -> Option<Vec<ListItem>> {
    // Anything but a list is reported, and has no items.
    drop(items(key, value, "a list of L4 ports", EXAMPLE, findings));
    if value.kind() != Kind::List {
        return None;
    }
    let list = read_list(value, HOST, None, findings)?;
    if list.is_empty() {
        findings.report(
            Finding::new(value.place(), "`host` names no L4 port")
                .hint("leave `host` out if nothing stays with the host"),
        );
        return None;
    }
    Some(list)
}

fn read_list(
    list: Value<'_>,
    owner: &str,
    instance: Option<IpAddr>,
    findings: &mut Findings,
) -> Option<Vec<ListItem>> {
    let read = |item: Value<'_>| {
        let service = read_service(item, owner, instance, findings)?;
        Some((service, item.place()))
    };
    all(list.items().map(read))
}

/// Every item, so that each is reported; `None` if any is.
fn all<T>(items: impl Iterator<Item = Option<T>>) -> Option<Vec<T>> {
    let mut complete = true;
    let mut read = Vec::new();
    for item in items {
        complete &= item.is_some();
        read.extend(item);
    }
    complete.then_some(read)
}

fn read_entry(
    key: Value<'_>,
    value: Value<'_>,
    fixed: Option<IpAddr>,
    findings: &mut Findings,
) -> Option<MapEntry> {
    let instance = value.text().parse().ok().or(fixed);
    let service = read_service(key, PORTS, instance, findings);
    if matches!(value.kind(), Kind::Null | Kind::List | Kind::Map) {
        let expected = "a fixed address, with or without an L4 port";
        findings.report(wrong_type(value, "the target of an L4 port", expected, "10.0.0.22:8443"));
        return None;
    }
    let service = service?;
    let report = |problem| findings.report(Finding::of(value.place(), problem));
    let target = target(value.text(), service, fixed).map_err(report).ok()?;
    Some(MapEntry {
        service,
        place: key.place(),
        fixed: target.fixed,
        port: target.port,
        fixed_place: value.place(),
    })
}

fn read_service(
    item: Value<'_>,
    owner: &str,
    instance: Option<IpAddr>,
    findings: &mut Findings,
) -> Option<Service> {
    if matches!(item.kind(), Kind::Null | Kind::List | Kind::Map) {
        let what = format!("an item of {owner}");
        findings.report(wrong_type(item, &what, "an L4 port", EXAMPLE));
        return None;
    }
    if EVERY.contains(&item.text()) {
        let message = format!("{} in {owner} names no L4 port", quoted(item.text()));
        findings.report(Finding::new(item.place(), message).hint(match owner {
            HOST => "leave the float out to keep all of its address with the host",
            _ => NO_PORTS,
        }));
        return None;
    }
    let report = |problem| findings.report(Finding::of(item.place(), problem));
    service(item.text(), instance).map_err(report).ok()
}
