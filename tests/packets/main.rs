//! What hairnat promises, kept by real packets through a real kernel.
//!
//! Every test has a lab of its own: see `tests/lab`.

mod behind_one_port;
mod beside;
mod bulk;
mod egress;
mod explained;
mod firewall_bridges;
mod flat;
mod floats;
mod foreign;
mod forged;
#[path = "../lab/mod.rs"]
mod lab;
mod led_over;
mod matrix;
mod moves;
mod neighbor_discovery;
mod own_float;
mod paths;
mod pool;
mod port_hairpin;
mod running;
mod warnings;
mod worlds;
