//! A draft as YAML.

use std::fmt::Write as _;
use std::net::Ipv6Addr;
use std::num::NonZeroU16;

use super::draft::{AddressFloat, Draft, Family, Fixed, L4Ports, Place, PortFloat, PrefixFloat};
use super::places::{
    DEFAULTS, EXEMPT, FIXED, FLOAT_BLOCKS, L4_PORTS, NETWORKS, address, fixed_prefix,
};

const PROTOCOLS: [&str; 3] = ["tcp", "udp", "sctp"];

/// Where the crowd lives: a network, and the first float.
const CROWD: (&str, &str) = ("172.16.0.0", "100.64.0.0");

/// The policy, its lists in the order of the draft.
pub(super) fn policy(draft: &Draft) -> String {
    Lists::of(draft).write(draft)
}

/// The same, every list from its end.
pub(super) fn backwards(mut draft: Draft) -> String {
    draft.section.ports.reverse();
    draft.section.uplinks.reverse();
    let mut lists = Lists::of(&draft);
    for list in [&mut lists.fixed, &mut lists.default, &mut lists.exempt, &mut lists.floats] {
        list.reverse();
    }
    lists.write(&draft)
}

/// What both families say together.
#[derive(Default)]
struct Lists {
    fixed: Vec<String>,
    default: Vec<String>,
    exempt: Vec<String>,
    /// One line each.
    floats: Vec<String>,
}

impl Lists {
    fn of(draft: &Draft) -> Self {
        let mut lists = Self::default();
        for (number, family) in draft.families.iter().enumerate() {
            if let Some(family) = family {
                lists.add(family, number);
            }
        }
        let (network, first) = CROWD;
        if draft.crowd > 0 {
            lists.fixed.push(quoted(&format!("{network}/16")));
        }
        for offset in 0..u128::from(draft.crowd) {
            lists.floats.push(format!("{}: {}", address(first, offset), address(network, offset)));
        }
        lists
    }

    fn add(&mut self, family: &Family, number: usize) {
        let networks = family.networks.iter().map(|&network| NETWORKS[number][network]);
        self.fixed.extend(networks.map(|(first, len, _)| quoted(&format!("{first}/{len}"))));
        self.default.extend(family.default.map(|index| quoted(DEFAULTS[number][index])));
        self.exempt.extend(family.exempt.iter().map(|&index| quoted(EXEMPT[number][index])));
        for (&block, float) in &family.prefixes {
            self.floats.extend(prefix_floats(number, block, float));
        }
        let addresses = family.addresses.iter();
        self.floats.extend(addresses.map(|(&place, float)| address_float(number, place, float)));
        let ports = family.ports.iter();
        self.floats.extend(ports.map(|(&place, float)| port_float(number, place, float)));
    }

    fn write(&self, draft: &Draft) -> String {
        let mut text = format!("version: 1\ncounters: {}\n", draft.counters);
        let section = &draft.section;
        let names = |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>();
        let mut bridge = Vec::new();
        bridge.extend(entry("ports", &names(&section.ports)));
        bridge.extend(section.reflection.map(|word| format!("reflection: {word}")));
        bridge.extend(section.hairpin_mode.map(|word| format!("hairpin_mode: {word}")));
        let mut egress = Vec::new();
        egress.extend(entry("uplinks", &names(&section.uplinks)));
        if draft.masquerade {
            egress.push("default: masquerade".to_owned());
        } else {
            egress.extend(entry("default", &self.default));
        }
        egress.extend(entry("exempt", &self.exempt));
        text.extend(entry("fixed", &self.fixed).map(|line| line + "\n"));
        for (key, lines) in [("bridge", &bridge), ("egress", &egress), ("floats", &self.floats)] {
            if !lines.is_empty() {
                writeln!(text, "{key}:\n  {}", lines.join("\n  ")).unwrap();
            }
        }
        text
    }
}

