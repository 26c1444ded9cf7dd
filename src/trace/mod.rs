//! Walks the first packet of a connection through a ruleset, as the kernel does.
//!
//! ```text
//!   instance, outside ── prerouting ──┐
//!                                     ├── routing ── postrouting ── to the server
//!   host ─────────────── output ──────┘
//! ```
//!
//! Chains of NAT see only that packet; whatever follows is translated as it was, answers back
//! (`nf_nat_inet_fn` of `nf_nat_core.c`). What the ruleset cannot know is taken from the
//! question: where the packet comes from, and which interface it leaves by.

mod answer;
mod flow;
mod frame;
mod lookup;
mod obstacle;
mod rule;
mod step;
mod walk;

pub use answer::{Answer, End};
pub use flow::{Flow, Origin, Source, Transport};
pub use frame::{Fate, Frame, FrameStep, FrameWalk, walk_frame};
pub use obstacle::{BridgeConditions, Conditions, Obstacle, obstacle};
pub use rule::{Effect, Match};
pub use step::{Decision, Question, Route, Step};
pub use walk::{Walk, walk};
