//! Rulesets of every shape that a policy becomes, put together by hand.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hairnat::address::{IpFamily, Prefix, Protocol};
use hairnat::ruleset::{
    AddressSide, AnyPrefix, BaseChain, Chain, ChainDeclaration, ChainType, Data, Datatype,
    Direction, Element, Elements, Group, Hook, MapKey, NatKind, NatTarget, Rule, Ruleset, Set,
    SetDeclaration, Statement, Table, TableFamily,
};

/// Everything in both families; with counters in the maps of destinations or without.
pub(crate) fn everything(counters: bool) -> Ruleset {
    let mut sets = Vec::new();
    let mut translations = Vec::new();
    let mut sources = Vec::new();
    for family in IpFamily::ALL {
        let (family_translations, family_sources) = family_rules(family);
        sets.extend(family_sets(family, counters));
        translations.extend(family_translations);
        sources.extend(family_sources);
    }
    let filters =
        |rules: fn(IpFamily) -> Rules| IpFamily::ALL.into_iter().flat_map(rules).collect();
    let chains = vec![
        chain("zones", ChainType::Filter, Hook::Prerouting, -301, filters(zone_rules)),
        nat_chain("prerouting", Hook::Prerouting, -101, translations.clone()),
        nat_chain("output", Hook::Output, -101, translations),
        nat_chain("postrouting", Hook::Postrouting, 99, sources),
        chain("refuse_forward", ChainType::Filter, Hook::Forward, 0, filters(refuse_rules)),
        chain("refuse_input", ChainType::Filter, Hook::Input, 0, filters(refuse_rules)),
    ];
    let inet = Table { family: TableFamily::Inet, sets, chains };
    Ruleset { tables: vec![bridge(), inet] }
}

/// A map with one element a comment.
pub(crate) fn commented(comments: &[&str]) -> Ruleset {
    let keys = (1..).map(|last| format!("203.0.113.{last}"));
    let elements = keys.zip(comments).map(|(key, comment)| (key, "10.0.0.1".to_owned(), *comment));
    let mut map = map("dnat4", &[Datatype::Ipv4Addr], &[Datatype::Ipv4Addr]);
    map.size = Some(1024);
    inet_sets(vec![filled(map, elements)])
}

/// A set of IPv6 addresses, one element each.
pub(crate) fn fixed6(addresses: &[&str]) -> Ruleset {
    let elements = addresses.iter().map(|address| ((*address).to_owned(), String::new(), ""));
    inet_sets(vec![filled(set("fixed6", Datatype::Ipv6Addr, false), elements)])
}

/// A map of L4 ports, for two floats and every protocol.
pub(crate) fn port_floats(l4_ports: &[u16]) -> Ruleset {
    let mut elements = Vec::new();
    for float in ["203.0.113.10", "203.0.113.9"] {
        for protocol in ["tcp", "udp", "sctp"] {
            for l4_port in l4_ports {
                let key = format!("{float} . {protocol} . {l4_port}");
                elements.push((key, "10.0.0.22 . 8443".to_owned(), ""));
            }
        }
    }
    let key = [Datatype::Ipv4Addr, Datatype::InetProto, Datatype::InetService];
    let map = map("dnat4_port", &key, &[Datatype::Ipv4Addr, Datatype::InetService]);
    inet_sets(vec![filled(map, elements)])
}

fn inet_sets(sets: Vec<Set>) -> Ruleset {
    Ruleset { tables: vec![Table { family: TableFamily::Inet, sets, chains: vec![] }] }
}

