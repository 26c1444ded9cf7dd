//! For tests on the real kernel: a namespace, and somebody else who commits in it.

#[path = "../../tests/lab/isolation.rs"]
mod isolation;

use super::nfnetlink::{self, Header};
use super::uapi::{
    DELTABLE, NEWTABLE, NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES,
    NFPROTO_IPV4, NFTA_TABLE_NAME,
};
use crate::netlink::{self, Bus, NLM_F_CREATE, NLM_F_REQUEST, Socket, put_text};

/// Runs the body of a test, a closure of its own, in namespaces of its own.
pub(super) fn inside<F: FnOnce()>(body: F) {
    isolation::isolated(isolation::test_name::<F>(), "nft list tables", body);
}

/// Somebody who commits to a table of their own.
pub(super) struct Other {
    socket: Socket,
    there: bool,
}

impl Other {
    pub(super) fn new() -> Self {
        Self { socket: Socket::open(Bus::Netfilter).unwrap(), there: false }
    }

    /// Makes the table, or deletes it, and so moves the generation by one.
    pub(super) fn commit(&mut self) {
        let first = self.socket.next_seq();
        let mut batch = Vec::new();
        let frame = |kind, seq| Header {
            kind,
            flags: NLM_F_REQUEST,
            seq,
            family: 0,
            resource: NFNL_SUBSYS_NFTABLES,
        };
        let table = Header {
            kind: if self.there { DELTABLE } else { NEWTABLE },
            flags: NLM_F_REQUEST | NLM_F_CREATE,
            seq: first + 1,
            family: NFPROTO_IPV4,
            resource: 0,
        };
        for header in
            [frame(NFNL_MSG_BATCH_BEGIN, first), table, frame(NFNL_MSG_BATCH_END, first + 2)]
        {
            let start = nfnetlink::begin(&mut batch, header);
            if header.seq == first + 1 {
                put_text(&mut batch, NFTA_TABLE_NAME, "other");
            }
            netlink::end(&mut batch, start);
        }
        self.there = !self.there;
        let verdicts = self.socket.transact(&batch, 3).unwrap();
        assert!(verdicts.iter().all(|verdict| verdict.errno == 0), "{verdicts:?}");
    }
}
