//! An errno of the kernel, in words: which operation, which element, what is missing.

use std::io;

use super::batch::{Batch, Place};
use super::error::KernelError;
use crate::netlink::Verdict;
use crate::plan::{Action, Op, Plan};
use crate::ruleset::TableFamily;

/// The kernel's refusal of a batch.
pub(super) fn refusal(plan: &Plan<'_>, batch: &Batch, verdict: &Verdict) -> KernelError {
    let source = io::Error::from_raw_os_error(verdict.errno);
    match (verdict.errno, batch.place(verdict)) {
        (libc::ERESTART, _) => KernelError::Stale,
        (libc::EPERM, Place::Whole) => KernelError::Privileges(source),
        (errno, Place::Op { op, element, expression }) => {
            let Some(op) = plan.ops.get(op) else { return whole(source, verdict) };
            if errno == libc::EPERM && expression.as_deref() == Some("payload") {
                return KernelError::PacketWrites(source);
            }
            if let Some(Missing { feature, options, purpose }) =
                missing(errno, op, expression.as_deref())
            {
                return KernelError::Unsupported { feature, options, purpose, source };
            }
            KernelError::refused(op, element, verdict.text.clone(), source)
        }
        (_, Place::Whole) => whole(source, verdict),
    }
}

fn whole(source: io::Error, verdict: &Verdict) -> KernelError {
    KernelError::Refused {
        action: "take the batch".to_owned(),
        nft: String::new(),
        detail: verdict.text.clone(),
        source,
    }
}

/// What the kernel lacks.
struct Missing {
    feature: String,
    options: &'static str,
    purpose: &'static str,
}

/// What the kernel lacks, if that is why it refused the operation.
fn missing(errno: i32, op: &Op<'_>, expression: Option<&str>) -> Option<Missing> {
    match (&op.action, expression) {
        // EOPNOTSUPP of `nf_tables_newtable`, which asks `nft_supported_family`.
        (Action::AddTable, _) if errno == libc::EOPNOTSUPP || errno == libc::EAFNOSUPPORT => {
            let (options, purpose) = match op.family {
                TableFamily::Bridge => {
                    ("CONFIG_NF_TABLES_BRIDGE", "to drop frames that come back to their sender")
                }
                TableFamily::Inet => ("CONFIG_NF_TABLES_INET", "to translate floats"),
            };
            Some(Missing { feature: format!("nf_tables family `{}`", op.family), options, purpose })
        }
        // ENOENT of `nf_tables_chain_type_lookup`.
        (Action::AddChain(chain), _) if errno == libc::ENOENT => {
            let kind = chain.base?.chain_type.keyword();
            Some(Missing {
                feature: format!("nf_tables chain type `{kind}`"),
                options: "CONFIG_NFT_NAT",
                purpose: "to translate floats",
            })
        }
        // EOPNOTSUPP of `nft_ct_get_init` and `nft_ct_set_init`, where nothing but the zone can be
        // missing of what hairnat asks.
        (Action::AddRule { .. }, Some("ct")) if errno == libc::EOPNOTSUPP => Some(Missing {
            feature: "zones of conntrack".to_owned(),
            options: "CONFIG_NF_CONNTRACK_ZONES",
            purpose: "to leave forged packets and the bridges in `through` untranslated",
        }),
        // ENOENT of `nft_expr_type_get`. A lookup that gives it misses its set.
        (Action::AddRule { .. }, Some(name)) if errno == libc::ENOENT => {
            let (options, purpose) = needed_by(name)?;
            Some(Missing { feature: format!("nf_tables expression `{name}`"), options, purpose })
        }
        _ => None,
    }
}

