//! Chains from messages.

use std::borrow::Cow;

use super::{is_identifier, is_ours};
use crate::kernel::foreign_nat::ForeignNat;
use crate::kernel::nfnetlink;
use crate::kernel::uapi::{
    NF_ACCEPT, NF_DROP, NFPROTO_INET, NFPROTO_IPV4, NFPROTO_IPV6, NFT_CHAIN_BASE,
    NFTA_CHAIN_COUNTERS, NFTA_CHAIN_FLAGS, NFTA_CHAIN_HOOK, NFTA_CHAIN_NAME, NFTA_CHAIN_POLICY,
    NFTA_CHAIN_TABLE, NFTA_CHAIN_TYPE, NFTA_HOOK_DEV, NFTA_HOOK_DEVS, NFTA_HOOK_HOOKNUM,
    NFTA_HOOK_PRIORITY,
};
use crate::netlink::{Attributes, Malformed, Message};
use crate::plan::{ForeignChain, LiveChain};
use crate::ruleset::{BaseChain, ChainDeclaration, ChainType, Hook};

/// The chain of a message, without rules; `None` if it is in no table of ours.
pub(in crate::kernel) fn chain(attributes: Attributes<'_>) -> Result<Option<LiveChain>, Malformed> {
    if !is_ours(attributes, NFTA_CHAIN_TABLE)? {
        return Ok(None);
    }
    let mut name = None;
    let mut hook = None;
    let mut policy = NF_ACCEPT;
    let mut chain_type = Cow::Borrowed("");
    let mut strange = None;
    for attribute in attributes {
        let attribute = attribute?;
        match attribute.kind {
            NFTA_CHAIN_NAME => name = Some(attribute),
            NFTA_CHAIN_HOOK => hook = Some(RawHook::read(attribute.nested())?),
            NFTA_CHAIN_POLICY => policy = attribute.be32()?,
            NFTA_CHAIN_TYPE => chain_type = attribute.text(),
            NFTA_CHAIN_COUNTERS => strange = Some("a chain with a counter".to_owned()),
            NFTA_CHAIN_FLAGS => {
                let flags = attribute.be32()? & !NFT_CHAIN_BASE;
                if flags != 0 {
                    strange = Some(format!("a chain with flags {flags:#x}"));
                }
            }
            _ => {}
        }
    }
    let name = name.ok_or(Malformed)?;
    if !is_identifier(name.name()) {
        strange = Some("a chain with a name that nft cannot write".to_owned());
    }
    let name = name.text().into_owned();
    let base = match (strange, hook) {
        (Some(description), _) => Err(description),
        (None, None) => Ok(None),
        (None, Some(hook)) => base(&chain_type, &hook, policy).map(Some),
    };
    let declaration = match base {
        Ok(base) => Ok(ChainDeclaration { name, base }),
        Err(description) => Err(ForeignChain { name, description }),
    };
    Ok(Some(LiveChain { declaration, rules: Vec::new() }))
}

/// The NAT base chain of a message; `None` if it is another chain, or in a table of ours.
pub(in crate::kernel) fn foreign_nat(
    message: &Message<'_>,
) -> Result<Option<ForeignNat>, Malformed> {
    let family = match message.body.first() {
        Some(&NFPROTO_IPV4) => "ip",
        Some(&NFPROTO_IPV6) => "ip6",
        Some(&NFPROTO_INET) => "inet",
        Some(_) | None => return Ok(None),
    };
    let attributes = nfnetlink::attributes(message)?;
    let is_nat = attributes.find(NFTA_CHAIN_TYPE)?.is_some_and(|kind| kind.name() == b"nat");
    let Some(hook) = attributes.find(NFTA_CHAIN_HOOK)?.filter(|_| is_nat) else { return Ok(None) };
    if family == "inet" && is_ours(attributes, NFTA_CHAIN_TABLE)? {
        return Ok(None);
    }
    let RawHook { number, priority, .. } = RawHook::read(hook.nested())?;
    let hook = Hook::ALL.into_iter().find(|known| *known as u32 == number);
    let text = |kind| -> Result<String, Malformed> {
        Ok(attributes.find(kind)?.ok_or(Malformed)?.text().into_owned())
    };
    let (table, chain) = (text(NFTA_CHAIN_TABLE)?, text(NFTA_CHAIN_NAME)?);
    Ok(hook.map(|hook| ForeignNat { family, table, chain, hook, priority }))
}

/// `NFTA_CHAIN_HOOK`.
struct RawHook {
    number: u32,
    priority: i32,
    device: bool,
}

impl RawHook {
    fn read(attributes: Attributes<'_>) -> Result<Self, Malformed> {
        let mut hook = Self { number: u32::MAX, priority: 0, device: false };
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                NFTA_HOOK_HOOKNUM => hook.number = attribute.be32()?,
                NFTA_HOOK_PRIORITY => hook.priority = attribute.be32()?.cast_signed(),
                NFTA_HOOK_DEV | NFTA_HOOK_DEVS => hook.device = true,
                _ => {}
            }
        }
        Ok(hook)
    }
}

fn base(chain_type: &str, hook: &RawHook, policy: u32) -> Result<BaseChain, String> {
    let known_type = [ChainType::Filter, ChainType::Nat]
        .into_iter()
        .find(|known| known.keyword() == chain_type)
        .ok_or_else(|| format!("a chain of type {chain_type}"))?;
    let known_hook = Hook::ALL
        .into_iter()
        .find(|known| *known as u32 == hook.number && !hook.device)
        .ok_or_else(|| format!("a chain at hook {}", hook.number))?;
    let accept = match policy {
        NF_ACCEPT => true,
        NF_DROP => false,
        other => return Err(format!("a chain with policy {other}")),
    };
    Ok(BaseChain { chain_type: known_type, hook: known_hook, priority: hook.priority, accept })
}
