//! Random policies: lines drawn one by one, each kept if the policy is still valid with it.
//!
//! So nothing here repeats what a policy refuses, and a policy shrinks by leaving out lines.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use hairnat::policy::{Policy, Source, parse};

use crate::places::{NETWORKS, Place, place};
use crate::random::Random;
use crate::servers::L4_PORTS;
use crate::vocabulary::{DEFAULTS, EXEMPT, FLOATS, OTHER, POOL, RANGES, UPLINKS, WIRED};

/// How many lines of floats are drawn, at most.
const MOST_FLOATS: usize = 24;

/// A policy as its parts, each one line or one item of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) fixed: Vec<String>,
    pub(crate) pool: Vec<String>,
    pub(crate) uplinks: Vec<String>,
    pub(crate) default: Vec<String>,
    pub(crate) exempt: Vec<String>,
    pub(crate) floats: Vec<String>,
    pub(crate) counters: bool,
    /// Whether the bridge rewrites own floats.
    pub(crate) rewrite: bool,
}

impl Draft {
    /// A policy, and with `wired` one whose fixed networks are those of the lab.
    pub(crate) fn random(random: &mut Random, wired: bool) -> Self {
        let mut draft = Self {
            counters: random.once_in(8),
            rewrite: random.once_in(3),
            uplinks: random.pick(&UPLINKS).iter().map(|&uplink| uplink.to_owned()).collect(),
            ..Self::default()
        };
        let families = random.pick(&[&[0, 1][..], &[0, 1], &[0], &[1]]);
        for &family in families {
            draft.draw_networks(random, family, wired);
            draft.draw_egress(random, family);
        }
        if random.once_in(3) {
            draft.default = vec!["masquerade".to_owned()];
        }
        let pools: Vec<Vec<String>> = families
            .iter()
            .map(|&family| (0..7).map(|_| fixed(random, family)).collect())
            .collect();
        for _ in 0..MOST_FLOATS {
            let index = random.below(families.len());
            let line = float(random, families[index], &pools[index]);
            draft.floats.push(line);
            if draft.parsed().is_none() {
                draft.floats.pop();
            }
        }
        draft
    }

    fn draw_networks(&mut self, random: &mut Random, family: usize, wired: bool) {
        let mut networks = Vec::new();
        if wired || !random.once_in(3) {
            networks.push(WIRED[family][0]);
            networks.extend((!random.once_in(3)).then_some(WIRED[family][1]));
        } else {
            networks.extend((0..=random.below(2)).map(|_| random.pick(&OTHER[family])));
        }
        self.fixed.extend(networks.into_iter().map(quoted));
    }

    fn draw_egress(&mut self, random: &mut Random, family: usize) {
        if random.once_in(3) {
            self.pool.push(quoted(random.pick(&POOL[family])));
        }
        if random.once_in(2) {
            self.default.push(quoted(random.pick(&DEFAULTS[family])));
        }
        if random.once_in(2) {
            let exempt = (0..=random.below(2)).map(|_| quoted(random.pick(&EXEMPT[family])));
            self.exempt.extend(exempt);
        }
    }

    /// The policy, or `None` if it is refused.
    pub(crate) fn parsed(&self) -> Option<Policy> {
        let name = "policy.yaml".to_owned();
        parse(&[Source { name, text: self.to_string().into_bytes() }]).ok()
    }

    /// The policies with one part less.
    pub(crate) fn smaller(&self) -> Vec<Self> {
        let mut smaller = Vec::new();
        let lists: [fn(&mut Self) -> &mut Vec<String>; 6] = [
            |draft| &mut draft.floats,
            |draft| &mut draft.pool,
            |draft| &mut draft.exempt,
            |draft| &mut draft.default,
            |draft| &mut draft.uplinks,
            |draft| &mut draft.fixed,
        ];
        for list in lists {
            for number in 0..list(&mut self.clone()).len() {
                let mut draft = self.clone();
                list(&mut draft).remove(number);
                smaller.push(draft);
            }
        }
        if self.counters {
            smaller.push(Self { counters: false, ..self.clone() });
        }
        if self.rewrite {
            smaller.push(Self { rewrite: false, ..self.clone() });
        }
        smaller
    }
}

impl std::fmt::Display for Draft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "fixed: [{}]", self.fixed.join(", "))?;
        if !self.pool.is_empty() {
            writeln!(f, "pool: [{}]", self.pool.join(", "))?;
        }
        if self.rewrite {
            writeln!(f, "bridge: {{own_float: rewrite}}")?;
        }
        let mut egress = String::new();
        for (key, items) in
            [("uplinks", &self.uplinks), ("default", &self.default), ("exempt", &self.exempt)]
        {
            match items.as_slice() {
                [] => {}
                [word] if word == "masquerade" => writeln!(egress, "  {key}: {word}")?,
                items => writeln!(egress, "  {key}: [{}]", items.join(", "))?,
            }
        }
        if !egress.is_empty() {
            write!(f, "egress:\n{egress}")?;
        }
        if self.counters {
            writeln!(f, "counters: true")?;
        }
        if !self.floats.is_empty() {
            writeln!(f, "floats:")?;
        }
        self.floats.iter().try_for_each(|line| writeln!(f, "  {line}"))
    }
}

fn quoted(text: &str) -> String {
    format!("\"{text}\"")
}

