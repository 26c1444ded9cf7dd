//! Batches of nf_tables messages byte by byte: for names that nft(8) does not write.

use std::os::fd::AsRawFd as _;

use nix::sys::socket::{MsgFlags, recv};

/// `NFNL_SUBSYS_NFTABLES`.
const NFTABLES: u16 = 10;

/// `NFNL_MSG_BATCH_BEGIN` and `NFNL_MSG_BATCH_END`.
const BATCH: [u16; 2] = [16, 17];

/// `NLM_F_REQUEST | NLM_F_CREATE | NLM_F_APPEND`.
const FLAGS: u16 = 0xc01;

/// `NFPROTO_INET`.
const INET: u8 = 1;

/// One attribute.
fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
    let len = u16::try_from(4 + value.len()).unwrap();
    let mut bytes = [len.to_ne_bytes(), kind.to_ne_bytes()].concat();
    bytes.extend_from_slice(value);
    bytes.resize(bytes.len().next_multiple_of(4), 0);
    bytes
}

/// A name and its NUL.
fn name(kind: u16, name: &[u8]) -> Vec<u8> {
    attribute(kind, &[name, b"\0"].concat())
}

/// A 32-bit number.
fn number(kind: u16, number: u32) -> Vec<u8> {
    attribute(kind, &number.to_be_bytes())
}

/// Attributes within one.
fn nest(kind: u16, attributes: &[Vec<u8>]) -> Vec<u8> {
    attribute(kind | 0x8000, &attributes.concat())
}

/// A message of `enum nf_tables_msg_types` about the inet family.
pub(crate) struct Message {
    kind: u16,
    attributes: Vec<u8>,
}

/// `NFT_MSG_NEWTABLE`
pub(crate) fn table(table: &[u8]) -> Message {
    Message { kind: 0, attributes: name(1, table) }
}

/// `NFT_MSG_NEWCHAIN`, a regular chain.
fn chain(table: &[u8], chain: &[u8]) -> Message {
    Message { kind: 3, attributes: [name(1, table), name(3, chain)].concat() }
}

/// `NFT_MSG_NEWRULE`: `jump target`.
pub(crate) fn jump(table: &[u8], chain: &[u8], target: &[u8]) -> Message {
    // `NFT_JUMP` is -3.
    let verdict = nest(2, &[number(1, 3_u32.wrapping_neg()), name(2, target)]);
    let data = nest(2, &[number(1, 0), nest(2, &[verdict])]);
    let expressions = nest(4, &[nest(1, &[name(1, b"immediate"), data])]);
    Message { kind: 6, attributes: [name(1, table), name(2, chain), expressions].concat() }
}

/// `NFT_MSG_NEWSET`: `type ipv4_addr`.
fn set(table: &[u8], set: &[u8]) -> Message {
    let ipv4_addr = [number(4, 7), number(5, 4)].concat();
    let id = number(10, 1);
    Message {
        kind: 9,
        attributes: [name(1, table), name(2, set), number(3, 0), ipv4_addr, id].concat(),
    }
}

/// `NFT_MSG_NEWSETELEM`: the address 192.0.2.1 with user data as it is.
pub(crate) fn element(table: &[u8], set: &[u8], user_data: &[u8]) -> Message {
    let key = nest(1, &[attribute(1, &[192, 0, 2, 1])]);
    let elements = nest(3, &[nest(1, &[key, attribute(6, user_data)])]);
    Message { kind: 12, attributes: [name(1, table), name(2, set), elements].concat() }
}

/// `NFT_MSG_NEWOBJ`: a counter.
fn counter(table: &[u8], counter: &[u8]) -> Message {
    let attributes = [name(1, table), name(2, counter), number(3, 1), nest(4, &[])].concat();
    Message { kind: 18, attributes }
}

/// Everything that can have a name, and has one of those, in a table; the first chain leads to the
/// second.
pub(crate) fn everything(owner: &[u8], names: &[&[u8]]) -> Vec<Message> {
    let mut messages = Vec::new();
    for name in names {
        messages.push(chain(owner, name));
        messages.push(set(owner, name));
        let comment = [&[0, u8::try_from(name.len() + 1).unwrap()], *name, b"\0"].concat();
        messages.push(element(owner, name, &comment));
        messages.push(counter(owner, name));
    }
    messages.extend(names.windows(2).take(1).map(|pair| jump(owner, pair[0], pair[1])));
    messages
}

/// Commits a batch of those messages.
#[track_caller]
pub(crate) fn commit(messages: &[Message]) {
    let [begin, end] = BATCH.map(|kind| message(kind, 0, NFTABLES, &[]));
    let mut batch = begin;
    for Message { kind, attributes } in messages {
        batch.extend(message(NFTABLES << 8 | kind, INET, 0, attributes));
    }
    batch.extend(end);
    let socket = mnl::Socket::new(mnl::Bus::Netfilter).unwrap();
    socket.send(&batch).unwrap();
    // The answers are there when the call returns: a `struct nlmsgerr` behind a header each.
    let mut answer = [0; 4096];
    while let Ok(20..) = recv(socket.as_raw_fd(), &mut answer, MsgFlags::MSG_DONTWAIT) {
        assert_eq!(answer[16..20], [0; 4], "errno, negative");
    }
}

fn message(kind: u16, family: u8, resource: u16, attributes: &[u8]) -> Vec<u8> {
    let len = u32::try_from(20 + attributes.len()).unwrap();
    let mut bytes = len.to_ne_bytes().to_vec();
    bytes.extend_from_slice(&kind.to_ne_bytes());
    bytes.extend_from_slice(&FLAGS.to_ne_bytes());
    bytes.extend_from_slice(&[0; 8]);
    bytes.extend_from_slice(&[family, 0]);
    bytes.extend_from_slice(&resource.to_be_bytes());
    bytes.extend_from_slice(attributes);
    bytes
}
