//! Sets and maps from messages, without their elements.

use super::expression::expression;
use super::{is_identifier, is_ours};
use crate::kernel::encode::{set_flags, type_number};
use crate::kernel::expression::Expression;
use crate::kernel::uapi::{
    NFT_SET_ANONYMOUS, NFT_SET_EVAL, NFT_SET_INTERVAL, NFT_SET_MAP, NFT_SET_TIMEOUT,
    NFTA_SET_COUNT, NFTA_SET_DATA_LEN, NFTA_SET_DATA_TYPE, NFTA_SET_DESC, NFTA_SET_DESC_SIZE,
    NFTA_SET_EXPR, NFTA_SET_EXPRESSIONS, NFTA_SET_FLAGS, NFTA_SET_GC_INTERVAL, NFTA_SET_KEY_LEN,
    NFTA_SET_KEY_TYPE, NFTA_SET_NAME, NFTA_SET_OBJ_TYPE, NFTA_SET_POLICY, NFTA_SET_TABLE,
    NFTA_SET_TIMEOUT,
};
use crate::netlink::{Attribute, Attributes, Malformed};
use crate::plan::LiveSet;
use crate::ruleset::{Data, Datatype, Elements, Set, SetDeclaration};

/// What a message about a set is about.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::kernel) enum FoundSet {
    /// A set of another table.
    NotOurs,
    /// A set that is part of a rule, and goes with it.
    Anonymous(String),
    /// A set, without its elements.
    Named {
        /// The set.
        set: Box<LiveSet>,
        /// How many elements the kernel counts, if it says so (`NFTA_SET_COUNT`, Linux 6.16): all
        /// that are live, a catch-all not among them, and those that a transaction is about to add
        /// or to delete.
        count: Option<usize>,
    },
}

/// The set of a message.
pub(in crate::kernel) fn set(attributes: Attributes<'_>) -> Result<FoundSet, Malformed> {
    if !is_ours(attributes, NFTA_SET_TABLE)? {
        return Ok(FoundSet::NotOurs);
    }
    let mut raw = RawSet::read(attributes)?;
    let name = raw.name.ok_or(Malformed)?;
    if !is_identifier(name.name()) {
        raw.strange = Some("with a name that nft cannot write");
    }
    let name = name.text().into_owned();
    if raw.flags & NFT_SET_ANONYMOUS != 0 {
        return Ok(FoundSet::Anonymous(name));
    }
    let set = match raw.declaration(&name) {
        Ok(declaration) => {
            let elements = Elements::new(&declaration);
            let set = Set { declaration, elements };
            LiveSet::Known { set, counters: Vec::new(), strays: 0 }
        }
        Err(description) => LiveSet::Foreign { name, description },
    };
    Ok(FoundSet::Named { set: Box::new(set), count: raw.count })
}

/// The attributes that say what a set is.
#[derive(Default)]
struct RawSet<'a> {
    name: Option<Attribute<'a>>,
    flags: u32,
    key_type: u32,
    key_len: usize,
    data_type: u32,
    data_len: usize,
    size: Option<u32>,
    count: Option<usize>,
    timeout: u64,
    counter: bool,
    /// What hairnat never sets.
    strange: Option<&'static str>,
}

