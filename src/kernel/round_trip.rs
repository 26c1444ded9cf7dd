//! What is encoded decodes to the same value, and what is damaged decodes to anything but a panic.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::decode::{self, ElementReader, FoundSet};
use super::encode::ElementWriter;
use super::uapi::NFTA_RULE_HANDLE;
use super::{encode, nfnetlink};
use crate::address::{InterfacePattern, IpFamily, Prefix, Protocol};
use crate::netlink::{Attributes, Malformed, Messages, put};
use crate::plan::LiveSet;
use crate::ruleset::{
    AddressSide, AnyPrefix, BaseChain, ChainDeclaration, ChainType, Data, Datatype, Direction,
    Element, Elements, Group, Hook, MapKey, NatKind, NatTarget, Rule, SetDeclaration, Statement,
    TableFamily,
};

/// The attributes of the only message in `bytes`.
fn attributes(bytes: &[u8]) -> Result<Attributes<'_>, Malformed> {
    nfnetlink::attributes(&Messages(bytes).next().ok_or(Malformed)??)
}

/// The message that adds the rule, with the handle that only the kernel gives it.
fn rule_message(statements: Vec<Statement>) -> Vec<u8> {
    let rule = Rule { statements };
    let mut bytes = encode::new_rule(TableFamily::Inet, "chain", &rule, None, 1).unwrap();
    put(&mut bytes, NFTA_RULE_HANDLE, &7_u64.to_be_bytes());
    let len = u32::try_from(bytes.len()).unwrap();
    bytes[..4].copy_from_slice(&len.to_ne_bytes());
    bytes
}

fn address(family: IpFamily) -> Datatype {
    match family {
        IpFamily::V4 => Datatype::Ipv4Addr,
        IpFamily::V6 => Datatype::Ipv6Addr,
    }
}

fn set(name: &str, key: &[Datatype], data: Option<&[Datatype]>) -> SetDeclaration {
    SetDeclaration {
        name: name.to_owned(),
        key: key.to_vec(),
        data: data.map(|types| Data { types: types.to_vec(), interval: false }),
        interval: false,
        learned: None,
        counter: false,
        size: None,
    }
}

/// A set of every kind.
fn sets(family: IpFamily) -> Vec<SetDeclaration> {
    use Datatype::{IfaceIndex, InetProto, InetService};
    let ip = address(family);
    let port = [ip, InetProto, InetService];
    let intervals = |declaration| SetDeclaration { interval: true, ..declaration };
    let net = Data { types: vec![ip], interval: true };
    vec![
        SetDeclaration {
            learned: Some(3600),
            size: Some(65535),
            ..set("ports", &[IfaceIndex, IfaceIndex], None)
        },
        SetDeclaration { counter: true, size: Some(1024), ..set("dnat", &[ip], Some(&[ip])) },
        set("dnat_port", &port, Some(&[ip, InetService])),
        set("own", &[ip, ip], Some(&[ip])),
        intervals(set("dnat_range", &port, Some(&[ip]))),
        SetDeclaration { data: Some(net), ..intervals(set("dnat_net", &[ip], None)) },
        intervals(set("fixed", &[ip], None)),
    ]
}

/// Two elements of a set, the second up to the last key of all if it holds intervals.
fn elements(declaration: &SetDeclaration) -> Elements {
    let mut elements = Elements::new(declaration);
    let (key_len, data_len) = (declaration.key_len(), declaration.data_len());
    for (first, last, comment) in [(1, 2, None), (0xf0, 0xff, Some("web-1"))] {
        let key = vec![first; key_len];
        let last = vec![if declaration.interval { last } else { first }; key_len];
        let data = vec![first; data_len];
        elements.push(Element { key: &key, last: &last, data: &data, comment });
    }
    elements
}

