//! NAT of another program beside hairnat's, at priorities behind it: rules, and their text in cases.
//!
//! Once a NAT chain has translated an end of a connection, the kernel runs no later chain for that end
//! (`nf_nat_inet_fn`). So these rules change nothing that hairnat translates. They do translate what
//! hairnat leaves alone, and the walk predicts that too.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use hairnat::address::Address;
use hairnat::policy::{Policy, Translation};
use hairnat::ruleset::Hook;

use crate::places::{NEIGHBORS, NETWORKS, Place, place};
use crate::policies::add;
use crate::random::Random;
use crate::vocabulary::FLOATS;

/// Priorities of destination NAT, all behind -101, from the standard one (`NF_IP_PRI_NAT_DST`) on.
const DESTINATION: [i32; 5] = [-100, -100, -99, 0, 300];

/// Priorities of source NAT, all behind 99, from the standard one (`NF_IP_PRI_NAT_SRC`) on.
const SOURCE: [i32; 5] = [100, 100, 101, 200, 300];

/// The tables of another program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Foreign {
    pub(crate) order: Order,
    pub(crate) families: Families,
    pub(crate) rules: Vec<ForeignRule>,
}

/// When the other program loads its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// Before there is a table of hairnat.
    First,
    /// After hairnat has applied the policy.
    Last,
}

/// The families of its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Families {
    /// One table, `inet`.
    Joint,
    /// Two tables, `ip` and `ip6`.
    Separate,
}

/// A rule, in the NAT chain of its hook and priority.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ForeignRule {
    pub(crate) hook: Hook,
    pub(crate) priority: i32,
    pub(crate) nat: ForeignNat,
}

/// What a rule translates, and to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ForeignNat {
    /// A destination to another one.
    Destination { from: IpAddr, to: IpAddr },
    /// Sources of the network of the lab that begins with `network`; without `to` they are
    /// masqueraded.
    Source { network: IpAddr, towards: Towards, to: Option<IpAddr> },
}

/// The destinations for which sources are translated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Towards {
    /// All.
    Everything,
    /// Those outside the network of the source.
    Others,
}

impl Foreign {
    /// Rules for the floats of the policy, and for the networks of the lab.
    pub(crate) fn random(random: &mut Random, policy: &Policy) -> Self {
        let order = random.pick(&[Order::First, Order::Last]);
        let families = random.pick(&[Families::Joint, Families::Separate]);
        let mut foreign = Self { order, families, rules: Vec::new() };
        foreign.draw(random, &policy.ipv4);
        foreign.draw(random, &policy.ipv6);
        foreign
    }

    fn draw<A: Address>(&mut self, random: &mut Random, policy: &Translation<A>) {
        if policy.is_empty() {
            return;
        }
        let family = usize::from(A::FAMILY.address_len() == 16);
        let single = policy.floats.iter().map(|float| float.float);
        let ends = policy.prefixes.iter().flat_map(|prefix| {
            let float = prefix.float;
            [float.first(), float.last()]
        });
        for float in single.chain(ends) {
            for hook in [Hook::Prerouting, Hook::Output] {
                let (from, to) = (float.into(), target(random, family));
                // A translation to the same address leaves the connection without `IPS_DST_NAT`.
                if from != to && random.once_in(2) {
                    let nat = ForeignNat::Destination { from, to };
                    let priority = random.pick(&DESTINATION);
                    self.rules.push(ForeignRule { hook, priority, nat });
                }
            }
        }
        for network in &NETWORKS {
            let network = network.part(0, family == 0)[0];
            let (towards, to) = match random.below(4) {
                0 => continue,
                1 => (Towards::Everything, None),
                2 => (Towards::Others, None),
                _ => (Towards::Others, Some(address(random.pick(&FLOATS[family])))),
            };
            let nat = ForeignNat::Source { network, towards, to };
            let (hook, priority) = (Hook::Postrouting, random.pick(&SOURCE));
            self.rules.push(ForeignRule { hook, priority, nat });
        }
    }

