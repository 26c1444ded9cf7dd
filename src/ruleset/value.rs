//! The bytes of keys and data, read back as the values that they stand for.
//!
//! The text and the JSON of an element are two spellings of the same [`Value`]s.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::{Datatype, Element, SetDeclaration};
use crate::address::{Prefix, Protocol};

/// One field of a key or of data.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    Single(Scalar),
    /// The first address and the length in bits.
    Prefix(Scalar, u8),
    /// The first and the last, both inside.
    Range(Scalar, Scalar),
}

/// One value of a [`Datatype`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scalar {
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Protocol(u8),
    /// An L4 port.
    Service(u16),
    /// An interface number; nft(8) would look up its name.
    Interface(u32),
}

/// Several fields, printed with ` . ` between them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Concatenation<'a> {
    types: &'a [Datatype],
    first: &'a [u8],
    last: &'a [u8],
    /// Whether each field must be a range: nft(8) takes a single address for no `interval`.
    ranges: bool,
}

impl SetDeclaration {
    /// The key of an element as nft(8) writes it: `203.0.113.13 . tcp . 80-90`.
    #[must_use]
    pub fn key_text(&self, element: Element<'_>) -> String {
        self.key_fields(element).to_string()
    }

    /// The data of an element as nft(8) writes it, `10.0.0.21 . 8443`; empty for a set.
    #[must_use]
    pub fn data_text(&self, element: Element<'_>) -> String {
        self.data_fields(element).map_or_else(String::new, |data| data.to_string())
    }

    pub(super) fn key_fields<'a>(&'a self, element: Element<'a>) -> Concatenation<'a> {
        Concatenation { types: &self.key, first: element.key, last: element.last, ranges: false }
    }

    pub(super) fn data_fields<'a>(&'a self, element: Element<'a>) -> Option<Concatenation<'a>> {
        let data = self.data.as_ref()?;
        let (first, last) = if data.interval {
            element.data.split_at(element.data.len() / 2)
        } else {
            (element.data, element.data)
        };
        Some(Concatenation { types: &data.types, first, last, ranges: data.interval })
    }
}

impl Concatenation<'_> {
    /// The fields in order.
    pub(super) fn values(self) -> impl Iterator<Item = Value> {
        let mut offset = 0;
        self.types.iter().map(move |&datatype| {
            let field = offset..offset + datatype.padded_len();
            offset = field.end;
            let first = self.first.get(field.clone()).unwrap_or_default();
            let last = self.last.get(field).unwrap_or_default();
            match Value::between(datatype, first, last) {
                Value::Single(first @ Scalar::V4(_)) if self.ranges => Value::Prefix(first, 32),
                Value::Single(first @ Scalar::V6(_)) if self.ranges => Value::Prefix(first, 128),
                value => value,
            }
        })
    }

    /// The field, if there is but one, so that nothing is concatenated.
    pub(super) fn single(self) -> Option<Value> {
        if self.types.len() == 1 { self.values().next() } else { None }
    }
}

impl fmt::Display for Concatenation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, value) in self.values().enumerate() {
            if position > 0 {
                f.write_str(" . ")?;
            }
            value.fmt(f)?;
        }
        Ok(())
    }
}

impl Value {
    /// The shortest way in which nft(8) writes a range: one value, for addresses a prefix, or both ends.
    fn between(datatype: Datatype, first: &[u8], last: &[u8]) -> Self {
        let (first, last) = (Scalar::read(datatype, first), Scalar::read(datatype, last));
        if first == last {
            return Value::Single(first);
        }
        let prefix_len = match (first, last) {
            (Scalar::V4(first), Scalar::V4(last)) => {
                Prefix::from_range(first, last).map(Prefix::len)
            }
            (Scalar::V6(first), Scalar::V6(last)) => {
                Prefix::from_range(first, last).map(Prefix::len)
            }
            _ => None,
        };
        prefix_len.map_or(Value::Range(first, last), |len| Value::Prefix(first, len))
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Single(value) => value.fmt(f),
            Value::Prefix(first, len) => write!(f, "{first}/{len}"),
            // nft(8) would read `tcp-udp` as one name.
            Value::Range(Scalar::Protocol(first), Scalar::Protocol(last)) => {
                write!(f, "{first}-{last}")
            }
            Value::Range(first, last) => write!(f, "{first}-{last}"),
        }
    }
}

impl Scalar {
    fn read(datatype: Datatype, bytes: &[u8]) -> Self {
        match datatype {
            Datatype::Ipv4Addr => Scalar::V4(Ipv4Addr::from(leading(bytes))),
            Datatype::Ipv6Addr => Scalar::V6(Ipv6Addr::from(leading(bytes))),
            Datatype::InetProto => Scalar::Protocol(u8::from_be_bytes(leading(bytes))),
            Datatype::InetService => Scalar::Service(u16::from_be_bytes(leading(bytes))),
            Datatype::IfaceIndex => Scalar::Interface(u32::from_ne_bytes(leading(bytes))),
        }
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Scalar::V4(address) => address.fmt(f),
            Scalar::V6(address) => Ipv6Text(address).fmt(f),
            Scalar::Protocol(number) => match (Protocol::from_number(number), number) {
                (Some(protocol), _) => protocol.fmt(f),
                // The names of protocols(5).
                (None, 1) => f.write_str("icmp"),
                (None, 58) => f.write_str("ipv6-icmp"),
                (None, _) => number.fmt(f),
            },
            Scalar::Service(port) => port.fmt(f),
            Scalar::Interface(index) => index.fmt(f),
        }
    }
}

