//! Sets, maps and their elements as nft(8) text.

use std::borrow::Cow;
use std::fmt;

use crate::ruleset::{Datatype, Element, Elements, Set, SetDeclaration};

/// What continues `elements = { ` on the next line, aligned with what follows the brace.
const CONTINUATION: &str = ",\n\t\t\t     ";

impl fmt::Display for Set {
    /// The set as nft(8) lists it within a table.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let declaration = &self.declaration;
        writeln!(f, "\t{} {} {{", declaration.keyword(), declaration.name)?;
        for property in declaration.properties() {
            writeln!(f, "\t\t{property}")?;
        }
        if !self.elements.is_empty() {
            f.write_str("\t\telements = { ")?;
            let per_line = declaration.elements_per_line();
            for (position, index) in listing_order(declaration, &self.elements).enumerate() {
                if position > 0 {
                    f.write_str(if position % per_line == 0 { CONTINUATION } else { ", " })?;
                }
                declaration.element(self.elements.get(index)).fmt(f)?;
            }
            f.write_str(" }\n")?;
        }
        f.write_str("\t}\n")
    }
}

/// Datatypes as nft(8) concatenates them.
struct Concatenated<'a>(&'a [Datatype]);

impl fmt::Display for Concatenated<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, datatype) in self.0.iter().enumerate() {
            let separator = if position > 0 { " . " } else { "" };
            write!(f, "{separator}{}", datatype.keyword())?;
        }
        Ok(())
    }
}

impl SetDeclaration {
    /// An element of the set as nft(8) writes it:
    /// `203.0.113.10 counter packets 0 bytes 0 comment "web-1" : 10.0.0.10`.
    #[must_use]
    pub fn element<'a>(&'a self, element: Element<'a>) -> impl fmt::Display + 'a {
        ElementText { declaration: self, element }
    }

    /// What the set is, in a few words: its properties, with the size only where that is a
    /// difference by itself; see [`SetDeclaration::same_shape`].
    #[must_use]
    pub fn describe(&self) -> String {
        let size = self.learned.and(self.size);
        Self { size, ..self.clone() }.properties().join("; ")
    }

    /// The properties in the order in which nft(8) lists them.
    fn properties(&self) -> Vec<String> {
        let mut properties = vec![self.type_text()];
        properties.extend(self.size.map(|size| format!("size {size}")));
        let dynamic = self.learned.map(|_| "dynamic");
        let interval = self.interval.then_some("interval");
        let timeout = self.learned.map(|_| "timeout");
        let flags: Vec<_> = [dynamic, interval, timeout].into_iter().flatten().collect();
        if !flags.is_empty() {
            properties.push(format!("flags {}", flags.join(",")));
        }
        properties.extend(self.counter.then(|| "counter".to_owned()));
        properties.extend(self.learned.map(|seconds| format!("timeout {}", duration(seconds))));
        properties
    }

    fn type_text(&self) -> String {
        let key = Concatenated(&self.key);
        match &self.data {
            None => format!("type {key}"),
            Some(data) => {
                let interval = if data.interval { "interval " } else { "" };
                format!("type {key} : {interval}{}", Concatenated(&data.types))
            }
        }
    }

    /// How many elements nft(8) puts in a line: it knows only that IPv4 addresses are short.
    fn elements_per_line(&self) -> usize {
        if self.key == [Datatype::Ipv4Addr] { 2 } else { 1 }
    }
}

/// The indices of the elements in the order in which nft 1.0.6 lists them.
///
/// It sorts by key, as [`Elements`] are; but it compares concatenations as one number in host byte
/// order (`concat_expr_msort_value`), so on a little-endian machine from the last byte to the first;
/// releases from late 2025 on do that by key too.
/// Concatenations with ranges it leaves in the order of the kernel, which is that of loading.
fn listing_order(declaration: &SetDeclaration, elements: &Elements) -> impl Iterator<Item = usize> {
    let mut order: Vec<usize> = (0..elements.len()).collect();
    let concatenated = declaration.key.len() > 1 && !declaration.interval;
    if concatenated && cfg!(target_endian = "little") {
        order.sort_by(|&a, &b| {
            elements.get(a).key.iter().rev().cmp(elements.get(b).key.iter().rev())
        });
    }
    order.into_iter()
}

struct ElementText<'a> {
    declaration: &'a SetDeclaration,
    element: Element<'a>,
}

impl fmt::Display for ElementText<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.declaration.key_fields(self.element).fmt(f)?;
        if self.declaration.counter {
            f.write_str(" counter packets 0 bytes 0")?;
        }
        if let Some(comment) = self.element.comment {
            write!(f, " comment \"{}\"", comment_text(comment))?;
        }
        if let Some(data) = self.declaration.data_fields(self.element) {
            write!(f, " : {data}")?;
        }
        Ok(())
    }
}

/// A comment that nft(8) can read back: its strings have no way to write a double quote.
pub(in crate::ruleset) fn comment_text(comment: &str) -> Cow<'_, str> {
    if comment.contains('"') { comment.replace('"', "'").into() } else { comment.into() }
}

