//! Rules from messages, by following what each expression leaves in the registers.
//!
//! The statements found do not depend on which registers a program chose, nor on the order in which
//! it filled them. What has no meaning among hairnat's statements becomes
//! [`Statement::Foreign`], so that the rule equals none of ours.

use super::expression::expression;
use super::is_ours;
use super::value::{Registers, Value};
use crate::address::IpFamily;
use crate::kernel::expression::{Expression, Register};
use crate::kernel::uapi::{
    ICMP_PORT_UNREACH, ICMPV6_PORT_UNREACH, NFT_CT_ZONE, NFT_META_PKTTYPE, NFT_REJECT_ICMP_UNREACH,
    NFT_REJECT_TCP_RST, NFTA_LIST_ELEM, NFTA_RULE_CHAIN, NFTA_RULE_EXPRESSIONS, NFTA_RULE_HANDLE,
    NFTA_RULE_TABLE, NFTA_RULE_USERDATA, PACKET_HOST,
};
use crate::netlink::{Attribute, Attributes, Malformed};
use crate::plan::LiveRule;
use crate::ruleset::{MapKey, NatKind, NatTarget, Rule, SetDeclaration, Statement};

/// The chain and the rule of a message; `None` if it is none of our table.
///
/// `sets` are the known sets of the table: only a set's declaration says how many registers make
/// up a key.
pub(in crate::kernel) fn rule(
    attributes: Attributes<'_>,
    sets: &[&SetDeclaration],
) -> Result<Option<(String, LiveRule)>, Malformed> {
    if !is_ours(attributes, NFTA_RULE_TABLE)? {
        return Ok(None);
    }
    let mut chain = None;
    let mut handle = None;
    let mut expressions = Attributes(&[]);
    let mut comment = false;
    for attribute in attributes {
        let attribute = attribute?;
        match attribute.kind {
            NFTA_RULE_CHAIN => chain = Some(attribute.text().into_owned()),
            NFTA_RULE_HANDLE => handle = Some(attribute.be64()?),
            NFTA_RULE_EXPRESSIONS => expressions = attribute.nested(),
            NFTA_RULE_USERDATA => comment = true,
            _ => {}
        }
    }
    let mut evaluation = Evaluation::new(sets);
    for element in expressions {
        let element = element?;
        if element.kind == NFTA_LIST_ELEM {
            evaluation.step(expression(Attribute::nested(element))?);
        }
    }
    if comment {
        evaluation.foreign("comment".to_owned());
    }
    let (statements, counter) = evaluation.finish();
    let live = LiveRule { handle: handle.ok_or(Malformed)?, rule: Rule { statements }, counter };
    Ok(Some((chain.ok_or(Malformed)?, live)))
}

/// A rule as far as it was followed.
struct Evaluation<'a> {
    sets: &'a [&'a SetDeclaration],
    registers: Registers,
    statements: Vec<Statement>,
    counter: Option<crate::plan::CounterValue>,
}

