//! What must hold whatever bytes are read: one law a fuzz target.
//!
//! `make fuzz` looks for bytes that break one; what it found worth keeping is in `corpus`, and
//! `tests/fuzz_corpus.rs` reads all of that again.

pub mod messages;
pub mod names;
pub mod policy;
pub mod tree;
