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
            if let Some((feature, option)) = missing(errno, op, expression.as_deref()) {
                return KernelError::Unsupported { feature, option, source };
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

/// What the kernel lacks, and the option of its configuration that brings it.
fn missing(errno: i32, op: &Op<'_>, expression: Option<&str>) -> Option<(String, &'static str)> {
    match (&op.action, expression) {
        // EOPNOTSUPP of `nf_tables_newtable`, which asks `nft_supported_family`.
        (Action::AddTable, _) if errno == libc::EOPNOTSUPP || errno == libc::EAFNOSUPPORT => {
            let option = match op.family {
                TableFamily::Bridge => "CONFIG_NF_TABLES_BRIDGE",
                TableFamily::Inet => "CONFIG_NF_TABLES_INET",
            };
            Some((format!("nf_tables family `{}`", op.family), option))
        }
        // ENOENT of `nf_tables_chain_type_lookup`.
        (Action::AddChain(chain), _) if errno == libc::ENOENT => {
            let kind = chain.base?.chain_type.keyword();
            Some((format!("nf_tables chain type `{kind}`"), "CONFIG_NFT_NAT"))
        }
        // ENOENT of `nft_expr_type_get`. A lookup that gives it misses its set.
        (Action::AddRule { .. }, Some(name)) if errno == libc::ENOENT => {
            let option = match name {
                "nat" => "CONFIG_NFT_NAT",
                "masq" => "CONFIG_NFT_MASQ",
                "ct" => "CONFIG_NFT_CT",
                "counter" => "CONFIG_NFT_COUNTER",
                "meta" | "payload" | "cmp" | "bitwise" | "immediate" => "CONFIG_NF_TABLES",
                _ => return None,
            };
            Some((format!("nf_tables expression `{name}`"), option))
        }
        _ => None,
    }
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
        let rule = Rule { statements: vec![statement] };
        let add = Action::AddRule { chain: "postrouting", rule: &rule, before: None };
        let family = TableFamily::Inet;
        let ops = [Action::AddTable, add].map(|action| Op { family, action }).to_vec();
        let plan = Plan { generation: 9, ops, ..Plan::default() };
        let batch = Batch::new(&plan, 1, Ending::Commit).unwrap();
        let number = usize::try_from(seq - 1).unwrap();
        let message = Messages(batch.bytes()).nth(number).unwrap().unwrap();
        let offset = Some(16 + message.body.len() - 4);
        refusal(&plan, &batch, &Verdict { seq, errno, text: None, offset })
    }

    #[test]
    fn a_missing_expression_is_named_with_its_option() {
        let error = refused(Statement::Masquerade, 3, libc::ENOENT);
        assert_eq!(error.to_string(), "this kernel has no nf_tables expression `masq`");
        assert!(error.hint().unwrap().contains("CONFIG_NFT_MASQ"));
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
