//! What of a ruleset that was read nft(8) can load again from text.
//!
//! Every ruleset of a policy can be loaded. Through netlink or JSON, other programs put more into a
//! table than the language of nft can say: names that are keywords, quotation marks in comments,
//! rules without the comparison that an address match implies.

use super::names::{is_name, is_reference};
use crate::address::{IpFamily, Protocol};
use crate::ruleset::{
    Chain, Datatype, Element, Elements, MapKey, NatTarget, Rule, Ruleset, Set, SetDeclaration,
    Statement, Table, TableFamily,
};

/// The longest comment that nft takes, in bytes (`NFTNL_UDATA_COMMENT_MAXLEN`, libnftnl/udata.h).
const LONGEST_COMMENT: usize = 128;

impl Ruleset {
    /// The ruleset with what nft(8) can load from its text, and what else it has, as nft names it.
    #[must_use]
    pub fn loadable(self) -> (Self, Vec<String>) {
        let mut left_out = Vec::new();
        let tables = self.tables.into_iter().map(|table| table.loadable(&mut left_out)).collect();
        (Self { tables }, left_out)
    }
}

impl Table {
    fn loadable(self, left_out: &mut Vec<String>) -> Self {
        let Self { family, sets, chains } = self;
        let sets: Vec<Set> = sets.into_iter().filter_map(|set| set.loadable(left_out)).collect();
        let rules = Rules { family, sets: &sets };
        let mut kept = Vec::new();
        for Chain { declaration, rules: all } in chains {
            let name = &declaration.name;
            if !is_name(name) {
                left_out.push(format!("chain `{name}`"));
                continue;
            }
            let (known, unknown): (Vec<_>, Vec<_>) =
                all.into_iter().partition(|rule| rules.are_loadable(rule));
            left_out.extend(unknown.iter().map(|rule| format!("rule `{rule}` of chain `{name}`")));
            kept.push(Chain { declaration, rules: known });
        }
        Self { family, sets, chains: kept }
    }
}

impl Set {
    fn loadable(self, left_out: &mut Vec<String>) -> Option<Self> {
        let object = format!("{} `{}`", self.declaration.keyword(), self.declaration.name);
        if !is_name(&self.declaration.name) {
            left_out.push(object);
            return None;
        }
        let wrong = |element: &Element<'_>| !element.is_loadable(&self.declaration);
        let mute = |element: &Element<'_>| element.comment.is_some_and(|text| !is_comment(text));
        let elements = self.elements.iter().filter(wrong).count();
        let comments = self.elements.iter().filter(|one| mute(one) && !wrong(one)).count();
        if (elements, comments) == (0, 0) {
            return Some(self);
        }
        left_out.extend(counted(elements, "element", &object));
        left_out.extend(counted(comments, "comment", &object));
        let mut kept = Elements::new(&self.declaration);
        for element in self.elements.iter().filter(|one| !wrong(one)) {
            let comment = element.comment.filter(|text| is_comment(text));
            kept.push(Element { comment, ..element });
        }
        Some(Self { declaration: self.declaration, elements: kept })
    }
}

fn counted(count: usize, noun: &str, object: &str) -> Option<String> {
    match count {
        0 => None,
        1 => Some(format!("1 {noun} of {object}")),
        _ => Some(format!("{count} {noun}s of {object}")),
    }
}

impl SetDeclaration {
    /// Whether nft reads back elements as they were.
    fn has_loadable_elements(&self) -> bool {
        // It turns the bytes of these around where ranges are compared.
        let turned = self.interval && self.key.contains(&Datatype::IfaceIndex);
        // nft 1.0.6 loses the end of a range that is neither of addresses nor of a concatenation.
        let ranges = self.data.as_ref().filter(|data| data.interval);
        let whole = ranges.is_none_or(|data| match data.types.as_slice() {
            [one] => matches!(one, Datatype::Ipv4Addr | Datatype::Ipv6Addr),
            _ => true,
        });
        !turned && whole
    }
}

impl Element<'_> {
    /// Whether the set has elements that nft reads, all ranges go up, and interfaces have numbers.
    fn is_loadable(&self, declaration: &SetDeclaration) -> bool {
        let data = declaration.data.as_ref();
        let (first, last) = match data {
            Some(data) if data.interval => self.data.split_at(self.data.len() / 2),
            Some(_) | None => (self.data, self.data),
        };
        let types = data.map_or(&[][..], |data| &data.types);
        declaration.has_loadable_elements()
            && are_fields(&declaration.key, self.key, self.last)
            && are_fields(types, first, last)
    }
}

/// Whether nft reads each field of a key or of data, from `first` to `last`.
fn are_fields(types: &[Datatype], first: &[u8], last: &[u8]) -> bool {
    let mut start = 0;
    types.iter().all(|datatype| {
        let field = start..start + datatype.padded_len();
        start = field.end;
        let (first, last) = (first.get(field.clone()), last.get(field));
        let number = || {
            let bytes = first.and_then(|bytes| bytes.try_into().ok());
            // The index of an interface is an `int` and positive (`dev_new_index`, net/core/dev.c).
            bytes.is_some_and(|bytes| i32::from_ne_bytes(bytes) >= 0)
        };
        match datatype {
            Datatype::IfaceIndex => first == last && number(),
            Datatype::Ipv4Addr
            | Datatype::Ipv6Addr
            | Datatype::InetProto
            | Datatype::InetService => first <= last,
        }
    })
}

/// Whether nft reads the text between quotation marks.
fn is_comment(text: &str) -> bool {
    text.len() <= LONGEST_COMMENT && !text.contains(['"', '\0'])
}

/// The rules of a table, whose sets are these.
struct Rules<'a> {
    family: TableFamily,
    sets: &'a [Set],
}

