//! A plan as one batch: the bytes of a single send, and what each message of it stands for.

use std::io;
use std::ops::Range;

use super::encode::{self, ElementWriter, Unwritable};
use super::error::KernelError;
use super::nfnetlink::{self, Header};
use super::place::{Inner, inner};
use super::uapi::{
    NFNL_BATCH_GENID, NFNL_MSG_BATCH_BEGIN, NFNL_MSG_BATCH_END, NFNL_SUBSYS_NFTABLES,
};
use crate::netlink::{self, NLM_F_ACK, NLM_F_REQUEST, Verdict};
use crate::plan::{Action, Op, Plan};
use crate::ruleset::Elements;

/// More than the first and the last message take.
const FRAME: usize = 64;

/// Where the value of `NFNL_BATCH_GENID` is, behind three headers.
const GENERATION: Range<usize> = 24..28;

/// How a batch ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    /// With the message that makes the kernel commit it.
    Commit,
    /// Without: the kernel checks everything, then takes it all back (`nfnetlink_rcv_batch`).
    Validate,
}

/// The bytes of one send.
pub(super) struct Batch {
    bytes: Vec<u8>,
    pub(super) first_seq: u32,
    /// One for every message between the first and the last.
    parts: Vec<Part>,
    pub(super) ending: Ending,
}

/// What one message of a batch stands for.
struct Part {
    /// The number of the operation within the plan.
    op: usize,
    /// Where the message starts.
    start: usize,
    /// The number of its first element within the operation's.
    first_element: usize,
}

/// What of a batch the kernel speaks about.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The batch as a whole.
    Whole,
    /// One operation of the plan.
    Op {
        /// Its number.
        op: usize,
        /// The number of the very element.
        element: Option<usize>,
        /// The name of the very expression.
        expression: Option<String>,
    },
}

impl Batch {
    /// The batch of a plan, its messages numbered from `first_seq`.
    ///
    /// # Errors
    ///
    /// [`KernelError::Refused`] if a rule is to be written that hairnat can only read.
    pub(super) fn new(
        plan: &Plan<'_>,
        first_seq: u32,
        ending: Ending,
    ) -> Result<Self, KernelError> {
        let mut batch = Self { bytes: Vec::new(), first_seq, parts: Vec::new(), ending };
        batch.bytes.reserve_exact(FRAME + plan.ops.iter().map(room).sum::<usize>());
        batch.frame(NFNL_MSG_BATCH_BEGIN, NLM_F_REQUEST, first_seq, Some(plan.generation));
        for (number, op) in plan.ops.iter().enumerate() {
            batch.append(number, op)?;
        }
        if ending == Ending::Commit {
            let seq = batch.next_seq();
            batch.frame(NFNL_MSG_BATCH_END, NLM_F_REQUEST | NLM_F_ACK, seq, None);
        }
        Ok(batch)
    }

    /// Has the batch hold for another generation than that of its plan.
    pub(super) fn set_generation(&mut self, generation: u32) {
        self.bytes[GENERATION].copy_from_slice(&generation.to_be_bytes());
    }

    /// What to send.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// As [`Batch::bytes`], to keep.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// How many messages there are.
    pub(super) fn messages(&self) -> u32 {
        let end = u32::from(self.ending == Ending::Commit);
        self.next_seq().wrapping_sub(self.first_seq).wrapping_add(end)
    }

    /// Whether the verdict is about the end of the batch: that the kernel committed it (Linux 6.10).
    pub(super) fn is_end(&self, verdict: &Verdict) -> bool {
        self.ending == Ending::Commit && verdict.seq == self.next_seq()
    }

