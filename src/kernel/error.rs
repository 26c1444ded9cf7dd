//! Why the kernel did not do it, one variant a situation.

use std::io;

use thiserror::Error;

use crate::netlink::{self, Interrupted};
use crate::plan::Op;
use crate::ruleset::TableFamily;

/// A refusal of the kernel. Whatever the variant, nothing was changed.
#[derive(Debug, Error)]
pub enum KernelError {
    /// EPERM: the process lacks `CAP_NET_ADMIN` in its user namespace.
    #[error("hairnat needs CAP_NET_ADMIN to talk to nf_tables")]
    Privileges(#[source] io::Error),
    /// The kernel has no `nf_tables` subsystem.
    #[error("this kernel has no nf_tables")]
    NoNfTables(#[source] io::Error),
    /// The table belongs to another process (`NFT_TABLE_F_OWNER`, Linux 5.12).
    #[error("table `{family} hairnat` is owned by another process (netlink port {owner})")]
    Owned {
        /// The table.
        family: TableFamily,
        /// The netlink port of the owner; by default its process id.
        owner: u32,
    },
    /// Our tables changed, or may have, between the snapshot and the commit.
    #[error("the ruleset kept changing while it was read or written")]
    Stale,
    /// The batch does not fit the socket's send buffer, and it may not be raised here.
    #[error("the batch of {needed} bytes does not fit the netlink send buffer of {limit} bytes")]
    BatchTooLarge {
        /// Bytes of the batch.
        needed: usize,
        /// Bytes that the socket takes.
        limit: usize,
    },
    /// The kernel refused one operation of a batch.
    #[error("the kernel refused to {action}")]
    Refused {
        /// What was to be done, with the object: ``add map `dnat4` to table `inet hairnat` ``.
        action: String,
        /// The nft(8) line that the operation stands for, empty if there is none.
        nft: String,
        /// The kernel's own words (`NLMSGERR_ATTR_MSG`), if it gave any.
        detail: Option<String>,
        /// The errno.
        #[source]
        source: io::Error,
    },
    /// The kernel was built, or runs, without something that a rule needs.
    #[error("this kernel has no {feature}")]
    Unsupported {
        /// What is missing: ``nf_tables expression `masq` ``.
        feature: String,
        /// The options of the kernel's configuration that bring it.
        options: &'static str,
        /// The use that hairnat has for it: `to translate floats`.
        purpose: &'static str,
        /// The errno.
        #[source]
        source: io::Error,
    },
    /// EPERM for a rule that writes to packets: some kernels take them only from root outside of user
    /// namespaces.
    #[error(
        "this kernel takes rules that write to packets only from root outside of user namespaces"
    )]
    PacketWrites(#[source] io::Error),
    /// Something else went wrong on the netlink socket.
    #[error("cannot {action}")]
    Netlink {
        /// What was being done.
        action: &'static str,
        /// The errno.
        #[source]
        source: io::Error,
    },
    /// The kernel answered something that is no netlink message.
    #[error("{0}")]
    Malformed(String),
}

impl From<netlink::Error> for KernelError {
    fn from(error: netlink::Error) -> Self {
        match error {
            netlink::Error::Io { action, source } => match source.raw_os_error() {
                Some(libc::EPERM | libc::EACCES) => Self::Privileges(source),
                Some(libc::EPROTONOSUPPORT) => Self::NoNfTables(source),
                _ => Self::Netlink { action, source },
            },
            netlink::Error::TooLarge { needed, limit } => Self::BatchTooLarge { needed, limit },
            netlink::Error::Malformed(_) => Self::Malformed(error.to_string()),
        }
    }
}

impl From<KernelError> for Interrupted<KernelError> {
    fn from(error: KernelError) -> Self {
        Self::Failed(error)
    }
}

impl KernelError {
    /// The kernel's refusal of one operation, or of the element of that number.
    #[must_use]
    pub fn refused(
        op: &Op<'_>,
        element: Option<usize>,
        detail: Option<String>,
        source: io::Error,
    ) -> Self {
        Self::Refused { action: op.describe(element), nft: op.nft(element), detail, source }
    }

    /// What the operator can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            KernelError::Privileges(_) => {
                "run as root; to try it out without touching this host, run \
                 it in a network namespace of its own: `unshare -rnm hairnat …`"
                    .to_owned()
            }
            KernelError::NoNfTables(_) => "load the module with `modprobe nf_tables`, or use a \
                 kernel that was built with CONFIG_NF_TABLES"
                .to_owned(),
            KernelError::Owned { owner, .. } => format!(
                "the table goes away with its owner; if it is a process of this host, \
                 `ps -p {owner}` names it"
            ),
            KernelError::Stale => {
                "another program keeps changing nf_tables; run hairnat again when \
                 it is done, and see who it is with `nft monitor`"
                    .to_owned()
            }
            KernelError::BatchTooLarge { needed, .. } => format!(
                "raise the limit on the host with `sysctl -w net.core.wmem_max={}`, or run as root \
                 outside of user namespaces, where it does not hold",
                wmem_max_for(*needed)
            ),
            KernelError::Unsupported { options, purpose, .. } => format!(
                "use a kernel that was built with {options}, and have its module loadable: hairnat \
                 needs it {purpose}"
            ),
            KernelError::PacketWrites(_) => {
                "run as root of the host, or leave `own_float: rewrite` and `redirect: on` out of the \
                 policy: with `hairpin_mode: on` instances reach their own floats by NAT alone"
                    .to_owned()
            }
            KernelError::Refused { source, .. } => refused_hint(source)?.to_owned(),
            KernelError::Netlink { source, .. } => match source.raw_os_error() {
                Some(libc::ENOMEM | libc::ENOBUFS) => "the kernel is short of memory".to_owned(),
                _ => return None,
            },
            KernelError::Malformed(_) => return None,
        })
    }
}

fn refused_hint(source: &io::Error) -> Option<&'static str> {
    Some(match source.raw_os_error()? {
        libc::EEXIST | libc::EBUSY | libc::ENOTEMPTY => {
            "it, or something that it overlaps, is there already; see what with `hairnat show`"
        }
        libc::ENOENT => "something that it needs is not there; see what is with `hairnat show`",
        libc::ENFILE => "the set is full: `hairnat remove`, then `hairnat apply` gives it its size",
        libc::ENOMEM | libc::ENOBUFS => "the kernel is short of memory",
        libc::EOPNOTSUPP => {
            "this kernel lacks a feature that hairnat uses; Linux 5.15 has them all"
        }
        _ => return None,
    })
}

/// The `net.core.wmem_max` under which a batch of so many bytes can be sent.
///
/// The kernel doubles what a socket asks for, up to that limit, and takes a message of the result
/// less 32 bytes (`netlink_sendmsg`, `net/netlink/af_netlink.c`).
fn wmem_max_for(batch: usize) -> usize {
    (batch + 32).div_ceil(2)
}
