//! A connection of conntrack as netlink attributes: decoded, and named for its deletion.

use std::net::{IpAddr, SocketAddr};

use super::nfnetlink::{self, Header};
use super::uapi::{
    CT_DELETE, CT_NEW, CTA_ID, CTA_IP_V4_DST, CTA_IP_V4_SRC, CTA_IP_V6_DST, CTA_IP_V6_SRC,
    CTA_PROTO_DST_PORT, CTA_PROTO_NUM, CTA_PROTO_SRC_PORT, CTA_STATUS, CTA_TUPLE_IP,
    CTA_TUPLE_ORIG, CTA_TUPLE_PROTO, CTA_TUPLE_REPLY, CTA_ZONE, IPS_SEEN_REPLY,
};
use crate::netlink::{
    self, Attribute, Attributes, Malformed, Message, NLM_F_ACK, NLM_F_REQUEST, put, put_nest,
};
use crate::plan::{Connection, Tuple};

/// One entry of a dump.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry<'a> {
    /// The connection.
    pub(super) connection: Connection,
    attributes: Attributes<'a>,
}

/// What the kernel knows one connection by: its original tuple and its zone, and the number that
/// tells it from a later connection with the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name(Vec<u8>);

impl<'a> Entry<'a> {
    /// Reads an entry; `None` for a message that is none, and for an entry of a form that is not
    /// known: hairnat has translated no such connection.
    pub(super) fn decode(message: &Message<'a>) -> Option<Self> {
        if message.kind == CT_NEW { Self::read(message).ok() } else { None }
    }

    fn read(message: &Message<'a>) -> Result<Self, Malformed> {
        let attributes = nfnetlink::attributes(message)?;
        let original = nested(attributes, CTA_TUPLE_ORIG)?;
        let (protocol, original) = tuple(original)?;
        let (_, reply) = tuple(nested(attributes, CTA_TUPLE_REPLY)?)?;
        let status = attributes.find(CTA_STATUS)?.map(Attribute::be32).transpose()?;
        let answered = status.is_none_or(|status| status & IPS_SEEN_REPLY != 0);
        // A zone that holds for one direction only stands in its tuple, and hairnat sets none.
        let zone = attributes.find(CTA_ZONE)?.and_then(|zone| zone.payload.try_into().ok());
        let zone = zone.map_or(0, u16::from_be_bytes);
        let connection = Connection { protocol, original, reply, answered, zone };
        Ok(Self { connection, attributes })
    }

    /// What to call it by; the tuple as it came, with whatever belongs to its protocol.
    pub(super) fn name(&self) -> Result<Name, Malformed> {
        let mut name = Vec::new();
        let original = nested(self.attributes, CTA_TUPLE_ORIG)?;
        put_nest(&mut name, CTA_TUPLE_ORIG, |out| out.extend_from_slice(original.0));
        for kind in [CTA_ID, CTA_ZONE] {
            if let Some(attribute) = self.attributes.find(kind)? {
                put(&mut name, kind, attribute.payload);
            }
        }
        Ok(Name(name))
    }
}

impl Name {
    /// The request to delete that connection, of the family `family` (`AF_INET`, `AF_INET6`).
    pub(super) fn delete(&self, family: u8, seq: u32) -> Vec<u8> {
        let mut out = Vec::new();
        let flags = NLM_F_REQUEST | NLM_F_ACK;
        let start =
            nfnetlink::begin(&mut out, Header { kind: CT_DELETE, flags, seq, family, resource: 0 });
        out.extend_from_slice(&self.0);
        netlink::end(&mut out, start);
        out
    }
}

/// The protocol number and the rest of a tuple.
fn tuple(attributes: Attributes<'_>) -> Result<(u8, Tuple), Malformed> {
    let ip = nested(attributes, CTA_TUPLE_IP)?;
    let source = address(ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC)?;
    let destination = address(ip, CTA_IP_V4_DST, CTA_IP_V6_DST)?;
    let proto = nested(attributes, CTA_TUPLE_PROTO)?;
    let number = proto.find(CTA_PROTO_NUM)?.and_then(|number| number.payload.first().copied());
    let tuple = Tuple {
        source: SocketAddr::new(source, port(proto, CTA_PROTO_SRC_PORT)?),
        destination: SocketAddr::new(destination, port(proto, CTA_PROTO_DST_PORT)?),
    };
    Ok((number.ok_or(Malformed)?, tuple))
}

