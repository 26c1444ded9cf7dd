//! What is in `packaging/`, used as its users do, each test on a host of its own.

mod ansible;
mod clean_root;
mod debian;
mod git_hook;
#[path = "../lab/isolation.rs"]
mod isolation;
mod machine;
mod path_unit;
mod puppet;
mod salt;
mod shell;
mod systemd;
#[allow(dead_code, reason = "the tests of the command line ask more of a world")]
#[path = "../cli/world.rs"]
mod world;
