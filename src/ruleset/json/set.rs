//! Sets, maps and their elements as libnftables-json(5).

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::json;

use super::Entry;
use crate::address::Protocol;
use crate::ruleset::nft::comment_text;
use crate::ruleset::value::{Concatenation, Scalar, Value};
use crate::ruleset::{Datatype, Element, Set, SetDeclaration, TABLE_NAME};

/// Whether the JSON parser of nft 1.0.6 takes the declaration: it knows map data by the name of one
/// datatype only (`json_parse_cmd_add_set`).
pub(super) fn is_declarable(declaration: &SetDeclaration) -> bool {
    declaration.data.as_ref().is_none_or(|data| data.types.len() == 1 && !data.interval)
}

/// A set or map with its elements.
pub(super) struct SetJson<'a> {
    pub(super) family: &'a str,
    pub(super) set: &'a Set,
}

impl Serialize for SetJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let declaration = &self.set.declaration;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("family", self.family)?;
        object.serialize_entry("table", TABLE_NAME)?;
        object.serialize_entry("name", &declaration.name)?;
        object.serialize_entry("type", &types(&declaration.key))?;
        if let Some(data) = &declaration.data {
            object.serialize_entry("map", &types(&data.types))?;
        }
        if let Some(size) = declaration.size {
            object.serialize_entry("size", &size)?;
        }
        let interval = declaration.interval.then_some("interval");
        let timeout = declaration.learned.map(|_| "timeout");
        let flags: Vec<_> = [interval, timeout].into_iter().flatten().collect();
        if !flags.is_empty() {
            object.serialize_entry("flags", &flags)?;
        }
        if let Some(seconds) = declaration.learned {
            object.serialize_entry("timeout", &seconds)?;
        }
        if declaration.counter {
            object.serialize_entry("stmt", &json!([{"counter": null}]))?;
        }
        if !self.set.elements.is_empty() {
            let elements = ElementsJson { set: self.set, counter: declaration.counter };
            object.serialize_entry("elem", &elements)?;
        }
        object.end()
    }
}

fn types(types: &[Datatype]) -> serde_json::Value {
    match types {
        [one] => json!(one.keyword()),
        several => several.iter().map(|datatype| datatype.keyword()).collect(),
    }
}

/// The elements of a set or map.
pub(super) struct ElementsJson<'a> {
    pub(super) set: &'a Set,
    /// Whether each has a counter.
    pub(super) counter: bool,
}

impl Serialize for ElementsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Set { declaration, elements } = self.set;
        let json = |element| ElementJson { declaration, element, counter: self.counter };
        serializer.collect_seq(elements.iter().map(json))
    }
}

/// An element: the key, or for a map the key and the data.
struct ElementJson<'a> {
    declaration: &'a SetDeclaration,
    element: Element<'a>,
    counter: bool,
}

impl Serialize for ElementJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.declaration.data_fields(self.element) {
            Some(data) => (KeyJson(self), data).serialize(serializer),
            None => KeyJson(self).serialize(serializer),
        }
    }
}

/// A key, wrapped where there is more to say of its element.
struct KeyJson<'a>(&'a ElementJson<'a>);

impl Serialize for KeyJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ElementJson { declaration, element, counter } = self.0;
        if element.comment.is_none() && !counter {
            return declaration.key_fields(*element).serialize(serializer);
        }
        Entry("elem", AnnotatedKeyJson(self.0)).serialize(serializer)
    }
}

struct AnnotatedKeyJson<'a>(&'a ElementJson<'a>);

impl Serialize for AnnotatedKeyJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ElementJson { declaration, element, counter } = self.0;
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("val", &declaration.key_fields(*element))?;
        if let Some(comment) = element.comment {
            object.serialize_entry("comment", &comment_text(comment))?;
        }
        if *counter {
            object.serialize_entry("counter", &json!({"packets": 0, "bytes": 0}))?;
        }
        object.end()
    }
}

impl Serialize for Concatenation<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.single() {
            Some(value) => value.serialize(serializer),
            None => Entry("concat", FieldsJson(*self)).serialize(serializer),
        }
    }
}

