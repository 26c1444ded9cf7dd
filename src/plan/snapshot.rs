//! What was read back from the kernel: our tables only, with the generation they were read at.

use crate::ruleset::{Chain, ChainDeclaration, Rule, Ruleset, Set, Table, TableFamily};

/// The live content of our tables.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Snapshot {
    /// A ruleset generation of the network namespace (`NFTA_GEN_ID`) at which our tables were like
    /// this; any commit by anyone to any table moves it.
    pub generation: u32,
    /// Our tables that exist, bridge before inet.
    pub tables: Vec<LiveTable>,
}

impl Snapshot {
    /// The live table of `family`.
    #[must_use]
    pub fn table(&self, family: TableFamily) -> Option<&LiveTable> {
        self.tables.iter().find(|table| table.family == family)
    }
}

impl Snapshot {
    /// What is live as a ruleset, and what of it hairnat cannot write and so leaves out, as nft(8)
    /// names it.
    #[must_use]
    pub fn to_ruleset(&self) -> (Ruleset, Vec<String>) {
        let mut left_out = Vec::new();
        let tables = self.tables.iter().map(|table| table.to_table(&mut left_out)).collect();
        (Ruleset { tables }, left_out)
    }

    /// The live chains of `family`, as a table without sets; `None` if there is no table, or it is
    /// switched off. Chains and rules that hairnat cannot write are left out.
    #[must_use]
    pub fn rules_in_force(&self, family: TableFamily) -> Option<Table> {
        let table = self.table(family).filter(|table| !table.dormant)?;
        Some(Table { family, sets: Vec::new(), chains: table.known_chains(&mut Vec::new()) })
    }
}

/// A live table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveTable {
    /// The family.
    pub family: TableFamily,
    /// The netlink port of the process that owns the table (`NFT_TABLE_F_OWNER`), if any does:
    /// nobody else can change it.
    pub owner: Option<u32>,
    /// Whether the table is switched off (`NFT_TABLE_F_DORMANT`).
    pub dormant: bool,
    /// Sets and maps, in the kernel's order.
    pub sets: Vec<LiveSet>,
    /// Chains, in the kernel's order.
    pub chains: Vec<LiveChain>,
    /// Objects of kinds that hairnat never makes, each as nft(8) names it: ``counter `hits` ``.
    pub others: Vec<String>,
}

impl LiveTable {
    fn to_table(&self, left_out: &mut Vec<String>) -> Table {
        left_out.extend(self.others.iter().cloned());
        let mut sets = Vec::new();
        for live in &self.sets {
            match live {
                LiveSet::Known { set, strays, .. } => {
                    if *strays > 0 {
                        let (keyword, name) = (live.keyword(), live.name());
                        left_out.push(format!("{strays} elements of {keyword} `{name}`"));
                    }
                    sets.push(set.clone());
                }
                LiveSet::Foreign { name, .. } => left_out.push(format!("set `{name}`")),
            }
        }
        Table { family: self.family, sets, chains: self.known_chains(left_out) }
    }

    fn known_chains(&self, left_out: &mut Vec<String>) -> Vec<Chain> {
        let mut chains = Vec::new();
        for chain in &self.chains {
            let Ok(declaration) = chain.declaration.clone() else {
                left_out.push(format!("chain `{}`", chain.name()));
                continue;
            };
            let (known, foreign): (Vec<_>, Vec<_>) =
                chain.rules.iter().map(|live| live.rule.clone()).partition(Rule::is_known);
            let rule = |rule: Rule| format!("rule `{rule}` of chain `{}`", chain.name());
            left_out.extend(foreign.into_iter().map(rule));
            chains.push(Chain { declaration, rules: known });
        }
        chains
    }
}

/// A live set or map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveSet {
    /// One that hairnat could have made.
    Known {
        /// The set; the elements of a learned set are not read.
        set: Set,
        /// The counters of the elements, in their order; empty if the set counts nothing.
        counters: Vec<CounterValue>,
        /// How many elements have a form that hairnat never writes (a catch-all, a timeout of
        /// their own, a statement); they are not among the set's elements.
        strays: usize,
    },
    /// One that hairnat never makes.
    Foreign {
        /// Its name.
        name: String,
        /// What it is, for people.
        description: String,
    },
}

impl LiveSet {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            LiveSet::Known { set, .. } => &set.declaration.name,
            LiveSet::Foreign { name, .. } => name,
        }
    }

    /// `map` or `set`, as nft(8) calls it.
    #[must_use]
    pub const fn keyword(&self) -> &'static str {
        match self {
            LiveSet::Known { set, .. } => set.declaration.keyword(),
            LiveSet::Foreign { .. } => "set",
        }
    }

    /// What the set is, in a few words.
    #[must_use]
    pub fn describe(&self) -> String {
        match self {
            LiveSet::Known { set, .. } => set.declaration.describe(),
            LiveSet::Foreign { description, .. } => description.clone(),
        }
    }

    /// The set, if hairnat could have made it.
    #[must_use]
    pub const fn known(&self) -> Option<&Set> {
        match self {
            LiveSet::Known { set, .. } => Some(set),
            LiveSet::Foreign { .. } => None,
        }
    }

    /// How many elements were read; `None` of a foreign set, which is not read.
    #[must_use]
    pub fn element_count(&self) -> Option<usize> {
        match self {
            LiveSet::Known { set, strays, .. } => Some(set.elements.len() + strays),
            LiveSet::Foreign { .. } => None,
        }
    }

    /// Whether there are elements of a form that hairnat never writes.
    #[must_use]
    pub const fn has_strays(&self) -> bool {
        matches!(self, LiveSet::Known { strays: 1.., .. })
    }
}

/// A live chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveChain {
    /// What the chain is; `Err` if it is one that hairnat never makes.
    pub declaration: Result<ChainDeclaration, ForeignChain>,
    /// Its rules, in order.
    pub rules: Vec<LiveRule>,
}

impl LiveChain {
    /// The name.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.declaration {
            Ok(declaration) => &declaration.name,
            Err(foreign) => &foreign.name,
        }
    }

    /// What the chain is, in a few words, in a table of `family`.
    #[must_use]
    pub fn describe(&self, family: TableFamily) -> String {
        match &self.declaration {
            Ok(declaration) => declaration.describe(family),
            Err(foreign) => foreign.description.clone(),
        }
    }
}

/// A chain with a type or hook that hairnat never uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForeignChain {
    /// Its name.
    pub name: String,
    /// What it is, for people.
    pub description: String,
}

/// A live rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveRule {
    /// The kernel's handle, unique within the table.
    pub handle: u64,
    /// The rule.
    pub rule: Rule,
    /// The values of its `counter` statement.
    pub counter: Option<CounterValue>,
}

/// What a counter has counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CounterValue {
    /// Packets.
    pub packets: u64,
    /// Bytes, headers of the network layer included.
    pub bytes: u64,
}
