//! Reading our tables, all at one state of them.

mod ask;
mod by_key;
mod chain_index;
mod generation;
mod recorded;
mod sound;

use super::decode::{self, ElementReader, FoundSet};
use super::encode::{Family, is_concatenation_of_ranges};
use super::error::KernelError;
use super::foreign_nat::ForeignNat;
use super::nfnetlink;
use super::uapi::{
    GETCHAIN, GETFLOWTABLE, GETOBJ, GETRULE, GETSET, GETSETELEM, GETTABLE, NEWCHAIN, NEWFLOWTABLE,
    NEWOBJ, NEWRULE, NEWSET, NEWSETELEM, NEWTABLE, NFPROTO_UNSPEC, NFTA_OTHER_TABLE,
    NFTA_RULE_TABLE, NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_TABLE,
    NFTA_TABLE_NAME,
};
use super::watch::Watch;
use crate::netlink::{self, NLM_F_DUMP, NLM_F_REQUEST, Socket, put_text};
use crate::plan::{LiveChain, LiveSet, LiveTable, Snapshot};
use crate::ruleset::{Ruleset, SetDeclaration, TABLE_NAME, TableFamily};

pub use recorded::snapshot_from_bytes;

use ask::request;
pub(super) use by_key::LARGE;
use chain_index::ChainIndex;
pub(super) use generation::{barrier, generation};
use sound::{check, each_once, still_there, twice};

/// Why a read must be made again, or failed.
pub(super) type Interrupted = netlink::Interrupted<KernelError>;

/// What is probably live, so that large sets can be asked for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    /// The tables.
    pub(super) ruleset: &'a Ruleset,
    /// The number of elements from which on a set is large.
    pub(super) large: usize,
}

/// Reads our tables once.
///
/// The generation may move meanwhile, but not by a commit to one of them: `watch` is told of those.
pub(super) fn snapshot(
    socket: &mut Socket,
    watch: &mut Watch,
    expected: Option<Expected<'_>>,
) -> Result<Snapshot, Interrupted> {
    watch.begin(socket)?;
    let (mut live, whole) = tables(socket, watch, expected)?;
    if !whole && tables(socket, watch, expected)?.0.to_ruleset() != live.to_ruleset() {
        return Err(Interrupted::Again);
    }
    live.generation = watch.settle(socket)?;
    Ok(live)
}

/// Our tables, of a generation that is not known yet, and whether it is certain that nothing is
/// missing.
fn tables(
    socket: &mut Socket,
    watch: &mut Watch,
    expected: Option<Expected<'_>>,
) -> Result<(Snapshot, bool), Interrupted> {
    let mut live = Snapshot::default();
    let mut whole = true;
    for family in TableFamily::ALL {
        let mut reader = Reader { socket, watch, family, expected, whole: true };
        live.tables.extend(reader.table()?);
        whole &= reader.whole;
    }
    Ok((live, whole))
}

/// The netlink port of the process that owns our table of `family`, if any does.
pub(super) fn owner(socket: &mut Socket, family: TableFamily) -> Result<Option<u32>, Interrupted> {
    Ok(facts(socket, family)?.and_then(|facts| facts.owner))
}

/// The NAT chains of others.
pub(super) fn foreign_nat(socket: &mut Socket) -> Result<Vec<ForeignNat>, Interrupted> {
    let flags = NLM_F_REQUEST | NLM_F_DUMP;
    let request = request(GETCHAIN, flags, NFPROTO_UNSPEC, socket.next_seq(), |_| {});
    let mut found = Vec::new();
    let errno = socket.request(&request, true, |message| {
        if message.kind == NEWCHAIN {
            found.extend(decode::foreign_nat(&message)?);
        }
        Ok(())
    })?;
    check(errno, "read the chains of others")?;
    Ok(found)
}

/// Our table of `family` as such.
fn facts(
    socket: &mut Socket,
    family: TableFamily,
) -> Result<Option<decode::TableFacts>, Interrupted> {
    let mut facts = None;
    let name = |out: &mut Vec<u8>| put_text(out, NFTA_TABLE_NAME, TABLE_NAME);
    let request = request(GETTABLE, NLM_F_REQUEST, family.number(), socket.next_seq(), name);
    let errno = socket.request(&request, false, |message| {
        if message.kind == NEWTABLE {
            facts = decode::table(nfnetlink::attributes(&message)?)?;
        }
        Ok(())
    })?;
    if errno == libc::ENOENT {
        return Ok(None);
    }
    check(errno, "read a table")?;
    Ok(facts)
}

/// Reads one table.
///
/// The kernel goes on with a dump after as many objects as it has passed over, and those of a
/// transaction that is not committed count although nobody is shown them (`nft_hash_walk`,
/// `nf_tables_dump_rules`). When such a transaction comes, or is taken back, between two parts of a
/// dump, objects appear twice or not at all, and the generation is what it was.
struct Reader<'s> {
    socket: &'s mut Socket,
    watch: &'s mut Watch,
    family: TableFamily,
    expected: Option<Expected<'s>>,
    /// Whether it is certain that nothing is missing.
    whole: bool,
}

/// A set without its elements, and how many the kernel counts.
type Counted = (LiveSet, Option<usize>);