    /// The error that comes first in the batch, whatever the order in which the kernel tells them.
    pub(super) fn first_error<'a>(&self, verdicts: &'a [Verdict]) -> Option<&'a Verdict> {
        verdicts
            .iter()
            .filter(|verdict| verdict.errno != 0)
            .min_by_key(|verdict| verdict.seq.wrapping_sub(self.first_seq))
    }

    /// What the verdict is about.
    pub(super) fn place(&self, verdict: &Verdict) -> Place {
        let number = verdict.seq.wrapping_sub(self.first_seq).checked_sub(1);
        let part = number
            .and_then(|number| usize::try_from(number).ok())
            .and_then(|number| self.parts.get(number));
        let Some(part) = part else { return Place::Whole };
        let message = self.bytes.get(part.start..).unwrap_or_default();
        let inner = verdict.offset.and_then(|offset| inner(message, offset));
        let (element, expression) = match inner {
            Some(Inner::Element(number)) => (Some(part.first_element + number), None),
            Some(Inner::Expression(name)) => (None, Some(name)),
            None => (None, None),
        };
        Place::Op { op: part.op, element, expression }
    }

    fn next_seq(&self) -> u32 {
        // A batch of 2³² messages would be longer than any address space.
        let parts = u32::try_from(self.parts.len()).unwrap_or(u32::MAX);
        self.first_seq.wrapping_add(1).wrapping_add(parts)
    }

    fn frame(&mut self, kind: u16, flags: u16, seq: u32, generation: Option<u32>) {
        let header = Header { kind, flags, seq, family: 0, resource: NFNL_SUBSYS_NFTABLES };
        let start = nfnetlink::begin(&mut self.bytes, header);
        if let Some(generation) = generation {
            netlink::put_be32(&mut self.bytes, NFNL_BATCH_GENID, generation);
        }
        netlink::end(&mut self.bytes, start);
    }

    fn append(&mut self, number: usize, op: &Op<'_>) -> Result<(), KernelError> {
        let family = op.family;
        let seq = self.next_seq();
        let message = match &op.action {
            Action::AddTable => encode::new_table(family, seq),
            Action::DeleteTable => encode::delete_table(family, seq),
            Action::AddSet(declaration) => encode::new_set(family, declaration, seq),
            Action::AddChain(declaration) => encode::new_chain(family, declaration, seq),
            Action::AddRule { chain, rule, before } => {
                encode::new_rule(family, chain, rule, *before, seq)
                    .map_err(|error| unwritable(op, &error))?
            }
            Action::DeleteRule { chain, handle, .. } => {
                encode::delete_rule(family, chain, *handle, seq)
            }
            Action::FlushChain(chain) => encode::flush_chain(family, chain, seq),
            Action::AddElements { set, elements } => {
                self.elements(number, elements, ElementWriter::adding(family, set));
                return Ok(());
            }
            Action::DeleteElements { set, elements } => {
                self.elements(number, elements, ElementWriter::deleting(family, set));
                return Ok(());
            }
        };
        self.parts.push(Part { op: number, start: self.bytes.len(), first_element: 0 });
        self.bytes.extend_from_slice(&message);
        Ok(())
    }

    /// As many messages as it takes.
    fn elements(&mut self, op: usize, elements: &Elements, writer: ElementWriter<'_>) {
        let mut rest = elements.iter();
        while rest.len() > 0 {
            let first_element = elements.len() - rest.len();
            let seq = self.next_seq();
            self.parts.push(Part { op, start: self.bytes.len(), first_element });
            writer.write(&mut self.bytes, &mut rest, seq);
        }
    }
}

/// The refusal to write what can only be read.
fn unwritable(op: &Op<'_>, error: &Unwritable) -> KernelError {
    let source = io::Error::from_raw_os_error(libc::EOPNOTSUPP);
    KernelError::refused(op, None, Some(error.to_string()), source)
}