/// The options of the kernel's configuration that bring an expression, and its use to hairnat.
fn needed_by(expression: &str) -> Option<(&'static str, &'static str)> {
    Some(match expression {
        "nat" => ("CONFIG_NFT_NAT", "to translate floats"),
        "masq" => ("CONFIG_NFT_MASQ", "to answer instances that have no float"),
        "ct" => ("CONFIG_NFT_CT", "to tell translated connections"),
        "counter" => ("CONFIG_NFT_COUNTER", "for `counters: on`"),
        // The module of the inet family needs both others (net/netfilter/nft_fib_inet.c).
        "fib" => (
            "CONFIG_NFT_FIB_INET, CONFIG_NFT_FIB_IPV4 and CONFIG_NFT_FIB_IPV6",
            "to leave packets with the forged address of an instance untranslated",
        ),
        "reject" => ("CONFIG_NFT_REJECT_INET", "to reject what is sent to `pool`"),
        "meta" | "payload" | "cmp" | "bitwise" | "immediate" => {
            ("CONFIG_NF_TABLES", "for every rule")
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::refusal;
    use crate::kernel::KernelError;
    use crate::kernel::batch::{Batch, Ending};
    use crate::netlink::{Messages, Verdict};
    use crate::plan::{Action, Op, Plan};
    use crate::ruleset::{Rule, Statement, TableFamily};

    /// What becomes of an errno for message `seq` of a batch that adds a table and a rule; its last
    /// attribute is at fault.
    fn refused(statement: Statement, seq: u32, errno: i32) -> KernelError {
        refused_at(statement, seq, errno, |body| body.len() - 4)
    }

    /// As before, with the first expression of that name at fault.
    fn expression_refused(statement: Statement, name: &str, errno: i32) -> KernelError {
        let name = format!("{name}\0");
        let place = |body: &[u8]| {
            body.windows(name.len()).position(|bytes| bytes == name.as_bytes()).unwrap()
        };
        refused_at(statement, 3, errno, place)
    }

    fn refused_at(
        statement: Statement,
        seq: u32,
        errno: i32,
        place: impl Fn(&[u8]) -> usize,
    ) -> KernelError {
        let rule = Rule { statements: vec![statement] };
        let add = Action::AddRule { chain: "postrouting", rule: &rule, before: None };
        let family = TableFamily::Inet;
        let ops = [Action::AddTable, add].map(|action| Op { family, action }).to_vec();
        let plan = Plan { generation: 9, ops, ..Plan::default() };
        let batch = Batch::new(&plan, 1, Ending::Commit).unwrap();
        let number = usize::try_from(seq - 1).unwrap();
        let message = Messages(batch.bytes()).nth(number).unwrap().unwrap();
        let offset = Some(16 + place(message.body));
        refusal(&plan, &batch, &Verdict { seq, errno, text: None, offset })
    }

    #[test]
    fn a_missing_expression_is_named_with_its_option() {
        let error = refused(Statement::Masquerade, 3, libc::ENOENT);
        assert_eq!(error.to_string(), "this kernel has no nf_tables expression `masq`");
        assert!(error.hint().unwrap().contains("CONFIG_NFT_MASQ"));
    }

    #[test]
    fn a_kernel_without_fib_reject_or_zones_is_told_what_hairnat_needs_them_for() {
        let told = |statement, name, errno| {
            let error = expression_refused(statement, name, errno);
            (error.to_string(), error.hint().unwrap())
        };
        let (error, hint) = told(Statement::SourceUnroutable, "fib", libc::ENOENT);
        assert_eq!(error, "this kernel has no nf_tables expression `fib`");
        let options = "CONFIG_NFT_FIB_INET, CONFIG_NFT_FIB_IPV4 and CONFIG_NFT_FIB_IPV6";
        let needed = "to leave packets with the forged address of an instance untranslated";
        assert!(hint.contains(options) && hint.ends_with(needed), "{hint}");
        let (error, hint) = told(Statement::Reset, "reject", libc::ENOENT);
        assert_eq!(error, "this kernel has no nf_tables expression `reject`");
        assert!(hint.contains("CONFIG_NFT_REJECT_INET"), "{hint}");
        let (error, hint) = told(Statement::SetZone(1), "ct", libc::EOPNOTSUPP);
        assert_eq!(error, "this kernel has no zones of conntrack");
        assert!(hint.contains("CONFIG_NF_CONNTRACK_ZONES"), "{hint}");
    }

    #[test]
    fn a_rule_that_writes_to_packets_can_need_root_of_the_host() {
        // The kernel asks for CAP_NET_ADMIN before it looks into a batch: it is not missing here.
        let error =
            expression_refused(Statement::SetEtherDestination([2; 6]), "payload", libc::EPERM);
        let said = "this kernel takes rules that write to packets only from root outside of user \
                    namespaces";
        assert_eq!(error.to_string(), said);
        assert!(error.hint().unwrap().starts_with("run as root of the host, or "));
    }

    #[test]
    fn an_operation_that_is_not_permitted_is_named() {
        let error = refused(Statement::Accept, 2, libc::EPERM);
        assert_eq!(error.to_string(), "the kernel refused to add table `inet hairnat`");
    }

    #[test]
    fn a_missing_set_is_no_missing_expression() {
        let lookup = Statement::PortPair { set: "ports".to_owned() };
        let error = refused(lookup, 3, libc::ENOENT);
        assert!(matches!(&error, KernelError::Refused { nft, .. }
            if nft == "add rule inet hairnat postrouting iif . oif @ports"));
    }

    #[test]
    fn a_missing_family_is_named_with_its_option() {
        let error = refused(Statement::Accept, 2, libc::EOPNOTSUPP);
        assert_eq!(error.to_string(), "this kernel has no nf_tables family `inet`");
        assert!(error.hint().unwrap().contains("CONFIG_NF_TABLES_INET"));
    }

    #[test]
    fn a_refusal_of_the_whole_is_about_privileges_or_the_generation() {
        let whole = |errno| refused(Statement::Accept, 1, errno);
        assert!(matches!(whole(libc::EPERM), KernelError::Privileges(_)));
        assert!(matches!(whole(libc::ERESTART), KernelError::Stale));
    }
}