fn bridge() -> Table {
    let ports = SetDeclaration {
        size: Some(65535),
        learned: Some(3600),
        ..set("ports", Datatype::IfaceIndex, false)
    };
    let ports = SetDeclaration { key: vec![Datatype::IfaceIndex; 2], ..ports };
    let learn = |pattern, group| {
        vec![
            interface(Direction::In, false, pattern),
            Statement::EtherDestination(group),
            Statement::LearnPort { set: "ports".to_owned() },
        ]
    };
    let reflected = |group| {
        let pair = Statement::PortPair { set: "ports".to_owned() };
        vec![Statement::EtherDestination(group), pair, Statement::Counter, Statement::Drop]
    };
    let mut prerouting = vec![
        learn("vnet*", Group::Ipv6Multicast),
        learn("tap1.2", Group::Any),
        learn("größe*", Group::Any),
        learn("12345678901234*", Group::Any),
    ];
    let forward = [reflected(Group::Ipv6Multicast), reflected(Group::Any)];
    let mut sets = vec![Set { elements: Elements::new(&ports), declaration: ports }];
    let (mut gateway, mut output) = (Vec::new(), Vec::new());
    for family in IpFamily::ALL {
        sets.extend(own_maps(family));
        gateway.push(gateway_rule(family));
        let rewrite = |side, map| Statement::Rewrite { family, side, map: named(family, map) };
        let ether_type = Statement::EtherType(family);
        let to_own = rewrite(AddressSide::Destination, "own#");
        prerouting.push(vec![Statement::ToHost, ether_type.clone(), to_own]);
        output.push(vec![ether_type, rewrite(AddressSide::Source, "self#")]);
    }
    let filter =
        |name, hook, priority, rules| chain(name, ChainType::Filter, hook, priority, rules);
    Table {
        family: TableFamily::Bridge,
        sets,
        chains: vec![
            filter("gateway", Hook::Prerouting, -301, gateway),
            filter("prerouting", Hook::Prerouting, -300, prerouting),
            filter("output", Hook::Output, -200, output),
            filter("forward", Hook::Forward, -200, forward.to_vec()),
        ],
    }
}

/// What the bridge rewrites, and its own set of fixed networks.
fn own_maps(family: IpFamily) -> Vec<Set> {
    let v4 = family == IpFamily::V4;
    let address = if v4 { Datatype::Ipv4Addr } else { Datatype::Ipv6Addr };
    let (fixed, float) =
        if v4 { ("10.0.0.10", "203.0.113.10") } else { ("fd00:10::10", "2001:db8::10") };
    let other = if v4 { "10.0.1.9" } else { "fd00:10::1:9" };
    let pair = |name: &str| SetDeclaration {
        size: Some(1024),
        ..map(&named(family, name), &[address; 2], &[address])
    };
    let entry = |key: String, data: &str, name| (key, data.to_owned(), name);
    vec![
        filled(
            pair("own#"),
            [
                entry(format!("{fixed} . {float}"), fixed, "web-1"),
                entry(format!("{other} . {float}"), other, ""),
            ],
        ),
        filled(pair("self#"), [entry(format!("{fixed} . {fixed}"), float, "web-1")]),
        filled(
            set(&named(family, "fixed#"), address, true),
            [entry(if v4 { "10.0.0.0/24" } else { "fd00:10::/64" }.to_owned(), "", "")],
        ),
    ]
}

fn gateway_rule(family: IpFamily) -> Vec<Statement> {
    let in_set = |side, negated| Statement::AddressInSet {
        family,
        side,
        negated,
        set: named(family, "fixed#"),
    };
    let v6 = |first, len| {
        AnyPrefix::V6(Prefix::containing(Ipv6Addr::new(first, 0, 0, 0, 0, 0, 0, 0), len))
    };
    let v4 = |first, len| AnyPrefix::V4(Prefix::containing(first, len));
    let outside = match family {
        IpFamily::V4 => [v4(Ipv4Addr::new(224, 0, 0, 0), 3), v4(Ipv4Addr::new(192, 0, 2, 0), 24)],
        IpFamily::V6 => [v6(0xfe80, 10), v6(0xff00, 8)],
    };
    let mut rule = vec![
        interface(Direction::In, true, "vnet9"),
        interface(Direction::In, false, "vnet*"),
        Statement::EtherType(family),
        in_set(AddressSide::Source, false),
        in_set(AddressSide::Destination, true),
    ];
    rule.extend(outside.map(Statement::DestinationOutside));
    rule.extend([Statement::SetEtherDestination([2, 0, 0x5e, 0x10, 0, 1]), Statement::SetToHost]);
    rule
}