/// A time as nft(8) writes it: `1h`, `1d2h3m4s`.
fn duration(seconds: u32) -> String {
    let units = [('d', seconds / 86400), ('h', seconds / 3600 % 24), ('m', seconds / 60 % 60)];
    let mut text = String::new();
    for (unit, count) in units.into_iter().chain([('s', seconds % 60)]) {
        if count > 0 || (unit == 's' && text.is_empty()) {
            text.push_str(&count.to_string());
            text.push(unit);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::duration;
    use crate::ruleset::{Data, Datatype, Element, Elements, Set, SetDeclaration};

    fn map(key: &[Datatype], data: &[Datatype]) -> SetDeclaration {
        SetDeclaration {
            name: "dnat4".to_owned(),
            key: key.to_vec(),
            data: Some(Data { types: data.to_vec(), interval: false }),
            interval: false,
            learned: None,
            counter: false,
            size: Some(1024),
        }
    }

    fn set_of(declaration: SetDeclaration, entries: &[(&[u8], &[u8], Option<&str>)]) -> Set {
        let mut elements = Elements::new(&declaration);
        for &(key, data, comment) in entries {
            elements.push(Element { key, last: key, data, comment });
        }
        Set { declaration, elements }
    }

    #[test]
    fn ipv4_elements_are_listed_two_in_a_line() {
        let to = |last| [10, 0, 0, last];
        let set = set_of(
            map(&[Datatype::Ipv4Addr], &[Datatype::Ipv4Addr]),
            &[
                (&[203, 0, 113, 9], &to(9), Some("web 1")),
                (&[203, 0, 113, 10], &to(10), None),
                (&[203, 0, 113, 11], &to(11), Some("a \"b\"")),
            ],
        );
        let expected = "\tmap dnat4 {
\t\ttype ipv4_addr : ipv4_addr
\t\tsize 1024
\t\telements = { 203.0.113.9 comment \"web 1\" : 10.0.0.9, 203.0.113.10 : 10.0.0.10,
\t\t\t     203.0.113.11 comment \"a 'b'\" : 10.0.0.11 }
\t}
";
        assert_eq!(set.to_string(), expected);
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn concatenated_keys_are_listed_one_in_a_line_by_their_last_byte_first() {
        let key = |address, l4_port: u16| {
            let [high, low] = l4_port.to_be_bytes();
            [203, 0, 113, address, 6, 0, 0, 0, high, low, 0, 0]
        };
        let to = [10, 0, 0, 21, 0x1f, 0x90, 0, 0];
        let declaration = map(
            &[Datatype::Ipv4Addr, Datatype::InetProto, Datatype::InetService],
            &[Datatype::Ipv4Addr, Datatype::InetService],
        );
        let set = set_of(
            declaration,
            &[(&key(1, 443), &to, None), (&key(1, 8443), &to, None), (&key(2, 256), &to, None)],
        );
        let listing = set.to_string();
        let expected = "\t\telements = { 203.0.113.2 . tcp . 256 : 10.0.0.21 . 8080,
\t\t\t     203.0.113.1 . tcp . 443 : 10.0.0.21 . 8080,
\t\t\t     203.0.113.1 . tcp . 8443 : 10.0.0.21 . 8080 }
";
        assert!(listing.contains(expected), "{listing}");
    }

    #[test]
    fn a_declaration_is_described_without_its_size_unless_packets_fill_it() {
        let mut declaration = map(&[Datatype::Ipv4Addr], &[Datatype::Ipv4Addr]);
        assert_eq!(declaration.describe(), "type ipv4_addr : ipv4_addr");
        declaration.counter = true;
        declaration.interval = true;
        declaration.data = Some(Data { types: vec![Datatype::Ipv4Addr], interval: true });
        assert_eq!(
            declaration.describe(),
            "type ipv4_addr : interval ipv4_addr; flags interval; counter"
        );
        let ports = SetDeclaration {
            name: "ports".to_owned(),
            key: vec![Datatype::IfaceIndex; 2],
            data: None,
            interval: false,
            learned: Some(3600),
            counter: false,
            size: Some(65535),
        };
        assert_eq!(
            ports.describe(),
            "type iface_index . iface_index; size 65535; flags dynamic,timeout; timeout 1h"
        );
    }

    #[test]
    fn an_element_that_counts_shows_an_empty_counter() {
        let mut declaration = map(&[Datatype::Ipv4Addr], &[Datatype::Ipv4Addr]);
        declaration.counter = true;
        let element = Element {
            key: &[203, 0, 113, 10],
            last: &[203, 0, 113, 10],
            data: &[10, 0, 0, 10],
            comment: Some("web-1"),
        };
        assert_eq!(
            declaration.element(element).to_string(),
            "203.0.113.10 counter packets 0 bytes 0 comment \"web-1\" : 10.0.0.10"
        );
    }

    #[test]
    fn times_are_written_in_units_that_are_not_zero() {
        assert_eq!(duration(3600), "1h");
        assert_eq!(duration(90061), "1d1h1m1s");
        assert_eq!(duration(90), "1m30s");
        assert_eq!(duration(0), "0s");
    }
}
