//! Messages as trees, so that a change of one attribute leaves the lengths around it right.

/// The length of `struct nlmsghdr` and `struct nfgenmsg`.
const HEADERS: usize = 20;

/// The length of `struct nlattr`.
const HEADER: usize = 4;

/// `NLA_F_NESTED`.
const NESTED: u16 = 0x8000;

/// Headers, without the length at their start, and attributes.
struct Message {
    headers: Vec<u8>,
    attributes: Vec<Attribute>,
}

#[derive(Clone)]
struct Attribute {
    kind: u16,
    value: Value,
}

#[derive(Clone)]
enum Value {
    Bytes(Vec<u8>),
    Nest(Vec<Attribute>),
}

/// Changes one attribute of the messages in `bytes`; `None` if there are none to be found.
///
/// `change` is what changes bytes that mean nothing to this module.
pub fn mutate(bytes: &[u8], seed: u32, change: impl Fn(&mut Vec<u8>)) -> Option<Vec<u8>> {
    let mut messages = messages(bytes)?;
    let mut dice = Dice(seed | 1);
    let number = dice.below(messages.len());
    let donor = dice.below(messages.len());
    let donor = any(&messages[donor].attributes, &mut dice).cloned();
    if dice.below(8) == 0 {
        change_messages(&mut messages, number, &mut dice);
    } else {
        let list = any_list(&mut messages[number].attributes, &mut dice);
        let at = dice.below(list.len() + 1);
        match dice.below(6) {
            0 if at < list.len() => drop(list.remove(at)),
            1 | 2 => list.insert(at, donor?),
            3 if at < list.len() => {
                list[at].kind = list[at].kind & NESTED | u16::from(dice.byte() % 24)
            }
            _ => match list.get_mut(at) {
                Some(Attribute { value: Value::Bytes(bytes), .. }) => change(bytes),
                Some(Attribute { value: Value::Nest(list), .. }) => list.extend(donor),
                None => list.extend(donor),
            },
        }
    }
    Some(written(&messages))
}

fn change_messages(messages: &mut Vec<Message>, number: usize, dice: &mut Dice) {
    match dice.below(4) {
        0 => drop(messages.remove(number)),
        // The byte of `nlmsg_type` that says what the message does to what.
        1 => messages[number].headers[0] = dice.byte() % 32,
        // `nfgen_family`: bridge or inet.
        2 => messages[number].headers[12] = if dice.below(2) == 0 { 1 } else { 7 },
        _ => {
            let other = dice.below(messages.len());
            messages.swap(number, other);
        }
    }
}

/// Some attribute at any depth.
fn any<'a>(mut list: &'a [Attribute], dice: &mut Dice) -> Option<&'a Attribute> {
    loop {
        let attribute = list.get(dice.below(list.len().max(1)))?;
        match &attribute.value {
            Value::Nest(inner) if !inner.is_empty() && dice.below(4) > 0 => list = inner,
            _ => return Some(attribute),
        }
    }
}

/// Some list of attributes at any depth.
fn any_list<'a>(list: &'a mut Vec<Attribute>, dice: &mut Dice) -> &'a mut Vec<Attribute> {
    let nests: Vec<usize> = (0..list.len())
        .filter(|&at| matches!(&list[at].value, Value::Nest(inner) if !inner.is_empty()))
        .collect();
    if nests.is_empty() || dice.below(4) == 0 {
        return list;
    }
    match &mut list[nests[dice.below(nests.len())]].value {
        Value::Nest(inner) => any_list(inner, dice),
        Value::Bytes(_) => unreachable!("only nests were taken"),
    }
}

fn messages(mut bytes: &[u8]) -> Option<Vec<Message>> {
    let mut messages = Vec::new();
    while !bytes.is_empty() {
        let len = u32::from_ne_bytes(*bytes.first_chunk()?) as usize;
        let headers = bytes.get(4..HEADERS)?.to_vec();
        let attributes = attributes(bytes.get(HEADERS..len)?)?;
        messages.push(Message { headers, attributes });
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    (!messages.is_empty()).then_some(messages)
}

fn attributes(mut bytes: &[u8]) -> Option<Vec<Attribute>> {
    let mut attributes = Vec::new();
    while !bytes.is_empty() {
        let [l0, l1, k0, k1] = *bytes.first_chunk()?;
        let (len, kind) = (usize::from(u16::from_ne_bytes([l0, l1])), u16::from_ne_bytes([k0, k1]));
        let payload = bytes.get(HEADER..len)?;
        let nest = if kind & NESTED == 0 { None } else { self::attributes(payload) };
        let value = nest.map_or_else(|| Value::Bytes(payload.to_vec()), Value::Nest);
        attributes.push(Attribute { kind, value });
        bytes = bytes.get(len.next_multiple_of(4)..).unwrap_or_default();
    }
    Some(attributes)
}

fn written(messages: &[Message]) -> Vec<u8> {
    let mut out = Vec::new();
    for message in messages {
        let start = out.len();
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&message.headers);
        message.attributes.iter().for_each(|attribute| write(attribute, &mut out));
        let len = (out.len() - start) as u32;
        out[start..start + 4].copy_from_slice(&len.to_ne_bytes());
    }
    out
}

fn write(attribute: &Attribute, out: &mut Vec<u8>) {
    let start = out.len();
    out.extend_from_slice(&[0; 2]);
    out.extend_from_slice(&attribute.kind.to_ne_bytes());
    match &attribute.value {
        Value::Bytes(bytes) => out.extend_from_slice(bytes),
        Value::Nest(list) => list.iter().for_each(|attribute| write(attribute, out)),
    }
    let len = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
    out[start..start + 2].copy_from_slice(&len.to_ne_bytes());
    out.resize(out.len().next_multiple_of(4), 0);
}

/// Numbers from a seed (xorshift).
struct Dice(u32);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 17;
        self.0 ^= self.0 << 5;
        (self.0 as usize >> 4) % limit
    }

    fn byte(&mut self) -> u8 {
        self.below(256) as u8
    }
}
