//! Whether NAT of others goes before ours.

use crate::compile::{FIRST_DESTINATION, FIRST_SOURCE};
use crate::host::Warning;
use crate::kernel::{ForeignNat, NfTables};
use crate::policy::Policy;
use crate::ruleset::Hook;

/// Warns of the NAT chains of others that a packet meets before ours. The kernel takes the first
/// translation that it finds (`nf_nat_inet_fn`). Where it does not say, nothing is known.
pub(super) fn foreign_nat_first(policy: &Policy) -> Option<Warning> {
    if policy.ipv4.is_empty() && policy.ipv6.is_empty() {
        return None;
    }
    let chains = NfTables::open().and_then(|mut kernel| kernel.foreign_nat()).ok()?;
    warning(&chains)
}

fn warning(chains: &[ForeignNat]) -> Option<Warning> {
    let chain = chains.iter().find(|chain| goes_first(chain))?;
    let ForeignNat { family, table, chain: name, hook, priority } = chain;
    let more = match chains.iter().filter(|chain| goes_first(chain)).count() - 1 {
        0 => String::new(),
        more => format!(", and {more} more,"),
    };
    Some(Warning {
        code: "foreign-nat-first",
        message: format!(
            "chain `{name}` of table `{family} {table}` is at hook {} with priority {priority}, \
             before hairnat{more}: floats lead where its rules say, if any of them matches",
            hook.keyword()
        ),
        hint: format!(
            "see its rules with `nft list table {family} {table}`; let its owner use a priority \
             over {FIRST_DESTINATION} for destinations and over {FIRST_SOURCE} for sources, such as \
             `dstnat` and `srcnat`"
        ),
    })
}

/// At the same priority, the chain that was registered last goes first (`nf_hook_entries_grow`).
fn goes_first(chain: &ForeignNat) -> bool {
    match chain.hook {
        Hook::Prerouting | Hook::Output => chain.priority <= FIRST_DESTINATION,
        Hook::Postrouting => chain.priority <= FIRST_SOURCE,
        // NAT to this host itself.
        Hook::Input | Hook::Forward => false,
    }
}

#[cfg(test)]
mod tests {
    use super::warning;
    use crate::kernel::ForeignNat;
    use crate::ruleset::Hook;

    fn chain(hook: Hook, priority: i32) -> ForeignNat {
        let (table, chain) = ("nat".to_owned(), hook.keyword().to_owned());
        ForeignNat { family: "ip", table, chain, hook, priority }
    }

    #[test]
    fn chains_at_our_priority_or_before_are_told_and_usual_ones_are_not() {
        let usual = [chain(Hook::Prerouting, -100), chain(Hook::Postrouting, 100)];
        assert_eq!(warning(&usual), None);
        assert_eq!(warning(&[chain(Hook::Input, -300)]), None);
        for (hook, priority) in
            [(Hook::Prerouting, -101), (Hook::Output, -150), (Hook::Postrouting, 99)]
        {
            let warning = warning(&[usual[0].clone(), chain(hook, priority)]).unwrap();
            let told = format!("at hook {} with priority {priority}, before", hook.keyword());
            assert!(warning.message.contains(&told), "{}", warning.message);
        }
        let both = [chain(Hook::Output, -150), chain(Hook::Prerouting, -150)];
        assert!(warning(&both).unwrap().message.contains("and 1 more"));
    }
}