/// Rules with every statement.
fn rules(family: IpFamily) -> Vec<Vec<Statement>> {
    let pattern = |text: &str| text.parse::<InterfacePattern>().unwrap();
    let interface = |direction, negated, text| Statement::Interface {
        direction,
        negated,
        pattern: pattern(text),
    };
    let from = |side, set: &str| Statement::AddressInSet {
        family,
        side,
        negated: false,
        set: set.to_owned(),
    };
    let beyond =
        |side| Statement::AddressInSet { family, side, negated: true, set: "fixed".to_owned() };
    let rewrite = |side| Statement::Rewrite { family, side, map: "own".to_owned() };
    let outside = match family {
        IpFamily::V4 => [
            AnyPrefix::V4(Prefix::containing(Ipv4Addr::new(224, 0, 0, 0), 3)),
            AnyPrefix::V4(Prefix::containing(Ipv4Addr::new(192, 0, 2, 0), 24)),
        ],
        IpFamily::V6 => [
            AnyPrefix::V6(Prefix::containing(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10)),
            AnyPrefix::V6(Prefix::containing(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8)),
        ],
    };
    let nat = |kind, target| Statement::Nat { kind, family, target };
    let map = |key, map: &str, with_port| NatTarget::Map { key, map: map.to_owned(), with_port };
    let prefix = |side| NatTarget::PrefixMap { side, map: "dnat_net".to_owned() };
    let constant = match family {
        IpFamily::V4 => Ipv4Addr::new(203, 0, 113, 1).into(),
        IpFamily::V6 => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    let ports = || "ports".to_owned();
    let (source, destination) = (AddressSide::Source, AddressSide::Destination);
    let (dnat, snat) = (NatKind::Dnat, NatKind::Snat);
    vec![
        vec![
            interface(Direction::In, false, "vnet*"),
            Statement::EtherDestination(Group::Ipv6Multicast),
            Statement::LearnPort { set: ports() },
        ],
        vec![
            Statement::EtherDestination(Group::Any),
            Statement::PortPair { set: ports() },
            Statement::Counter,
            Statement::Drop,
        ],
        vec![
            interface(Direction::Out, true, "eth0"),
            interface(Direction::Out, true, "ppp*"),
            interface(Direction::In, false, "exactly-15-long"),
            Statement::NotDnated,
            Statement::Accept,
        ],
        vec![
            Statement::NfProto(family),
            from(source, "fixed"),
            from(destination, "fixed"),
            Statement::Masquerade,
        ],
        vec![Statement::NfProto(family), nat(snat, NatTarget::Address(constant))],
        vec![nat(dnat, map(MapKey::Address(destination), "dnat", false))],
        vec![nat(snat, map(MapKey::Address(source), "dnat", false))],
        vec![nat(dnat, map(MapKey::AddressAndPort, "dnat_port", true))],
        vec![nat(dnat, map(MapKey::AddressAndPort, "dnat_range", false))],
        vec![nat(dnat, prefix(destination))],
        vec![nat(snat, prefix(source))],
        vec![nat(dnat, map(MapKey::AddressPair, "own", false))],
        vec![Statement::ToHost, Statement::EtherType(family), rewrite(destination)],
        vec![Statement::EtherType(family), rewrite(source)],
        vec![
            Statement::EtherType(family),
            from(source, "fixed"),
            beyond(destination),
            Statement::DestinationOutside(outside[0]),
            Statement::DestinationOutside(outside[1]),
            Statement::SetEtherDestination([2, 0, 0x5e, 0x10, 0, 1]),
            Statement::SetToHost,
        ],
        vec![
            interface(Direction::In, false, "eth0"),
            Statement::NfProto(family),
            from(source, "fixed"),
            Statement::SourceUnroutable,
            Statement::SetZone(26_721),
        ],
        vec![Statement::InZone(26_721), Statement::Accept],
        vec![Statement::ServiceInSet { family, set: "dnat_port".to_owned() }, Statement::Accept],
        vec![beyond(source), Statement::Dnated, Statement::Reject(family)],
        vec![Statement::L4Protocol(Protocol::Tcp), Statement::Reset],
    ]
}

fn chains() -> Vec<ChainDeclaration> {
    let base = BaseChain {
        chain_type: ChainType::Nat,
        hook: Hook::Prerouting,
        priority: -100,
        accept: true,
    };
    let dropping =
        BaseChain { chain_type: ChainType::Filter, hook: Hook::Forward, accept: false, ..base };
    [None, Some(base), Some(dropping)]
        .into_iter()
        .map(|base| ChainDeclaration { name: "chain".to_owned(), base })
        .collect()
}

#[test]
fn every_statement_comes_back() {
    for family in IpFamily::ALL {
        let declarations = sets(family);
        let known: Vec<&SetDeclaration> = declarations.iter().collect();
        for statements in rules(family) {
            let bytes = rule_message(statements.clone());
            let read = decode::rule(attributes(&bytes).unwrap(), &known).unwrap();
            let (chain, live) = read.unwrap();
            assert_eq!((&*chain, live.handle), ("chain", 7));
            assert_eq!(live.rule.statements, statements);
        }
    }
}

#[test]
fn a_lookup_in_an_unknown_set_is_foreign() {
    let statements = vec![Statement::PortPair { set: "ports".to_owned() }];
    let bytes = rule_message(statements);
    let (_, live) = decode::rule(attributes(&bytes).unwrap(), &[]).unwrap().unwrap();
    assert!(!live.rule.is_known(), "{:?}", live.rule);
}

#[test]
fn a_rule_without_expressions_is_foreign() {
    let bytes = rule_message(Vec::new());
    let (_, live) = decode::rule(attributes(&bytes).unwrap(), &[]).unwrap().unwrap();
    assert!(!live.rule.is_known(), "{:?}", live.rule);
    assert_eq!(live.rule.to_string(), "nothing");
}

#[test]
fn every_set_comes_back() {
    for family in IpFamily::ALL {
        for declaration in sets(family) {
            let bytes = encode::new_set(TableFamily::Inet, &declaration, 1);
            let FoundSet::Named { set: live, .. } =
                decode::set(attributes(&bytes).unwrap()).unwrap()
            else {
                panic!("{declaration:?} is none of ours")
            };
            let LiveSet::Known { set, .. } = *live else { panic!("{live:?}") };
            assert_eq!(set.declaration, declaration);
        }
    }
}

#[test]
fn every_element_comes_back() {
    for family in IpFamily::ALL {
        for declaration in sets(family) {
            let written = elements(&declaration);
            let mut bytes = Vec::new();
            let family = TableFamily::Inet;
            let mut rest = written.iter();
            ElementWriter::adding(family, &declaration).write(&mut bytes, &mut rest, 1);
            assert_eq!(rest.len(), 0);
            let mut reader = ElementReader::new(&declaration);
            reader.read(attributes(&bytes).unwrap()).unwrap();
            let (read, _, strays) = reader.finish();
            assert_eq!((read, strays), (written, 0), "{}", declaration.name);
        }
    }
}

#[test]
fn every_chain_comes_back() {
    for declaration in chains() {
        let bytes = encode::new_chain(TableFamily::Inet, &declaration, 1);
        let live = decode::chain(attributes(&bytes).unwrap()).unwrap().unwrap();
        assert_eq!(live.declaration, Ok(declaration));
    }
}

#[test]
fn elements_beyond_64_kib_go_into_the_next_message() {
    let declaration = set("dnat", &[Datatype::Ipv4Addr], Some(&[Datatype::Ipv4Addr]));
    let mut many = Elements::new(&declaration);
    for number in 0..5000_u32 {
        let key = number.to_be_bytes();
        many.push(Element { key: &key, last: &key, data: &key, comment: None });
    }
    let mut bytes = Vec::new();
    let writer = ElementWriter::adding(TableFamily::Inet, &declaration);
    let mut rest = many.iter();
    let mut left = Vec::new();
    while rest.len() > 0 {
        writer.write(&mut bytes, &mut rest, 1);
        left.push(rest.len());
    }
    assert_eq!(left, [5000 - 2340, 5000 - 4680, 0]);
    let mut reader = ElementReader::new(&declaration);
    for message in Messages(&bytes) {
        reader.read(nfnetlink::attributes(&message.unwrap()).unwrap()).unwrap();
    }
    assert_eq!(reader.finish().0, many);
}

/// Reads a message in every way.
fn read_all(bytes: &[u8], sets: &[&SetDeclaration]) -> Result<(), Malformed> {
    let message = Messages(bytes).next().ok_or(Malformed)??;
    let _ = (message.verdict(), message.done_errno());
    let attributes = nfnetlink::attributes(&message)?;
    let _ = (decode::table(attributes), decode::chain(attributes), decode::set(attributes));
    let _ = (decode::other_name(attributes, false), decode::rule(attributes, sets));
    for declaration in sets {
        let mut reader = ElementReader::new(declaration);
        let _ = reader.read(attributes);
        reader.finish();
    }
    Ok(())
}

#[test]
fn no_truncation_and_no_flipped_bit_makes_the_decoder_panic() {
    for family in IpFamily::ALL {
        let declarations = sets(family);
        let known: Vec<&SetDeclaration> = declarations.iter().collect();
        let mut messages: Vec<Vec<u8>> = rules(family).into_iter().map(rule_message).collect();
        messages.extend(chains().iter().map(|c| encode::new_chain(TableFamily::Inet, c, 1)));
        for declaration in &declarations {
            messages.push(encode::new_set(TableFamily::Inet, declaration, 1));
            let mut bytes = Vec::new();
            let two = elements(declaration);
            ElementWriter::adding(TableFamily::Inet, declaration).write(
                &mut bytes,
                &mut two.iter(),
                1,
            );
            messages.push(bytes);
        }
        for message in messages {
            assert_eq!(read_all(&message, &known), Ok(()));
            for len in 0..message.len() {
                let mut cut = message[..len].to_vec();
                assert_eq!(read_all(&cut, &known), Err(Malformed), "cut to {len} bytes");
                // A header that fits what is left hides the cut from the framing.
                if let Some(field) = cut.get_mut(..4) {
                    field.copy_from_slice(&u32::try_from(len).unwrap().to_ne_bytes());
                    let _ = read_all(&cut, &known);
                }
            }
            for bit in 0..message.len() * 8 {
                let mut flipped = message.clone();
                flipped[bit / 8] ^= 1 << (bit % 8);
                let _ = read_all(&flipped, &known);
            }
        }
    }
}
