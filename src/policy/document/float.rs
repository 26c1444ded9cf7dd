//! The section `floats`.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::fields::{boolean, fields, is_map, meant_boolean, wrong_type};
use super::pair::{self, Body, EgressKey, FloatKey};
use super::ports;
use crate::address::IpFamily;
use crate::policy::Name;
use crate::policy::draft::Draft;
use crate::policy::findings::{Finding, Findings};
use crate::policy::values::{Endpoint, Problem, Role, address, endpoint, name};
use crate::policy::yaml::{Kind, Value, Worker};

/// Reads the section.
pub(super) fn read_all(
    key: Value<'_>,
    value: Value<'_>,
    draft: &mut Draft,
    findings: &mut Findings,
) {
    if !is_map(key, value, "floats: {203.0.113.10: 10.0.0.10}", findings) {
        draft.floats_incomplete = true;
        return;
    }
    read_entries(value, draft, findings);
}

fn read_entries(floats: Value<'_>, draft: &mut Draft, findings: &mut Findings) {
    for (key, value) in floats.entries() {
        if read(key, value, draft, findings).is_none() {
            draft.floats_incomplete = true;
        }
    }
}

/// Reads entries of the section that come in pieces.
#[derive(Default)]
pub(in crate::policy) struct FloatReader {
    draft: Draft,
    findings: Findings,
}

impl Worker for FloatReader {
    fn take(&mut self, entries: Value<'_>) {
        read_entries(entries, &mut self.draft, &mut self.findings);
    }
}

impl FloatReader {
    /// Adds what `readers` have read.
    pub(in crate::policy) fn join(readers: Vec<Self>, draft: &mut Draft, findings: &mut Findings) {
        for reader in readers {
            draft.add_floats(reader.draft);
            findings.append(reader.findings);
        }
    }
}

/// Reads one float; `None` if anything is wrong with it, which is then reported.
fn read(
    key: Value<'_>,
    value: Value<'_>,
    draft: &mut Draft,
    findings: &mut Findings,
) -> Option<()> {
    let endpoint = read_endpoint(key, "a float", Role::Float, value, findings);
    let body = read_body(value, key, findings);
    let (endpoint, body) = (endpoint?, body?);
    let float = FloatKey { endpoint, text: key.text(), place: key.place() };
    let added = match endpoint.family() {
        IpFamily::V4 => pair::add::<Ipv4Addr>(&float, body, draft, findings),
        IpFamily::V6 => pair::add::<Ipv6Addr>(&float, body, draft, findings),
    };
    added.map_err(|finding| findings.report(*finding)).ok()
}

/// Reads what stands behind a float: a fixed address or prefix, or a map.
fn read_body(value: Value<'_>, float: Value<'_>, findings: &mut Findings) -> Option<Body> {
    if value.kind() != Kind::Map {
        let fixed = if value.kind() == Kind::Null {
            None
        } else {
            let what = "what a float leads to";
            Some((read_endpoint(value, what, Role::Fixed, float, findings)?, value.place()))
        };
        return Some(Body { fixed, ..Body::default() });
    }
    let known = ["fixed", "name", "egress", "ports", "host"];
    let before = findings.count();
    let [fixed, name, egress, ports, host] = fields(value, "a float", known, findings);
    // With a key mistyped or given twice, what is missing follows from that.
    let mut complete = findings.count() == before;
    let mut keep = |read: bool| complete &= read;
    let mut body = Body::default();
    if let Some((_, value)) = fixed {
        body.fixed = read_endpoint(value, "`fixed`", Role::Fixed, float, findings)
            .map(|endpoint| (endpoint, value.place()));
        keep(body.fixed.is_some());
    }
    if let Some((_, value)) = name {
        body.name = read_name(value, findings);
        keep(body.name.is_some());
    }
    if let Some((key, value)) = egress {
        body.egress = read_egress(key, value, findings).map(|egress| (egress, value.place()));
        keep(body.egress.is_some());
    }
    if let Some((key, value)) = ports {
        let instance = match body.fixed {
            Some((Endpoint::Address(fixed), _)) => Some(fixed),
            Some((Endpoint::Prefix(_), _)) | None => None,
        };
        body.ports = ports::read(value, instance, findings).map(|ports| (ports, key.place()));
        keep(body.ports.is_some());
    }
    if let Some((key, value)) = host {
        body.host = ports::read_host(key, value, findings).map(|host| (host, key.place()));
        keep(body.host.is_some());
    }
    complete.then_some(body)
}

/// Reads an address or prefix beside `other`.
fn read_endpoint(
    value: Value<'_>,
    what: &str,
    role: Role,
    other: Value<'_>,
    findings: &mut Findings,
) -> Option<Endpoint> {
    if matches!(value.kind(), Kind::Null | Kind::List | Kind::Map) {
        let example = if role == Role::Float { "203.0.113.10" } else { "10.0.0.10" };
        let finding = wrong_type(value, what, "an address or a prefix", example);
        findings.report(if value.kind() == Kind::List && role == Role::Fixed {
            finding.hint("a float leads to one instance; a map of `ports` shares it among several")
        } else {
            finding
        });
        return None;
    }
    let text = value.text();
    let report = |problem: Problem| {
        let prefixes = other.kind() != Kind::Map && other.text().contains('/');
        let problem = if prefixes { problem } else { problem.beside_one_address(text) };
        findings.report(Finding::of(value.place(), problem));
    };
    endpoint(text, role).map_err(report).ok()
}

/// Reads who leaves with the float: `true`, `false`, or the fixed address of an instance.
fn read_egress(key: Value<'_>, value: Value<'_>, findings: &mut Findings) -> Option<EgressKey> {
    if meant_boolean(value.text()).is_some() {
        return boolean(key, value, findings).map(EgressKey::Flag);
    }
    if value.kind() != Kind::Text {
        let expected = "`true`, `false` or a fixed address";
        findings.report(wrong_type(value, "`egress`", expected, "true"));
        return None;
    }
    let report = |problem| findings.report(Finding::of(value.place(), problem));
    address(value.text(), Role::Fixed).map(EgressKey::Instance).map_err(report).ok()
}

/// Reads a name; one that YAML takes for a number is its digits.
fn read_name(value: Value<'_>, findings: &mut Findings) -> Option<Name> {
    if matches!(value.kind(), Kind::Null | Kind::List | Kind::Map) {
        findings.report(wrong_type(value, "`name`", "text", "web-1"));
        return None;
    }
    let report = |problem| findings.report(Finding::of(value.place(), problem));
    name(value.text()).map_err(report).ok()
}
