//! Random rulesets of every shape that hairnat can read, not only of those that it makes.

use std::net::{Ipv4Addr, Ipv6Addr};

use hairnat::address::{IpFamily, Prefix, Protocol};
use hairnat::ruleset::{
    AddressSide, AnyPrefix, BaseChain, Chain, ChainDeclaration, ChainType, Data, Datatype,
    Direction, Element, Elements, Group, Hook, MapKey, NatKind, NatTarget, Rule, Ruleset, Set,
    SetDeclaration, Statement, Table, TableFamily,
};
use proptest::collection::vec;
use proptest::option::{self, weighted};
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use proptest::sample::{Index, select};

/// Names of chains and sets: words, keywords of nft, and what only netlink takes.
const NAMES: [&str; 16] = [
    "postrouting",
    "dnat4",
    "ports",
    "drop",
    "ip",
    "counter",
    "meter",
    "ll",
    "nh",
    "dst",
    "a/b-c.d",
    "a b",
    "größe",
    "a\"b",
    "1a",
    "*",
];

const INTERFACES: [&str; 8] = ["eth0", "vnet*", "@eth0", "größe0", "a$b", "a;b}", "#0", "a'b"];

/// Rulesets that hairnat can read and the kernel may take, whether or not a policy makes them.
pub(crate) fn any_ruleset() -> impl Strategy<Value = Ruleset> {
    let bridge = weighted(0.3, any_table(TableFamily::Bridge));
    let inet = weighted(0.9, any_table(TableFamily::Inet));
    (bridge, inet).prop_map(|(bridge, inet)| {
        let tables = bridge.into_iter().chain(inet).collect();
        Ruleset { tables }
    })
}

fn any_table(family: TableFamily) -> impl Strategy<Value = Table> {
    (vec(any_set(), 0..5), vec(any_chain(), 0..3)).prop_map(move |(mut sets, mut chains)| {
        sets.sort_by(|a, b| a.declaration.name.cmp(&b.declaration.name));
        sets.dedup_by(|a, b| a.declaration.name == b.declaration.name);
        chains.sort_by(|a, b| a.declaration.name.cmp(&b.declaration.name));
        chains.dedup_by(|a, b| a.declaration.name == b.declaration.name);
        let names: Vec<&str> = sets.iter().map(|set| set.declaration.name.as_str()).collect();
        for statement in chains.iter_mut().flat_map(|chain| &mut chain.rules).flat_map(rule_of) {
            name_set(statement, &names);
            // hairnat compares the protocol of a frame in the bridge family alone.
            if let (TableFamily::Inet, Statement::EtherType(of)) = (family, &*statement) {
                *statement = Statement::NfProto(*of);
            }
        }
        Table { family, sets, chains }
    })
}

fn rule_of(rule: &mut Rule) -> &mut Vec<Statement> {
    &mut rule.statements
}

/// Has the statement ask a set that is there, if there is any; it was made with a number.
fn name_set(statement: &mut Statement, names: &[&str]) {
    let name = match statement {
        Statement::LearnPort { set }
        | Statement::PortPair { set }
        | Statement::AddressInSet { set, .. }
        | Statement::ServiceInSet { set, .. } => set,
        Statement::Rewrite { map, .. }
        | Statement::Nat { target: NatTarget::Map { map, .. }, .. }
        | Statement::Nat { target: NatTarget::PrefixMap { map, .. }, .. } => map,
        Statement::Interface { .. }
        | Statement::EtherDestination(_)
        | Statement::NfProto(_)
        | Statement::EtherType(_)
        | Statement::ToHost
        | Statement::DestinationOutside(_)
        | Statement::L4Protocol(_)
        | Statement::SourceUnroutable
        | Statement::InZone(_)
        | Statement::Dnated
        | Statement::NotDnated
        | Statement::SetZone(_)
        | Statement::SetEtherDestination(_)
        | Statement::SetToHost
        | Statement::Counter
        | Statement::Nat { target: NatTarget::Address(_), .. }
        | Statement::Masquerade
        | Statement::Accept
        | Statement::Drop
        | Statement::Reject(_)
        | Statement::Reset
        | Statement::Foreign(_) => return,
    };
    if !names.is_empty() {
        names[name.parse::<usize>().unwrap() % names.len()].clone_into(name);
    }
}

fn any_name() -> impl Strategy<Value = String> {
    select(&NAMES[..]).prop_map(str::to_owned)
}

fn any_types(most: usize) -> impl Strategy<Value = Vec<Datatype>> {
    let address = select(&[Datatype::Ipv4Addr, Datatype::Ipv6Addr][..]);
    let pair = Just(vec![Datatype::IfaceIndex; 2]);
    let float = address
        .clone()
        .prop_map(|address| vec![address, Datatype::InetProto, Datatype::InetService]);
    let single = address.prop_map(|address| vec![address]);
    // By itself, nft makes a protocol one byte long and an L4 port two.
    let any = vec(select(&Datatype::ALL[..]), 1..=most).prop_filter("whole registers", |types| {
        types.len() > 1 || types[0].value_len() == types[0].padded_len()
    });
    prop_oneof![4 => single, 1 => pair, 1 => float, 3 => any]
}

