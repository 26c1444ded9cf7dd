//! An apply cannot be caught half way: not by other writers, not by `kill -9`, not by a packet.
//!
//! Every test has namespaces of its own. `HAIRNAT_CASES` is how many rounds each has; with
//! `-- --nocapture` a test tells what it has seen.

mod dry_runs;
mod flood;
mod kills;
#[path = "../lab/mod.rs"]
#[expect(dead_code, unused_imports, reason = "the packet tests ask a lab for more")]
mod lab;
mod policies;
mod rivals;
mod witness;
mod writers;

use std::env;

/// How many rounds a test has: as many as `HAIRNAT_CASES` says, or `default`.
fn rounds(default: u32) -> u32 {
    env::var("HAIRNAT_CASES").map_or(default, |cases| cases.parse().expect("HAIRNAT_CASES"))
}
