//! `apply --confirm`: what is not confirmed goes away again.

mod answers;
mod deaths;
mod overlap;
mod refusals;
mod restless;
mod states;

use crate::world::World;

/// Changes that need a confirmation, from nothing to the tables of the policy.
const APPLIED: &str = "\
table bridge hairnat
  + 1 set, 2 chains, 2 rules
table inet hairnat
  + 3 sets, 4 chains, 9 rules, 3 elements
map inet hairnat dnat4
  + 203.0.113.10 : 10.0.0.10
map inet hairnat snat4
  + 10.0.0.10 : 203.0.113.10
set inet hairnat fixed4
  + 10.0.0.0/24
applied: 16 added, 0 replaced, 0 deleted
";

/// What is asked of one who can type.
const TYPE: &str = "applied; press Enter within SECONDS s to keep it (or `kill -USR1 PID`), else \
                    the previous state comes back\n";

/// What is asked of one who cannot.
const SIGNAL: &str =
    "applied; `kill -USR1 PID` within SECONDS s keeps it, else the previous state comes back\n";

/// `apply --confirm` with a minute to answer, for which no test waits.
const MINUTE: &str = "hairnat apply --confirm 60 policy.yaml";

/// `apply --confirm` with a second to answer.
const SECOND: &str = "hairnat apply --confirm 1 policy.yaml";

/// The last line of an apply that was reverted for that reason.
fn not_confirmed(reason: &str) -> String {
    format!("{APPLIED}not confirmed: the previous state is back ({reason})\n")
}

/// The generation of the ruleset.
fn generation(world: &World) -> u64 {
    world.run("hairnat show -o json").object(0)["generation"].as_u64().unwrap()
}
