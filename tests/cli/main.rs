//! The command line: what each command prints, says and exits with.

#[path = "../lab/isolation.rs"]
mod isolation;

mod confirm;
mod drop_ins;
mod files;
mod generated;
mod json;
mod live;
mod progress;
mod readme;
mod refusals;
mod repair;
mod running;
mod streams;
mod terminal;
mod unreadable;
mod usage;
mod world;
