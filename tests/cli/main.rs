//! The command line: what each command prints, says and exits with.

#[path = "../lab/isolation.rs"]
mod isolation;

mod bridge_ports;
mod bridges;
mod confirm;
mod contract;
mod drop_ins;
mod exit_codes;
mod explain;
mod files;
mod generated;
mod invisible;
#[path = "../netlink/limits.rs"]
mod limits;
mod listed;
mod live;
mod names;
mod others;
mod progress;
#[path = "../netlink/raw.rs"]
mod raw;
mod readme;
mod refusals;
mod repair;
mod running;
mod schema;
mod script;
mod streams;
mod terminal;
mod unreadable;
mod usage;
mod world;