fn any_set() -> impl Strategy<Value = Set> {
    let data = (any_types(2), weighted(0.3, Just(())));
    let declaration = (
        any_name(),
        any_types(3),
        option::of(data),
        weighted(0.3, Just(())),
        weighted(0.2, select(&[1, 3600, 90061][..])),
        weighted(0.3, Just(())),
        option::of(select(&[1_u32, 100, 65535][..])),
    );
    let elements = vec((vec(any::<[u8; 4]>(), 36), any_comment()), 0..5);
    (declaration, elements).prop_map(
        |((name, key, data, interval, learned, counter, size), elements)| {
            let data = data.map(|(types, interval)| Data { types, interval: interval.is_some() });
            let declaration = SetDeclaration {
                name,
                key,
                data,
                interval: interval.is_some() && learned.is_none(),
                learned,
                counter: counter.is_some(),
                size,
            };
            let elements = if learned.is_some() { Vec::new() } else { elements };
            filled(declaration, &elements)
        },
    )
}

/// The first and the last key, the data and the comment of an element.
type Found<'a> = (Vec<u8>, Vec<u8>, Vec<u8>, Option<&'a str>);

/// A set with elements of these bytes, where the keys are apart.
fn filled(declaration: SetDeclaration, raw: &[(Vec<[u8; 4]>, Option<String>)]) -> Set {
    let ranges = |is: bool, types: &[Datatype], words: &[[u8; 4]]| -> (Vec<u8>, Vec<u8>) {
        let mut words = words.iter();
        let mut fields = types.iter().map(|datatype| {
            let mut field = || {
                let bytes = words.by_ref().take(4).flatten().copied();
                let mut field: Vec<u8> = bytes.take(datatype.value_len()).collect();
                field.resize(datatype.padded_len(), 0);
                field
            };
            let (one, other) = (field(), field());
            match is {
                true if one[0] % 8 == 0 => (one.clone(), one),
                true => (one.clone().min(other.clone()), one.max(other)),
                false => (one.clone(), one),
            }
        });
        let (first, last): (Vec<_>, Vec<_>) = fields.by_ref().unzip();
        (first.concat(), last.concat())
    };
    let mut found: Vec<Found<'_>> = Vec::new();
    for (words, comment) in raw {
        let (key, last) = ranges(declaration.interval, &declaration.key, &words[..24]);
        let data = declaration.data.as_ref().map_or_else(Vec::new, |data| {
            let (first, last) = ranges(data.interval, &data.types, &words[20..]);
            if data.interval { [first, last].concat() } else { first }
        });
        let apart = |other: &Found<'_>| last < other.0 || other.1 < key;
        if found.iter().all(apart) {
            found.push((key, last, data, comment.as_deref()));
        }
    }
    let mut elements = Elements::new(&declaration);
    for (key, last, data, comment) in &found {
        elements.push(Element { key, last, data, comment: *comment });
    }
    elements.sort();
    Set { declaration, elements }
}

fn any_comment() -> impl Strategy<Value = Option<String>> {
    let texts = [
        "web",
        "",
        "a\"b",
        "\"",
        "a\nb",
        "\r\n",
        "\u{1b}[31m",
        "a\\*",
        "\\",
        "*",
        "größe",
        "$x;}",
        "#",
        "nul\0nul",
        "\u{202e}",
    ];
    let long = select(&[128, 129, 200][..]).prop_map(|len| "x".repeat(len));
    let text = select(texts.map(str::to_owned).to_vec());
    option::of(prop_oneof![5 => text, 1 => long])
}

fn any_chain() -> impl Strategy<Value = Chain> {
    let near = (select(&[-300, -225, -200, -150, -100, 0, 50, 100, 300][..]), -11..=11)
        .prop_map(|(standard, distance): (i32, i32)| standard + distance);
    let base = (
        select(&[ChainType::Filter, ChainType::Nat, ChainType::Nat][..]),
        select(&Hook::ALL[..]),
        prop_oneof![5 => near, 1 => any::<i32>(), 1 => select(&[i32::MIN, i32::MAX][..])],
        weighted(0.8, Just(())),
    );
    let base = base.prop_map(|(chain_type, hook, priority, accept)| BaseChain {
        chain_type,
        hook,
        priority,
        accept: accept.is_some(),
    });
    (any_name(), weighted(0.8, base), vec(any_rule(), 0..5)).prop_map(|(name, base, rules)| Chain {
        declaration: ChainDeclaration { name, base },
        rules,
    })
}

/// Statements in any order, or in one that hairnat uses.
fn any_rule() -> impl Strategy<Value = Rule> {
    let usual = (any_family(), vec(any_match(), 0..3), any_statement()).prop_map(
        |(family, matches, last)| {
            let rule = [vec![Statement::NfProto(family)], matches, vec![last]].concat();
            rule.into_iter().map(|statement| with_family(statement, family)).collect()
        },
    );
    let statements = prop_oneof![vec(any_statement(), 1..4), vec(any_match(), 1..4), usual];
    statements.prop_map(|statements: Vec<Statement>| Rule { statements })
}

