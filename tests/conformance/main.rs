//! Whether packets go as `hairnat explain` says: random policies, packets aimed at their edges,
//! and the kernel as the witness. In some worlds another program has NAT rules too.
//!
//! The default run is the same every time. `HAIRNAT_SEED` begins it elsewhere, `HAIRNAT_PACKETS`
//! says how many packets it has: `make conformance N=100000` is a long one, from a seed of its own.
//! The world of a failure is the first one from the seed that the failure prints. A failure is
//! made as small as it can be, and is written into `tests/conformance/cases`; cases are run first.

mod aims;
mod cases;
mod clients;
mod conntrack;
mod foreign;
mod foreign_tables;
#[path = "../lab/isolation.rs"]
mod isolation;
mod lab;
mod namespace;
mod packet;
mod places;
mod policies;
mod prediction;
mod random;
#[path = "../scenario/mod.rs"]
#[expect(dead_code, reason = "policies that are shipped are tested elsewhere")]
mod scenario;
mod sctp;
mod servers;
mod tally;
mod vocabulary;
mod worlds;

use std::env;
use std::time::Instant;

use cases::{Case, cases};
use isolation::{isolated, test_name};
use lab::Lab;
use packet::Outcome;
use tally::Tally;
use worlds::{World, ruleset, walk};

/// What a lab needs beyond namespaces: bridges, `br_netfilter` and `nf_tables`.
const TRIAL: &str = "ip link add br0 type bridge && nft list tables && \
    { test -e /proc/sys/net/bridge || { echo 'br_netfilter is not loaded: modprobe br_netfilter' >&2; false; }; }";

/// Where the default run begins.
const SEED: u64 = 0x6861_6972;

/// How many packets the default run has, at least.
const PACKETS: usize = 6_000;

#[test]
fn packets_go_as_the_walk_says() {
    inside(|| {
        let mut lab = Lab::new();
        for case in cases() {
            comes_out(&mut lab, case);
        }
        let (seed, packets) = (number("HAIRNAT_SEED", SEED), number("HAIRNAT_PACKETS", PACKETS));
        search(&mut lab, seed, packets);
    });
}

fn inside<F: FnOnce()>(body: F) {
    isolated(test_name::<F>(), TRIAL, body);
}

fn number<N: std::str::FromStr>(variable: &str, default: N) -> N {
    env::var(variable).map_or(default, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable}={text} is no number"))
    })
}

/// A case, for the kernel and for the walk.
fn comes_out(lab: &mut Lab, case: Case) {
    let Case { path, policy, conditions, foreign, packet, expected } = case;
    let ruleset = ruleset(&policy, foreign.as_ref());
    let said = prediction::outcome(&walk(&ruleset, &policy, &packet), conditions);
    lab.apply(&policy, conditions, foreign.as_ref());
    let hopeful = expected != Outcome::NoAnswer.to_string();
    let kernel = clients::ask(lab, &[packet], &[hopeful])[0];
    let name = path.display();
    assert_eq!(kernel.to_string(), expected, "what the kernel does: {name}");
    assert_eq!(said.to_string(), expected, "what the walk says: {name}");
}

/// World after world, from `seed` on, until so many packets went as the walk says.
fn search(lab: &mut Lab, seed: u64, packets: usize) {
    let begin = Instant::now();
    let (mut worlds, mut tally) = (0_u64, Tally::default());
    while tally.packets < packets {
        let seed = seed.wrapping_add(worlds);
        let world = World::of(seed);
        let (walks, astray) = world.run(lab);
        if let Some(found) = astray.into_iter().next() {
            let found = found.shrunk(lab);
            let path = cases::write(seed, &found);
            panic!("HAIRNAT_SEED={seed}\n{found}is now {}", path.display());
        }
        for walk in &walks {
            tally.count(walk, world.conditions, world.foreign.as_ref());
        }
        worlds += 1;
    }
    println!(
        "HAIRNAT_SEED={seed}: {} packets through {worlds} policies went as the walk says; {:.1} s",
        tally.packets,
        begin.elapsed().as_secs_f32()
    );
    tally.print();
    tally.lacks_nothing();
}
