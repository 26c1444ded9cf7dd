//! NAT: destinations to fixed addresses, sources back to floats.

use std::net::IpAddr;

use super::maps::Maps;
use crate::address::{Address, InterfacePattern, IpFamily, Protocol};
use crate::policy::{DefaultSource, Policy};
use crate::ruleset::{
    AddressSide, BaseChain, Chain, ChainDeclaration, ChainType, Direction, Hook, MapKey, NatKind,
    NatTarget, Rule, Set, Statement, Table, TableFamily, UNTRANSLATED_ZONE,
};

/// Before conntrack (`NF_IP_PRI_CONNTRACK`, -200) looks a connection up, and before `raw` (-300), so
/// that a zone that another program sets there stays.
const ZONES: (&str, BaseChain) = ("zones", filter(Hook::Prerouting, -301));

/// Destinations are translated where packets from instances and from outside arrive, and where the host
/// itself sends (`NF_IP_PRI_NAT_DST`, -100); sources where packets leave (`NF_IP_PRI_NAT_SRC`, 100).
/// Of the NAT chains of a hook with the same priority the one registered last goes first
/// (`nf_hook_entries_grow`). One less goes first in any order.
const PREROUTING: (&str, BaseChain) = ("prerouting", nat(Hook::Prerouting, FIRST_DESTINATION));
const OUTPUT: (&str, BaseChain) = ("output", nat(Hook::Output, FIRST_DESTINATION));
const POSTROUTING: (&str, BaseChain) = ("postrouting", nat(Hook::Postrouting, FIRST_SOURCE));

/// The priority at which hairnat translates destinations: `dstnat - 1` of nft(8).
pub const FIRST_DESTINATION: i32 = -101;
/// The priority at which hairnat translates sources: `srcnat - 1` of nft(8).
pub const FIRST_SOURCE: i32 = 99;

/// Where packets that nobody translated would be forwarded, or be for the host itself.
const REFUSE_FORWARD: (&str, BaseChain) = ("refuse_forward", filter(Hook::Forward, 0));
const REFUSE_INPUT: (&str, BaseChain) = ("refuse_input", filter(Hook::Input, 0));

const fn nat(hook: Hook, priority: i32) -> BaseChain {
    BaseChain { chain_type: ChainType::Nat, hook, priority, accept: true }
}

const fn filter(hook: Hook, priority: i32) -> BaseChain {
    BaseChain { chain_type: ChainType::Filter, hook, priority, accept: true }
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
        uplinks: policy.uplinks.clone(),
    };
    let ipv6 = Half {
        family: IpFamily::V6,
        maps: Maps::new(&policy.ipv6, policy.counters),
        default_source: policy.ipv6.default_source.map(DefaultTarget::from),
        uplinks: policy.uplinks.clone(),
    };
    let halves = [ipv4, ipv6];
    let of_each =
        |rules: fn(&Half) -> Vec<Rule>| halves.iter().flat_map(rules).collect::<Vec<Rule>>();

    let mut zones: Vec<Rule> = policy.bridge.through.iter().map(pass_through_rule).collect();
    zones.extend(of_each(Half::forged_zone_rules));
    let skip: Vec<Rule> = (!zones.is_empty()).then(untranslated_zone_rule).into_iter().collect();
    let translated: Vec<Rule> = of_each(Half::destination_rules);
    let mut chains = vec![(ZONES, zones)];
    if !translated.is_empty() {
        let host: Vec<Rule> = of_each(Half::host_rules);
        let forged = of_each(Half::forged_rules);
        let own = [host, translated].concat();
        chains.push((PREROUTING, [skip.clone(), forged, own.clone()].concat()));
        chains.push((OUTPUT, own));
    }
    let mut source = skip;
    source.extend(of_each(Half::untranslated_rules));
    source.extend(of_each(Half::source_rules));
    chains.push((POSTROUTING, source));
    chains.push((REFUSE_FORWARD, of_each(Half::refuse_forward_rules)));
    chains.push((REFUSE_INPUT, of_each(Half::refuse_input_rules)));
    let chains = chains.into_iter().filter(|(_, rules)| !rules.is_empty()).map(chain).collect();
    let sets = halves.into_iter().flat_map(|half| half.maps.into_sets()).collect();
    Some(Table { family: TableFamily::Inet, sets, chains })
}

