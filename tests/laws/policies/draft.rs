//! What is drawn for a policy, and how it becomes one without contradictions.

use std::collections::{BTreeMap, BTreeSet};

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
    pub(super) reflection: Option<&'static str>,
    pub(super) hairpin_mode: Option<&'static str>,
    pub(super) uplinks: Vec<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Family {
    pub(super) networks: Vec<usize>,
    pub(super) exempt: Vec<usize>,
    pub(super) default: Option<usize>,
    pub(super) prefixes: BTreeMap<usize, PrefixFloat>,
    pub(super) addresses: BTreeMap<Place, AddressFloat>,
    pub(super) ports: BTreeMap<Place, PortFloat>,
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
    pub(super) egress: Option<bool>,
    pub(super) name: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct PortFloat {
    pub(super) leads_to: L4Ports,
    /// Protocols and ranges.
    pub(super) ports: Vec<(usize, usize)>,
    pub(super) name: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) enum L4Ports {
    List { fixed: Fixed, egress: bool },
    Map { targets: Vec<(Fixed, Option<u16>)> },
}

impl Draft {
    /// The draft without what a policy refuses.
    pub(super) fn settle(mut self) -> Self {
        if self.section.ports.is_empty() {
            self.section.hairpin_mode = None;
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
        for float in self.ports.values_mut() {
            match &mut float.leads_to {
                L4Ports::List { fixed, .. } => settle(&mut fixed.0),
                L4Ports::Map { targets } => {
                    for ((network, _), _) in targets {
                        settle(network);
                    }
                }
            }
        }
    }

    /// Only a float with L4 ports may lie inside a float prefix, and none where another is.
    fn drop_collisions(&mut self) {
        let prefixes = &self.prefixes;
        self.addresses.retain(|(block, _), _| !prefixes.contains_key(block));
        let addresses = &self.addresses;
        self.ports.retain(|place, _| !addresses.contains_key(place));
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
                float.egress = Some(first.insert(slot));
            }
        }
    }

    /// Of floats that lead to one fixed address exactly one is for egress.
    fn choose_egress_addresses(&mut self) {
        let mut claimed = BTreeSet::new();
        for float in self.ports.values_mut() {
            if let L4Ports::List { fixed, egress } = &mut float.leads_to {
                *egress = *egress && claimed.insert(*fixed);
            }
        }
        let mut users = BTreeMap::new();
        for float in self.addresses.values() {
            *users.entry(float.fixed).or_insert(0) += 1;
        }
        for float in self.addresses.values_mut() {
            if users[&float.fixed] > 1 || claimed.contains(&float.fixed) {
                let first = claimed.insert(float.fixed);
                float.egress =
                    if first { Some(true) } else { float.egress.filter(|egress| !egress) };
            }
        }
    }
}
