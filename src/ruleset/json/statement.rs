//! Statements as libnftables-json(5).

use std::net::IpAddr;

use serde::ser::{Error, Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

use super::Entry;
use super::set::ElementsJson;
use crate::address::IpFamily;
use crate::ruleset::nft::Mac;
use crate::ruleset::value::Ipv6Text;
use crate::ruleset::{AddressSide, AnyPrefix, MapKey, NatTarget, Set, Statement};

/// A statement, and the map that it asks if that has to be an anonymous one.
pub(super) struct StatementJson<'a> {
    pub(super) statement: &'a Statement,
    pub(super) anonymous: Option<&'a Set>,
}

impl Serialize for StatementJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = match self.statement {
            // `json_parse_immediate` of nft(8) takes a leading `@` for that of a set, and knows no
            // way around it.
            Statement::Interface { pattern, .. } if pattern.literal().starts_with('@') => {
                let message = format!("nft takes the interface `{pattern}` in JSON for a set");
                return Err(S::Error::custom(message));
            }
            Statement::Interface { direction, negated, pattern } => matches(
                if *negated { "!=" } else { "==" },
                &json!({"meta": {"key": direction.keyword()}}),
                &pattern.to_string(),
            ),
            Statement::EtherDestination(group) => matches(
                "==",
                &json!({"&": [payload("ether", "daddr"), Mac(group.mask()).to_string()]}),
                &Mac(group.value()).to_string(),
            ),
            Statement::LearnPort { set } => {
                let elem = interfaces("iif", "iif");
                json!({"set": {"op": "update", "elem": elem, "set": format!("@{set}")}})
            }
            Statement::PortPair { set } => {
                matches("==", &interfaces("iif", "oif"), &format!("@{set}"))
            }
            Statement::NfProto(family) => {
                let name = match family {
                    IpFamily::V4 => "ipv4",
                    IpFamily::V6 => "ipv6",
                };
                matches("==", &json!({"meta": {"key": "nfproto"}}), name)
            }
            Statement::EtherType(family) => {
                matches("==", &json!({"meta": {"key": "protocol"}}), family.keyword())
            }
            Statement::ToHost => matches("==", &json!({"meta": {"key": "pkttype"}}), "host"),
            Statement::AddressInSet { family, side, negated, set } => {
                let operator = if *negated { "!=" } else { "==" };
                matches(operator, &payload(family.keyword(), side.keyword()), &format!("@{set}"))
            }
            Statement::DestinationOutside(prefix) => {
                let (address, len) = match prefix {
                    AnyPrefix::V4(prefix) => (prefix.first().to_string(), prefix.len()),
                    AnyPrefix::V6(prefix) => (Ipv6Text(prefix.first()).to_string(), prefix.len()),
                };
                json!({"match": {
                    "op": "!=",
                    "left": payload(prefix.family().keyword(), "daddr"),
                    "right": {"prefix": {"addr": address, "len": len}},
                }})
            }
            Statement::ServiceInSet { family, set } => {
                matches("==", &service(family.keyword()), &format!("@{set}"))
            }
            Statement::L4Protocol(protocol) => {
                matches("==", &json!({"meta": {"key": "l4proto"}}), protocol.name())
            }
            Statement::SourceUnroutable => json!({"match": {
                "op": "==",
                "left": {"fib": {"result": "oif", "flags": ["saddr", "iif"]}},
                "right": false,
            }}),
            Statement::InZone(zone) => {
                json!({"match": {"op": "==", "left": {"ct": {"key": "zone"}}, "right": zone}})
            }
            Statement::SetZone(zone) => set(&json!({"ct": {"key": "zone"}}), &json!(zone)),
            Statement::Rewrite { family, side, map } => {
                let family = family.keyword();
                let map = json!({"map": {"key": address_pair(family), "data": format!("@{map}")}});
                set(&payload(family, side.keyword()), &map)
            }
            Statement::SetEtherDestination(address) => {
                set(&payload("ether", "daddr"), &json!(Mac(*address).to_string()))
            }
            Statement::SetToHost => set(&json!({"meta": {"key": "pkttype"}}), &json!("host")),
            Statement::Dnated => matches("in", &json!({"ct": {"key": "status"}}), "dnat"),
            // nft(8) writes the bit test `ct status ! dnat`; `!=` would compare the whole word.
            Statement::NotDnated => matches("!", &json!({"ct": {"key": "status"}}), "dnat"),
            Statement::Counter => json!({"counter": {"packets": 0, "bytes": 0}}),
            Statement::Nat { kind, family, target } => {
                let nat = NatJson { family: *family, target, anonymous: self.anonymous };
                return Entry(kind.keyword(), nat).serialize(serializer);
            }
            Statement::Masquerade => json!({"masquerade": null}),
            Statement::Accept => json!({"accept": null}),
            Statement::Drop => json!({"drop": null}),
            Statement::Reset => json!({"reject": {"type": "tcp reset"}}),
            Statement::Reject(family) => {
                let kind = match family {
                    IpFamily::V4 => "icmp",
                    IpFamily::V6 => "icmpv6",
                };
                json!({"reject": {"type": kind, "expr": "port-unreachable"}})
            }
            Statement::Foreign(description) => {
                let message =
                    format!("`{description}` is no statement that hairnat can write as JSON");
                return Err(S::Error::custom(message));
            }
        };
        value.serialize(serializer)
    }
}

