//! NAT: destinations to fixed addresses, sources back to floats.

use std::net::IpAddr;

use super::maps::Maps;
use crate::address::{Address, InterfacePattern, IpFamily};
use crate::policy::{DefaultSource, Policy};
use crate::ruleset::{
    AddressSide, BaseChain, Chain, ChainDeclaration, ChainType, Direction, Hook, NatKey, NatKind,
    NatTarget, Rule, Set, Statement, Table, TableFamily,
};

/// The base chains: name, hook, priority.
///
/// Destinations are translated where packets from instances and from outside arrive, and where the
/// host itself sends (`NF_IP_PRI_NAT_DST`); sources where packets leave (`NF_IP_PRI_NAT_SRC`).
const PREROUTING: (&str, BaseChain) = ("prerouting", nat(Hook::Prerouting, -100));
const OUTPUT: (&str, BaseChain) = ("output", nat(Hook::Output, -100));
const POSTROUTING: (&str, BaseChain) = ("postrouting", nat(Hook::Postrouting, 100));

const fn nat(hook: Hook, priority: i32) -> BaseChain {
    BaseChain { chain_type: ChainType::Nat, hook, priority, accept: true }
}

/// The inet table, or `None` if the policy has no fixed networks, so nothing to translate.
pub(super) fn table(policy: &Policy) -> Option<Table> {
    if policy.ipv4.is_empty() && policy.ipv6.is_empty() {
        return None;
    }
    let ipv4 = Half {
        family: IpFamily::V4,
        maps: Maps::new(&policy.ipv4, policy.counters),
        default_source: policy.ipv4.default_source.map(DefaultTarget::from),
    };
    let ipv6 = Half {
        family: IpFamily::V6,
        maps: Maps::new(&policy.ipv6, policy.counters),
        default_source: policy.ipv6.default_source.map(DefaultTarget::from),
    };
    let halves = [ipv4, ipv6];

    let destination: Vec<Rule> = halves.iter().flat_map(Half::destination_rules).collect();
    let mut source: Vec<Rule> = halves.iter().flat_map(Half::untranslated_rules).collect();
    source.extend(uplink_rule(&policy.uplinks));
    source.extend(halves.iter().flat_map(Half::source_rules));

    let mut chains = Vec::new();
    if !destination.is_empty() {
        chains.push(chain(PREROUTING, destination.clone()));
        chains.push(chain(OUTPUT, destination));
    }
    chains.push(chain(POSTROUTING, source));
    let sets = halves.into_iter().flat_map(|half| half.maps.into_sets()).collect();
    Some(Table { family: TableFamily::Inet, sets, chains })
}

/// One IP family of the table.
struct Half {
    family: IpFamily,
    maps: Maps,
    default_source: Option<DefaultTarget>,
}

/// What an instance without a float leaves as.
#[derive(Clone, Copy)]
enum DefaultTarget {
    Masquerade,
    Address(IpAddr),
}

impl<A: Address> From<DefaultSource<A>> for DefaultTarget {
    fn from(source: DefaultSource<A>) -> Self {
        match source {
            DefaultSource::Masquerade => Self::Masquerade,
            DefaultSource::Address(address) => Self::Address(address.into()),
        }
    }
}

impl Half {
    /// Translates a float to the fixed address, the most specific float first.
    fn destination_rules(&self) -> Vec<Rule> {
        let Maps { dnat, dnat_port, dnat_range, dnat_net, .. } = &self.maps;
        let by_address = NatKey::Address(AddressSide::Destination);
        [
            // nft: `dnat ip to ip daddr . meta l4proto . th dport map @dnat4_port`
            dnat_port.as_ref().map(|map| mapped(map, NatKey::AddressAndPort, true)),
            // nft: `dnat ip to ip daddr . meta l4proto . th dport map @dnat4_range`
            dnat_range.as_ref().map(|map| mapped(map, NatKey::AddressAndPort, false)),
            // nft: `dnat ip to ip daddr map @dnat4`
            dnat.as_ref().map(|map| mapped(map, by_address, false)),
            // nft: `dnat ip prefix to ip daddr map @dnat4_net`
            dnat_net.as_ref().map(|map| prefix_mapped(map, AddressSide::Destination)),
        ]
        .into_iter()
        .flatten()
        .map(|target| self.rule([self.nat(NatKind::Dnat, target)]))
        .collect()
    }

