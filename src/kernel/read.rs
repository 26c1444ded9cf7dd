//! Reading our tables, all at one generation.

mod by_key;
mod chain_index;
mod generation;
mod recorded;
mod sound;

use super::decode::{self, ElementReader, FoundSet};
use super::encode::{Family, is_concatenation_of_ranges};
use super::error::KernelError;
use super::nfnetlink::{self, Header};
use crate::netlink::{self, Message, Socket};
use crate::netlink::{Verdict, put_text};

use super::uapi::{
    GETCHAIN, GETFLOWTABLE, GETOBJ, GETRULE, GETSET, GETSETELEM, GETTABLE, NEWCHAIN, NEWFLOWTABLE,
    NEWOBJ, NEWRULE, NEWSET, NEWSETELEM, NEWTABLE, NFTA_OTHER_TABLE, NFTA_RULE_TABLE,
    NFTA_SET_ELEM_LIST_SET, NFTA_SET_ELEM_LIST_TABLE, NFTA_SET_TABLE, NFTA_TABLE_NAME,
};
use crate::netlink::{NLM_F_DUMP, NLM_F_REQUEST};
use crate::plan::{LiveChain, LiveSet, LiveTable, Snapshot};
use crate::ruleset::{Ruleset, SetDeclaration, TABLE_NAME, TableFamily};

pub use recorded::snapshot_from_bytes;

pub(super) use by_key::LARGE;
use chain_index::ChainIndex;
pub(super) use generation::generation;
use generation::{low_bits, settled};
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
pub(super) fn snapshot(
    socket: &mut Socket,
    expected: Option<Expected<'_>>,
) -> Result<Snapshot, Interrupted> {
    let generation = generation(socket)?;
    settled(socket, generation)?;
    let (live, whole) = tables(socket, generation, expected)?;
    if !whole && tables(socket, generation, expected)?.0.to_ruleset() != live.to_ruleset() {
        return Err(Interrupted::Again);
    }
    // The low bits of the answers prove nothing if the generation went round once.
    if self::generation(socket)? != generation {
        return Err(Interrupted::Again);
    }
    Ok(live)
}

/// Our tables, and whether it is certain that nothing is missing.
fn tables(
    socket: &mut Socket,
    generation: u32,
    expected: Option<Expected<'_>>,
) -> Result<(Snapshot, bool), Interrupted> {
    let mut live = Snapshot { generation, tables: Vec::new() };
    let mut whole = true;
    for family in TableFamily::ALL {
        let generation = low_bits(generation);
        let mut reader = Reader { socket, family, generation, expected, whole: true };
        live.tables.extend(reader.table()?);
        whole &= reader.whole;
    }
    Ok((live, whole))
}

/// The netlink port of the process that owns our table of `family`, if any does.
pub(super) fn owner(socket: &mut Socket, family: TableFamily) -> Result<Option<u32>, Interrupted> {
    let generation = low_bits(generation(socket)?);
    let facts = Reader { socket, family, generation, expected: None, whole: true }.facts()?;
    Ok(facts.and_then(|facts| facts.owner))
}

/// Reads one table.
///
/// The kernel goes on with a dump after as many objects as it has passed over, and those of a
/// transaction that is not committed count although nobody is shown them (`nft_hash_walk`,
/// `nf_tables_dump_rules`). When such a transaction comes, or is taken back, between two parts of a
/// dump, objects appear twice or not at all, and the generation is what it was.
struct Reader<'s> {
    socket: &'s mut Socket,
    family: TableFamily,
    /// The low bits of the generation that every answer must have.
    generation: u16,
    expected: Option<Expected<'s>>,
    /// Whether it is certain that nothing is missing.
    whole: bool,
}

/// A set without its elements, and how many the kernel counts.
type Counted = (LiveSet, Option<usize>);

