//! Cuts the connections that a plan leaves behind.

use std::io;

use thiserror::Error;

use super::connection::{Entry, Name};
use super::nfnetlink::{self, Header};
use super::uapi::{CT_GET, NFPROTO_IPV4, NFPROTO_IPV6};
use crate::address::IpFamily;
use crate::netlink::{self, Bus, NLM_F_DUMP, NLM_F_REQUEST, Socket};
use crate::plan::StaleConnections;

/// Why a request must be made again, or failed.
type Interrupted = netlink::Interrupted<ConntrackError>;

/// How often a request is made again when its answer is lost.
const TRIES: u32 = 10;

/// What became of stale connections.
#[derive(Debug, Default)]
pub struct Cut {
    /// How many were cut.
    pub connections: usize,
    /// Why there may be more of them, if so: the first that went wrong.
    pub failure: Option<ConntrackError>,
}

/// Why connections were not cut. The ruleset has been applied by then.
#[derive(Debug, Error)]
pub enum ConntrackError {
    /// The kernel keeps connections, as every kernel with NAT does, but does not list them.
    #[error("this kernel has no netlink interface to its connections")]
    Missing(#[source] io::Error),
    /// The answer was lost time and again.
    #[error("there are too many connections to read at once")]
    Restless,
    /// The kernel refused something else.
    #[error(transparent)]
    Netlink(#[from] netlink::Error),
}

/// Deletes the `stale` connections of this network namespace from conntrack: their next packet
/// begins a new connection, under the ruleset as it is now. Asks for nothing where there can be
/// none. What cannot be cut does not keep the rest from it.
#[must_use]
pub fn cut(stale: &StaleConnections<'_>) -> Cut {
    let mut cut = Cut::default();
    for &family in stale.families() {
        if let Err(error) = Conntrack::open(family).and_then(|mut all| all.cut(stale, &mut cut)) {
            cut.failure.get_or_insert(error);
        }
    }
    cut
}

/// The connections of one family.
struct Conntrack {
    socket: Socket,
    family: u8,
}

impl Conntrack {
    fn open(family: IpFamily) -> Result<Self, ConntrackError> {
        let family = match family {
            IpFamily::V4 => NFPROTO_IPV4,
            IpFamily::V6 => NFPROTO_IPV6,
        };
        Ok(Self { socket: Socket::open(Bus::Netfilter)?, family })
    }

    fn cut(&mut self, stale: &StaleConnections<'_>, cut: &mut Cut) -> Result<(), ConntrackError> {
        for name in self.retried(|this| this.find(stale))? {
            match self.retried(|this| this.delete(&name)) {
                Ok(deleted) => cut.connections += usize::from(deleted),
                Err(error) => drop(cut.failure.get_or_insert(error)),
            }
        }
        Ok(())
    }

    fn find(&mut self, stale: &StaleConnections<'_>) -> Result<Vec<Name>, Interrupted> {
        let mut found = Vec::new();
        let mut request = Vec::new();
        let header = Header {
            kind: CT_GET,
            flags: NLM_F_REQUEST | NLM_F_DUMP,
            seq: self.socket.next_seq(),
            family: self.family,
            resource: 0,
        };
        let start = nfnetlink::begin(&mut request, header);
        netlink::end(&mut request, start);
        let errno = self.socket.request(&request, true, |message| {
            if let Some(entry) = Entry::decode(&message)
                && stale.contains(&entry.connection)
                && let Ok(name) = entry.name()
            {
                found.push(name);
            }
            Ok(())
        })?;
        // `nfnetlink_rcv_msg` says EINVAL for a subsystem that is neither there nor loadable.
        if matches!(errno, libc::EINVAL | libc::EOPNOTSUPP) {
            let source = io::Error::from_raw_os_error(errno);
            return Err(Interrupted::Failed(ConntrackError::Missing(source)));
        }
        netlink::Error::check(errno, "list connections")?;
        Ok(found)
    }

    /// Whether the connection was still there to be deleted.
    fn delete(&mut self, name: &Name) -> Result<bool, Interrupted> {
        let request = name.delete(self.family, self.socket.next_seq());
        let errno = self.socket.request(&request, false, |_| Ok::<(), Interrupted>(()))?;
        if errno == libc::ENOENT {
            return Ok(false);
        }
        netlink::Error::check(errno, "delete a connection")?;
        Ok(true)
    }

    fn retried<T>(
        &mut self,
        mut request: impl FnMut(&mut Self) -> Result<T, Interrupted>,
    ) -> Result<T, ConntrackError> {
        for _ in 0..TRIES {
            match request(self) {
                Ok(value) => return Ok(value),
                Err(Interrupted::Again) => {}
                Err(Interrupted::Failed(error)) => return Err(error),
            }
        }
        Err(ConntrackError::Restless)
    }
}

impl ConntrackError {
    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        let by_hand = "cut them by hand, as the next apply is in sync and cuts none: `conntrack -D \
                       --orig-dst FLOAT` and `conntrack -D --reply-dst FLOAT`";
        match self {
            Self::Missing(_) => "have the kernel module nf_conntrack_netlink \
                 (CONFIG_NF_CT_NETLINK) loaded for the next time; until then such connections last \
                 until they end by themselves"
                .to_owned(),
            Self::Restless | Self::Netlink(_) => by_hand.to_owned(),
        }
    }
}