fn zone_rules(family: IpFamily) -> Rules {
    let set = named(family, "fixed#");
    let from_fixed =
        Statement::AddressInSet { family, side: AddressSide::Source, negated: false, set };
    vec![
        vec![interface(Direction::In, false, "fwbr*"), Statement::SetZone(26_721)],
        vec![
            interface(Direction::In, false, "eth0"),
            Statement::NfProto(family),
            from_fixed,
            Statement::SourceUnroutable,
            Statement::SetZone(26_721),
        ],
    ]
}

fn refuse_rules(family: IpFamily) -> Rules {
    let in_set = |side, negated, set| {
        let set = named(family, set);
        Statement::AddressInSet { family, side, negated, set }
    };
    let to_pool = || in_set(AddressSide::Destination, false, "pool#");
    let from_others = in_set(AddressSide::Source, true, "fixed#");
    let service = Statement::ServiceInSet { family, set: named(family, "host#") };
    let rules = vec![
        vec![service, Statement::Accept],
        vec![to_pool(), Statement::Dnated, Statement::Accept],
        vec![
            from_others.clone(),
            to_pool(),
            Statement::L4Protocol(Protocol::Tcp),
            Statement::Reset,
        ],
        vec![from_others, to_pool(), Statement::Reject(family)],
    ];
    let of_family = |rule| [vec![Statement::NfProto(family)], rule].concat();
    rules.into_iter().map(of_family).collect()
}

type Rules = Vec<Vec<Statement>>;

/// The name of a set of that family, for one with `#` in place of the IP version.
fn named(family: IpFamily, name: &str) -> String {
    name.replace('#', if family == IpFamily::V4 { "4" } else { "6" })
}

fn family_sets(family: IpFamily, counters: bool) -> Vec<Set> {
    let v4 = family == IpFamily::V4;
    let either = |ipv4: &'static str, ipv6: &'static str| if v4 { ipv4 } else { ipv6 }.to_owned();
    let name = |name: &str| named(family, name);
    let address = if v4 { Datatype::Ipv4Addr } else { Datatype::Ipv6Addr };
    let key = [address, Datatype::InetProto, Datatype::InetService];

    let dnat = SetDeclaration {
        counter: counters,
        size: Some(1024),
        ..map(&name("dnat#"), &[address], &[address])
    };
    let snat = SetDeclaration { counter: false, name: name("snat#"), ..dnat.clone() };
    let port = SetDeclaration {
        counter: counters,
        ..map(&name("dnat#_port"), &key, &[address, Datatype::InetService])
    };
    let range = SetDeclaration {
        interval: true,
        size: Some(2048),
        counter: counters,
        ..map(&name("dnat#_range"), &key, &[address])
    };
    let host = SetDeclaration { name: name("host#"), data: None, counter: false, ..range.clone() };
    let net = SetDeclaration {
        interval: true,
        data: Some(Data { types: vec![address], interval: true }),
        ..dnat.clone()
    };
    let dnat_net = SetDeclaration { name: name("dnat#_net"), ..net.clone() };
    let snat_net = SetDeclaration { name: name("snat#_net"), counter: false, ..net };

    let web = |key: String, data: String| (key, data, "web 1");
    let bare = |key: String, data: String| (key, data, "");
    let float = either("203.0.113.10", "2001:db8::10");
    let fixed = either("10.0.0.10", "fd00:10::10");
    let other = either("203.0.113.11", "2001:db8::11");
    let float_net = either("198.51.100.0/28", "2001:db8:1::/64");
    let fixed_net = either("10.0.0.64/28", "fd00:10:0:1::/64");
    vec![
        filled(dnat, [web(float.clone(), fixed.clone()), bare(other.clone(), fixed.clone())]),
        filled(snat, [web(fixed.clone(), float.clone())]),
        filled(
            port,
            [
                web(format!("{float} . tcp . 443"), format!("{fixed} . 8443")),
                bare(format!("{float} . udp . 53"), format!("{fixed} . 53")),
                bare(format!("{other} . sctp . 256"), format!("{fixed} . 256")),
            ],
        ),
        filled(
            range,
            [
                bare(format!("{float} . udp . 6000-6010"), fixed.clone()),
                web(format!("{other} . tcp . 64-127"), fixed.clone()),
                bare(format!("{other} . udp . 1-65535"), fixed),
            ],
        ),
        filled(
            dnat_net,
            [
                web(float_net.clone(), fixed_net.clone()),
                bare(
                    either("198.51.100.16/31", "2001:db8:2::/127"),
                    either("10.0.0.80/31", "fd00:10::80/127"),
                ),
            ],
        ),
        filled(snat_net, [bare(fixed_net, float_net)]),
        filled(
            set(&name("fixed#"), address, true),
            [
                bare(either("10.0.0.0/24", "fd00:10::/48"), String::new()),
                bare(either("10.0.2.0-10.0.2.100", "fd00:11::1-fd00:11::5"), String::new()),
                bare(either("10.0.3.3", "fd00:12::3"), String::new()),
            ],
        ),
        filled(set(&name("exempt#"), address, true), []),
        filled(host, [bare(format!("{float} . tcp . 22"), String::new())]),
        filled(
            set(&name("pool#"), address, true),
            [bare(either("203.0.113.0/24", "2001:db8::/64"), String::new())],
        ),
        filled(
            set(&name("all#"), address, true),
            [bare(either("0.0.0.0/0", "::/0"), String::new())],
        ),
    ]
}

