//! The rules of the fake kernel.

use super::Refusal;
use crate::kernel::encode::Unwritable;
use crate::plan::{CounterValue, LiveChain, LiveRule, LiveTable};
use crate::ruleset::{ChainType, Hook, NatKind, NatTarget, Rule, Statement};

pub(super) fn add(
    table: &mut LiveTable,
    chain: &str,
    rule: &Rule,
    handle: u64,
    before: Option<u64>,
) -> Result<(), Refusal> {
    let sets: Vec<String> = table.sets.iter().map(|set| set.name().to_owned()).collect();
    let chain = find(table, chain)?;
    let index = match before {
        None => chain.rules.len(),
        Some(next) => position(chain, next)?,
    };
    for statement in &rule.statements {
        if let Statement::Foreign(description) = statement {
            let detail = Some(Unwritable(description.clone()).to_string());
            return Err(Refusal { detail, ..libc::EOPNOTSUPP.into() });
        }
        if set_of(statement).is_some_and(|name| !sets.iter().any(|set| set == name)) {
            return Err(libc::ENOENT.into());
        }
        if !translates_where_it_may(statement, chain) {
            return Err(libc::EOPNOTSUPP.into());
        }
    }
    let counts = rule.statements.contains(&Statement::Counter);
    let counter = counts.then(CounterValue::default);
    chain.rules.insert(index, LiveRule { handle, rule: rule.clone(), counter });
    Ok(())
}

pub(super) fn delete(table: &mut LiveTable, chain: &str, handle: u64) -> Result<(), Refusal> {
    let chain = find(table, chain)?;
    let index = position(chain, handle)?;
    chain.rules.remove(index);
    Ok(())
}

pub(super) fn flush(table: &mut LiveTable, chain: &str) -> Result<(), Refusal> {
    find(table, chain)?.rules.clear();
    Ok(())
}

fn find<'a>(table: &'a mut LiveTable, name: &str) -> Result<&'a mut LiveChain, Refusal> {
    let chain = table.chains.iter_mut().find(|chain| chain.name() == name);
    chain.ok_or_else(|| libc::ENOENT.into())
}

fn position(chain: &LiveChain, handle: u64) -> Result<usize, Refusal> {
    let position = chain.rules.iter().position(|rule| rule.handle == handle);
    position.ok_or_else(|| libc::ENOENT.into())
}

/// The set that a statement asks or fills.
fn set_of(statement: &Statement) -> Option<&str> {
    match statement {
        Statement::LearnPort { set }
        | Statement::PortPair { set }
        | Statement::AddressInSet { set, .. }
        | Statement::Nat {
            target: NatTarget::Map { map: set, .. } | NatTarget::PrefixMap { map: set, .. },
            ..
        } => Some(set),
        _ => None,
    }
}

/// Whether a statement that translates stands in a chain of nat, at a hook where its end of the
/// connection is translated (`nft_nat_validate`, `nft_masq_validate`).
fn translates_where_it_may(statement: &Statement, chain: &LiveChain) -> bool {
    let hooks = match statement {
        Statement::Nat { kind: NatKind::Dnat, .. } => [Hook::Prerouting, Hook::Output].as_slice(),
        Statement::Nat { kind: NatKind::Snat, .. } => &[Hook::Postrouting, Hook::Input],
        Statement::Masquerade => &[Hook::Postrouting],
        _ => return true,
    };
    let base = chain.declaration.as_ref().ok().and_then(|declaration| declaration.base);
    base.is_none_or(|base| base.chain_type == ChainType::Nat && hooks.contains(&base.hook))
}
