//! The hairpin floating-IP path of a Linux bridge host, declared once and kept true.

pub mod address;
pub mod compile;
pub mod host;
pub mod kernel;
pub mod netlink;
pub mod plan;
pub mod policy;
pub mod ruleset;
