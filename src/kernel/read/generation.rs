//! The generation of the ruleset, by which everything that is read goes together.

use super::sound::check;
use super::{Interrupted, request};
use crate::kernel::batch::{Batch, Ending};
use crate::kernel::nfnetlink;
use crate::kernel::uapi::{GETGEN, NEWGEN, NFTA_GEN_ID};
use crate::netlink::{Malformed, NLM_F_REQUEST, Socket};
use crate::plan::Plan;

/// Stands for every generation (`nf_tables_valid_genid`).
const ANY: u32 = 0;

/// The generation of the ruleset (`NFTA_GEN_ID`).
pub(in crate::kernel) fn generation(socket: &mut Socket) -> Result<u32, Interrupted> {
    let mut generation = None;
    let request = request(GETGEN, NLM_F_REQUEST, 0, socket.next_seq(), |_| {});
    let errno = socket.request(&request, false, |message| {
        if message.kind == NEWGEN {
            let id = nfnetlink::attributes(&message)?.find(NFTA_GEN_ID)?.ok_or(Malformed)?;
            generation = Some(id.be32()?);
        }
        Ok(())
    })?;
    check(errno, "read the generation of the ruleset")?;
    generation.ok_or_else(|| Malformed.into())
}

/// Waits for the transaction that is at work, if any is: what it changes, and tells of, is all there
/// then. An empty batch for whichever generation takes `commit_mutex`, as all do, and changes nothing,
/// not even the generation. One without an end would also wait for everybody who reads
/// (`synchronize_rcu` of `__nf_tables_abort`).
pub(in crate::kernel) fn barrier(socket: &mut Socket) -> Result<(), Interrupted> {
    let nothing = Plan { generation: ANY, ..Plan::default() };
    let first = socket.next_seq();
    let batch = Batch::new(&nothing, first, Ending::Commit)?;
    let verdicts = socket.transact(batch.bytes(), first, batch.messages())?;
    let errno = batch.first_error(&verdicts).map_or(0, |verdict| verdict.errno);
    Ok(check(errno, "wait for the ruleset to rest")?)
}