fn with_family(statement: Statement, family: IpFamily) -> Statement {
    match statement {
        Statement::NfProto(_) => Statement::NfProto(family),
        Statement::EtherType(_) => Statement::EtherType(family),
        Statement::Reject(_) => Statement::Reject(family),
        Statement::AddressInSet { side, negated, set, .. } => {
            Statement::AddressInSet { family, side, negated, set }
        }
        Statement::ServiceInSet { set, .. } => Statement::ServiceInSet { family, set },
        Statement::Rewrite { side, map, .. } => Statement::Rewrite { family, side, map },
        Statement::Nat {
            kind,
            target: target @ (NatTarget::Map { .. } | NatTarget::PrefixMap { .. }),
            ..
        } => Statement::Nat { kind, family, target },
        other => other,
    }
}

fn any_family() -> impl Strategy<Value = IpFamily> {
    select(&IpFamily::ALL[..])
}

fn any_side() -> impl Strategy<Value = AddressSide> {
    select(&[AddressSide::Source, AddressSide::Destination][..])
}

/// The number of a set, see [`name_set`].
fn any_number() -> impl Strategy<Value = String> {
    any::<Index>().prop_map(|index| index.index(100).to_string())
}

fn any_match() -> impl Strategy<Value = Statement> {
    let interface = (any::<bool>(), any::<bool>(), select(&INTERFACES[..])).prop_map(
        |(outwards, negated, pattern)| Statement::Interface {
            direction: if outwards { Direction::Out } else { Direction::In },
            negated,
            pattern: pattern.parse().unwrap(),
        },
    );
    let within = (any_family(), any_side(), any::<bool>(), any_number()).prop_map(
        |(family, side, negated, set)| Statement::AddressInSet { family, side, negated, set },
    );
    let service = (any_family(), any_number())
        .prop_map(|(family, set)| Statement::ServiceInSet { family, set });
    let outside = prop_oneof![
        (any::<Ipv4Addr>(), 1_u8..=32)
            .prop_map(|(address, len)| AnyPrefix::V4(Prefix::containing(address, len))),
        (any::<Ipv6Addr>(), 1_u8..=128)
            .prop_map(|(address, len)| AnyPrefix::V6(Prefix::containing(address, len))),
    ];
    prop_oneof![
        1 => interface,
        1 => select(&[Group::Any, Group::Ipv6Multicast][..]).prop_map(Statement::EtherDestination),
        1 => any_number().prop_map(|set| Statement::PortPair { set }),
        1 => any_family().prop_map(Statement::NfProto),
        1 => any_family().prop_map(Statement::EtherType),
        2 => within,
        1 => service,
        1 => outside.prop_map(Statement::DestinationOutside),
        1 => select(&Protocol::ALL[..]).prop_map(Statement::L4Protocol),
        1 => any::<u16>().prop_map(Statement::InZone),
        1 => Just(Statement::ToHost),
        1 => Just(Statement::SourceUnroutable),
        1 => Just(Statement::Dnated),
        1 => Just(Statement::NotDnated),
    ]
}

fn any_statement() -> impl Strategy<Value = Statement> {
    let addresses = ["203.0.113.1", "2001:db8::1", "::ffff:192.0.2.1", "0.0.0.0"];
    let address = select(addresses.map(|address| address.parse().unwrap()).to_vec())
        .prop_map(NatTarget::Address);
    let key = prop_oneof![
        any_side().prop_map(MapKey::Address),
        Just(MapKey::AddressPair),
        Just(MapKey::AddressAndPort),
    ];
    let map = (key, any_number(), any::<bool>()).prop_map(|(key, map, with_port)| NatTarget::Map {
        key,
        map,
        with_port,
    });
    let prefix =
        (any_side(), any_number()).prop_map(|(side, map)| NatTarget::PrefixMap { side, map });
    let kind = select(&[NatKind::Dnat, NatKind::Snat][..]);
    let nat = (kind, any_family(), prop_oneof![1 => address, 3 => map, 1 => prefix]).prop_map(
        |(kind, family, target)| {
            let family = match &target {
                NatTarget::Address(address) if address.is_ipv4() => IpFamily::V4,
                NatTarget::Address(_) => IpFamily::V6,
                NatTarget::Map { .. } | NatTarget::PrefixMap { .. } => family,
            };
            Statement::Nat { kind, family, target }
        },
    );
    prop_oneof![
        4 => any_match(),
        3 => nat,
        1 => Just(Statement::Counter),
        1 => Just(Statement::Masquerade),
        1 => Just(Statement::Accept),
        1 => Just(Statement::Drop),
        1 => Just(Statement::SetToHost),
        1 => Just(Statement::Reset),
        1 => any_family().prop_map(Statement::Reject),
        1 => any::<u16>().prop_map(Statement::SetZone),
        1 => any::<[u8; 6]>().prop_map(Statement::SetEtherDestination),
        1 => (any_family(), any_side(), any_number())
            .prop_map(|(family, side, map)| Statement::Rewrite { family, side, map }),
        1 => any_number().prop_map(|set| Statement::LearnPort { set }),
    ]
}