fn entry(key: &str, items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| format!("{key}: [{}]", items.join(", ")))
}

/// One line for a prefix, two for its halves.
fn prefix_floats(family: usize, block: usize, float: &PrefixFloat) -> Vec<String> {
    let whole = if family == 0 { 28 } else { 124 };
    let parts: &[u128] = if float.halves { &[0, 8] } else { &[0] };
    let len = if float.halves { whole + 1 } else { whole };
    let prefix = |first: &str, offset| quoted(&format!("{}/{len}", address(first, offset)));
    let network = NETWORKS[family][float.network].2;
    let line = |&part: &u128| {
        let fixed = prefix(network, fixed_prefix(float.slot) + part);
        let body = body(fixed, float.egress, float.name.as_deref());
        format!("{}: {body}", prefix(FLOAT_BLOCKS[family][block], part))
    };
    parts.iter().map(line).collect()
}

fn address_float(family: usize, place: Place, float: &AddressFloat) -> String {
    let fixed = quoted(&fixed_address(family, float.fixed));
    let body = body(fixed, float.egress, float.name.as_deref());
    format!("{}: {body}", quoted(&float_address(family, place)))
}

/// The short form where it says everything.
fn body(fixed: String, egress: Option<bool>, name: Option<&str>) -> String {
    let more = egress.map(|egress| format!("egress: {egress}"));
    let more = more.into_iter().chain(name.map(|name| format!("name: {}", quoted(name))));
    let more: Vec<String> = more.collect();
    if more.is_empty() { fixed } else { format!("{{fixed: {fixed}, {}}}", more.join(", ")) }
}

fn port_float(family: usize, place: Place, float: &PortFloat) -> String {
    let ports = float.ports.iter().map(|&(protocol, range)| {
        let (first, last) = L4_PORTS[range];
        let range = if first == last { first.to_string() } else { format!("{first}-{last}") };
        (format!("{range}/{}", PROTOCOLS[protocol]), first == last)
    });
    let mut body = Vec::new();
    match &float.leads_to {
        L4Ports::List { fixed, egress } => {
            body.push(format!("fixed: {}", quoted(&fixed_address(family, *fixed))));
            body.extend(egress.then(|| "egress: true".to_owned()));
            let ports: Vec<String> = ports.map(|(key, _)| key).collect();
            body.push(format!("ports: [{}]", ports.join(", ")));
        }
        L4Ports::Map { targets } => {
            let entries = ports.zip(targets).map(|((key, single), &(fixed, l4_port))| {
                let target = target(family, fixed, l4_port.filter(|_| single));
                format!("{key}: {target}")
            });
            body.push(format!("ports: {{{}}}", entries.collect::<Vec<_>>().join(", ")));
        }
    }
    body.extend(float.name.as_deref().map(|name| format!("name: {}", quoted(name))));
    format!("{}: {{{}}}", quoted(&float_address(family, place)), body.join(", "))
}

fn target(family: usize, fixed: Fixed, l4_port: Option<u16>) -> String {
    let fixed = fixed_address(family, fixed);
    quoted(&match l4_port {
        None if ends_like_l4_port(&fixed) => format!("[{fixed}]"),
        None => fixed,
        Some(l4_port) if family == 0 => format!("{fixed}:{l4_port}"),
        Some(l4_port) => format!("[{fixed}]:{l4_port}"),
    })
}

/// Whether the address could also be a shorter IPv6 address with an L4 port.
fn ends_like_l4_port(address: &str) -> bool {
    address.rsplit_once(':').is_some_and(|(shorter, last)| {
        shorter.parse::<Ipv6Addr>().is_ok() && last.parse::<NonZeroU16>().is_ok()
    })
}

fn float_address(family: usize, (block, number): Place) -> String {
    address(FLOAT_BLOCKS[family][block], number.into())
}

fn fixed_address(family: usize, (network, number): Fixed) -> String {
    address(NETWORKS[family][network].2, FIXED[number].into())
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}
