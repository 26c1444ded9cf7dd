//! What is drawn for a policy, and how it becomes one without contradictions.

use std::collections::{BTreeMap, BTreeSet};

use hairnat::address::InterfacePattern;

/// A place for a float: a block, and the number within.
pub(super) type Place = (usize, u8);

/// A fixed address: a network, and the number of the address within.
pub(super) type Fixed = (usize, usize);

#[derive(Debug, Clone)]
pub(super) struct Draft {
    /// IPv4 and IPv6.
    pub(super) families: [Option<Family>; 2],
    pub(super) section: Section,
    pub(super) masquerade: bool,
    pub(super) counters: bool,
    /// How many more IPv4 floats there are, one after the other.
    pub(super) crowd: u32,
}

/// What is said of interfaces.
#[derive(Debug, Clone)]
pub(super) struct Section {
    pub(super) ports: Vec<String>,
    pub(super) excluded: Vec<String>,
    pub(super) through: Option<Vec<String>>,
    pub(super) reflection: Option<&'static str>,
    pub(super) hairpin_mode: Option<&'static str>,
    pub(super) own_float: Option<&'static str>,
    pub(super) redirect: Option<&'static str>,
    pub(super) uplinks: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Family {
    pub(super) networks: Vec<usize>,
    pub(super) pool: Vec<usize>,
    pub(super) exempt: Vec<usize>,
    pub(super) default: Option<usize>,
    pub(super) prefixes: BTreeMap<usize, PrefixFloat>,
    pub(super) addresses: BTreeMap<Place, AddressFloat>,
    pub(super) ports: BTreeMap<Place, PortFloat>,
    /// Floats that lead nowhere, each with the instance that leaves with it.
    pub(super) outwards: BTreeMap<Place, Fixed>,
}

/// A block of floats: one prefix, or its two halves.
#[derive(Debug, Clone)]
pub(super) struct PrefixFloat {
    pub(super) halves: bool,
    pub(super) network: usize,
    pub(super) slot: u8,
    pub(super) egress: Option<bool>,
    pub(super) name: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct AddressFloat {
    pub(super) fixed: Fixed,
    pub(super) egress: Egress,
    pub(super) services: Vec<(Service, Lead)>,
    pub(super) name: Option<String>,
}

/// What a float says of egress.
#[derive(Debug, Clone)]
pub(super) enum Egress {
    Nothing,
    Flag(bool),
    Instance(Fixed),
}

#[derive(Debug, Clone)]
pub(super) struct PortFloat {
    pub(super) form: Form,
    pub(super) services: Vec<(Service, Lead)>,
    pub(super) name: Option<String>,
}

/// How L4 ports are written.
#[derive(Debug, Clone)]
pub(super) enum Form {
    /// All lead to one instance.
    List { fixed: Fixed, egress: bool },
    /// Each leads to an instance of its own.
    Map { egress: Option<Fixed> },
}

/// A protocol and a range of L4 ports, or ICMP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Service {
    Ports(usize, usize),
    Icmp,
}

/// Where a service leads; a list has but one instance.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lead {
    Instance(Fixed, Option<u16>),
    Host,
}

impl Draft {
    /// The draft without what a policy refuses.
    pub(super) fn settle(mut self) -> Self {
        self.section.settle();
        if self.families.iter().all(Option::is_none) {
            self.section.redirect = None;
        }
        self.families.iter_mut().flatten().for_each(Family::settle);
        if self.families[0].is_none() {
            self.crowd = 0;
        }
        if self.families.iter().all(Option::is_none) {
            self.masquerade = false;
        }
        self
    }
}

impl Section {
    fn settle(&mut self) {
        if self.ports.is_empty() {
            self.hairpin_mode = None;
            self.redirect = None;
        }
        let pattern = |text: &String| text.parse::<InterfacePattern>().unwrap();
        let ports: Vec<InterfacePattern> = self.ports.iter().map(pattern).collect();
        // What is left out must be a part of what is named, or of all ports.
        self.excluded.retain(|text| {
            let excluded = pattern(text);
            let whole = ports.iter().any(|port| excluded.covers(port));
            let part = ports.is_empty() || ports.iter().any(|port| port.covers(&excluded));
            part && !whole && !excluded.matches_everything()
        });
    }
}

