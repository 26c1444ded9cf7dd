//! A draft as YAML.

use std::fmt::Write as _;

use super::draft::{
    AddressFloat, Draft, Egress, Family, Fixed, Form, Lead, Place, PortFloat, PrefixFloat, Service,
};
use super::places::{
    DEFAULTS, EXEMPT, FIXED, FLOAT_BLOCKS, L4_PORTS, NETWORKS, POOL, address, fixed_prefix,
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
    draft.section.excluded.reverse();
    draft.section.through.iter_mut().for_each(|list| list.reverse());
    draft.section.uplinks.reverse();
    let mut lists = Lists::of(&draft);
    for list in [
        &mut lists.fixed,
        &mut lists.pool,
        &mut lists.default,
        &mut lists.exempt,
        &mut lists.floats,
    ] {
        list.reverse();
    }
    lists.write(&draft)
}

/// What both families say together.
#[derive(Default)]
struct Lists {
    fixed: Vec<String>,
    pool: Vec<String>,
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
        self.pool.extend(family.pool.iter().map(|&index| quoted(POOL[number][index])));
        self.default.extend(family.default.map(|index| quoted(DEFAULTS[number][index])));
        self.exempt.extend(family.exempt.iter().map(|&index| quoted(EXEMPT[number][index])));
        for (&block, float) in &family.prefixes {
            self.floats.extend(prefix_floats(number, block, float));
        }
        let addresses = family.addresses.iter();
        self.floats.extend(addresses.map(|(&place, float)| address_float(number, place, float)));
        let ports = family.ports.iter();
        self.floats.extend(ports.map(|(&place, float)| port_float(number, place, float)));
        let outwards = family.outwards.iter();
        self.floats.extend(outwards.map(|(&place, &fixed)| {
            let (float, fixed) = (float_address(number, place), fixed_address(number, fixed));
            format!("{}: {{egress: {}}}", quoted(&float), quoted(&fixed))
        }));
    }

    fn write(&self, draft: &Draft) -> String {
        let mut text = format!("version: 1\ncounters: {}\n", draft.counters);
        let section = &draft.section;
        let names = |names: &[String]| names.iter().map(|name| quoted(name)).collect::<Vec<_>>();
        let mut bridge = Vec::new();
        let excluded = section.excluded.iter().map(|name| quoted(&format!("!{name}")));
        let ports: Vec<String> = names(&section.ports).into_iter().chain(excluded).collect();
        bridge.extend(entry("ports", &ports));
        let through = section.through.as_ref().map(|through| names(through).join(", "));
        bridge.extend(through.map(|through| format!("through: [{through}]")));
        bridge.extend(section.reflection.map(|word| format!("reflection: {word}")));
        bridge.extend(section.hairpin_mode.map(|word| format!("hairpin_mode: {word}")));
        bridge.extend(section.own_float.map(|word| format!("own_float: {word}")));
        bridge.extend(section.redirect.map(|word| format!("redirect: {word}")));
        let mut egress = Vec::new();
        egress.extend(entry("uplinks", &names(&section.uplinks)));
        if draft.masquerade {
            egress.push("default: masquerade".to_owned());
        } else {
            egress.extend(entry("default", &self.default));
        }
        egress.extend(entry("exempt", &self.exempt));
        text.extend(entry("fixed", &self.fixed).map(|line| line + "\n"));
        text.extend(entry("pool", &self.pool).map(|line| line + "\n"));
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
        let egress = float.egress.map(|egress| format!("egress: {egress}"));
        let body = body(fixed, egress, float.name.as_deref());
        format!("{}: {body}", prefix(FLOAT_BLOCKS[family][block], part))
    };
    parts.iter().map(line).collect()
}

fn address_float(family: usize, place: Place, float: &AddressFloat) -> String {
    let fixed = quoted(&fixed_address(family, float.fixed));
    let egress = match float.egress {
        Egress::Nothing => None,
        Egress::Flag(egress) => Some(format!("egress: {egress}")),
        Egress::Instance(fixed) => {
            Some(format!("egress: {}", quoted(&fixed_address(family, fixed))))
        }
    };
    let more = egress.into_iter().chain(services(family, &float.services, None));
    let body = body(fixed, more, float.name.as_deref());
    format!("{}: {body}", quoted(&float_address(family, place)))
}

/// The short form where it says everything.
fn body(fixed: String, more: impl IntoIterator<Item = String>, name: Option<&str>) -> String {
    let name = name.map(|name| format!("name: {}", quoted(name)));
    let more: Vec<String> = more.into_iter().chain(name).collect();
    if more.is_empty() { fixed } else { format!("{{fixed: {fixed}, {}}}", more.join(", ")) }
}

fn port_float(family: usize, place: Place, float: &PortFloat) -> String {
    let mut body = Vec::new();
    let address = |fixed| quoted(&fixed_address(family, fixed));
    match float.form {
        Form::List { fixed, egress } => {
            body.push(format!("fixed: {}", address(fixed)));
            body.extend(egress.then(|| "egress: true".to_owned()));
        }
        Form::Map { egress } => {
            body.extend(egress.map(|fixed| format!("egress: {}", address(fixed))));
        }
    }
    body.extend(services(family, &float.services, Some(&float.form)));
    body.extend(float.name.as_deref().map(|name| format!("name: {}", quoted(name))));
    format!("{}: {{{}}}", quoted(&float_address(family, place)), body.join(", "))
}

/// `ports`, a map unless the form is a list, and `host`.
fn services(family: usize, services: &[(Service, Lead)], form: Option<&Form>) -> Vec<String> {
    let (mut ports, mut host) = (Vec::new(), Vec::new());
    for &(service, lead) in services {
        match (lead, form) {
            (Lead::Host, _) => host.push(key(service)),
            (Lead::Instance(..), Some(Form::List { .. })) => ports.push(key(service)),
            (Lead::Instance(fixed, moved), Some(Form::Map { .. }) | None) => {
                ports.push(format!("{}: {}", key(service), target(family, service, fixed, moved)));
            }
        }
    }
    let list = matches!(form, Some(Form::List { .. }));
    let ports = (!ports.is_empty()).then(|| ports.join(", "));
    let ports = ports.map(|text| {
        format!("ports: {}{text}{}", if list { "[" } else { "{" }, if list { "]" } else { "}" })
    });
    ports.into_iter().chain(entry("host", &host)).collect()
}

fn key(service: Service) -> String {
    match service {
        Service::Ports(protocol, range) => {
            format!("{}/{}", range_text(L4_PORTS[range]), PROTOCOLS[protocol])
        }
        Service::Icmp => "icmp".to_owned(),
    }
}

fn range_text((first, last): (u16, u16)) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// The most L4 ports of a range that changes its numbers.
const MOST_MOVED: u16 = 1000;

fn target(family: usize, service: Service, fixed: Fixed, moved: Option<u16>) -> String {
    let fixed = fixed_address(family, fixed);
    let ports = match service {
        Service::Ports(_, range) => {
            let (first, last) = L4_PORTS[range];
            let more = last - first;
            // Each is an element: few policies have hundreds of them.
            let moved = moved.filter(|moved| more < if moved % 16 == 0 { MOST_MOVED } else { 16 });
            let moved = moved.map(|moved| moved.min(u16::MAX - more));
            moved.map(|moved| format!(":{}", range_text((moved, moved + more))))
        }
        Service::Icmp => return quoted(&fixed),
    };
    let ports = ports.unwrap_or_default();
    quoted(&if family == 0 { format!("{fixed}{ports}") } else { format!("[{fixed}]{ports}") })
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
