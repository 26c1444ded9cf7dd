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
use crate::compile::compile;
use crate::host::{Facts, Host, LiveHost};
use crate::kernel::{Kernel, NfTables};
use crate::policy::Bridge;
use crate::ruleset::Ruleset;
use crate::trace::walk;
use conditions::Verdict;

/// Explains the packet or the frame.
///
/// # Errors
///
/// What is wrong with the question or the policy, or what keeps the kernel from being read.
pub(super) fn run(asked: &Explain, out: &mut Output) -> Result<Exit, Failure> {
    let Explained { ruleset, bridge, left_out } = explained(asked, out)?;
    for object in &left_out {
        out.talk(&format!("warning: {object} is not of hairnat: what it does is not told here"));
    }
    if asked.frame {
        frame::explain(asked, &ruleset, out)?;
    } else {
        let walk = walk(&ruleset, question::read(asked, &ruleset)?);
        let facts = if asked.all { None } else { facts() };
        let verdicts = Verdict::of(&walk, facts.as_ref(), &bridge);
        if out.is_json() {
            let object = json::walk(&walk, &verdicts);
            out.json(&object)?;
        } else {
            text::walk(&walk, &verdicts, facts.is_some(), out)?;
        }
    }
    out.finish()?;
    Ok(Exit::Success)
}

/// What a packet is walked through.
struct Explained {
    ruleset: Ruleset,
    /// Which bridge ports are instances'.
    bridge: Bridge,
    /// What is live and hairnat cannot read.
    left_out: Vec<String>,
}

fn explained(asked: &Explain, out: &mut Output) -> Result<Explained, Failure> {
    if asked.live {
        let mut live = out.progress().watch(NfTables::open()?).snapshot()?;
        // The hooks of a table that is switched off are not there.
        for table in live.tables.extract_if(.., |table| table.dormant) {
            out.talk(&format!("warning: table `{} hairnat` is switched off", table.family));
        }
        let (ruleset, left_out) = live.to_ruleset();
        return Ok(Explained { ruleset, bridge: Bridge::default(), left_out });
    }
    let policy = load::policy(&asked.policy, out)?;
    let ruleset = compile(&policy);
    Ok(Explained { ruleset, bridge: policy.bridge, left_out: Vec::new() })
}

/// The host's settings; none where they cannot be read, as on another system than the policy's.
fn facts() -> Option<Facts> {
    LiveHost::open().ok()?.facts().ok()
}