impl Family {
    fn settle(&mut self) {
        self.point_into_networks();
        self.drop_collisions();
        self.choose_egress_prefixes();
        self.choose_egress_addresses();
    }

    /// Numbers of networks as drawn become those of networks that there are.
    fn point_into_networks(&mut self) {
        let networks = self.networks.clone();
        let settle = |network: &mut usize| *network = networks[*network % networks.len()];
        self.prefixes.values_mut().for_each(|float| settle(&mut float.network));
        self.addresses.values_mut().for_each(|float| settle(&mut float.fixed.0));
        self.outwards.values_mut().for_each(|fixed| settle(&mut fixed.0));
        let settle_services = |services: &mut Vec<(Service, Lead)>| {
            for (_, lead) in services {
                match lead {
                    Lead::Instance(fixed, _) => settle(&mut fixed.0),
                    Lead::Host => {}
                }
            }
        };
        for float in self.addresses.values_mut() {
            settle_services(&mut float.services);
            match &mut float.egress {
                Egress::Instance(fixed) => settle(&mut fixed.0),
                Egress::Nothing | Egress::Flag(_) => {}
            }
        }
        for float in self.ports.values_mut() {
            settle_services(&mut float.services);
            match &mut float.form {
                Form::List { fixed, .. } | Form::Map { egress: Some(fixed) } => {
                    settle(&mut fixed.0);
                }
                Form::Map { egress: None } => {}
            }
            // Something must lead to an instance.
            if float.services.iter().all(|(_, lead)| matches!(lead, Lead::Host)) {
                float.services[0].1 = Lead::Instance((networks[0], 0), None);
            }
        }
    }

    /// No float is inside a float prefix but what L4 ports alone lead to, and none where another is.
    fn drop_collisions(&mut self) {
        let prefixes = &self.prefixes;
        self.addresses.retain(|(block, _), _| !prefixes.contains_key(block));
        let addresses = &self.addresses;
        self.ports.retain(|place, _| !addresses.contains_key(place));
        let ports = &self.ports;
        self.outwards
            .retain(|place, _| !addresses.contains_key(place) && !ports.contains_key(place));
    }

    /// Of prefixes that lead to the same slot the first is for egress. A slot is used either whole
    /// or in halves, as prefixes for egress must not overlap.
    fn choose_egress_prefixes(&mut self) {
        let mut first = BTreeSet::new();
        let mut users = BTreeMap::new();
        for float in self.prefixes.values_mut() {
            float.halves = float.slot % 2 == 1;
            *users.entry((float.network, float.slot)).or_insert(0) += 1;
        }
        for float in self.prefixes.values_mut() {
            let slot = (float.network, float.slot);
            if users[&slot] > 1 {
                let first = first.insert(slot);
                float.egress =
                    if first { Some(true) } else { float.egress.filter(|egress| !egress) };
            }
        }
    }

    /// Connections of one fixed address leave with one float.
    fn choose_egress_addresses(&mut self) {
        let mut claimed = BTreeSet::new();
        for float in self.ports.values_mut() {
            match &mut float.form {
                Form::List { fixed, egress } => *egress = *egress && claimed.insert(*fixed),
                Form::Map { egress } => *egress = egress.filter(|fixed| claimed.insert(*fixed)),
            }
        }
        self.outwards.retain(|_, fixed| claimed.insert(*fixed));
        for float in self.addresses.values_mut() {
            float.egress = match float.egress {
                Egress::Flag(true) if !claimed.insert(float.fixed) => Egress::Flag(false),
                Egress::Instance(fixed) if !claimed.insert(fixed) => Egress::Nothing,
                Egress::Nothing => Egress::Nothing,
                Egress::Flag(egress) => Egress::Flag(egress),
                Egress::Instance(fixed) => Egress::Instance(fixed),
            };
        }
        let mut undecided = BTreeMap::new();
        for float in self.addresses.values() {
            if matches!(float.egress, Egress::Nothing) {
                *undecided.entry(float.fixed).or_insert(0) += 1;
            }
        }
        for float in self.addresses.values_mut() {
            let several = undecided.get(&float.fixed).is_some_and(|&count| count > 1);
            if several && matches!(float.egress, Egress::Nothing) && claimed.insert(float.fixed) {
                float.egress = Egress::Flag(true);
            }
        }
    }
}