/// An IPv6 address as `inet_ntop` of the C library writes it, which nft(8) prints with.
///
/// Rust's own text differs only for the IPv4-compatible addresses of RFC 4291 §2.5.5.1, where the C
/// library writes the low 32 bits in dotted decimals: `::192.0.2.1`, but `::5`.
pub(super) struct Ipv6Text(pub(super) Ipv6Addr);

impl fmt::Display for Ipv6Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.segments() {
            [0, 0, 0, 0, 0, 0, high, low] if high != 0 => {
                let embedded = Ipv4Addr::from(u32::from(high) << 16 | u32::from(low));
                write!(f, "::{embedded}")
            }
            _ => self.0.fmt(f),
        }
    }
}

/// The first `N` bytes: a field is padded at its end.
fn leading<const N: usize>(bytes: &[u8]) -> [u8; N] {
    std::array::from_fn(|index| bytes.get(index).copied().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::Ipv6Text;
    use crate::ruleset::{Data, Datatype, Element, SetDeclaration};

    fn declaration(key: &[Datatype], data: Option<(&[Datatype], bool)>) -> SetDeclaration {
        SetDeclaration {
            name: "example".to_owned(),
            key: key.to_vec(),
            data: data.map(|(types, interval)| Data { types: types.to_vec(), interval }),
            interval: true,
            learned: None,
            counter: false,
            size: None,
        }
    }

    fn between(first: [u8; 4], last: [u8; 4]) -> String {
        let element = Element { key: &first, last: &last, data: &[], comment: None };
        declaration(&[Datatype::Ipv4Addr], None).key_text(element)
    }

    #[test]
    fn an_interval_is_a_prefix_where_it_is_aligned() {
        assert_eq!(between([10, 0, 0, 0], [10, 0, 0, 255]), "10.0.0.0/24");
        assert_eq!(between([0, 0, 0, 0], [255, 255, 255, 255]), "0.0.0.0/0");
        assert_eq!(between([10, 0, 0, 5], [10, 0, 0, 5]), "10.0.0.5");
        assert_eq!(between([10, 0, 0, 1], [10, 0, 0, 2]), "10.0.0.1-10.0.0.2");
    }

    #[test]
    fn the_fields_of_a_key_are_joined_by_dots_and_l4_ports_stay_ranges() {
        let types = [Datatype::Ipv4Addr, Datatype::InetProto, Datatype::InetService];
        let element = Element {
            key: &[203, 0, 113, 13, 6, 0, 0, 0, 0, 64, 0, 0],
            last: &[203, 0, 113, 13, 6, 0, 0, 0, 0, 127, 0, 0],
            data: &[],
            comment: None,
        };
        let set = declaration(&types, None);
        assert_eq!(set.key_text(element), "203.0.113.13 . tcp . 64-127");
        assert_eq!(set.data_text(element), "");
        let protocols = Element { key: &[6, 0, 0, 0], last: &[17, 0, 0, 0], ..element };
        assert_eq!(declaration(&[Datatype::InetProto], None).key_text(protocols), "6-17");
    }

    #[test]
    fn data_is_one_value_a_concatenation_or_a_prefix() {
        let text = |types: &[Datatype], interval: bool, data: &[u8]| {
            let set = declaration(&[Datatype::Ipv4Addr], Some((types, interval)));
            set.data_text(Element { key: &[0; 4], last: &[0; 4], data, comment: None })
        };
        let v4 = Datatype::Ipv4Addr;
        assert_eq!(text(&[v4], false, &[10, 0, 0, 5]), "10.0.0.5");
        let with_port = [10, 0, 0, 22, 0x20, 0xfb, 0, 0];
        assert_eq!(text(&[v4, Datatype::InetService], false, &with_port), "10.0.0.22 . 8443");
        assert_eq!(text(&[v4], true, &[10, 0, 0, 64, 10, 0, 0, 79]), "10.0.0.64/28");
        assert_eq!(text(&[v4], true, &[10, 0, 0, 64, 10, 0, 0, 64]), "10.0.0.64/32");
    }

    #[test]
    fn ipv6_addresses_are_written_as_the_c_library_does() {
        let text = |address: &str| Ipv6Text(address.parse::<Ipv6Addr>().unwrap()).to_string();
        for same in ["::", "::5", "2001:db8::10", "::ffff:192.0.2.1", "1::2:3:0:0:4", "::2:0:0"] {
            assert_eq!(text(same), same);
        }
        assert_eq!(text("::c000:201"), "::192.0.2.1");
        assert_eq!(text("::1:2"), format!("::{}", Ipv4Addr::new(0, 1, 0, 2)));
        assert_eq!(text("1:0:2:3:4:5:6:7"), "1:0:2:3:4:5:6:7");
    }
}