/// Keeps the frames of a bridge that they only pass through from being translated there. With
/// `br_netfilter` they pass the hooks at every bridge, and NAT would be decided at the first.
///
/// nft: `iifname "fwbr*" ct zone set 26721`
fn pass_through_rule(bridge: &InterfacePattern) -> Rule {
    let from = interface(Direction::In, bridge, false);
    Rule { statements: vec![from, Statement::SetZone(UNTRANSLATED_ZONE)] }
}

/// nft: `ct zone 26721 accept`
fn untranslated_zone_rule() -> Rule {
    Rule { statements: vec![Statement::InZone(UNTRANSLATED_ZONE), Statement::Accept] }
}

fn interface(direction: Direction, pattern: &InterfacePattern, negated: bool) -> Statement {
    Statement::Interface { direction, negated, pattern: pattern.clone() }
}

/// One IP family of the table.
struct Half {
    family: IpFamily,
    maps: Maps,
    default_source: Option<DefaultTarget>,
    uplinks: Vec<InterfacePattern>,
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
    /// What claims to be from an instance, but comes from where no instance is.
    ///
    /// nft: `ip saddr @fixed4 fib saddr . iif oif missing`
    fn forged(&self) -> Option<[Statement; 2]> {
        let fixed = self.maps.fixed.as_ref()?;
        Some([self.in_set(AddressSide::Source, fixed), Statement::SourceUnroutable])
    }

    /// Does not translate a forged packet: it would reach an instance as another float.
    ///
    /// nft: `ip saddr @fixed4 fib saddr . iif oif missing accept`
    fn forged_rules(&self) -> Vec<Rule> {
        let rule =
            |forged: [Statement; 2]| self.rule(forged.into_iter().chain([Statement::Accept]));
        self.forged().map(rule).into_iter().collect()
    }

    /// Keeps a forged packet that comes in by an uplink from being translated on its way out again, to
    /// a router that would send it back.
    ///
    /// nft: `iifname "eth0" ip saddr @fixed4 fib saddr . iif oif missing ct zone set 26721`
    fn forged_zone_rules(&self) -> Vec<Rule> {
        let Some(forged) = self.forged() else { return Vec::new() };
        let rule = |uplink: &InterfacePattern| {
            let mut rule = self.rule(forged.clone());
            rule.statements.insert(0, interface(Direction::In, uplink, false));
            rule.statements.push(Statement::SetZone(UNTRANSLATED_ZONE));
            rule
        };
        self.uplinks.iter().map(rule).collect()
    }

    /// Leaves to the host what stays with it.
    ///
    /// nft: `ip daddr . meta l4proto . th dport @host4 accept`
    fn host_rules(&self) -> Vec<Rule> {
        let rule = |host| self.rule([self.service_in_set(host), Statement::Accept]);
        self.maps.host.as_ref().map(rule).into_iter().collect()
    }

