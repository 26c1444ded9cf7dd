//! From a policy to the nftables objects that carry it out. Pure.
//!
//! Rules are constant for a given set of features; a float is never a rule, always an element, so
//! that a packet costs the same whatever the number of floats.

mod bridge;
mod builder;
mod inet;
mod maps;

use crate::policy::Policy;
use crate::ruleset::Ruleset;

/// The ruleset that carries out `policy`.
#[must_use]
pub fn compile(policy: &Policy) -> Ruleset {
    let tables = [bridge::table(&policy.bridge), inet::table(policy)];
    Ruleset { tables: tables.into_iter().flatten().collect() }
}
