//! Whether an answer can be relied on, must be asked for again, or is a refusal.

use std::io;

use super::Interrupted;
use crate::kernel::KernelError;
use crate::ruleset::Elements;

/// Has it read again if anything came twice.
pub(super) fn each_once<T: Ord>(names: impl IntoIterator<Item = T>) -> Result<(), Interrupted> {
    let mut names: Vec<T> = names.into_iter().collect();
    names.sort_unstable();
    if names.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(Interrupted::Again);
    }
    Ok(())
}

/// Whether an element comes twice; they are sorted.
pub(super) fn twice(elements: &Elements) -> bool {
    let pairs = elements.iter().zip(elements.iter().skip(1));
    pairs.into_iter().any(|(one, next)| (one.key, one.last) == (next.key, next.last))
}

/// What an errno of the kernel means; 0 is none.
pub(super) fn check(errno: i32, action: &'static str) -> Result<(), KernelError> {
    let source = io::Error::from_raw_os_error(errno);
    match errno {
        0 => Ok(()),
        libc::EPERM => Err(KernelError::Privileges(source)),
        // What nfnetlink says of a subsystem that it has not and cannot load.
        libc::EINVAL | libc::EOPNOTSUPP => Err(KernelError::NoNfTables(source)),
        _ => Err(KernelError::Netlink { action, source }),
    }
}

/// As [`check`], for what was there a moment ago.
pub(super) fn still_there(errno: i32, action: &'static str) -> Result<(), Interrupted> {
    match errno {
        libc::ENOENT => Err(Interrupted::Again),
        libc::EINVAL | libc::EOPNOTSUPP => {
            let source = io::Error::from_raw_os_error(errno);
            Err(KernelError::Netlink { action, source }.into())
        }
        _ => Ok(check(errno, action)?),
    }
}
