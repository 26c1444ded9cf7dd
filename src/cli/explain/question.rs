//! What was asked, or what is wrong with the question.

use std::net::IpAddr;

use crate::address::{InterfacePattern, Protocol};
use crate::cli::args::{Explain, ExplainProtocol};
use crate::cli::failure::Failure;
use crate::ruleset::{Datatype, Ruleset, TableFamily};
use crate::trace::{Flow, Origin, Question, Route, Source, Transport, walk};

/// What stands for this host in the place of an address.
const HOST: &str = "host";

/// Reads the question about a packet.
///
/// # Errors
///
/// Why it has no answer.
pub(super) fn read(asked: &Explain, ruleset: &Ruleset) -> Result<Question, Failure> {
    let Some(destination) = asked.to else {
        return Err(wrong("no destination is given", "name it with `--to`"));
    };
    usable(destination)?;
    let transport = transport(asked)?;
    let leaves_by = asked.via.as_ref().map(|via| one_interface(via, "eth0")).transpose()?;
    let ask = |origin, source| Question {
        origin,
        flow: Flow { source, destination, transport },
        leaves_by: leaves_by.clone(),
    };
    let from = asked.from.as_deref().unwrap_or(HOST);
    let question = if from == HOST {
        ask(Origin::Host, Source::Host)
    } else {
        let source: IpAddr = from.parse().map_err(|_| {
            wrong(
                format!("`{from}` is neither an IP address nor `host`"),
                "`--from 10.0.0.10`, or `--from host` for this host itself",
            )
        })?;
        usable(source)?;
        if source.is_ipv4() != destination.is_ipv4() {
            return Err(wrong(
                format!("`{source}` and `{destination}` are of different IP versions"),
                "no packet has both; hairnat translates within IPv4 and within IPv6",
            ));
        }
        let origin = if is_fixed(ruleset, source) { Origin::Instance } else { Origin::Outside };
        if origin == Origin::Outside {
            not_a_float(ruleset, source)?;
        }
        ask(origin, Source::Address(source))
    };
    if transport == Transport::Any {
        not_by_port(ruleset, destination)?;
    }
    Ok(question)
}

/// The name of the one interface that `pattern` is; `example` is another.
///
/// # Errors
///
/// That it stands for several.
pub(super) fn one_interface(pattern: &InterfacePattern, example: &str) -> Result<String, Failure> {
    if pattern.is_wildcard() {
        return Err(wrong(
            format!("`{pattern}` stands for several interfaces"),
            format!("name one, such as `{example}`"),
        ));
    }
    Ok(pattern.to_string())
}

fn wrong(message: impl Into<String>, hint: impl Into<String>) -> Failure {
    Failure::Usage { message: message.into(), hint: hint.into() }
}

/// Refuses what no connection has at either end.
fn usable(address: IpAddr) -> Result<(), Failure> {
    let kind = if address.is_unspecified() {
        "the unspecified address"
    } else if address.is_loopback() {
        "a loopback address, which never leaves its host"
    } else if address.is_multicast() {
        "a multicast address; ask with `--frame` what a bridge does with it"
    } else {
        return Ok(());
    };
    Err(wrong(format!("`{address}` is {kind}"), "name the address of one instance or host"))
}

fn transport(asked: &Explain) -> Result<Transport, Failure> {
    let protocol = match asked.proto {
        Some(ExplainProtocol::Icmp) if asked.port.is_some() => {
            return Err(wrong("icmp has no L4 ports", "leave `--port` out"));
        }
        Some(ExplainProtocol::Icmp) => return Ok(Transport::Icmp),
        None | Some(ExplainProtocol::Tcp) => Protocol::Tcp,
        Some(ExplainProtocol::Udp) => Protocol::Udp,
        Some(ExplainProtocol::Sctp) => Protocol::Sctp,
    };
    match asked.port {
        Some(port) => Ok(Transport::Port(protocol, port)),
        None if asked.proto.is_none() => Ok(Transport::Any),
        None => Err(wrong(
            format!("no L4 port is given for {protocol}"),
            format!("name it, as in `--proto {protocol} --port 443`"),
        )),
    }
}

/// Whether an instance may have the address.
fn is_fixed(ruleset: &Ruleset, address: IpAddr) -> bool {
    let to = |destination| Question {
        origin: Origin::Outside,
        flow: Flow { source: Source::Host, destination, transport: Transport::Any },
        leaves_by: None,
    };
    let walk = walk(ruleset, to(address));
    matches!(walk.route, Route::Bridge { .. }) && !walk.translated_destination()
}

/// Refuses a float as a source: on the wire the connections of an instance have its fixed address.
fn not_a_float(ruleset: &Ruleset, address: IpAddr) -> Result<(), Failure> {
    let flow = Flow { source: Source::Host, destination: address, transport: Transport::Any };
    let walk = walk(ruleset, Question { origin: Origin::Outside, flow, leaves_by: None });
    match walk.steps.first() {
        Some(step) if walk.translated_destination() => Err(wrong(
            format!("`{address}` is a float: no connection begins with it"),
            format!(
                "ask for the instance by its fixed address: `--from {}`",
                step.after.destination
            ),
        )),
        _ => Ok(()),
    }
}

/// Asks for an L4 port where the answer depends on it.
fn not_by_port(ruleset: &Ruleset, destination: IpAddr) -> Result<(), Failure> {
    let address = match destination {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    };
    let datatype = match destination {
        IpAddr::V4(_) => Datatype::Ipv4Addr,
        IpAddr::V6(_) => Datatype::Ipv6Addr,
    };
    let table = ruleset.table(TableFamily::Inet);
    let by_port = table.into_iter().flat_map(|table| &table.sets).find(|set| {
        let key = &set.declaration.key;
        key.len() > 1
            && key.first() == Some(&datatype)
            && set.elements.iter().any(|element| element.key.starts_with(&address))
    });
    match by_port {
        None => Ok(()),
        Some(_) => Err(wrong(
            format!("`{destination}` is translated by L4 port, and none is given"),
            "name it, as in `--port 443`, or `--proto udp --port 53`; or ask for `--proto icmp`",
        )),
    }
}
