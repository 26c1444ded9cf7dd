//! What is live, for a test that does not apply itself.

use std::sync::atomic::{AtomicBool, Ordering};

use hairnat::kernel::{Kernel as _, KernelError, NfTables};
use hairnat::plan::Snapshot;

use crate::lab::isolation::{isolated, test_name};

/// What a test needs beyond namespaces.
const TRIAL: &str = "nft list tables";

/// Runs the body of a test, a closure of its own, in namespaces of its own.
pub(crate) fn inside<F: FnOnce()>(body: F) {
    isolated(test_name::<F>(), TRIAL, body);
}

/// Reads what is live, however long others keep changing it.
pub(crate) fn snapshot(kernel: &mut NfTables) -> Snapshot {
    loop {
        match kernel.snapshot() {
            Err(KernelError::Stale) => {}
            live => return live.unwrap(),
        }
    }
}

/// Raises a flag when it goes out of scope, be it by a panic: what waits for the flag ends then.
pub(crate) struct RaisedAtLast<'a>(pub(crate) &'a AtomicBool);

impl Drop for RaisedAtLast<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
