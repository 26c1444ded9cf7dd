//! What policies are made of: neighbors, and the edges of what the lab has. IPv4 first, then IPv6.

/// Fixed networks as the lab has them: a host that does not forward tells them apart.
pub(crate) const WIRED: [[&str; 2]; 2] =
    [["10.0.0.0/24", "10.0.1.0/24"], ["fd00:10::/64", "fd00:10:0:1::/64"]];

/// Other ways to say it: halves, both at once, networks that hold many more.
pub(crate) const OTHER: [[&str; 6]; 2] = [
    ["10.0.0.0/25", "10.0.0.128/25", "10.0.1.128/25", "10.0.0.0/23", "10.0.0.0/8", "10.0.1.0/24"],
    [
        "fd00:10::/65",
        "fd00:10:0:0:8000::/65",
        "fd00:10:0:1:8000::/65",
        "fd00:10::/63",
        "fd00::/8",
        "fd00:10:0:1::/64",
    ],
];

/// Interfaces: mostly none, or those of the lab, or others.
pub(crate) const UPLINKS: [&[&str]; 8] =
    [&[], &[], &[], &["eth0"], &["eth1"], &["eth*"], &["eth0", "eth1"], &["wan0", "ppp*"]];

/// Public addresses of instances: around floats, and of one float alone.
pub(crate) const POOL: [[&str; 4]; 2] = [
    ["203.0.113.0/24", "203.0.113.128/25", "203.0.113.2/32", "198.18.0.0/22"],
    ["2001:db8::/64", "2001:db8:0:0:8000::/65", "2001:db8::2/128", "2001:db8:18::/62"],
];

/// Sources of instances without a float; some are floats as well.
pub(crate) const DEFAULTS: [[&str; 3]; 2] = [
    ["203.0.113.1", "203.0.113.254", "198.18.0.0"],
    ["2001:db8::1", "2001:db8::ffff:ffff:ffff:ffff", "2001:db8:18::"],
];

/// Destinations that see the fixed address, also where fixed networks are.
pub(crate) const EXEMPT: [[&str; 8]; 2] = [
    [
        "192.0.2.0/24",
        "192.0.2.128/25",
        "192.0.2.77/32",
        "198.51.100.0/24",
        "10.0.1.0/24",
        "10.0.0.64/26",
        "10.0.0.0/8",
        "0.0.0.0/0",
    ],
    [
        "2001:db8:2::/64",
        "2001:db8:2:0:8000::/65",
        "2001:db8:2::77/128",
        "2001:db8:51::/64",
        "fd00:10:0:1::/64",
        "fd00:10:0:0:4000::/66",
        "fd00::/8",
        "::/0",
    ],
];

/// Floats of one address: neighbors, first and last ones.
pub(crate) const FLOATS: [[&str; 10]; 2] = [
    [
        "203.0.113.0",
        "203.0.113.1",
        "203.0.113.2",
        "203.0.113.3",
        "203.0.113.127",
        "203.0.113.128",
        "203.0.113.254",
        "203.0.113.255",
        "198.18.0.0",
        "198.18.3.255",
    ],
    [
        "2001:db8::",
        "2001:db8::1",
        "2001:db8::2",
        "2001:db8::3",
        "2001:db8::7fff:ffff:ffff:ffff",
        "2001:db8:0:0:8000::",
        "2001:db8::ffff:ffff:ffff:fffe",
        "2001:db8::ffff:ffff:ffff:ffff",
        "2001:db8:18::",
        "2001:db8:18:3:ffff:ffff:ffff:ffff",
    ],
];

/// Ranges of L4 ports.
pub(crate) const RANGES: [(u16, u16); 17] = [
    (1, 1),
    (2, 2),
    (1, 2),
    (3, 5),
    (6, 10),
    (80, 80),
    (81, 81),
    (80, 81),
    (443, 443),
    (1024, 2047),
    (1024, 65535),
    (2048, 2048),
    (8443, 8443),
    (65534, 65534),
    (65535, 65535),
    (65534, 65535),
    (1, 65535),
];
