//! The data path: the first packet of a connection, which alone meets the rules of NAT.

mod host;

use std::fs;
use std::path::Path;

use crate::floats::{floats, nova, policy};
use crate::numbers::thousands;
use crate::results::{Busy, PacketRow, Rules, Way};
use host::{Host, Random};

/// How many first packets are sent before it is another host's turn.
const BURST: usize = 50;

/// The most floats for rules that a packet walks one by one.
const MOST_IN_RULES: usize = 10_000;

/// The most floats for maps.
pub(crate) const MOST_IN_MAPS: usize = 100_000;

/// What one row is about.
struct Lane<'h> {
    rules: Rules,
    floats: usize,
    way: Way,
    busy: Busy,
    /// Where it is measured, or why it is not.
    host: Result<&'h Host, String>,
}

/// Measures about so many first packets of every kind, the hosts in turn.
pub(crate) fn measure(sizes: &[usize], packets: usize) -> Vec<PacketRow> {
    let mut hosts = Vec::new();
    for rules in [Rules::None, Rules::Hairnat, Rules::NovaNft, Rules::NovaLegacy] {
        for &floats in sizes {
            hosts.push((rules, floats, host(hosts.len(), rules, floats)));
        }
    }
    let mut lanes = Vec::new();
    for (rules, floats, host) in &hosts {
        let ways: &[_] = match rules {
            Rules::None => &[(Way::Fixed, Busy::Ten), (Way::Fixed, Busy::Any)],
            _ => &[
                (Way::OwnFloat, Busy::Ten),
                (Way::OtherFloat, Busy::Ten),
                (Way::OtherFloat, Busy::Any),
            ],
        };
        for &(way, busy) in ways {
            let host = host.as_ref().map_err(Clone::clone);
            lanes.push(Lane { rules: *rules, floats: *floats, way, busy, host });
        }
    }
    take_turns(lanes, packets.div_ceil(BURST))
}

/// A host with these rules, or why there is none.
fn host(number: usize, rules: Rules, floats: usize) -> Result<Host, String> {
    let most = match rules {
        Rules::None | Rules::Hairnat => MOST_IN_MAPS,
        Rules::NovaNft | Rules::NovaLegacy => MOST_IN_RULES,
    };
    if floats > most {
        return Err(format!("not run with more than {} floats", thousands(most)));
    }
    let host = Host::new(number, floats);
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("figures.rules");
    fs::write(&file, text(rules, floats)).expect("write a temporary file");
    let loaded = host.load(rules, &file.to_string_lossy());
    drop(fs::remove_file(&file));
    loaded.map(|()| host)
}

fn text(rules: Rules, count: usize) -> String {
    match rules {
        Rules::None => String::new(),
        Rules::Hairnat => policy(floats(count)),
        Rules::NovaNft | Rules::NovaLegacy => nova(floats(count)),
    }
}

/// A burst of every lane, then the next of every lane; the first ones only warm up.
fn take_turns(lanes: Vec<Lane<'_>>, rounds: usize) -> Vec<PacketRow> {
    let mut random = Random(1);
    let mut rows: Vec<_> = lanes.iter().map(|_| Ok(Vec::new())).collect();
    for round in 0..=rounds {
        for (lane, bursts) in lanes.iter().zip(&mut rows) {
            let Ok(so_far) = bursts else { continue };
            let burst = lane.host.clone().and_then(|host| {
                let pairs = host.pairs(lane.way, lane.busy, BURST, &mut random);
                host.burst(lane.way, pairs)
            });
            match burst {
                Ok(burst) if round > 0 => so_far.push(burst),
                Ok(_) => {}
                Err(reason) => *bursts = Err(reason),
            }
        }
    }
    let row = |(lane, bursts): (Lane<'_>, _)| {
        let Lane { rules, floats, way, busy, .. } = lane;
        PacketRow { rules, floats, way, busy, bursts }
    };
    lanes.into_iter().zip(rows).map(row).collect()
}