/// The rules that translate destinations, then those for sources.
fn family_rules(family: IpFamily) -> (Rules, Rules) {
    let name = |name: &str| named(family, name);
    let egress: IpAddr = match family {
        IpFamily::V4 => Ipv4Addr::new(203, 0, 113, 1).into(),
        IpFamily::V6 => Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1).into(),
    };
    let nat = |kind, target| Statement::Nat { kind, family, target };
    let by = |key, map: &str, with_port| NatTarget::Map { key, map: name(map), with_port };
    let prefix = |side, map: &str| NatTarget::PrefixMap { side, map: name(map) };
    let proto = || Statement::NfProto(family);
    let (source, destination) = (AddressSide::Source, AddressSide::Destination);
    let in_set = |side, negated, set: &str| {
        let set = name(set);
        Statement::AddressInSet { family, side, negated, set }
    };
    let within = |side, set: &str| in_set(side, false, set);
    let translated = |kind, target| vec![proto(), nat(kind, target)];
    let translations = vec![
        translated(NatKind::Dnat, by(MapKey::AddressAndPort, "dnat#_port", true)),
        translated(NatKind::Dnat, by(MapKey::AddressAndPort, "dnat#_range", false)),
        translated(NatKind::Dnat, by(MapKey::Address(destination), "dnat#", false)),
        translated(NatKind::Dnat, prefix(destination, "dnat#_net")),
    ];
    let from_fixed =
        |rest: Vec<Statement>| [vec![proto(), within(source, "fixed#")], rest].concat();
    let beyond = || in_set(destination, true, "fixed#");
    let sources = vec![
        vec![Statement::InZone(26_721), Statement::Accept],
        from_fixed(vec![within(destination, "fixed#"), Statement::NotDnated, Statement::Accept]),
        from_fixed(vec![beyond(), within(destination, "exempt#"), Statement::Accept]),
        from_fixed(vec![
            beyond(),
            interface(Direction::Out, true, "eth0"),
            interface(Direction::Out, true, "ppp*"),
            Statement::Accept,
        ]),
        translated(NatKind::Snat, by(MapKey::Address(source), "snat#", false)),
        translated(NatKind::Snat, prefix(source, "snat#_net")),
        from_fixed(vec![within(destination, "fixed#"), Statement::Masquerade]),
        from_fixed(vec![nat(NatKind::Snat, NatTarget::Address(egress))]),
        from_fixed(vec![Statement::Masquerade]),
    ];
    (translations, sources)
}

