//! Base chains and their hooks.

use super::Rule;

/// A chain and its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chain {
    /// What the chain is.
    pub declaration: ChainDeclaration,
    /// Its rules, in order.
    pub rules: Vec<Rule>,
}

/// A chain without its rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainDeclaration {
    /// The name.
    pub name: String,
    /// The hook; `None` for a regular chain, which hairnat never makes but may find.
    pub base: Option<BaseChain>,
}

/// What makes a chain a base chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BaseChain {
    /// The chain type.
    pub chain_type: ChainType,
    /// The hook.
    pub hook: Hook,
    /// The priority; lower runs first.
    pub priority: i32,
    /// The chain policy: whether packets that no rule decided are accepted.
    pub accept: bool,
}

/// The chain types of nft(8) that hairnat knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainType {
    /// Sees every packet.
    Filter,
    /// Sees the first packet of a connection.
    Nat,
}

impl ChainType {
    /// The keyword of nft(8).
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            ChainType::Filter => "filter",
            ChainType::Nat => "nat",
        }
    }
}

/// The netfilter hooks that hairnat knows; the numbers are `NF_INET_*` and `NF_BR_*` alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u32)]
pub enum Hook {
    /// Before the routing (or bridging) decision.
    Prerouting = 0,
    /// To this host.
    Input = 1,
    /// Through this host.
    Forward = 2,
    /// From this host.
    Output = 3,
    /// After the routing (or bridging) decision.
    Postrouting = 4,
}

impl Hook {
    /// Every hook.
    pub const ALL: [Hook; 5] =
        [Hook::Prerouting, Hook::Input, Hook::Forward, Hook::Output, Hook::Postrouting];

    /// The keyword of nft(8).
    #[must_use]
    pub const fn keyword(self) -> &'static str {
        match self {
            Hook::Prerouting => "prerouting",
            Hook::Input => "input",
            Hook::Forward => "forward",
            Hook::Output => "output",
            Hook::Postrouting => "postrouting",
        }
    }
}