impl<'a> Evaluation<'a> {
    fn new(sets: &'a [&'a SetDeclaration]) -> Self {
        Self { sets, registers: Registers::default(), statements: Vec::new(), counter: None }
    }

    fn step(&mut self, expression: Expression) {
        match expression {
            Expression::Meta { key, to } => self.registers.load(Value::Meta(key), to),
            Expression::Payload { base, offset, len, to } => {
                self.registers.load(Value::Payload { base, offset, len }, to);
            }
            Expression::Conntrack { key, to } => self.registers.load(Value::Conntrack(key), to),
            Expression::Mask { from, to, mask } => {
                let of = Box::new(self.registers.take(from).unwrap_or(Value::Unknown));
                self.registers.load(Value::Masked { of, mask }, to);
            }
            Expression::Compare { from, negated, value } => self.compare(from, negated, &value),
            Expression::HasRoute { flags, to } => self.registers.load(Value::HasRoute(flags), to),
            Expression::Lookup { set, from, negated, to: None } => self.lookup(&set, from, negated),
            Expression::Lookup { set, from, negated: false, to: Some(to) } => {
                self.map(set, from, to);
            }
            // The kernel refuses a map that is asked for what it has not (`nft_lookup_init`).
            Expression::Lookup { set, negated: true, to: Some(_), .. } => {
                self.foreign(format!("lookup in {set}"));
            }
            Expression::SetMeta { key, from } => {
                let value = self.registers.take(from);
                let ours = key == NFT_META_PKTTYPE
                    && matches!(&value, Some(Value::Constant(bytes)) if bytes.first() == Some(&PACKET_HOST));
                self.push_if(ours, Statement::SetToHost, "change of the packet's meta data");
            }
            Expression::SetPayload { base, offset, len, from, checksum } => {
                let value = self.registers.take(from);
                let written = Value::Payload { base, offset, len };
                match value.and_then(|value| value.written_to(&written, checksum)) {
                    Some(statement) => self.statements.push(statement),
                    None => self.foreign(format!("change of {written}")),
                }
            }
            Expression::SetConntrack { key, from } => {
                let zone = match (key, self.registers.take(from)) {
                    (NFT_CT_ZONE, Some(Value::Constant(bytes))) => {
                        <[u8; 2]>::try_from(bytes).ok().map(u16::from_ne_bytes)
                    }
                    _ => None,
                };
                match zone {
                    Some(zone) => self.statements.push(Statement::SetZone(zone)),
                    None => self.foreign("change of the connection".to_owned()),
                }
            }
            Expression::Reject { kind, code } => {
                self.statements.push(match (kind, code) {
                    (NFT_REJECT_ICMP_UNREACH, ICMP_PORT_UNREACH) => Statement::Reject(IpFamily::V4),
                    (NFT_REJECT_ICMP_UNREACH, ICMPV6_PORT_UNREACH) => {
                        Statement::Reject(IpFamily::V6)
                    }
                    (NFT_REJECT_TCP_RST, _) => Statement::Reset,
                    _ => Statement::Foreign("reject".to_owned()),
                });
            }
            Expression::Update { set, from } => {
                let key = self.key(&set, from);
                let learns = key.as_deref().is_some_and(Value::are_port_twice);
                self.push_if(learns, Statement::LearnPort { set }, "update of a set");
            }
            Expression::Immediate { value, to } => self.registers.load(Value::Constant(value), to),
            Expression::Verdict { accept: true } => self.statements.push(Statement::Accept),
            Expression::Verdict { accept: false } => self.statements.push(Statement::Drop),
            Expression::Nat { kind, family, addresses, ports, prefix } => {
                self.nat(kind, family, addresses, ports, prefix);
            }
            Expression::Masquerade => self.statements.push(Statement::Masquerade),
            Expression::Counter(value) => {
                self.counter = Some(value);
                self.statements.push(Statement::Counter);
            }
            Expression::Nothing => {}
            Expression::Foreign(description) => self.foreign(description),
        }
    }

    fn foreign(&mut self, description: String) {
        self.statements.push(Statement::Foreign(description));
    }

    fn push_if(&mut self, known: bool, statement: Statement, description: &str) {
        if known {
            self.statements.push(statement);
        } else {
            self.foreign(description.to_owned());
        }
    }

    fn declaration(&self, set: &str) -> Option<&'a SetDeclaration> {
        self.sets.iter().find(|declaration| declaration.name == set).copied()
    }

    /// The values that make up a key of `set`.
    fn key(&mut self, set: &str, from: Register) -> Option<Vec<Value>> {
        let len = self.declaration(set)?.key_len();
        self.registers.take_all(from, len)
    }

    fn compare(&mut self, from: Register, negated: bool, value: &[u8]) {
        let loaded = self.registers.take(from).unwrap_or(Value::Unknown);
        match loaded.compared(negated, value) {
            Some(statement) => self.statements.push(statement),
            None => self.foreign(format!("comparison of {loaded}")),
        }
    }

    fn lookup(&mut self, set: &str, from: Register, negated: bool) {
        let key = self.key(set, from);
        let statement = match key.as_deref() {
            Some([value]) => value.address().map(|(family, side)| Statement::AddressInSet {
                family,
                side,
                negated,
                set: set.to_owned(),
            }),
            Some(key) if !negated && Value::are_port_pair(key) => {
                Some(Statement::PortPair { set: set.to_owned() })
            }
            Some(key) if !negated => match Value::as_map_key(key) {
                Some((family, MapKey::AddressAndPort)) => {
                    Some(Statement::ServiceInSet { family, set: set.to_owned() })
                }
                Some((_, MapKey::Address(_) | MapKey::AddressPair)) | None => None,
            },
            _ => None,
        };
        match statement {
            Some(statement) => self.statements.push(statement),
            None => self.foreign(format!("lookup in {set}")),
        }
    }

    fn map(&mut self, map: String, from: Register, to: Register) {
        let words = self.declaration(&map).map_or(0, |set| set.data_len().div_ceil(4));
        let key = self.key(&map, from);
        let found = if let Some((family, key)) = key.as_deref().and_then(Value::as_map_key) {
            Value::Mapped { family, key, map, words }
        } else {
            self.foreign(format!("lookup in {map}"));
            Value::Unknown
        };
        self.registers.load(found, to);
    }

    fn nat(
        &mut self,
        kind: NatKind,
        family: IpFamily,
        addresses: (Register, Register),
        ports: Option<(Register, Register)>,
        prefix: bool,
    ) {
        let value = self.registers.take(addresses.0);
        // What follows the address within the same value: the L4 port, or the last address.
        let behind = |register| self.registers.distance(addresses.0, register);
        let address_words = family.address_len() / 4;
        let single = addresses.0 == addresses.1;
        let ports_behind =
            ports.map(|(first, last)| first == last && behind(first) == Some(address_words));
        let target = match value {
            Some(Value::Constant(bytes)) if single && ports.is_none() && !prefix => {
                Value::constant_address(family, &bytes).map(NatTarget::Address)
            }
            Some(Value::Mapped { family: of, key, map, .. }) if of == family => {
                match (prefix, ports_behind, key) {
                    (false, None, key) if single => {
                        Some(NatTarget::Map { key, map, with_port: false })
                    }
                    (false, Some(true), key) if single => {
                        Some(NatTarget::Map { key, map, with_port: true })
                    }
                    (true, None, MapKey::Address(side))
                        if behind(addresses.1) == Some(address_words) =>
                    {
                        Some(NatTarget::PrefixMap { side, map })
                    }
                    _ => None,
                }
            }
            _ => None,
        };
        match target {
            Some(target) => self.statements.push(Statement::Nat { kind, family, target }),
            None => self.foreign("address translation".to_owned()),
        }
    }

    fn finish(mut self) -> (Vec<Statement>, Option<crate::plan::CounterValue>) {
        // A load is a match too: without the field the packet does not go on.
        if let Some(value) = self.registers.unused() {
            self.foreign(format!("load of {value}"));
        }
        // nft(8) has no way to write one, nor would a diff have anything to show.
        if self.statements.is_empty() {
            self.foreign("nothing".to_owned());
        }
        (self.statements, self.counter)
    }
}