fn interface(direction: Direction, negated: bool, pattern: &str) -> Statement {
    Statement::Interface { direction, negated, pattern: pattern.parse().unwrap() }
}

fn nat_chain(name: &str, hook: Hook, priority: i32, rules: Rules) -> Chain {
    chain(name, ChainType::Nat, hook, priority, rules)
}

fn chain(name: &str, chain_type: ChainType, hook: Hook, priority: i32, rules: Rules) -> Chain {
    let base = Some(BaseChain { chain_type, hook, priority, accept: true });
    let rules = rules.into_iter().map(|statements| Rule { statements }).collect();
    Chain { declaration: ChainDeclaration { name: name.to_owned(), base }, rules }
}

fn set(name: &str, key: Datatype, interval: bool) -> SetDeclaration {
    SetDeclaration {
        name: name.to_owned(),
        key: vec![key],
        data: None,
        interval,
        learned: None,
        counter: false,
        size: None,
    }
}

fn map(name: &str, key: &[Datatype], data: &[Datatype]) -> SetDeclaration {
    let data = Some(Data { types: data.to_vec(), interval: false });
    SetDeclaration { key: key.to_vec(), data, ..set(name, Datatype::Ipv4Addr, false) }
}

/// A set with elements given as key, data and comment, in the notation of nft(8).
fn filled<'a>(
    declaration: SetDeclaration,
    entries: impl IntoIterator<Item = (String, String, &'a str)>,
) -> Set {
    let mut elements = Elements::new(&declaration);
    for (key, data, comment) in entries {
        let (key, last) = range(&key);
        let (data, data_last) = range(&data);
        let interval = declaration.data.as_ref().is_some_and(|data| data.interval);
        let data = if interval { [data, data_last].concat() } else { data };
        let comment = Some(comment).filter(|comment| !comment.is_empty());
        elements.push(Element { key: &key, last: &last, data: &data, comment });
    }
    elements.sort();
    Set { declaration, elements }
}

/// The first and the last of a concatenation, on the wire.
fn range(text: &str) -> (Vec<u8>, Vec<u8>) {
    let fields = text.split(" . ").filter(|field| !field.is_empty()).map(field);
    let (first, last): (Vec<_>, Vec<_>) = fields.unzip();
    (first.concat(), last.concat())
}

fn field(text: &str) -> (Vec<u8>, Vec<u8>) {
    if let Some((first, last)) = text.split_once('-') {
        return (value(first), value(last));
    }
    let Some((first, len)) = text.split_once('/') else {
        return (value(text), value(text));
    };
    let (first, len) = (value(first), len.parse::<usize>().unwrap());
    let network_bits = |index: usize| len.saturating_sub(8 * index).min(8);
    let host_bits =
        |index: usize| if network_bits(index) == 8 { 0 } else { 0xff_u8 >> network_bits(index) };
    let last = first.iter().enumerate().map(|(index, byte)| byte | host_bits(index)).collect();
    (first, last)
}

fn value(text: &str) -> Vec<u8> {
    match (text, text.parse::<u16>(), text.parse::<IpAddr>()) {
        ("tcp", ..) => vec![6, 0, 0, 0],
        ("udp", ..) => vec![17, 0, 0, 0],
        ("sctp", ..) => vec![132, 0, 0, 0],
        (_, Ok(l4_port), _) => [l4_port.to_be_bytes(), [0; 2]].concat(),
        (_, _, Ok(IpAddr::V4(address))) => address.octets().to_vec(),
        (_, _, Ok(IpAddr::V6(address))) => address.octets().to_vec(),
        (_, _, Err(error)) => panic!("`{text}`: {error}"),
    }
}