/// An address that an instance has: at the ends of its part.
fn fixed(random: &mut Random, family: usize) -> String {
    loop {
        let network = random.pick(&NETWORKS);
        let [first, last] = network.part(random.below(network.parts()), family == 0);
        let step = random.pick(&[0, 0, 1, 2, 3, 16]);
        let address = if random.once_in(2) { add(first, step) } else { add(last, -step) };
        if place(address) != Place::Host {
            return address.to_string();
        }
    }
}

/// The address `step` after or before another.
pub(crate) fn add(address: IpAddr, step: i128) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            let step = i32::try_from(step).expect("a small step");
            Ipv4Addr::from_bits(address.to_bits().wrapping_add_signed(step)).into()
        }
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits().wrapping_add_signed(step)).into()
        }
    }
}

/// One line of `floats`.
fn float(random: &mut Random, family: usize, pool: &[String]) -> String {
    let float = quoted(random.pick(&FLOATS[family]));
    let fixed = quoted(&random.pick(pool));
    match random.below(12) {
        0..4 => match random.below(5) {
            0 => format!("{float}: {{fixed: {fixed}, egress: true}}"),
            1 => format!("{float}: {{fixed: {fixed}, egress: false}}"),
            2 => format!("{float}: {{fixed: {fixed}{}}}", host(random)),
            _ => format!("{float}: {fixed}"),
        },
        4..7 => prefix(random, family),
        7 => {
            let services = |random: &mut Random| service(random).0;
            let ports: Vec<String> = (0..=random.below(4)).map(|_| services(random)).collect();
            let more = [random.pick(&["", ", egress: true"]), &*host(random)].concat();
            format!("{float}: {{fixed: {fixed}, ports: [{}]{more}}}", ports.join(", "))
        }
        8 => format!("{float}: {{egress: {fixed}}}"),
        _ => {
            let entries: Vec<String> =
                (0..=random.below(4)).map(|_| map_entry(random, family, pool)).collect();
            let more = match random.below(4) {
                0 => format!(", fixed: {fixed}"),
                1 => format!(", egress: {fixed}"),
                _ => String::new(),
            };
            format!("{float}: {{ports: {{{}}}{more}{}}}", entries.join(", "), host(random))
        }
    }
}

/// What stays with the host, mostly nothing.
fn host(random: &mut Random) -> String {
    if random.once_in(3) { format!(", host: [{}]", service(random).0) } else { String::new() }
}

/// An entry of a map of `ports`.
fn map_entry(random: &mut Random, family: usize, pool: &[String]) -> String {
    let (service, range) = service(random);
    let fixed = random.pick(pool);
    let start = random.pick(&L4_PORTS);
    let moved = range.filter(|range| random.once_in(2) && is_served(*range, start));
    let target = match moved {
        Some((first, last)) => {
            let to = range_text((start, start + (last - first)));
            if family == 0 { format!("{fixed}:{to}") } else { format!("[{fixed}]:{to}") }
        }
        // An IPv6 address whose last group could be an L4 port has brackets.
        None if family == 1 && range.is_some() => format!("[{fixed}]"),
        None => fixed,
    };
    format!("{service}: {}", quoted(&target))
}

/// Whether each L4 port of the range that the lab asks for leads to one that it serves, if the first
/// one leads to `start`.
fn is_served((first, last): (u16, u16), start: u16) -> bool {
    let mut asked = L4_PORTS.iter().filter(|port| (first..=last).contains(port));
    start.checked_add(last - first).is_some()
        && asked.all(|port| L4_PORTS.contains(&(start + (port - first))))
}

/// L4 ports with their protocol, and their range; or ICMP.
fn service(random: &mut Random) -> (String, Option<(u16, u16)>) {
    if random.once_in(8) {
        return ("icmp".to_owned(), None);
    }
    let range = random.pick(&RANGES);
    let protocol = random.pick(&["tcp", "tcp", "udp", "udp", "sctp"]);
    (format!("{}/{protocol}", range_text(range)), Some(range))
}

fn range_text((first, last): (u16, u16)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// A prefix, at the edge of a part, next to other prefixes.
fn prefix(random: &mut Random, family: usize) -> String {
    let network = random.pick(&NETWORKS);
    let [first, last] = network.part(random.below(network.parts()), family == 0);
    let length = random.pick(
        &[[31, 30, 29, 28, 28, 27, 26, 25, 24], [127, 126, 125, 124, 124, 112, 66, 65, 64]][family],
    );
    let size = 1_i128 << ([32, 128][family] - length);
    let near = if random.once_in(2) { first } else { last };
    let fixed = masked(near, length);
    // Blocks of this size, one beside the other.
    let base: IpAddr = ["198.18.0.0", "2001:db8:18::"][family].parse().expect("an address");
    let float = add(base, size * i128::try_from(random.below(4)).expect("few"));
    let (float, fixed) =
        (quoted(&format!("{float}/{length}")), quoted(&format!("{fixed}/{length}")));
    match random.below(4) {
        0 => format!("{float}: {{fixed: {fixed}, egress: true}}"),
        1 => format!("{float}: {{fixed: {fixed}, egress: false}}"),
        _ => format!("{float}: {fixed}"),
    }
}

fn masked(address: IpAddr, length: u32) -> IpAddr {
    match address {
        IpAddr::V4(address) => {
            Ipv4Addr::from_bits(address.to_bits() & (u32::MAX << (32 - length))).into()
        }
        IpAddr::V6(address) => {
            Ipv6Addr::from_bits(address.to_bits() & (u128::MAX << (128 - length))).into()
        }
    }
}