struct FieldsJson<'a>(Concatenation<'a>);

impl Serialize for FieldsJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values())
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Single(value) => value.serialize(serializer),
            Value::Prefix(first, len) => {
                Entry("prefix", PrefixJson(*first, *len)).serialize(serializer)
            }
            Value::Range(first, last) => Entry("range", (first, last)).serialize(serializer),
        }
    }
}

struct PrefixJson(Scalar, u8);

impl Serialize for PrefixJson {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(2))?;
        object.serialize_entry("addr", &self.0)?;
        object.serialize_entry("len", &self.1)?;
        object.end()
    }
}

impl Serialize for Scalar {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match *self {
            Scalar::Service(port) => serializer.serialize_u16(port),
            Scalar::Interface(index) => serializer.serialize_u32(index),
            Scalar::Protocol(number) if Protocol::from_number(number).is_none() => {
                serializer.serialize_u8(number)
            }
            Scalar::V4(_) | Scalar::V6(_) | Scalar::Protocol(_) => serializer.collect_str(self),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SetJson;
    use crate::ruleset::{Data, Datatype, Element, Elements, Set, SetDeclaration};

    fn set_of(declaration: SetDeclaration, elements: &[Element<'_>]) -> String {
        let mut set = Set { elements: Elements::new(&declaration), declaration };
        for element in elements {
            set.elements.push(*element);
        }
        serde_json::to_string(&SetJson { family: "inet", set: &set }).unwrap()
    }

    fn declaration(name: &str, key: &[Datatype], data: Option<Datatype>) -> SetDeclaration {
        SetDeclaration {
            name: name.to_owned(),
            key: key.to_vec(),
            data: data.map(|datatype| Data { types: vec![datatype], interval: false }),
            interval: false,
            learned: None,
            counter: false,
            size: None,
        }
    }

    #[test]
    fn a_map_that_counts_has_counters_and_comments_on_its_keys() {
        let mut dnat4 = declaration("dnat4", &[Datatype::Ipv4Addr], Some(Datatype::Ipv4Addr));
        dnat4.counter = true;
        dnat4.size = Some(1024);
        let element = Element {
            key: &[203, 0, 113, 10],
            last: &[203, 0, 113, 10],
            data: &[10, 0, 0, 10],
            comment: Some("web-1"),
        };
        assert_eq!(
            set_of(dnat4, &[element]),
            r#"{"family":"inet","table":"hairnat","name":"dnat4","type":"ipv4_addr","map":"ipv4_addr","size":1024,"stmt":[{"counter":null}],"elem":[[{"elem":{"val":"203.0.113.10","comment":"web-1","counter":{"packets":0,"bytes":0}}},"10.0.0.10"]]}"#
        );
    }

    #[test]
    fn a_range_of_l4_ports_stands_within_a_concatenation() {
        let key = [Datatype::Ipv4Addr, Datatype::InetProto, Datatype::InetService];
        let mut dnat4_range = declaration("dnat4_range", &key, Some(Datatype::Ipv4Addr));
        dnat4_range.interval = true;
        let element = Element {
            key: &[203, 0, 113, 10, 17, 0, 0, 0, 0, 80, 0, 0],
            last: &[203, 0, 113, 10, 17, 0, 0, 0, 0, 90, 0, 0],
            data: &[10, 0, 0, 10],
            comment: None,
        };
        assert_eq!(
            set_of(dnat4_range, &[element]),
            r#"{"family":"inet","table":"hairnat","name":"dnat4_range","type":["ipv4_addr","inet_proto","inet_service"],"map":"ipv4_addr","flags":["interval"],"elem":[[{"concat":["203.0.113.10","udp",{"range":[80,90]}]},"10.0.0.10"]]}"#
        );
    }

    #[test]
    fn a_learned_set_has_a_timeout_and_no_elements() {
        let mut ports = declaration("ports", &[Datatype::IfaceIndex; 2], None);
        ports.learned = Some(3600);
        assert_eq!(
            set_of(ports, &[]),
            r#"{"family":"inet","table":"hairnat","name":"ports","type":["iface_index","iface_index"],"flags":["timeout"],"timeout":3600}"#
        );
    }
}