impl Reader<'_> {
    fn table(&mut self) -> Result<Option<LiveTable>, Interrupted> {
        let Some(facts) = facts(self.socket, self.family)? else { return Ok(None) };
        let sets = self.sets()?;
        let mut read = Vec::new();
        for set in sets {
            read.push(self.elements(set, &read)?);
        }
        let sets = read;
        let mut chains = self.chains()?;
        self.rules(&sets, &mut chains)?;
        // What the kernel counts in a table (`nft_table.use`) does not tell whether there are any: a
        // transaction that is not committed changes it.
        let others = self.others()?;
        Ok(Some(LiveTable {
            family: self.family,
            owner: facts.owner,
            dormant: facts.dormant,
            sets,
            chains,
            others,
        }))
    }

    /// The sets without their elements.
    fn sets(&mut self) -> Result<Vec<Counted>, Interrupted> {
        let mut sets: Vec<Counted> = Vec::new();
        let mut anonymous = Vec::new();
        let table = |out: &mut Vec<u8>| put_text(out, NFTA_SET_TABLE, TABLE_NAME);
        let errno = self.dump(GETSET, table, |message| {
            if message.kind == NEWSET {
                match decode::set(nfnetlink::attributes(&message)?)? {
                    FoundSet::NotOurs => {}
                    FoundSet::Anonymous(name) => anonymous.push(name),
                    FoundSet::Named { set, count } => sets.push((*set, count)),
                }
            }
            Ok(())
        })?;
        self.dumped(errno, "read the sets of a table")?;
        each_once(sets.iter().map(|(set, _)| set.name()))?;
        each_once(&anonymous)?;
        Ok(sets)
    }

    /// The set with its elements; `others` have been read.
    fn elements(
        &mut self,
        (mut live, count): Counted,
        others: &[LiveSet],
    ) -> Result<LiveSet, Interrupted> {
        let LiveSet::Known { set, counters, strays } = &mut live else { return Ok(live) };
        if set.declaration.learned.is_some() {
            return Ok(live);
        }
        if let Some(reader) = self.by_key(&set.declaration, count, others)? {
            (set.elements, *counters, *strays) = reader.finish();
            return Ok(live);
        }
        (set.elements, *counters, *strays) = self.dump_elements(&set.declaration)?.finish();
        if twice(&set.elements) {
            return Err(Interrupted::Again);
        }
        // What an `rbtree` set counts are bounds. A bound that came twice looks like a stray.
        let counts = !set.declaration.interval || is_concatenation_of_ranges(&set.declaration);
        let all = counts && count == Some(set.elements.len());
        self.whole &= (all || self.in_one_part()) && *strays == 0;
        Ok(live)
    }

    fn dump_elements<'d>(
        &mut self,
        set: &'d SetDeclaration,
    ) -> Result<ElementReader<'d>, Interrupted> {
        let mut reader = ElementReader::new(set);
        let name = |out: &mut Vec<u8>| {
            put_text(out, NFTA_SET_ELEM_LIST_TABLE, TABLE_NAME);
            put_text(out, NFTA_SET_ELEM_LIST_SET, &set.name);
        };
        let errno = self.dump(GETSETELEM, name, |message| {
            if message.kind == NEWSETELEM {
                reader.read(nfnetlink::attributes(&message)?)?;
            }
            Ok(())
        })?;
        still_there(errno, "read the elements of a set")?;
        Ok(reader)
    }

    /// The chains without their rules. The kernel has no filter by table for them.
    fn chains(&mut self) -> Result<Vec<LiveChain>, Interrupted> {
        let everybodys = |_: &mut Vec<u8>| {};
        let chains =
            self.list(GETCHAIN, "read the chains of a table", everybodys, |message| match message
                .kind
            {
                NEWCHAIN => decode::chain(nfnetlink::attributes(message)?),
                _ => Ok(None),
            })?;
        each_once(chains.iter().map(LiveChain::name))?;
        Ok(chains)
    }

    fn rules(&mut self, sets: &[LiveSet], chains: &mut [LiveChain]) -> Result<(), Interrupted> {
        let declarations: Vec<&SetDeclaration> = sets
            .iter()
            .filter_map(|set| match set {
                LiveSet::Known { set, .. } => Some(&set.declaration),
                LiveSet::Foreign { .. } => None,
            })
            .collect();
        let table = |out: &mut Vec<u8>| put_text(out, NFTA_RULE_TABLE, TABLE_NAME);
        let index = ChainIndex::new(chains);
        let errno = self.dump(GETRULE, table, |message| {
            if message.kind == NEWRULE
                && let Some((name, rule)) =
                    decode::rule(nfnetlink::attributes(&message)?, &declarations)?
            {
                // The dump of the chains may have missed it.
                let chain = index.find(chains, &name).ok_or(Interrupted::Again)?;
                chain.rules.push(rule);
            }
            Ok(())
        })?;
        self.dumped(errno, "read the rules of a table")?;
        each_once(chains.iter().flat_map(|chain| &chain.rules).map(|rule| rule.handle))
    }

    /// Objects and flowtables, as nft(8) names them.
    fn others(&mut self) -> Result<Vec<String>, Interrupted> {
        let mut others = Vec::new();
        for (get, new) in [(GETOBJ, NEWOBJ), (GETFLOWTABLE, NEWFLOWTABLE)] {
            let table = |out: &mut Vec<u8>| put_text(out, NFTA_OTHER_TABLE, TABLE_NAME);
            others.extend(self.list(get, "read the objects of a table", table, |message| {
                if message.kind != new {
                    return Ok(None);
                }
                decode::other_name(nfnetlink::attributes(message)?, new == NEWFLOWTABLE)
            })?);
        }
        each_once(&others)?;
        Ok(others)
    }
}
