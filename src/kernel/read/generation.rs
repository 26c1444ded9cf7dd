//! The generation of the ruleset, by which everything that is read goes together.

use super::sound::check;
use super::{Interrupted, request};
use crate::kernel::batch::{Batch, Ending};
use crate::kernel::nfnetlink;
use crate::kernel::uapi::{GETGEN, NEWGEN, NFTA_GEN_ID};
use crate::netlink::{Malformed, NLM_F_REQUEST, Socket};
use crate::plan::Plan;

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

/// Waits for the transaction that made `generation`, which may be at work yet: it moves the
/// generation first, and keeps `commit_mutex` to the end (`nf_tables_commit`). An empty batch takes
/// that too, and changes nothing, not even the generation. One without an end would also wait for
/// everybody who reads (`synchronize_rcu` of `__nf_tables_abort`).
pub(super) fn settled(socket: &mut Socket, generation: u32) -> Result<(), Interrupted> {
    let nothing = Plan { generation, ..Plan::default() };
    let batch = Batch::new(&nothing, socket.next_seq(), Ending::Commit)?;
    let verdicts = socket.transact(batch.bytes(), batch.messages())?;
    match batch.first_error(&verdicts).map_or(0, |verdict| verdict.errno) {
        libc::ERESTART => Err(Interrupted::Again),
        errno => Ok(check(errno, "wait for the ruleset to rest")?),
    }
}

/// The low 16 bits, which is what answers carry.
pub(super) fn low_bits(generation: u32) -> u16 {
    let [_, _, high, low] = generation.to_be_bytes();
    u16::from_be_bytes([high, low])
}
