//! Chains and their priorities as nft(8) text.

use std::fmt;

use crate::ruleset::{BaseChain, Chain, ChainDeclaration, Hook, TableFamily};

/// A priority that nft(8) has a name for, and the hook that it is confined to, if any.
struct StandardPriority {
    name: &'static str,
    value: i32,
    hook: Option<Hook>,
}

/// nft(8), "Standard priority names, family and hook compatibility matrix".
const INET_PRIORITIES: &[StandardPriority] = &[
    StandardPriority { name: "raw", value: -300, hook: None },
    StandardPriority { name: "mangle", value: -150, hook: None },
    StandardPriority { name: "dstnat", value: -100, hook: Some(Hook::Prerouting) },
    StandardPriority { name: "filter", value: 0, hook: None },
    StandardPriority { name: "security", value: 50, hook: None },
    StandardPriority { name: "srcnat", value: 100, hook: Some(Hook::Postrouting) },
];

/// nft(8), "Standard priority names and hook compatibility for the bridge family".
const BRIDGE_PRIORITIES: &[StandardPriority] = &[
    StandardPriority { name: "dstnat", value: -300, hook: Some(Hook::Prerouting) },
    StandardPriority { name: "filter", value: -200, hook: None },
    StandardPriority { name: "out", value: 100, hook: Some(Hook::Output) },
    StandardPriority { name: "srcnat", value: 300, hook: Some(Hook::Postrouting) },
];

/// How far from a standard priority nft(8) still writes its name: `filter + 10`.
const REACH: u32 = 10;

impl Chain {
    pub(super) fn list(&self, family: TableFamily, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "\tchain {} {{", self.declaration.name)?;
        if let Some(base) = self.declaration.base {
            writeln!(f, "\t\t{}", base.text(family))?;
        }
        for rule in &self.rules {
            writeln!(f, "\t\t{}", rule.listing(0, 0))?;
        }
        f.write_str("\t}\n")
    }
}

impl ChainDeclaration {
    /// The chain without its rules as one line of nft(8), for a table of `family`.
    #[must_use]
    pub fn text(&self, family: TableFamily) -> String {
        match self.base {
            Some(base) => format!("chain {} {{ {} }}", self.name, base.text(family)),
            None => format!("chain {}", self.name),
        }
    }

    /// What the chain is, in a few words, for a table of `family`.
    #[must_use]
    pub fn describe(&self, family: TableFamily) -> String {
        self.base.map_or_else(|| "no hook".to_owned(), |base| base.text(family))
    }
}

impl BaseChain {
    /// `type nat hook prerouting priority dstnat; policy accept;`, for a table of `family`, whose
    /// priorities have names of their own.
    #[must_use]
    pub fn text(self, family: TableFamily) -> String {
        let chain_type = self.chain_type.keyword();
        let hook = self.hook.keyword();
        let priority = self.priority_text(family);
        let verdict = if self.accept { "accept" } else { "drop" };
        format!("type {chain_type} hook {hook} priority {priority}; policy {verdict};")
    }

    fn priority_text(self, family: TableFamily) -> String {
        let standard = match family {
            TableFamily::Bridge => BRIDGE_PRIORITIES,
            TableFamily::Inet => INET_PRIORITIES,
        }
        .iter()
        .filter(|standard| standard.hook.is_none_or(|hook| hook == self.hook))
        .find(|standard| standard.value.abs_diff(self.priority) <= REACH);
        match standard {
            None => self.priority.to_string(),
            Some(standard) if self.priority == standard.value => standard.name.to_owned(),
            Some(standard) => {
                let sign = if self.priority > standard.value { '+' } else { '-' };
                let distance = standard.value.abs_diff(self.priority);
                format!("{} {sign} {distance}", standard.name)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::ruleset::{BaseChain, ChainDeclaration, ChainType, Hook, TableFamily};

    fn priority(family: TableFamily, hook: Hook, priority: i32) -> String {
        let base = BaseChain { chain_type: ChainType::Filter, hook, priority, accept: true };
        base.priority_text(family)
    }

    #[test]
    fn a_chain_is_declared_in_one_line() {
        let base = BaseChain {
            chain_type: ChainType::Nat,
            hook: Hook::Postrouting,
            priority: 100,
            accept: true,
        };
        let chain = ChainDeclaration { name: "postrouting".to_owned(), base: Some(base) };
        assert_eq!(
            chain.text(TableFamily::Inet),
            "chain postrouting { type nat hook postrouting priority srcnat; policy accept; }"
        );
    }

    #[test]
    fn a_priority_has_a_name_only_where_its_hook_has_it() {
        use TableFamily::{Bridge, Inet};
        assert_eq!(priority(Inet, Hook::Prerouting, -100), "dstnat");
        assert_eq!(priority(Inet, Hook::Output, -100), "-100");
        assert_eq!(priority(Bridge, Hook::Prerouting, -300), "dstnat");
        assert_eq!(priority(Bridge, Hook::Forward, -300), "-300");
        assert_eq!(priority(Bridge, Hook::Forward, -200), "filter");
        assert_eq!(priority(Bridge, Hook::Forward, 0), "0");
    }

    #[test]
    fn a_priority_near_a_name_is_told_from_it() {
        assert_eq!(priority(TableFamily::Inet, Hook::Prerouting, -290), "raw + 10");
        assert_eq!(priority(TableFamily::Inet, Hook::Prerouting, -1), "filter - 1");
        assert_eq!(priority(TableFamily::Inet, Hook::Prerouting, -311), "-311");
        assert_eq!(priority(TableFamily::Inet, Hook::Input, i32::MAX), "2147483647");
    }
}
