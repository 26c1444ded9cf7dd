//! From a policy to the nftables objects that carry it out. Pure.
//!
//! Rules are constant for a given set of features; a float is never a rule, always an element, so
//! that a packet costs the same whatever the number of floats.

mod bridge;
mod builder;
mod inet;
mod maps;
mod own;

pub use inet::{FIRST_DESTINATION, FIRST_SOURCE};
pub use own::floats_left_to_nat;

use crate::policy::Policy;
use crate::ruleset::Ruleset;

/// Addresses of the host that rules name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HostAddresses {
    /// The Ethernet address of the bridge that instances are on, for `redirect: on`; without it that
    /// part is left out.
    pub bridge: Option<[u8; 6]>,
}

/// The ruleset that carries out `policy`, where it needs to know nothing of the host.
#[must_use]
pub fn compile(policy: &Policy) -> Ruleset {
    compile_on(policy, HostAddresses::default())
}

/// The ruleset that carries out `policy` on a host with those addresses.
#[must_use]
pub fn compile_on(policy: &Policy, host: HostAddresses) -> Ruleset {
    let tables = [bridge::table(policy, host), inet::table(policy)];
    Ruleset { tables: tables.into_iter().flatten().collect() }
}
