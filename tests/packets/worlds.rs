//! Policies and addresses that several tests share.

use std::net::IpAddr;

/// One float of each family for `web` and `db`, none for `batch`.
pub(crate) const TWO_FLOATS: &str = "
fixed: [10.0.0.0/24, fd00:10::/64]
floats:
  203.0.113.11: 10.0.0.11
  203.0.113.12: 10.0.0.12
  2001:db8::11: fd00:10::11
  2001:db8::12: fd00:10::12
";

/// The addresses of one family.
pub(crate) struct World {
    /// The float of `web`.
    pub(crate) web_float: IpAddr,
    /// The float of `db`.
    pub(crate) db_float: IpAddr,
    /// The fixed address of `web`.
    pub(crate) web: IpAddr,
    /// The fixed address of `db`.
    pub(crate) db: IpAddr,
    /// The fixed address of `batch`, which has no float.
    pub(crate) batch: IpAddr,
    /// The host's address on the bridge.
    pub(crate) bridge: IpAddr,
    /// The host's address on the uplink.
    pub(crate) uplink: IpAddr,
    /// The neighbor beyond the uplink.
    pub(crate) outside: IpAddr,
    /// The neighbor that is not beyond the uplink.
    pub(crate) management: IpAddr,
}

impl World {
    /// IPv4 and IPv6.
    pub(crate) fn both() -> [Self; 2] {
        [
            Self {
                web_float: ip("203.0.113.11"),
                db_float: ip("203.0.113.12"),
                web: ip("10.0.0.11"),
                db: ip("10.0.0.12"),
                batch: ip("10.0.0.13"),
                bridge: ip("10.0.0.1"),
                uplink: ip("192.0.2.1"),
                outside: ip("192.0.2.2"),
                management: ip("198.51.100.2"),
            },
            Self {
                web_float: ip("2001:db8::11"),
                db_float: ip("2001:db8::12"),
                web: ip("fd00:10::11"),
                db: ip("fd00:10::12"),
                batch: ip("fd00:10::13"),
                bridge: ip("fd00:10::1"),
                uplink: ip("2001:db8:2::1"),
                outside: ip("2001:db8:2::2"),
                management: ip("2001:db8:51::2"),
            },
        ]
    }
}

/// An address written out in a test.
pub(crate) fn ip(text: &str) -> IpAddr {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What a client hears when `server` answered on port 80 and saw `source`.
pub(crate) fn saw(server: &str, source: IpAddr) -> String {
    format!("{server}:80 saw {source}")
}