    /// Translates a float to the fixed address, the most specific float first.
    fn destination_rules(&self) -> Vec<Rule> {
        let Maps { dnat, dnat_port, dnat_range, dnat_net, .. } = &self.maps;
        let by_address = MapKey::Address(AddressSide::Destination);
        [
            // nft: `dnat ip to ip daddr . meta l4proto . th dport map @dnat4_port`
            dnat_port.as_ref().map(|map| mapped(map, MapKey::AddressAndPort, true)),
            // nft: `dnat ip to ip daddr . meta l4proto . th dport map @dnat4_range`
            dnat_range.as_ref().map(|map| mapped(map, MapKey::AddressAndPort, false)),
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

    /// Leaves alone what is not translated at all.
    ///
    /// A connection that was DNATed is no plain fixed → fixed one, even if it looks like it by now; hence
    /// the bit test on `ct status`. Destinations beyond the fixed networks are told by their address: what
    /// another program translated to them leaves as it would without a float.
    fn untranslated_rules(&self) -> Vec<Rule> {
        let Some(fixed) = &self.maps.fixed else { return Vec::new() };
        let from_fixed = self.in_set(AddressSide::Source, fixed);
        let beyond = self.outside_set(AddressSide::Destination, fixed);
        // The bit test comes first: it is cheaper than two look-ups in sets.
        //
        // nft: `ct status ! dnat ip saddr @fixed4 ip daddr @fixed4 accept`
        let mut plain = self.rule([
            from_fixed.clone(),
            self.in_set(AddressSide::Destination, fixed),
            Statement::Accept,
        ]);
        plain.statements.insert(0, Statement::NotDnated);
        let mut rules = vec![plain];
        // nft: `ip saddr @fixed4 ip daddr != @fixed4 ip daddr @exempt4 accept`
        if let Some(exempt) = &self.maps.exempt {
            let exempt = self.in_set(AddressSide::Destination, exempt);
            rules.push(self.rule([from_fixed.clone(), beyond.clone(), exempt, Statement::Accept]));
        }
        // One rule before every translation of a source, instead of a guard in each.
        //
        // nft: `ip saddr @fixed4 ip daddr != @fixed4 oifname != "eth0" oifname != "ppp*" accept`
        if !self.uplinks.is_empty() {
            let by_another =
                self.uplinks.iter().map(|uplink| interface(Direction::Out, uplink, true));
            let outwards = [from_fixed, beyond].into_iter();
            rules.push(self.rule(outwards.chain(by_another).chain([Statement::Accept])));
        }
        rules
    }

    /// Rewrites the source of what is left: egress connections, and DNATed ones.
    ///
    /// RFC 4787 §6 REQ-9a: hairpinning presents the external source address.
    fn source_rules(&self) -> Vec<Rule> {
        let Some(fixed) = &self.maps.fixed else { return Vec::new() };
        let from_fixed = self.in_set(AddressSide::Source, fixed);
        let by_address = MapKey::Address(AddressSide::Source);
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

    /// Rejects what is forwarded to an address of the pool although nobody translated it. Instances are
    /// left out: a float of the pool may be another host's.
    ///
    /// nft: `ip daddr @pool4 ct status dnat accept`, then `ip saddr != @fixed4 ip daddr @pool4 …`
    fn refuse_forward_rules(&self) -> Vec<Rule> {
        let (Some(pool), Some(fixed)) = (&self.maps.pool, &self.maps.fixed) else {
            return Vec::new();
        };
        let to_pool = self.in_set(AddressSide::Destination, pool);
        let from_others = self.outside_set(AddressSide::Source, fixed);
        self.refuse(&to_pool, vec![from_others, to_pool.clone()])
    }

    /// Rejects what is for the host itself at an address of the pool, but for what stays with it.
    ///
    /// nft: `ip daddr . meta l4proto . th dport @host4 accept`, `ip daddr @pool4 ct status dnat accept`,
    /// then `ip daddr @pool4 …`
    fn refuse_input_rules(&self) -> Vec<Rule> {
        let Some(pool) = &self.maps.pool else { return Vec::new() };
        let to_pool = self.in_set(AddressSide::Destination, pool);
        let mut rules = self.host_rules();
        rules.extend(self.refuse(&to_pool, vec![to_pool.clone()]));
        rules
    }

    /// Rejects packets that match, but for those whose destination another program translated to the
    /// pool. A packet without a connection (INVALID) has no `ct status`, so the exception comes first.
    ///
    /// TCP is reset, as an ICMP error can fall to the kernel's limit: a redirect to the same router counts
    /// too (`icmpv4_xrlim_allow`, `ip_rt_send_redirect`).
    ///
    /// nft: `meta l4proto tcp reject with tcp reset`, `reject with icmp port-unreachable`
    fn refuse(&self, to_pool: &Statement, matching: Vec<Statement>) -> Vec<Rule> {
        let reset = [Statement::L4Protocol(Protocol::Tcp), Statement::Reset];
        vec![
            self.rule([to_pool.clone(), Statement::Dnated, Statement::Accept]),
            self.rule(matching.iter().cloned().chain(reset)),
            self.rule(matching.into_iter().chain([Statement::Reject(self.family)])),
        ]
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
        let set = set.declaration.name.clone();
        Statement::AddressInSet { family: self.family, side, negated: false, set }
    }

    fn outside_set(&self, side: AddressSide, set: &Set) -> Statement {
        let set = set.declaration.name.clone();
        Statement::AddressInSet { family: self.family, side, negated: true, set }
    }

    fn service_in_set(&self, set: &Set) -> Statement {
        Statement::ServiceInSet { family: self.family, set: set.declaration.name.clone() }
    }
}

fn mapped(map: &Set, key: MapKey, with_port: bool) -> NatTarget {
    NatTarget::Map { key, map: map.declaration.name.clone(), with_port }
}

fn prefix_mapped(map: &Set, side: AddressSide) -> NatTarget {
    NatTarget::PrefixMap { side, map: map.declaration.name.clone() }
}

fn chain(((name, base), rules): ((&str, BaseChain), Vec<Rule>)) -> Chain {
    Chain { declaration: ChainDeclaration { name: name.to_owned(), base: Some(base) }, rules }
}
