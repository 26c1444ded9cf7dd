//! The addresses and L4 ports that random policies are made with: neighbours, and the edges of
//! what a policy may say.

use std::net::{Ipv4Addr, Ipv6Addr};

/// Fixed networks: where they begin, their length, and where the 1024 addresses begin that policies
/// use of them. The last one covers the first two.
pub(super) const NETWORKS: [&[(&str, u8, &str)]; 2] = [
    &[
        ("10.0.0.0", 22, "10.0.0.0"),
        ("10.0.4.0", 22, "10.0.4.0"),
        ("0.0.4.0", 22, "0.0.4.0"),
        ("223.255.252.0", 22, "223.255.252.0"),
        ("255.255.248.0", 22, "255.255.248.0"),
        ("10.0.0.0", 8, "10.255.252.0"),
    ],
    &[
        ("fd00:10::", 64, "fd00:10::"),
        ("fd00:10:0:1::", 64, "fd00:10:0:1::"),
        ("::4:0:0", 96, "::4:0:0"),
        ("feff:ffff:ffff:ffff::", 64, "feff:ffff:ffff:ffff::"),
        ("fe80::", 118, "fe80::"),
        ("fd00::", 8, "fdff:ffff::"),
    ],
];

/// Where blocks of sixteen floats begin.
pub(super) const FLOAT_BLOCKS: [&[&str]; 2] = [
    &[
        "198.51.100.0",
        "198.51.100.16",
        "198.51.100.32",
        "203.0.113.240",
        "223.255.251.240",
        "0.0.0.16",
        "126.255.255.240",
        "128.0.0.0",
        "255.255.255.224",
    ],
    &[
        "2001:db8::",
        "2001:db8::10",
        "2001:db8::20",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:fff0",
        "::10",
        "::192.0.2.0",
        "64:ff9b::",
        "feff:ffff:ffff:fffe:ffff:ffff:ffff:fff0",
        "fec0::",
    ],
];

/// What `pool` may name, none of it in a fixed network.
pub(super) const POOL: [&[&str]; 2] = [
    &["198.51.100.0/24", "198.51.100.0/28", "203.0.113.255/32", "128.0.0.0/9", "0.0.0.16/28"],
    &["2001:db8::/32", "2001:db8::10/124", "64:ff9b::/128", "::10/124", "fec0::/16"],
];

/// What `exempt` may name.
pub(super) const EXEMPT: [&[&str]; 2] = [
    &["192.0.2.0/24", "10.0.0.0/8", "0.0.0.0/8", "224.0.0.0/3", "255.255.255.255/32", "0.0.0.0/0"],
    &["2001:db8:2::/48", "fd00::/8", "::/128", "ff00::/8", "fe00::/7", "::/0"],
];

/// What `default` may name.
pub(super) const DEFAULTS: [&[&str]; 2] =
    [&["203.0.113.1", "255.255.255.254"], &["2001:db8:1::1", "::2"]];

/// The addresses of a fixed network that instances have, from its first on.
pub(super) const FIXED: &[u16] = &[0, 1, 2, 127, 128, 255, 256, 1022, 1023];

/// Where a fixed prefix of sixteen begins in its network: number `slot`, with a gap to the next.
pub(super) fn fixed_prefix(slot: u8) -> u128 {
    512 + 32 * u128::from(slot)
}

/// The L4 ports that floats may have, none of which overlap.
pub(super) const L4_PORTS: &[(u16, u16)] = &[
    (1, 1),
    (2, 2),
    (3, 5),
    (6, 10),
    (11, 255),
    (256, 256),
    (443, 443),
    (1024, 2047),
    (2048, 2048),
    (8443, 8443),
    (65534, 65534),
    (65535, 65535),
];

/// The address `offset` after `text`.
pub(super) fn address(text: &str, offset: u128) -> String {
    if let Ok(first) = text.parse::<Ipv4Addr>() {
        let number = u128::from(first.to_bits()) + offset;
        return Ipv4Addr::from_bits(u32::try_from(number).unwrap()).to_string();
    }
    let first = text.parse::<Ipv6Addr>().unwrap();
    Ipv6Addr::from_bits(first.to_bits() + offset).to_string()
}
