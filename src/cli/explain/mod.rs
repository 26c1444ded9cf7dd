//! `hairnat explain`: why does this packet reach that address, or not?

mod conditions;
mod frame;
mod json;
mod question;
mod text;

use super::args::Explain;
use super::exit::Exit;
use super::failure::Failure;
use super::load;
use super::output::Output;
use crate::compile::compile_on;
use crate::host::{Host, LiveHost, Warning, attachment, host_addresses};
use crate::kernel::{Kernel, NfTables};
use crate::policy::Bridge;
use crate::ruleset::{Ruleset, TABLE_NAME, TableFamily};
use crate::trace::{Source, Walk, walk};
use conditions::{HostFacts, Verdict};

/// Explains the packet or the frame.
///
/// # Errors
///
/// What is wrong with the question or the policy, or what keeps the kernel from being read.
pub(super) fn run(asked: &Explain, out: &mut Output) -> Result<Exit, Failure> {
    let Explained { ruleset, bridge, warnings } = explained(asked, out)?;
    if asked.frame {
        frame::explain(asked, &ruleset, &warnings, out)?;
    } else {
        let walk = walk(&ruleset, question::read(asked, &ruleset)?);
        let facts = if asked.all { None } else { host_facts(&walk) };
        let verdicts = Verdict::of(&walk, facts.as_ref(), &bridge);
        if out.is_json() {
            let object = json::walk(&walk, &verdicts, &warnings);
            out.json(&object)?;
        } else {
            text::walk(&walk, &verdicts, facts.is_some(), out)?;
        }
    }
    out.finish()?;
    out.warn(&warnings);
    Ok(Exit::Success)
}

/// What a packet is walked through.
struct Explained {
    ruleset: Ruleset,
    /// Which bridge ports are instances'.
    bridge: Bridge,
    /// What is live, and decides in a way that is not told.
    warnings: Vec<Warning>,
}

fn explained(asked: &Explain, out: &mut Output) -> Result<Explained, Failure> {
    if asked.live {
        let mut live = out.progress().watch(NfTables::open()?).snapshot()?;
        // The hooks of a table that is switched off are not there.
        let dormant = live.tables.extract_if(.., |table| table.dormant);
        let mut warnings: Vec<Warning> = dormant.map(|table| switched_off(table.family)).collect();
        let (ruleset, left_out) = live.to_ruleset();
        warnings.extend(left_out.iter().map(|object| foreign(object)));
        return Ok(Explained { ruleset, bridge: Bridge::default(), warnings });
    }
    let policy = load::policy(&asked.policy, out)?;
    let facts = LiveHost::open().and_then(|mut host| host.facts()).ok();
    let addresses = facts.map(|facts| host_addresses(&policy.bridge, &facts));
    let ruleset = compile_on(&policy, addresses.unwrap_or_default());
    Ok(Explained { ruleset, bridge: policy.bridge, warnings: Vec::new() })
}

fn switched_off(family: TableFamily) -> Warning {
    Warning {
        code: "table-dormant",
        message: format!("table `{family} {TABLE_NAME}` is switched off: no packet passes it"),
        hint: "`hairnat apply` switches it on".to_owned(),
    }
}

fn foreign(object: &str) -> Warning {
    Warning {
        code: "foreign-object",
        message: format!("{object} is not of hairnat: what it does is not told here"),
        hint: "`hairnat diff` shows it, `hairnat apply` takes it away".to_owned(),
    }
}

/// What the host is like; nothing where it cannot be read, as on another system than the policy's.
fn host_facts(walk: &Walk) -> Option<HostFacts> {
    let facts = LiveHost::open().ok()?.facts().ok()?;
    let attachment = match walk.question.flow.source {
        Source::Address(client) => attachment(client),
        Source::Host => None,
    };
    Some(HostFacts { facts, attachment })
}
