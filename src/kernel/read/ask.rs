//! Requests, and whether what is answered can be relied on.

use super::sound::still_there;
use super::{Interrupted, Reader};
use crate::kernel::encode::Family as _;
use crate::kernel::nfnetlink::{self, Header};
use crate::netlink::{self, Malformed, Message, NLM_F_DUMP, NLM_F_REQUEST, Verdict};

/// How many bytes of a dump are read before the watch is listened to again: one part of it.
const PART: usize = 32 * 1024;

/// How often something is listed before all is read again.
const LISTINGS: usize = 20;

impl Reader<'_> {
    /// Has the kernel dump objects of our table. It goes on with such a dump after as many of them as
    /// it has passed over, so what others change in their tables does not matter.
    pub(super) fn dump(
        &mut self,
        kind: u16,
        fill: impl FnOnce(&mut Vec<u8>),
        mut take: impl FnMut(Message<'_>) -> Result<(), Interrupted>,
    ) -> Result<i32, Interrupted> {
        let flags = NLM_F_REQUEST | NLM_F_DUMP;
        let request = request(kind, flags, self.family.number(), self.socket.next_seq(), fill);
        let Self { socket, watch, .. } = self;
        let mut unheard = 0;
        let errno = socket.request_across_changes(&request, true, |message| {
            unheard += message.body.len();
            if unheard >= PART {
                unheard = 0;
                watch.keep_up()?;
            }
            take(message)
        })?;
        watch.keep_up()?;
        Ok(errno)
    }

    /// Has the kernel dump objects that it passes over those of other tables for. If others have made
    /// or deleted any between two parts of the dump, some of ours may be missing, so it is made again.
    pub(super) fn list<T>(
        &mut self,
        kind: u16,
        action: &'static str,
        fill: impl Fn(&mut Vec<u8>),
        mut decode: impl FnMut(&Message<'_>) -> Result<Option<T>, Malformed>,
    ) -> Result<Vec<T>, Interrupted> {
        for _ in 0..LISTINGS {
            let shifts = self.watch.shifts(self.family);
            let mut found = Vec::new();
            let errno = self.dump(kind, &fill, |message| {
                found.extend(decode(&message)?);
                Ok(())
            })?;
            self.dumped(errno, action)?;
            if !self.socket.interrupted() {
                return Ok(found);
            }
            self.watch.settled(self.socket)?;
            if self.watch.shifts(self.family) == shifts {
                return Ok(found);
            }
        }
        Err(Interrupted::Again)
    }

    /// Sends a request that is written already and whose answers the kernel queues all at once.
    pub(super) fn ask_queued(
        &mut self,
        request: &[u8],
        take: impl FnMut(Message<'_>) -> Result<(), Interrupted>,
    ) -> Result<Option<Verdict>, Interrupted> {
        let verdict = self.socket.request_queued(request, take)?;
        self.watch.keep_up()?;
        Ok(verdict)
    }

    /// Sees to it that a dump was one.
    pub(super) fn dumped(&mut self, errno: i32, action: &'static str) -> Result<(), Interrupted> {
        self.whole &= self.in_one_part();
        // Gone since it was asked for: the dump itself found no table.
        still_there(errno, action)
    }

    /// Whether the last dump came in one part, which another datagram ends: of that nothing can be
    /// missing.
    pub(super) fn in_one_part(&self) -> bool {
        self.socket.datagrams() <= 2
    }
}

/// A request, written.
pub(super) fn request(
    kind: u16,
    flags: u16,
    family: u8,
    seq: u32,
    fill: impl FnOnce(&mut Vec<u8>),
) -> Vec<u8> {
    let mut out = Vec::new();
    let start = nfnetlink::begin(&mut out, Header { kind, flags, seq, family, resource: 0 });
    fill(&mut out);
    netlink::end(&mut out, start);
    out
}

#[cfg(test)]
mod tests {
    use super::Reader;
    use crate::kernel::testing::{Other, inside};
    use crate::kernel::uapi::{GETCHAIN, NEWCHAIN, NFPROTO_INET, NFPROTO_IPV4};
    use crate::kernel::watch::Watch;
    use crate::kernel::{Kernel as _, NfTables, decode, nfnetlink};
    use crate::plan::{Action, LiveChain, Op, Plan};
    use crate::ruleset::{ChainDeclaration, TableFamily};

    /// So many chains are dumped in several parts, more than are queued ahead.
    const CHAINS: usize = 2000;

    /// Dumps our chains, and calls `meanwhile` after the first part; gives their names, and how many
    /// messages it took.
    fn chains(kernel: &mut NfTables, mut meanwhile: impl FnMut()) -> (Vec<String>, usize) {
        let mut watch = Watch::open().unwrap();
        watch.begin(&mut kernel.socket).unwrap();
        let socket = &mut kernel.socket;
        let family = TableFamily::Inet;
        let mut reader = Reader { socket, watch: &mut watch, family, expected: None, whole: true };
        let mut messages = 0;
        let listed = reader.list(
            GETCHAIN,
            "read",
            |_| {},
            |message| {
                assert_eq!(message.kind, NEWCHAIN);
                if messages == 0 {
                    meanwhile();
                }
                messages += 1;
                decode::chain(nfnetlink::attributes(message)?)
            },
        );
        let names = listed.unwrap().iter().map(LiveChain::name).map(str::to_owned).collect();
        (names, messages)
    }

    #[test]
    fn no_chain_of_ours_is_missing_although_others_delete_theirs_between_two_parts() {
        inside(|| {
            let mut kernel = NfTables::open().unwrap();
            let mut others = [NFPROTO_IPV4, NFPROTO_INET].map(Other::of_family);
            // The kernel passes over them first.
            for other in &mut others {
                other.commit_with_chains(CHAINS);
            }
            let chains_of_ours = (0..CHAINS)
                .map(|number| ChainDeclaration { name: format!("c{number}"), base: None })
                .collect::<Vec<_>>();
            let mut actions = vec![Action::AddTable];
            actions.extend(chains_of_ours.iter().map(Action::AddChain));
            let family = TableFamily::Inet;
            let ops = actions.into_iter().map(|action| Op { family, action }).collect();
            let generation = kernel.generation().unwrap();
            kernel.commit(&Plan { generation, ops, ..Plan::default() }).unwrap();
            let names: Vec<_> = chains_of_ours.into_iter().map(|chain| chain.name).collect();

            let [ipv4, inet] = &mut others;
            let (listed, messages) = chains(&mut kernel, || ipv4.commit());
            assert_eq!(messages, 2 * CHAINS, "another family does not matter");
            assert_eq!(listed, names);
            let (listed, messages) = chains(&mut kernel, || inet.commit());
            // Some of theirs and the rest of as many as there were, then ours alone.
            assert_eq!(messages, 2 * CHAINS, "it is dumped again");
            assert_eq!(listed, names);
            let (listed, messages) = chains(&mut kernel, || inet.commit());
            assert_eq!(messages, CHAINS, "a table without chains does not matter");
            assert_eq!(listed, names);
        });
    }
}