impl Reader<'_> {
    fn table(&mut self) -> Result<Option<LiveTable>, Interrupted> {
        let Some(facts) = self.facts()? else { return Ok(None) };
        let (sets, count) = self.sets()?;
        let mut read = Vec::new();
        for set in sets {
            read.push(self.elements(set, &read)?);
        }
        let sets = read;
        let mut chains = self.chains()?;
        self.rules(&sets, &mut chains)?;
        let others = if facts.used > count + chains.len() { self.others()? } else { Vec::new() };
        Ok(Some(LiveTable {
            family: self.family,
            owner: facts.owner,
            dormant: facts.dormant,
            sets,
            chains,
            others,
        }))
    }

    fn facts(&mut self) -> Result<Option<decode::TableFacts>, Interrupted> {
        let mut facts = None;
        let name = |out: &mut Vec<u8>| put_text(out, NFTA_TABLE_NAME, TABLE_NAME);
        let errno = self.ask(GETTABLE, 0, name, |message| {
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

    /// The sets without their elements, and how many there are with the anonymous ones.
    fn sets(&mut self) -> Result<(Vec<Counted>, usize), Interrupted> {
        let mut sets: Vec<Counted> = Vec::new();
        let mut anonymous = Vec::new();
        let table = |out: &mut Vec<u8>| put_text(out, NFTA_SET_TABLE, TABLE_NAME);
        let errno = self.ask(GETSET, NLM_F_DUMP, table, |message| {
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
        let count = sets.len() + anonymous.len();
        Ok((sets, count))
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
        (set.elements, *counters, *strays) = self.dump(&set.declaration)?.finish();
        if twice(&set.elements) {
            return Err(Interrupted::Again);
        }
        // What an `rbtree` set counts are bounds. A bound that came twice looks like a stray.
        let counts = !set.declaration.interval || is_concatenation_of_ranges(&set.declaration);
        let all = counts && count == Some(set.elements.len());
        self.whole &= (all || self.in_one_part()) && *strays == 0;
        Ok(live)
    }

    fn dump<'d>(&mut self, set: &'d SetDeclaration) -> Result<ElementReader<'d>, Interrupted> {
        let mut reader = ElementReader::new(set);
        let name = |out: &mut Vec<u8>| {
            put_text(out, NFTA_SET_ELEM_LIST_TABLE, TABLE_NAME);
            put_text(out, NFTA_SET_ELEM_LIST_SET, &set.name);
        };
        let errno = self.ask(GETSETELEM, NLM_F_DUMP, name, |message| {
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
        let mut chains = Vec::new();
        let errno = self.ask(
            GETCHAIN,
            NLM_F_DUMP,
            |_| {},
            |message| {
                if message.kind == NEWCHAIN {
                    chains.extend(decode::chain(nfnetlink::attributes(&message)?)?);
                }
                Ok(())
            },
        )?;
        self.dumped(errno, "read the chains of a table")?;
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
        let errno = self.ask(GETRULE, NLM_F_DUMP, table, |message| {
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
            let errno = self.ask(get, NLM_F_DUMP, table, |message| {
                if message.kind == new {
                    let flowtable = new == NEWFLOWTABLE;
                    others.extend(decode::other_name(nfnetlink::attributes(&message)?, flowtable)?);
                }
                Ok(())
            })?;
            self.dumped(errno, "read the objects of a table")?;
        }
        each_once(&others)?;
        Ok(others)
    }

    /// As [`Reader::ask`], for a request that is written already and whose answers the kernel queues
    /// all at once.
    fn ask_queued(
        &mut self,
        request: &[u8],
        mut take: impl FnMut(Message<'_>) -> Result<(), Interrupted>,
    ) -> Result<Option<Verdict>, Interrupted> {
        let generation = self.generation;
        self.socket.request_queued(request, |message| {
            if nfnetlink::generation(&message)? != generation {
                return Err(Interrupted::Again);
            }
            take(message)
        })
    }

    /// Sees to it that a dump was one.
    fn dumped(&mut self, errno: i32, action: &'static str) -> Result<(), Interrupted> {
        self.whole &= self.in_one_part();
        // Gone since it was asked for: the dump itself found no table.
        still_there(errno, action)
    }

    /// Whether the last dump came in one part, which another datagram ends: of that nothing can be
    /// missing.
    fn in_one_part(&self) -> bool {
        self.socket.datagrams() <= 2
    }

    /// Sends a request and sees to it that every answer is of our generation.
    fn ask(
        &mut self,
        kind: u16,
        flags: u16,
        fill: impl FnOnce(&mut Vec<u8>),
        mut take: impl FnMut(Message<'_>) -> Result<(), Interrupted>,
    ) -> Result<i32, Interrupted> {
        let flags = NLM_F_REQUEST | flags;
        let family = self.family.number();
        let request = request(kind, flags, family, self.socket.next_seq(), fill);
        let generation = self.generation;
        self.socket.request(&request, flags & NLM_F_DUMP != 0, |message| {
            if nfnetlink::generation(&message)? != generation {
                return Err(Interrupted::Again);
            }
            take(message)
        })
    }
}

fn request(
    kind: u16,
    flags: u16,
    family: u8,
    seq: u32,
    fill: impl FnOnce(&mut Vec<u8>),
) -> Vec<u8> {
    let mut out = Vec::new();
    let start = nfnetlink::begin(&mut out, Header { kind, flags, seq, family, resource: 0 });
    fill(&mut out);
    netlink::end(&mut out, start);
    out
}