    /// The tables with one rule less; none instead of the last one.
    pub(crate) fn smaller(&self) -> Vec<Option<Self>> {
        let without = |number: usize| {
            let mut foreign = self.clone();
            foreign.rules.remove(number);
            (!foreign.rules.is_empty()).then_some(foreign)
        };
        std::iter::once(None).chain((0..self.rules.len()).map(without)).collect()
    }
}

/// Somewhere else: an instance, a neighbor, or another float.
fn target(random: &mut Random, family: usize) -> IpAddr {
    match random.below(3) {
        0 => random.pick(&NEIGHBORS.map(|neighbor| neighbor.clients[family])),
        1 => address(random.pick(&FLOATS[family])),
        _ => {
            let network = random.pick(&NETWORKS);
            let [first, last] = network.part(random.below(network.parts()), family == 0);
            let target = random.pick(&[first, add(first, 2), last]);
            assert_ne!(place(target), Place::Host, "gateways are not among them");
            target
        }
    }
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

impl fmt::Display for Foreign {
    /// `loaded first, in inet`, then a rule a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let order = match self.order {
            Order::First => "first",
            Order::Last => "last",
        };
        let families = match self.families {
            Families::Joint => "inet",
            Families::Separate => "ip and ip6",
        };
        writeln!(f, "loaded {order}, in {families}")?;
        self.rules.iter().try_for_each(|rule| writeln!(f, "{rule}"))
    }
}

impl fmt::Display for ForeignRule {
    /// `prerouting -100 203.0.113.1 198.51.100.9`, `postrouting 100 10.0.0.0 others masquerade`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} ", self.hook.keyword(), self.priority)?;
        match self.nat {
            ForeignNat::Destination { from, to } => write!(f, "{from} {to}"),
            ForeignNat::Source { network, towards, to } => {
                let towards = match towards {
                    Towards::Everything => "everything",
                    Towards::Others => "others",
                };
                let to = to.map_or("masquerade".to_owned(), |to| to.to_string());
                write!(f, "{network} {towards} {to}")
            }
        }
    }
}

impl FromStr for Foreign {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (head, rules) = text.split_once('\n').unwrap_or((text, ""));
        let (order, families) = match head {
            "loaded first, in inet" => (Order::First, Families::Joint),
            "loaded first, in ip and ip6" => (Order::First, Families::Separate),
            "loaded last, in inet" => (Order::Last, Families::Joint),
            "loaded last, in ip and ip6" => (Order::Last, Families::Separate),
            _ => return Err(format!("`{head}` is not such as `loaded first, in inet`")),
        };
        let rules = rules.lines().map(str::parse).collect::<Result<_, _>>()?;
        Ok(Self { order, families, rules })
    }
}

impl FromStr for ForeignRule {
    type Err = String;

    fn from_str(line: &str) -> Result<Self, String> {
        let wrong = || format!("`{line}` is not such as `prerouting -100 203.0.113.1 10.0.0.2`");
        let parsed = |text: &str| text.parse::<IpAddr>().map_err(|_| wrong());
        let words: Vec<&str> = line.split(' ').collect();
        let [hook, priority, words @ ..] = words.as_slice() else { return Err(wrong()) };
        let hook = Hook::ALL.into_iter().find(|known| known.keyword() == *hook);
        let nat = match words {
            [from, to] => ForeignNat::Destination { from: parsed(from)?, to: parsed(to)? },
            [network, towards, to] => {
                let towards = match *towards {
                    "everything" => Towards::Everything,
                    "others" => Towards::Others,
                    _ => return Err(wrong()),
                };
                let to = if *to == "masquerade" { None } else { Some(parsed(to)?) };
                ForeignNat::Source { network: parsed(network)?, towards, to }
            }
            _ => return Err(wrong()),
        };
        let priority = priority.parse().map_err(|_| wrong())?;
        Ok(Self { hook: hook.ok_or_else(wrong)?, priority, nat })
    }
}
