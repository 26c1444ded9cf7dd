//! The tables of another program: for the kernel as text, for the walk as chains beside hairnat's.

use std::net::IpAddr;

use hairnat::address::IpFamily;
use hairnat::ruleset::{
    AddressSide, BaseChain, Chain, ChainDeclaration, ChainType, Datatype, Element, Elements,
    NatKind, NatTarget, Rule, Ruleset, Set, SetDeclaration, Statement, TABLE_NAME, Table,
    TableFamily,
};
use hairnat::trace::{Decision, Effect, Question, Step, walk};

use crate::foreign::{Families, Foreign, ForeignNat, ForeignRule, Towards};
use crate::places::{interface, network};

/// The name of the tables, and how the names of all that they hold begin.
const NAME: &str = "other";

impl Foreign {
    /// The tables, as `nft -f` takes them.
    pub(crate) fn script(&self) -> String {
        let renamed = |family: &str, rules: &[ForeignRule]| {
            let from = format!("table inet {TABLE_NAME}");
            table(rules).to_string().replace(&from, &format!("table {family} {NAME}"))
        };
        match self.families {
            Families::Joint => renamed("inet", &self.rules),
            Families::Separate => {
                let (v4, v6): (Vec<_>, Vec<_>) = self.rules.iter().partition(|rule| rule.is_ipv4());
                [renamed("ip", &v4), renamed("ip6", &v6)].concat()
            }
        }
    }

    /// What deletes the tables, as `nft -f` takes it.
    pub(crate) fn deletion(&self) -> String {
        match self.families {
            Families::Joint => format!("delete table inet {NAME}\n"),
            Families::Separate => format!("delete table ip {NAME}\ndelete table ip6 {NAME}\n"),
        }
    }

    /// The ruleset with these chains in hairnat's table. The kernel orders the NAT chains of a hook by
    /// priority, not by table (`nf_hook_entries_grow`).
    pub(crate) fn beside(&self, mut ruleset: Ruleset) -> Ruleset {
        let other = table(&self.rules);
        match ruleset.tables.iter_mut().find(|table| table.family == TableFamily::Inet) {
            Some(table) => {
                table.sets.extend(other.sets);
                table.chains.extend(other.chains);
            }
            None => ruleset.tables.push(other),
        }
        ruleset
    }

    /// Whether these tables alone would translate the packet as it comes to the hook of `step`.
    pub(crate) fn would_translate(&self, step: &Step, question: &Question) -> bool {
        let rules: Vec<_> =
            self.rules.iter().filter(|rule| rule.hook == step.hook).copied().collect();
        let leaves_by = Some(interface(step.before.destination).to_owned());
        let question = Question { flow: step.before, leaves_by, ..question.clone() };
        let alone = walk(&Ruleset { tables: vec![table(&rules)] }, question);
        alone.steps.iter().filter_map(|step| step.decision.as_ref()).any(translates)
    }
}

/// Whether another program decided.
pub(crate) fn is_foreign(decision: &Decision) -> bool {
    decision.chain.starts_with(NAME)
}

/// Whether an address was translated by NAT.
pub(crate) fn translates(decision: &Decision) -> bool {
    matches!(decision.effect, Effect::Dnat | Effect::Snat | Effect::Masquerade)
}

impl ForeignRule {
    fn is_ipv4(&self) -> bool {
        match self.nat {
            ForeignNat::Destination { from: address, .. }
            | ForeignNat::Source { network: address, .. } => address.is_ipv4(),
        }
    }

    /// The set that it asks, and the rule.
    fn made(&self, set: String) -> (Set, Rule) {
        let family = if self.is_ipv4() { IpFamily::V4 } else { IpFamily::V6 };
        let matching = |side, negated| {
            let set = set.clone();
            Statement::AddressInSet { family, side, negated, set }
        };
        let nat = |kind, to| Statement::Nat { kind, family, target: NatTarget::Address(to) };
        let mut statements = vec![Statement::NfProto(family)];
        let ends = match self.nat {
            ForeignNat::Destination { from, to } => {
                statements.push(matching(AddressSide::Destination, false));
                statements.push(nat(NatKind::Dnat, to));
                [from, from]
            }
            ForeignNat::Source { network: first, towards, to } => {
                statements.push(matching(AddressSide::Source, false));
                if towards == Towards::Others {
                    statements.push(matching(AddressSide::Destination, true));
                }
                statements.push(to.map_or(Statement::Masquerade, |to| nat(NatKind::Snat, to)));
                let network = network(first).expect("a network of the lab");
                [first, network.part(network.parts() - 1, self.is_ipv4())[1]]
            }
        };
        (interval(set, family, ends), Rule { statements })
    }
}

/// A set of the addresses from the first to the last one.
fn interval(name: String, family: IpFamily, [first, last]: [IpAddr; 2]) -> Set {
    let key = match family {
        IpFamily::V4 => Datatype::Ipv4Addr,
        IpFamily::V6 => Datatype::Ipv6Addr,
    };
    let declaration = SetDeclaration {
        name,
        key: vec![key],
        data: None,
        interval: true,
        learned: None,
        counter: false,
        size: None,
    };
    let mut elements = Elements::new(&declaration);
    let [first, last] = [first, last].map(|address| match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    });
    elements.push(Element { key: &first, last: &last, data: &[], comment: None });
    Set { declaration, elements }
}

/// The rules in a table, those of one hook and priority in one chain.
fn table(rules: &[ForeignRule]) -> Table {
    let mut table = Table { family: TableFamily::Inet, sets: Vec::new(), chains: Vec::new() };
    for (number, rule) in rules.iter().enumerate() {
        let (set, made) = rule.made(format!("{NAME}_set{number}"));
        table.sets.push(set);
        let base = BaseChain {
            chain_type: ChainType::Nat,
            hook: rule.hook,
            priority: rule.priority,
            accept: true,
        };
        let same = |chain: &&mut Chain| chain.declaration.base == Some(base);
        if let Some(chain) = table.chains.iter_mut().find(same) {
            chain.rules.push(made);
        } else {
            let name = format!("{NAME}_chain{}", table.chains.len());
            let declaration = ChainDeclaration { name, base: Some(base) };
            table.chains.push(Chain { declaration, rules: vec![made] });
        }
    }
    table
}