/// The most that an operation takes, in bytes, so that a large batch is not moved as it grows.
fn room(op: &Op<'_>) -> usize {
    match &op.action {
        Action::AddElements { set, elements } => {
            ElementWriter::adding(op.family, set).room(elements)
        }
        Action::DeleteElements { set, elements } => {
            ElementWriter::deleting(op.family, set).room(elements)
        }
        _ => 1024,
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::{Batch, Ending, Place};
    use crate::netlink::{Messages, Verdict};
    use crate::plan::{Action, Op, Plan};
    use crate::ruleset::{
        AddressSide, Data, Datatype, Element, Elements, NatKind, NatTarget, Rule, SetDeclaration,
        Statement, TableFamily,
    };

    fn map(interval: bool) -> SetDeclaration {
        SetDeclaration {
            name: "dnat4".to_owned(),
            key: vec![Datatype::Ipv4Addr],
            data: Some(Data { types: vec![Datatype::Ipv4Addr], interval: false }),
            interval,
            learned: None,
            counter: false,
            size: None,
        }
    }

    fn elements(set: &SetDeclaration, count: u8) -> Elements {
        let mut elements = Elements::new(set);
        for number in 1..=count {
            let key = [203, 0, 113, number];
            let data = [10, 0, 0, number];
            elements.push(Element { key: &key, last: &key, data: &data, comment: Some("web") });
        }
        elements
    }

    fn batch(actions: Vec<Action<'_>>, ending: Ending) -> Batch {
        let family = TableFamily::Inet;
        let ops = actions.into_iter().map(|action| Op { family, action }).collect();
        let plan = Plan { generation: 9, ops, ..Plan::default() };
        Batch::new(&plan, 1, ending).unwrap()
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
    }

    /// A refusal of message `seq` that points `offset` bytes into it.
    fn refusal(seq: u32, offset: usize) -> Verdict {
        Verdict { seq, errno: libc::EEXIST, text: None, offset: Some(offset) }
    }

    #[test]
    #[cfg(target_endian = "little")]
    fn a_batch_is_these_very_bytes() {
        let set = map(false);
        let add = Action::AddElements { set: &set, elements: Cow::Owned(elements(&set, 1)) };
        let batch = batch(vec![Action::AddTable, add], Ending::Commit);
        let expected = [
            // NFNL_MSG_BATCH_BEGIN for nf_tables, with NFNL_BATCH_GENID 9.
            "1c0000001000010001000000000000000000000a",
            "0800010000000009",
            // NFT_MSG_NEWTABLE with NLM_F_CREATE and NLM_F_EXCL: `hairnat`, no flags, the comment.
            "44000000000a01060200000000000000 01000000",
            "0c000100686169726e617400 0800020000000000",
            "19000600 0013 6d616e61676564206279206861 69726e617400 000000",
            // NFT_MSG_NEWSETELEM with NLM_F_CREATE: `hairnat`, `dnat4`, a list of one element.
            "580000000c0a01040300000000000000 01000000",
            "0c000100686169726e617400 0a000200646e617434000000",
            "2c000380 28000180",
            // Its key, its data and its comment.
            "0c000180 08000100cb007101 0c000280 080001000a000001 0a000600 0004776562000000",
            // NFNL_MSG_BATCH_END, to be acknowledged.
            "1400000011000500040000000000000000 00000a",
        ];
        assert_eq!(hex(batch.bytes()), expected.concat().replace(' ', ""));
        assert_eq!(batch.messages(), 4);
    }

    #[test]
    fn a_batch_to_validate_has_no_end() {
        let committed = batch(vec![Action::AddTable], Ending::Commit);
        let validated = batch(vec![Action::AddTable], Ending::Validate);
        assert_eq!(Some(validated.bytes()), committed.bytes().get(..validated.bytes().len()));
        assert_eq!(Messages(committed.bytes()).count(), 3);
        assert_eq!(Messages(validated.bytes()).count(), 2);
        assert_eq!(validated.messages(), 2);
    }

    #[test]
    fn an_offset_leads_to_the_very_element() {
        for interval in [false, true] {
            let set = map(interval);
            let delete =
                Action::DeleteElements { set: &set, elements: Cow::Owned(elements(&set, 3)) };
            let batch = batch(vec![Action::AddTable, delete], Ending::Commit);
            // Header 20, table 12, set 12, list 4; an element takes 16, the end of an interval 24.
            let step = if interval { 16 + 24 } else { 16 };
            for number in 0..3 {
                let expected = Place::Op { op: 1, element: Some(number), expression: None };
                for within in [0, 4, 8] {
                    assert_eq!(batch.place(&refusal(3, 48 + step * number + within)), expected);
                }
            }
            let beyond = Place::Op { op: 1, element: None, expression: None };
            assert_eq!(batch.place(&refusal(3, 4000)), beyond);
            assert_eq!(batch.place(&refusal(1, 0)), Place::Whole);
            assert_eq!(batch.place(&refusal(77, 0)), Place::Whole);
        }
    }

    #[test]
    fn an_offset_leads_to_the_very_expression() {
        let side = AddressSide::Source;
        let target = NatTarget::PrefixMap { side, map: "snat4_net".to_owned() };
        let family = crate::address::IpFamily::V4;
        let statements = vec![Statement::Nat { kind: NatKind::Snat, family, target }];
        let rule = Rule { statements };
        let add = Action::AddRule { chain: "c", rule: &rule, before: None };
        let batch = batch(vec![add], Ending::Commit);
        // The expressions are the last attribute, and `nat` is the last of them.
        let last = Messages(batch.bytes()).nth(1).unwrap().unwrap().body.len() + 16 - 4;
        let expression = Some("nat".to_owned());
        let expected = Place::Op { op: 0, element: None, expression };
        assert_eq!(batch.place(&refusal(2, last)), expected);
    }

    #[test]
    fn the_first_error_of_the_batch_counts_not_the_first_told() {
        let batch = batch(vec![Action::AddTable, Action::AddTable], Ending::Commit);
        let acknowledged = Verdict { errno: 0, ..refusal(1, 0) };
        let verdicts = [acknowledged, refusal(3, 0), refusal(2, 0)];
        assert_eq!(batch.first_error(&verdicts), Some(&refusal(2, 0)));
    }
}
