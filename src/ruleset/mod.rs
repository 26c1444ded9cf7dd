//! The nftables objects that hairnat owns, as values.
//!
//! The compiler makes them from a policy, the decoder from what the kernel answers; comparing the
//! two is all that a diff is. They hold what nft(8) would list, without handles, counter values or
//! register numbers.

mod chain;
mod element;
mod json;
mod nft;
mod set;
mod statement;
mod value;

use std::fmt;

pub use chain::{BaseChain, Chain, ChainDeclaration, ChainType, Hook};
pub use element::{Element, ElementIter, Elements};
pub use set::{Data, Datatype, Set, SetDeclaration};
pub use statement::{
    AddressSide, AnyPrefix, Direction, Group, MapKey, NatKind, NatTarget, Rule, Statement,
};

/// The name of both tables.
pub const TABLE_NAME: &str = "hairnat";

/// The comment of both tables, for those who list them. A diff does not compare it.
pub const TABLE_COMMENT: &str = "managed by hairnat";

/// The conntrack zone of packets that pass the hooks before their time, in which nothing is translated.
/// The number is arbitrary, and unlikely to be another program's.
pub const UNTRANSLATED_ZONE: u16 = 26_721;

/// The desired content of the tables that hairnat owns, in the order in which nft lists them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Ruleset {
    /// At most one table a family, bridge before inet.
    pub tables: Vec<Table>,
}

impl Ruleset {
    /// The table of `family`, if it is desired.
    #[must_use]
    pub fn table(&self, family: TableFamily) -> Option<&Table> {
        self.tables.iter().find(|table| table.family == family)
    }
}

/// The families that hairnat has a table in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableFamily {
    /// `NFPROTO_BRIDGE`: the guard against reflection.
    Bridge,
    /// `NFPROTO_INET`: NAT for IPv4 and IPv6.
    Inet,
}

impl TableFamily {
    /// Both, in listing order.
    pub const ALL: [TableFamily; 2] = [TableFamily::Bridge, TableFamily::Inet];

    /// The keyword of nft(8).
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            TableFamily::Bridge => "bridge",
            TableFamily::Inet => "inet",
        }
    }
}

impl fmt::Display for TableFamily {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.keyword())
    }
}

/// One table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    /// The family; the name is always [`TABLE_NAME`].
    pub family: TableFamily,
    /// Sets and maps, in the order in which they are made and listed.
    pub sets: Vec<Set>,
    /// Chains, in the order in which they are made and listed.
    pub chains: Vec<Chain>,
}