impl Rules<'_> {
    /// Whether the text of the rule becomes that rule.
    ///
    /// An address match implies the comparison of `meta nfproto`, which nft adds where the rule has
    /// none; and behind a statement that decides nft takes nothing.
    fn are_loadable(&self, rule: &Rule) -> bool {
        let mut compared = Vec::new();
        let mut decided = false;
        let tcp = Statement::L4Protocol(Protocol::Tcp);
        if rule.statements.contains(&Statement::Reset) && !rule.statements.contains(&tcp) {
            return false;
        }
        !rule.statements.is_empty()
            && rule.statements.iter().all(|statement| {
                let goes_on = !decided;
                decided |= statement.decides();
                goes_on && self.is_loadable(statement, &mut compared)
            })
    }

    /// As [`Rules::are_loadable`] for one statement, behind those that compared `meta nfproto` with
    /// the families in `compared`.
    fn is_loadable(&self, statement: &Statement, compared: &mut Vec<IpFamily>) -> bool {
        use Datatype::{IfaceIndex, InetProto, InetService};
        let inet = self.family == TableFamily::Inet;
        let contradicts = |family: &IpFamily| compared.iter().any(|other| other != family);
        let implies = |family: &IpFamily| !compared.is_empty() && !contradicts(family);
        match statement {
            Statement::Interface { .. }
            | Statement::ToHost
            | Statement::L4Protocol(_)
            | Statement::InZone(_)
            | Statement::Dnated
            | Statement::NotDnated
            | Statement::SetToHost
            | Statement::Counter
            | Statement::Accept
            | Statement::Drop => true,
            // Where the rule does not compare the protocol, nft adds that before a reset.
            Statement::SourceUnroutable
            | Statement::SetZone(_)
            | Statement::Masquerade
            | Statement::Reset => inet,
            // In the inet family nft adds the comparison of `meta iiftype` before the address.
            Statement::EtherDestination(_) | Statement::SetEtherDestination(_) => !inet,
            Statement::Reject(family) => inet && implies(family),
            // nft makes a set dynamic that a rule updates.
            Statement::LearnPort { set } => {
                self.is_set(set, &[IfaceIndex, IfaceIndex])
                    && self.declaration(set).is_some_and(|set| set.learned.is_some())
            }
            Statement::PortPair { set } => self.is_set(set, &[IfaceIndex, IfaceIndex]),
            Statement::NfProto(family) => {
                compared.push(*family);
                inet
            }
            Statement::EtherType(family) => {
                compared.push(*family);
                !inet
            }
            Statement::AddressInSet { family, set, .. } => {
                implies(family) && self.is_set(set, &[address(*family)])
            }
            Statement::DestinationOutside(prefix) => implies(&prefix.family()),
            Statement::ServiceInSet { family, set } => {
                inet && implies(family)
                    && self.is_set(set, &[address(*family), InetProto, InetService])
            }
            Statement::Rewrite { family, map, .. } => {
                let ip = address(*family);
                implies(family) && self.is_map(map, &[ip, ip], &[ip], false)
            }
            Statement::Nat { family, target, .. } => {
                let ip = address(*family);
                inet && match target {
                    NatTarget::Address(_) => !contradicts(family),
                    NatTarget::Map { key, map, with_port } => {
                        let key: &[Datatype] = match key {
                            MapKey::Address(_) => &[ip],
                            MapKey::AddressPair => &[ip, ip],
                            MapKey::AddressAndPort => &[ip, InetProto, InetService],
                        };
                        let data: &[Datatype] = if *with_port { &[ip, InetService] } else { &[ip] };
                        implies(family) && self.is_map(map, key, data, false)
                    }
                    NatTarget::PrefixMap { map, .. } => {
                        implies(family) && self.is_map(map, &[ip], &[ip], true)
                    }
                }
            }
            Statement::Foreign(_) => false,
        }
    }

    fn declaration(&self, name: &str) -> Option<&SetDeclaration> {
        let named = |set: &&SetDeclaration| set.name == name && is_reference(name);
        self.sets.iter().map(|set| &set.declaration).find(named)
    }

    fn is_set(&self, name: &str, key: &[Datatype]) -> bool {
        self.declaration(name).is_some_and(|set| set.key == key && set.data.is_none())
    }

    fn is_map(&self, name: &str, key: &[Datatype], types: &[Datatype], interval: bool) -> bool {
        let leads = |set: &SetDeclaration| {
            set.data.as_ref().is_some_and(|data| data.types == types && data.interval == interval)
        };
        self.declaration(name).is_some_and(|set| set.key == key && leads(set))
    }
}

impl Statement {
    /// Whether nothing behind it is reached.
    const fn decides(&self) -> bool {
        match self {
            Self::Nat { .. }
            | Self::Masquerade
            | Self::Accept
            | Self::Drop
            | Self::Reject(_)
            | Self::Reset => true,
            Self::Interface { .. }
            | Self::EtherDestination(_)
            | Self::LearnPort { .. }
            | Self::PortPair { .. }
            | Self::NfProto(_)
            | Self::EtherType(_)
            | Self::ToHost
            | Self::AddressInSet { .. }
            | Self::DestinationOutside(_)
            | Self::ServiceInSet { .. }
            | Self::L4Protocol(_)
            | Self::SourceUnroutable
            | Self::InZone(_)
            | Self::Dnated
            | Self::NotDnated
            | Self::SetZone(_)
            | Self::Rewrite { .. }
            | Self::SetEtherDestination(_)
            | Self::SetToHost
            | Self::Counter
            | Self::Foreign(_) => false,
        }
    }
}

fn address(family: IpFamily) -> Datatype {
    match family {
        IpFamily::V4 => Datatype::Ipv4Addr,
        IpFamily::V6 => Datatype::Ipv6Addr,
    }
}