fn matches(operator: &str, left: &Value, right: &str) -> Value {
    json!({"match": {"op": operator, "left": left, "right": right}})
}

fn payload(protocol: &str, field: &str) -> Value {
    json!({"payload": {"protocol": protocol, "field": field}})
}

/// Writes to a field of the packet, or to one of its properties.
fn set(key: &Value, value: &Value) -> Value {
    json!({"mangle": {"key": key, "value": value}})
}

fn address_pair(family: &str) -> Value {
    json!({"concat": [payload(family, "saddr"), payload(family, "daddr")]})
}

fn service(family: &str) -> Value {
    json!({"concat": [
        payload(family, "daddr"),
        {"meta": {"key": "l4proto"}},
        payload("th", "dport"),
    ]})
}

fn interfaces(first: &str, second: &str) -> Value {
    json!({"concat": [{"meta": {"key": first}}, {"meta": {"key": second}}]})
}

struct NatJson<'a> {
    family: IpFamily,
    target: &'a NatTarget,
    anonymous: Option<&'a Set>,
}

impl Serialize for NatJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let family = self.family.keyword();
        let address = |side: AddressSide| payload(family, side.keyword());
        let asks = |key, map| Entry("map", MapJson { key, map, anonymous: self.anonymous });
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("family", family)?;
        match self.target {
            NatTarget::Address(IpAddr::V4(to)) => object.serialize_entry("addr", to)?,
            NatTarget::Address(IpAddr::V6(to)) => {
                object.serialize_entry("addr", &Ipv6Text(*to).to_string())?;
            }
            NatTarget::Map { key: MapKey::Address(side), map, .. } => {
                object.serialize_entry("addr", &asks(address(*side), map))?;
            }
            NatTarget::Map { key: MapKey::AddressPair, map, .. } => {
                object.serialize_entry("addr", &asks(address_pair(family), map))?;
            }
            NatTarget::Map { key: MapKey::AddressAndPort, map, .. } => {
                object.serialize_entry("addr", &asks(service(family), map))?;
            }
            NatTarget::PrefixMap { side, map } => {
                object.serialize_entry("addr", &asks(address(*side), map))?;
                object.serialize_entry("flags", "netmap")?;
                object.serialize_entry("type_flags", "prefix")?;
            }
        }
        object.end()
    }
}

/// What a map says for a key.
struct MapJson<'a> {
    key: Value,
    map: &'a str,
    anonymous: Option<&'a Set>,
}

impl Serialize for MapJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(Some(2))?;
        object.serialize_entry("key", &self.key)?;
        match self.anonymous {
            Some(set) => {
                let elements = ElementsJson { set, counter: false };
                object.serialize_entry("data", &Entry("set", elements))?;
            }
            None => object.serialize_entry("data", &format!("@{}", self.map))?,
        }
        object.end()
    }
}

#[cfg(test)]
mod tests {
    use super::StatementJson;
    use crate::address::IpFamily;
    use crate::ruleset::{AddressSide, Direction, Group, MapKey, NatKind, NatTarget, Statement};

    #[track_caller]
    fn is(statement: &Statement, expected: &str) {
        let json = serde_json::to_string(&StatementJson { statement, anonymous: None });
        assert_eq!(json.unwrap(), expected);
    }

    #[test]
    fn not_dnated_is_a_bit_test() {
        is(
            &Statement::NotDnated,
            r#"{"match":{"op":"!","left":{"ct":{"key":"status"}},"right":"dnat"}}"#,
        );
    }

    #[test]
    fn the_guard_matches_interfaces_and_group_addresses() {
        let pattern = "eth0".parse().unwrap();
        is(
            &Statement::Interface { direction: Direction::Out, negated: true, pattern },
            r#"{"match":{"op":"!=","left":{"meta":{"key":"oifname"}},"right":"eth0"}}"#,
        );
        is(
            &Statement::EtherDestination(Group::Any),
            r#"{"match":{"op":"==","left":{"&":[{"payload":{"protocol":"ether","field":"daddr"}},"01:00:00:00:00:00"]},"right":"01:00:00:00:00:00"}}"#,
        );
        is(
            &Statement::LearnPort { set: "ports".to_owned() },
            r#"{"set":{"op":"update","elem":{"concat":[{"meta":{"key":"iif"}},{"meta":{"key":"iif"}}]},"set":"@ports"}}"#,
        );
    }

    #[test]
    fn an_interface_that_nft_would_take_for_a_set_is_refused() {
        let pattern = "@lan*".parse().unwrap();
        let statement = &Statement::Interface { direction: Direction::In, negated: false, pattern };
        let error = serde_json::to_string(&StatementJson { statement, anonymous: None });
        let expected = "nft takes the interface `@lan*` in JSON for a set";
        assert_eq!(error.unwrap_err().to_string(), expected);
    }

    #[test]
    fn a_translation_names_its_map() {
        let target = NatTarget::Map {
            key: MapKey::Address(AddressSide::Source),
            map: "snat6".to_owned(),
            with_port: false,
        };
        is(
            &Statement::Nat { kind: NatKind::Snat, family: IpFamily::V6, target },
            r#"{"snat":{"family":"ip6","addr":{"map":{"key":{"payload":{"protocol":"ip6","field":"saddr"}},"data":"@snat6"}}}}"#,
        );
    }
}
