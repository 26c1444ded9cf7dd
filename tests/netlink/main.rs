//! The netlink side against a real kernel, with nft(8) as the witness.

mod agreement;
mod batches;
mod foreign;
mod intervals;
mod limits;
mod names;
mod raw;
#[path = "../witness/mod.rs"]
mod witness;

use witness::nft_reading;

/// Has nft(8) load a script; blocks may end on one line, which nft itself does not take.
#[track_caller]
fn load(script: &str) {
    nft_reading(&["-f", "-"], &script.replace("} }", "}\n}").replace("} }", "}\n}"));
}