impl<'a> RawSet<'a> {
    fn read(attributes: Attributes<'a>) -> Result<Self, Malformed> {
        let mut raw = Self::default();
        for attribute in attributes {
            let attribute = attribute?;
            match attribute.kind {
                NFTA_SET_NAME => raw.name = Some(attribute),
                NFTA_SET_FLAGS => raw.flags = attribute.be32()?,
                NFTA_SET_KEY_TYPE => raw.key_type = attribute.be32()?,
                NFTA_SET_KEY_LEN => raw.key_len = length(attribute)?,
                NFTA_SET_DATA_TYPE => raw.data_type = attribute.be32()?,
                NFTA_SET_DATA_LEN => raw.data_len = length(attribute)?,
                NFTA_SET_DESC => {
                    let size = attribute.nested().find(NFTA_SET_DESC_SIZE)?;
                    raw.size = size.map(Attribute::be32).transpose()?;
                }
                NFTA_SET_COUNT => raw.count = Some(length(attribute)?),
                NFTA_SET_TIMEOUT => raw.timeout = attribute.be64()?,
                NFTA_SET_EXPR => raw.each_element_has(attribute.nested())?,
                NFTA_SET_EXPRESSIONS => {
                    for element in attribute.nested() {
                        raw.each_element_has(element?.nested())?;
                    }
                }
                NFTA_SET_GC_INTERVAL if attribute.be32()? != 0 => {
                    raw.strange = Some("with a gc-interval");
                }
                NFTA_SET_POLICY if attribute.be32()? != 0 => raw.strange = Some("with a policy"),
                NFTA_SET_OBJ_TYPE => raw.strange = Some("of objects"),
                _ => {}
            }
        }
        Ok(raw)
    }

    fn each_element_has(&mut self, nest: Attributes<'_>) -> Result<(), Malformed> {
        match expression(nest)? {
            Expression::Counter(_) if !self.counter => self.counter = true,
            _ => self.strange = Some("with statements"),
        }
        Ok(())
    }

    /// The declaration; `Err` says for people what hairnat never makes.
    fn declaration(&self, name: &str) -> Result<SetDeclaration, String> {
        let noun = if self.flags & NFT_SET_MAP == 0 { "set" } else { "map" };
        if let Some(strange) = self.strange {
            return Err(format!("a {noun} {strange}"));
        }
        let key = datatypes(self.key_type)
            .ok_or_else(|| format!("a {noun} with keys of type {:#x}", self.key_type))?;
        let data = if self.flags & NFT_SET_MAP == 0 { None } else { Some(self.data(noun)?) };
        let declaration = SetDeclaration {
            name: name.to_owned(),
            key,
            data,
            interval: self.flags & NFT_SET_INTERVAL != 0,
            learned: self.learned(noun)?,
            counter: self.counter,
            size: self.size.filter(|&size| size != 0),
        };
        if set_flags(&declaration) != self.flags {
            return Err(format!("a {noun} with flags {:#x}", self.flags));
        }
        if declaration.key_len() != self.key_len {
            return Err(format!("a {noun} with keys of {} bytes", self.key_len));
        }
        Ok(declaration)
    }

    fn data(&self, noun: &str) -> Result<Data, String> {
        let types = datatypes(self.data_type)
            .ok_or_else(|| format!("a {noun} with data of type {:#x}", self.data_type))?;
        let single: usize = types.iter().map(|datatype| datatype.padded_len()).sum();
        let interval = self.data_len == 2 * single;
        if !interval && self.data_len != single {
            return Err(format!("a {noun} with data of {} bytes", self.data_len));
        }
        Ok(Data { types, interval })
    }

    fn learned(&self, noun: &str) -> Result<Option<u32>, String> {
        if self.flags & (NFT_SET_EVAL | NFT_SET_TIMEOUT) == 0 && self.timeout == 0 {
            return Ok(None);
        }
        let seconds = u32::try_from(self.timeout / 1000).ok().filter(|&seconds| seconds > 0);
        match seconds {
            Some(seconds) if self.timeout.is_multiple_of(1000) => Ok(Some(seconds)),
            _ => Err(format!("a {noun} with a timeout of {} ms", self.timeout)),
        }
    }
}

fn length(attribute: Attribute<'_>) -> Result<usize, Malformed> {
    usize::try_from(attribute.be32()?).map_err(|_| Malformed)
}

/// The datatypes of a concatenation: 6 bits each; `None` if any is unknown.
fn datatypes(number: u32) -> Option<Vec<Datatype>> {
    let mut types = Vec::new();
    let mut rest = number;
    while rest != 0 {
        let known = Datatype::ALL.into_iter().find(|datatype| *datatype as u32 == rest & 0x3f)?;
        types.insert(0, known);
        rest >>= 6;
    }
    (!types.is_empty() && type_number(&types) == number).then_some(types)
}
