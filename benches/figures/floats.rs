//! Floats by number, and the policies that they make.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

/// Set in the addresses of odd numbers, so that an instance can have all even ones of a prefix
/// and another all odd ones.
const ODD: u32 = 1 << 23;

/// Set in the fixed address of a float that moved.
const ELSEWHERE: u32 = 1 << 22;

/// One float and where it leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Float {
    number: u32,
    moved: bool,
}

impl Float {
    /// The float of that number, at most a few millions.
    pub(crate) fn new(number: usize) -> Self {
        let number = u32::try_from(number).ok().filter(|number| number / 2 < ELSEWHERE);
        Self { number: number.expect("at most 2^23 floats"), moved: false }
    }

    /// The same float, leading to an instance that has no other.
    pub(crate) fn moved(self) -> Self {
        Self { moved: true, ..self }
    }

    /// The float: of 100.0.0.0/9 if its number is even, else of 100.128.0.0/9.
    pub(crate) fn address(self) -> Ipv4Addr {
        Ipv4Addr::from(100 << 24 | self.host())
    }

    /// The fixed address: of 10.0.0.0/9 if the number is even, else of 10.128.0.0/9.
    pub(crate) fn fixed(self) -> Ipv4Addr {
        let elsewhere = if self.moved { ELSEWHERE } else { 0 };
        Ipv4Addr::from(10 << 24 | self.host() | elsewhere)
    }

    /// The name; every tenth float has one.
    pub(crate) fn name(self) -> Option<String> {
        self.number.is_multiple_of(10).then(|| format!("vm-{}", self.number))
    }

    /// Whether it is one of a tenth of all; none of them has a name.
    pub(crate) fn is_of_one_tenth(self) -> bool {
        self.number % 10 == 5
    }

    fn host(self) -> u32 {
        let odd = if self.number.is_multiple_of(2) { 0 } else { ODD };
        odd | (self.number / 2)
    }
}

/// The floats below that number.
pub(crate) fn floats(count: usize) -> impl Iterator<Item = Float> {
    (0..count).map(Float::new)
}

/// hairnat's policy.
pub(crate) fn policy(floats: impl Iterator<Item = Float>) -> String {
    let mut text = String::from("fixed: [10.0.0.0/8]\nfloats:\n");
    for float in floats {
        let (address, fixed) = (float.address(), float.fixed());
        match float.name() {
            Some(name) => writeln!(text, "  {address}:\n    fixed: {fixed}\n    name: {name}"),
            None => writeln!(text, "  {address}: {fixed}"),
        }
        .expect("a String takes any text");
    }
    text
}

/// nova-network's rules as `iptables-restore` reads them, in the chains that it had: three rules a
/// float, as without a public interface.
pub(crate) fn nova(floats: impl Iterator<Item = Float>) -> String {
    let mut text = String::from(
        "*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:nova-network-PREROUTING - [0:0]
:nova-network-OUTPUT - [0:0]
:nova-network-POSTROUTING - [0:0]
:nova-network-float-snat - [0:0]
:nova-network-snat - [0:0]
:nova-postrouting-bottom - [0:0]
-A PREROUTING -j nova-network-PREROUTING
-A OUTPUT -j nova-network-OUTPUT
-A POSTROUTING -j nova-network-POSTROUTING
-A POSTROUTING -j nova-postrouting-bottom
-A nova-postrouting-bottom -j nova-network-snat
-A nova-network-snat -j nova-network-float-snat
-A nova-network-POSTROUTING -s 10.0.0.0/8 -d 10.0.0.0/8 -m conntrack ! --ctstate DNAT -j ACCEPT
",
    );
    for float in floats {
        let (address, fixed) = (float.address(), float.fixed());
        writeln!(
            text,
            "-A nova-network-PREROUTING -d {address} -j DNAT --to-destination {fixed}\n\
             -A nova-network-OUTPUT -d {address} -j DNAT --to-destination {fixed}\n\
             -A nova-network-float-snat -s {fixed} -j SNAT --to-source {address}"
        )
        .expect("a String takes any text");
    }
    text.push_str("COMMIT\n");
    text
}

/// The nft script that adds floats to hairnat's maps, by somebody who knows them.
pub(crate) fn add(floats: &[Float]) -> String {
    let comment = |float: &Float| {
        float.name().map_or_else(String::new, |name| format!(" comment \"{name}\""))
    };
    let there = |f: &Float| format!("{}{} : {}", f.address(), comment(f), f.fixed());
    let back = |f: &Float| format!("{}{} : {}", f.fixed(), comment(f), f.address());
    elements("add", "dnat4", floats, there) + &elements("add", "snat4", floats, back)
}

/// The nft script that takes floats out of hairnat's maps.
pub(crate) fn delete(floats: &[Float]) -> String {
    elements("delete", "dnat4", floats, |float| float.address().to_string())
        + &elements("delete", "snat4", floats, |float| float.fixed().to_string())
}

fn elements(verb: &str, map: &str, floats: &[Float], element: impl Fn(&Float) -> String) -> String {
    if floats.is_empty() {
        return String::new();
    }
    let elements: Vec<String> = floats.iter().map(element).collect();
    format!("{verb} element inet hairnat {map} {{ {} }}\n", elements.join(", "))
}