fn nested(attributes: Attributes<'_>, kind: u16) -> Result<Attributes<'_>, Malformed> {
    Ok(attributes.find(kind)?.ok_or(Malformed)?.nested())
}

/// The address that is there, of whichever family.
fn address(ip: Attributes<'_>, v4: u16, v6: u16) -> Result<IpAddr, Malformed> {
    if let Some(address) = ip.find(v4)? {
        return <[u8; 4]>::try_from(address.payload).map(IpAddr::from).map_err(|_| Malformed);
    }
    let address = ip.find(v6)?.ok_or(Malformed)?;
    <[u8; 16]>::try_from(address.payload).map(IpAddr::from).map_err(|_| Malformed)
}

/// An L4 port; 0 where the protocol has none.
fn port(proto: Attributes<'_>, kind: u16) -> Result<u16, Malformed> {
    let Some(port) = proto.find(kind)? else { return Ok(0) };
    port.payload.try_into().map(u16::from_be_bytes).map_err(|_| Malformed)
}

#[cfg(test)]
mod tests {
    use super::{Entry, Name};
    use crate::netlink::Messages;
    use crate::plan::{Connection, Tuple};

    /// UDP from 192.0.2.2 port 40000 to 203.0.113.11 port 53, answered by 10.0.0.11 port 5353, in
    /// zone 3, with a time-out (type 7) that nobody asked for.
    #[rustfmt::skip]
    const BODY: [u8; 140] = [
        2, 0, 0, 0,                                                 // AF_INET, version, resource
        52, 0, 1, 0x80,                                             // CTA_TUPLE_ORIG
            20, 0, 1, 0x80, 8, 0, 1, 0, 192, 0, 2, 2, 8, 0, 2, 0, 203, 0, 113, 11,
            28, 0, 2, 0x80, 5, 0, 1, 0, 17, 0, 0, 0,
                6, 0, 2, 0, 0x9c, 0x40, 0, 0, 6, 0, 3, 0, 0, 53, 0, 0,
        52, 0, 2, 0x80,                                             // CTA_TUPLE_REPLY
            20, 0, 1, 0x80, 8, 0, 1, 0, 10, 0, 0, 11, 8, 0, 2, 0, 192, 0, 2, 2,
            28, 0, 2, 0x80, 5, 0, 1, 0, 17, 0, 0, 0,
                6, 0, 2, 0, 0x14, 0xe9, 0, 0, 6, 0, 3, 0, 0x9c, 0x40, 0, 0,
        8, 0, 3, 0, 0, 0, 1, 0xae,                                  // CTA_STATUS
        8, 0, 12, 0, 0xca, 0xfe, 0xba, 0xbe,                        // CTA_ID
        6, 0, 18, 0, 0, 3, 0, 0,                                    // CTA_ZONE
        8, 0, 7, 0, 0, 0, 0, 30,                                    // CTA_TIMEOUT
    ];

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let len = u32::try_from(16 + body.len()).unwrap();
        let mut bytes = Vec::new();
        bytes.extend_from_slice(&len.to_ne_bytes());
        bytes.extend_from_slice(&kind.to_ne_bytes());
        bytes.extend_from_slice(&[0; 10]);
        bytes.extend_from_slice(body);
        bytes
    }

    fn decode(kind: u16, body: &[u8]) -> Option<(Connection, Name)> {
        let bytes = message(kind, body);
        let entry = Entry::decode(&Messages(&bytes).next().unwrap().unwrap())?;
        Some((entry.connection, entry.name().ok()?))
    }

    #[test]
    fn both_tuples_are_read_and_the_rest_is_passed_over() {
        let (connection, _) = decode(0x0100, &BODY).unwrap();
        let tuple = |source: &str, destination: &str| Tuple {
            source: source.parse().unwrap(),
            destination: destination.parse().unwrap(),
        };
        let expected = Connection {
            protocol: 17,
            original: tuple("192.0.2.2:40000", "203.0.113.11:53"),
            reply: tuple("10.0.0.11:5353", "192.0.2.2:40000"),
            answered: true,
            zone: 3,
        };
        assert_eq!(connection, expected);
    }

    #[test]
    fn a_connection_is_deleted_by_its_original_tuple_its_number_and_its_zone() {
        let (_, name) = decode(0x0100, &BODY).unwrap();
        let request = name.delete(2, 7);
        let sent = Messages(&request).next().unwrap().unwrap();
        assert_eq!((sent.kind, sent.flags, sent.seq), (0x0102, 0x5, 7));
        let expected = [&BODY[..56], &BODY[116..132]].concat();
        assert_eq!(sent.body, expected);
    }

    #[test]
    fn a_message_of_another_kind_is_no_entry() {
        assert_eq!(decode(0x0102, &BODY), None);
    }

    #[test]
    fn an_ipv6_tuple_without_l4_ports_has_ports_of_0() {
        let mut tuple = vec![60, 0, 0, 0x80, 44, 0, 1, 0x80];
        for (kind, last) in [(3, 1), (4, 2)] {
            tuple.extend_from_slice(&[20, 0, kind, 0, 0x20, 1, 0x0d, 0xb8]);
            tuple.extend_from_slice(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last]);
        }
        tuple.extend_from_slice(&[12, 0, 2, 0x80, 5, 0, 1, 0, 58, 0, 0, 0]);
        let mut body = vec![10, 0, 0, 0];
        for kind in [1, 2] {
            tuple[2] = kind;
            body.extend_from_slice(&tuple);
        }
        let (connection, _) = decode(0x0100, &body).unwrap();
        assert_eq!(connection.protocol, 58);
        assert_eq!(connection.original.source, "[2001:db8::1]:0".parse().unwrap());
        assert_eq!(connection.original.destination, "[2001:db8::2]:0".parse().unwrap());
    }

    #[test]
    fn a_damaged_entry_is_none_or_another_connection_but_never_a_panic() {
        for end in 0..116 {
            let cut_short = decode(0x0100, &BODY[..end]);
            assert!(end == 108 || cut_short.is_none(), "{end}: {cut_short:?}");
        }
        for index in 0..BODY.len() {
            for value in [0, 1, 3, 4, 0x7f, 0xff] {
                let mut body = BODY;
                body[index] = value;
                drop(decode(0x0100, &body));
            }
        }
    }
}
