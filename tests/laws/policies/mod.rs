//! Random policies, as text: valid whatever is drawn, and full of edges.
//!
//! What is drawn is a draft of small numbers, so that a failure shrinks to a policy that a person
//! can read; [`Draft::settle`] drops what collides and names the egress floats.

mod draft;
mod places;
mod write;

use std::fmt;

use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::select;

use draft::{
    AddressFloat, Draft, Egress, Family, Form, Lead, PortFloat, PrefixFloat, Section, Service,
};
use places::{DEFAULTS, EXEMPT, FLOAT_BLOCKS, NETWORKS, POOL};

/// The text of a valid policy.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct PolicyText(pub(crate) String);

impl fmt::Debug for PolicyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", self.0)
    }
}

/// Any policy.
pub(crate) fn policy() -> impl Strategy<Value = PolicyText> {
    draft().prop_map(|draft| PolicyText(write::policy(&draft.settle())))
}

/// Any policy, written twice: its floats and lists once in order, once backwards.
pub(crate) fn policy_and_its_reverse() -> impl Strategy<Value = (PolicyText, PolicyText)> {
    draft().prop_map(|draft| {
        let draft = draft.settle();
        (PolicyText(write::policy(&draft)), PolicyText(write::backwards(draft)))
    })
}

fn draft() -> impl Strategy<Value = Draft> {
    let families = (option::weighted(0.8, family(0)), option::weighted(0.6, family(1)));
    let masquerade = any::<bool>();
    (families, section(), masquerade, any::<bool>(), crowd()).prop_map(
        |(families, bridge, masquerade, counters, crowd)| {
            let (ipv4, ipv6) = families;
            Draft { families: [ipv4, ipv6], section: bridge, masquerade, counters, crowd }
        },
    )
}

/// Now and then so many floats that maps grow.
fn crowd() -> impl Strategy<Value = u32> {
    prop_oneof![30 => Just(0), 1 => 450..1100_u32]
}

fn section() -> impl Strategy<Value = Section> {
    let some = || interface().prop_filter("every interface", |name| name != "*");
    let words = (
        option::of(select(&["off", "ipv6-multicast", "multicast"][..])),
        option::of(select(&["keep", "on", "off"][..])),
        option::of(select(&["translate", "rewrite"][..])),
        option::of(select(&["off", "on"][..])),
    );
    let lists = (vec(interface(), 0..4), vec(interface(), 0..3), option::of(vec(some(), 0..3)));
    (lists, words, vec(some(), 0..4)).prop_map(|(lists, words, uplinks)| {
        let (ports, excluded, through) = lists;
        let (reflection, hairpin_mode, own_float, redirect) = words;
        Section { ports, excluded, through, reflection, hairpin_mode, own_float, redirect, uplinks }
    })
}

/// A name or pattern, none of which begins with the `!` of an exclusion.
fn interface() -> impl Strategy<Value = String> {
    const KNOWN: &[&str] = &[
        "vnet*",
        "vnet1*",
        "tap0",
        "*",
        "a23456789012345",
        "a2345678901234*",
        "größe*",
        "wan.100",
        "@lan*",
    ];
    prop_oneof![
        4 => select(KNOWN).prop_map(str::to_owned),
        1 => r"[a-z0-9][a-z0-9#{};,=$@'!~._-]{0,14}",
        1 => r"[a-z0-9#{};,=$@'~._-][a-z0-9#{};,=$@'!~._-]{0,13}\*",
    ]
}

/// IPv4 is family 0, IPv6 family 1; their places have the same numbers.
fn family(family: usize) -> impl Strategy<Value = Family> {
    let networks = btree_set(0..NETWORKS[family].len(), 1..4);
    let pool = btree_set(0..POOL[family].len(), 0..3);
    let exempt = btree_set(0..EXEMPT[family].len(), 0..3);
    let default = option::of(0..DEFAULTS[family].len());
    let blocks = 0..FLOAT_BLOCKS[family].len();
    let place = (blocks.clone(), 0..16_u8);
    let prefixes = btree_map(blocks, prefix_float(), 0..4);
    let addresses = btree_map(place.clone(), address_float(), 0..8);
    let ports = btree_map(place.clone(), port_float(), 0..4);
    let outwards = btree_map(place, fixed(), 0..3);
    let ranges = (networks, pool, exempt, default);
    (ranges, prefixes, addresses, ports, outwards).prop_map(
        |((networks, pool, exempt, default), prefixes, addresses, ports, outwards)| Family {
            networks: networks.into_iter().collect(),
            pool: pool.into_iter().collect(),
            exempt: exempt.into_iter().collect(),
            default,
            prefixes,
            addresses,
            ports,
            outwards,
        },
    )
}

fn prefix_float() -> impl Strategy<Value = PrefixFloat> {
    (any::<bool>(), 0..4_usize, 0..4_u8, option::of(any::<bool>()), name()).prop_map(
        |(halves, network, slot, egress, name)| PrefixFloat { halves, network, slot, egress, name },
    )
}

fn address_float() -> impl Strategy<Value = AddressFloat> {
    let egress = prop_oneof![
        4 => Just(Egress::Nothing),
        2 => any::<bool>().prop_map(Egress::Flag),
        1 => fixed().prop_map(Egress::Instance),
    ];
    let services = prop_oneof![3 => Just(Vec::new()), 1 => services(1..4)];
    (fixed(), egress, services, name()).prop_map(|(fixed, egress, services, name)| AddressFloat {
        fixed,
        egress,
        services,
        name,
    })
}

fn port_float() -> impl Strategy<Value = PortFloat> {
    let list = (fixed(), any::<bool>()).prop_map(|(fixed, egress)| Form::List { fixed, egress });
    let map = option::of(fixed()).prop_map(|egress| Form::Map { egress });
    (prop_oneof![list, map], services(1..9), name()).prop_map(|(form, services, name)| PortFloat {
        form,
        services,
        name,
    })
}

/// Services, none twice, each with where it leads.
fn services(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<(Service, Lead)>> {
    let ports = (0..3_usize, 0..places::L4_PORTS.len());
    let service = prop_oneof![
        12 => ports.prop_map(|(protocol, range)| Service::Ports(protocol, range)),
        1 => Just(Service::Icmp),
    ];
    let moved = option::of(prop_oneof![Just(1), Just(65535), 2..65535_u16]);
    let lead = prop_oneof![
        5 => (fixed(), moved).prop_map(|(fixed, moved)| Lead::Instance(fixed, moved)),
        1 => Just(Lead::Host),
    ];
    btree_map(service, lead, count).prop_map(|services| services.into_iter().collect())
}

/// A network, and one of the addresses in it that policies are made with.
fn fixed() -> impl Strategy<Value = (usize, usize)> {
    (0..4_usize, 0..places::FIXED.len())
}

fn name() -> impl Strategy<Value = Option<String>> {
    const HARD: &[&str] = &[
        "web 1",
        "größe",
        "back\\slash",
        "ends in \\",
        "a*",
        "*",
        "$x {y} # ; , = @z :",
        " led by a space",
        "it's",
        "007",
        "null",
        "0123456789012345678901234567890123456789012345678901234567890123",
    ];
    let any = r"[ -!#-~à-ÿ雪✓]{1,16}";
    prop_oneof![
        2 => Just(None),
        1 => select(HARD).prop_map(|name| Some(name.to_owned())),
        1 => any.prop_map(Some),
    ]
}
