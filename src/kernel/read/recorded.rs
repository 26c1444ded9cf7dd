//! Our tables from messages that somebody kept, without a kernel.

use super::Interrupted;
use super::chain_index::ChainIndex;
use super::sound::{each_once, twice};
use crate::kernel::KernelError;
use crate::kernel::decode::{self, ElementReader, FoundSet};
use crate::kernel::encode::Family;
use crate::kernel::nfnetlink;
use crate::kernel::uapi::{
    NEWCHAIN, NEWFLOWTABLE, NEWOBJ, NEWRULE, NEWSET, NEWSETELEM, NEWTABLE, NFNL_SUBSYS_NFTABLES,
    NFTA_RULE_HANDLE, NFTA_RULE_TABLE, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE,
};
use crate::netlink::{Attribute, Attributes, Malformed, Message, Messages, put};
use crate::plan::{LiveChain, LiveSet, LiveTable, Snapshot};
use crate::ruleset::TableFamily;

/// What is in our tables by `messages`, netlink messages one after the other: those of dumps of
/// them, as the kernel answers, or of a batch that makes them, such as
/// [`batch_bytes`](crate::kernel::batch_bytes) gives. For whoever looks at either without a kernel.
///
/// What deletes is passed over. Rules of a batch, which the kernel has not given handles yet, get
/// their number within the table.
///
/// # Errors
///
/// [`KernelError::Malformed`] if a message cannot be read, and [`KernelError::Stale`] if something
/// comes twice, as it does in a dump that somebody's changes went through.
pub fn snapshot_from_bytes(messages: &[u8]) -> Result<Snapshot, KernelError> {
    recorded(messages).map_err(|interrupted| match interrupted {
        Interrupted::Again => KernelError::Stale,
        Interrupted::Failed(error) => error,
    })
}

fn recorded(messages: &[u8]) -> Result<Snapshot, Interrupted> {
    let mut kept = Vec::new();
    for message in Messages(messages) {
        let message = message?;
        message.verdict()?;
        if message.kind >> 8 == NFNL_SUBSYS_NFTABLES {
            kept.push(message);
        }
    }
    let mut snapshot = Snapshot::default();
    for family in TableFamily::ALL {
        let of_family = |message: &&Message<'_>| message.body.first() == Some(&family.number());
        let recorded = Recorded(kept.iter().filter(of_family).copied().collect());
        snapshot.tables.extend(recorded.table(family)?);
    }
    Ok(snapshot)
}

/// The messages about one family.
struct Recorded<'a>(Vec<Message<'a>>);

impl<'a> Recorded<'a> {
    fn of_kind(&self, kind: u16) -> impl Iterator<Item = Result<Attributes<'a>, Malformed>> {
        self.0.iter().filter(move |message| message.kind == kind).map(nfnetlink::attributes)
    }

    fn table(&self, family: TableFamily) -> Result<Option<LiveTable>, Interrupted> {
        let mut facts = None;
        for attributes in self.of_kind(NEWTABLE) {
            facts = decode::table(attributes?)?.or(facts);
        }
        let Some(facts) = facts else { return Ok(None) };
        let mut sets = self.sets()?;
        for set in &mut sets {
            self.elements(set)?;
        }
        let mut chains = self.chains()?;
        self.rules(&sets, &mut chains)?;
        let others = self.others()?;
        let (owner, dormant) = (facts.owner, facts.dormant);
        Ok(Some(LiveTable { family, owner, dormant, sets, chains, others }))
    }

    fn sets(&self) -> Result<Vec<LiveSet>, Interrupted> {
        let mut sets = Vec::new();
        for attributes in self.of_kind(NEWSET) {
            if let FoundSet::Named { set, .. } = decode::set(attributes?)? {
                sets.push(*set);
            }
        }
        each_once(sets.iter().map(LiveSet::name))?;
        Ok(sets)
    }

    fn elements(&self, live: &mut LiveSet) -> Result<(), Interrupted> {
        let LiveSet::Known { set, counters, strays } = live else { return Ok(()) };
        if set.declaration.learned.is_some() {
            return Ok(());
        }
        let mut reader = ElementReader::new(&set.declaration);
        for attributes in self.of_kind(NEWSETELEM) {
            let attributes = attributes?;
            if !decode::is_ours(attributes, NFTA_SET_ELEM_LIST_TABLE)? {
                continue;
            }
            let name = attributes.find(NFTA_SET_ELEM_LIST_SET)?.map(Attribute::name);
            if name == Some(set.declaration.name.as_bytes()) {
                reader.read(attributes)?;
            }
        }
        (set.elements, *counters, *strays) = reader.finish();
        if twice(&set.elements) { Err(Interrupted::Again) } else { Ok(()) }
    }

    fn chains(&self) -> Result<Vec<LiveChain>, Interrupted> {
        let mut chains = Vec::new();
        for attributes in self.of_kind(NEWCHAIN) {
            chains.extend(decode::chain(attributes?)?);
        }
        each_once(chains.iter().map(LiveChain::name))?;
        Ok(chains)
    }

    fn rules(&self, sets: &[LiveSet], chains: &mut [LiveChain]) -> Result<(), Interrupted> {
        let known: Vec<_> =
            sets.iter().filter_map(|set| set.known()).map(|set| &set.declaration).collect();
        let index = ChainIndex::new(chains);
        let mut number = 0;
        for attributes in self.of_kind(NEWRULE) {
            let attributes = attributes?;
            if !decode::is_ours(attributes, NFTA_RULE_TABLE)? {
                continue;
            }
            number += 1;
            let numbered = with_handle(attributes, number)?;
            if let Some((name, rule)) = decode::rule(Attributes(&numbered), &known)? {
                index.find(chains, &name).ok_or(Malformed)?.rules.push(rule);
            }
        }
        each_once(chains.iter().flat_map(|chain| &chain.rules).map(|rule| rule.handle))
    }

    fn others(&self) -> Result<Vec<String>, Interrupted> {
        let mut others = Vec::new();
        for (kind, flowtable) in [(NEWOBJ, false), (NEWFLOWTABLE, true)] {
            for attributes in self.of_kind(kind) {
                others.extend(decode::other_name(attributes?, flowtable)?);
            }
        }
        each_once(&others)?;
        Ok(others)
    }
}

/// The attributes of a rule, with the handle `number` if it has none.
fn with_handle(attributes: Attributes<'_>, number: u64) -> Result<Vec<u8>, Malformed> {
    let mut bytes = attributes.0.to_vec();
    if attributes.find(NFTA_RULE_HANDLE)?.is_none() {
        // The last attribute need not be padded.
        bytes.resize(bytes.len().next_multiple_of(4), 0);
        put(&mut bytes, NFTA_RULE_HANDLE, &number.to_be_bytes());
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
