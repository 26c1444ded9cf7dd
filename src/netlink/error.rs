//! Why a netlink socket did not do what it was asked for.

use std::io;

use thiserror::Error;

use super::Malformed;

/// A failure of the socket, or an answer that is none.
#[derive(Debug, Error)]
pub enum Error {
    /// The kernel refused a call or a request.
    #[error("cannot {action}")]
    Io {
        /// What was being done.
        action: &'static str,
        /// The errno.
        #[source]
        source: io::Error,
    },
    /// The batch does not fit the socket's send buffer, and it may not be raised here.
    #[error("the batch of {needed} bytes does not fit the netlink send buffer of {limit} bytes")]
    TooLarge {
        /// Bytes of the batch.
        needed: usize,
        /// Bytes that the socket takes.
        limit: usize,
    },
    /// The kernel answered something that is no netlink message.
    #[error("the kernel's answer cannot be read: {0}")]
    Malformed(#[from] Malformed),
}

impl Error {
    /// The kernel's refusal of a request, by its errno.
    pub(crate) fn refused(errno: i32, action: &'static str) -> Self {
        Self::Io { action, source: io::Error::from_raw_os_error(errno) }
    }

    /// Nothing for errno 0, or else the refusal.
    pub(crate) fn check(errno: i32, action: &'static str) -> Result<(), Self> {
        if errno == 0 { Ok(()) } else { Err(Self::refused(errno, action)) }
    }
}