    /// Leaves alone what is not translated at all. A connection that was DNATed is no plain
    /// fixed → fixed one, even if it looks like it by now; hence the bit test on `ct status`.
    fn untranslated_rules(&self) -> Vec<Rule> {
        let Some(fixed) = &self.maps.fixed else { return Vec::new() };
        // nft: `ip saddr @fixed4 ip daddr @fixed4 ct status ! dnat accept`
        // nft: `ip saddr @fixed4 ip daddr @exempt4 ct status ! dnat accept`
        [Some(fixed), self.maps.exempt.as_ref()]
            .into_iter()
            .flatten()
            .map(|destination| {
                self.rule([
                    self.in_set(AddressSide::Source, fixed),
                    self.in_set(AddressSide::Destination, destination),
                    Statement::NotDnated,
                    Statement::Accept,
                ])
            })
            .collect()
    }

    /// Rewrites the source of what is left: egress connections, and DNATed ones.
    ///
    /// RFC 4787 §6 REQ-9a: hairpinning presents the external source address.
    fn source_rules(&self) -> Vec<Rule> {
        let Some(fixed) = &self.maps.fixed else { return Vec::new() };
        let from_fixed = self.in_set(AddressSide::Source, fixed);
        let by_address = NatKey::Address(AddressSide::Source);
        let mut rules = Vec::new();
        // nft: `snat ip to ip saddr map @snat4`
        if let Some(map) = &self.maps.snat {
            rules.push(self.rule([self.nat(NatKind::Snat, mapped(map, by_address, false))]));
        }
        // nft: `snat ip prefix to ip saddr map @snat4_net`
        if let Some(map) = &self.maps.snat_net {
            let target = prefix_mapped(map, AddressSide::Source);
            rules.push(self.rule([self.nat(NatKind::Snat, target)]));
        }
        // A client without a float would be answered directly over the bridge, past conntrack,
        // and drop the answer; so it is masqueraded. Only DNATed connections get this far.
        //
        // nft: `ip saddr @fixed4 ip daddr @fixed4 masquerade`
        if self.maps.translates_destinations() {
            rules.push(self.rule([
                from_fixed.clone(),
                self.in_set(AddressSide::Destination, fixed),
                Statement::Masquerade,
            ]));
        }
        // nft: `ip saddr @fixed4 snat ip to 203.0.113.1`, or `ip saddr @fixed4 masquerade`
        if let Some(source) = self.default_source {
            let translate = match source {
                DefaultTarget::Masquerade => Statement::Masquerade,
                DefaultTarget::Address(address) => {
                    self.nat(NatKind::Snat, NatTarget::Address(address))
                }
            };
            rules.push(self.rule([from_fixed, translate]));
        }
        rules
    }

    /// A rule of this family; in the inet family every address match needs the comparison of
    /// `meta nfproto` before it, which nft adds and hides.
    fn rule(&self, statements: impl IntoIterator<Item = Statement>) -> Rule {
        let family = [Statement::NfProto(self.family)];
        Rule { statements: family.into_iter().chain(statements).collect() }
    }

    fn nat(&self, kind: NatKind, target: NatTarget) -> Statement {
        Statement::Nat { kind, family: self.family, target }
    }

    fn in_set(&self, side: AddressSide, set: &Set) -> Statement {
        Statement::AddressInSet { family: self.family, side, set: set.declaration.name.clone() }
    }
}

/// With uplinks, leaves alone what was not DNATed and leaves by none of them: one rule before
/// every translation of a source, instead of a guard in each.
///
/// nft: `oifname != "eth0" oifname != "ppp*" ct status ! dnat accept`
fn uplink_rule(uplinks: &[InterfacePattern]) -> Option<Rule> {
    if uplinks.is_empty() {
        return None;
    }
    let by_another = uplinks.iter().map(|pattern| Statement::Interface {
        direction: Direction::Out,
        negated: true,
        pattern: pattern.clone(),
    });
    let statements = by_another.chain([Statement::NotDnated, Statement::Accept]).collect();
    Some(Rule { statements })
}

fn mapped(map: &Set, key: NatKey, with_port: bool) -> NatTarget {
    NatTarget::Map { key, map: map.declaration.name.clone(), with_port }
}

fn prefix_mapped(map: &Set, side: AddressSide) -> NatTarget {
    NatTarget::PrefixMap { side, map: map.declaration.name.clone() }
}

fn chain((name, base): (&str, BaseChain), rules: Vec<Rule>) -> Chain {
    Chain { declaration: ChainDeclaration { name: name.to_owned(), base: Some(base) }, rules }
}
