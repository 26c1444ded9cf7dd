//! The expressions of `nf_tables` that hairnat's statements are made of, as values.
//!
//! Between a [`Statement`](crate::ruleset::Statement) and the bytes there are two steps, each with
//! its inverse: statement ↔ expressions ([`encode::rule`](super::encode), `decode::rule`) and
//! expression ↔ attributes (`encode::expression`, `decode::expression`).

use super::uapi::{NFT_REG_1, NFT_REG_4, NFT_REG32_00, NFT_REG32_15};
use crate::address::IpFamily;
use crate::plan::CounterValue;
use crate::ruleset::NatKind;

/// One expression, in the form in which the kernel gives it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expression {
    /// Loads a property of the packet that is in none of its headers.
    Meta { key: u32, to: Register },
    /// Loads bytes of a header.
    Payload { base: u32, offset: u32, len: u32, to: Register },
    /// Changes a property of the packet that is in none of its headers.
    SetMeta { key: u32, from: Register },
    /// Changes bytes of a header, and the checksums that cover them.
    SetPayload { base: u32, offset: u32, len: u32, from: Register, checksum: Checksum },
    /// Loads a property of the packet's connection.
    Conntrack { key: u32, to: Register },
    /// Changes a property of the packet's connection.
    SetConntrack { key: u32, from: Register },
    /// Loads whether the routing table has the route that `flags` ask for (`NFTA_FIB_F_PRESENT`).
    HasRoute { flags: u32, to: Register },
    /// Masks a value.
    Mask { from: Register, to: Register, mask: Vec<u8> },
    /// Goes on only if a value equals, or with `negated` differs from, a constant.
    Compare { from: Register, negated: bool, value: Vec<u8> },
    /// Goes on only if the set has the key, or with `negated` has not; loads the data of a map.
    Lookup { set: String, from: Register, negated: bool, to: Option<Register> },
    /// Adds the key to the set or renews its timeout.
    Update { set: String, from: Register },
    /// Loads a constant.
    Immediate { value: Vec<u8>, to: Register },
    /// Ends the rule with `accept`, or with `drop`.
    Verdict { accept: bool },
    /// Drops the packet and tells its sender by ICMP.
    Reject { kind: u32, code: u8 },
    /// Translates an address.
    Nat {
        kind: NatKind,
        family: IpFamily,
        /// The first and the last address to translate to.
        addresses: (Register, Register),
        /// The first and the last L4 port to translate to.
        ports: Option<(Register, Register)>,
        /// Whether the offset within the range is kept (`NF_NAT_RANGE_NETMAP`).
        prefix: bool,
    },
    /// Translates the source to an address of the interface that the packet leaves by.
    Masquerade,
    /// Counts.
    Counter(CounterValue),
    /// Does nothing at all.
    ///
    /// nft 1.0.6 converts the byte order of a one-byte field in whole 16-bit words, of which there
    /// are none (`nft_byteorder_eval`, `net/netfilter/nft_byteorder.c`).
    Nothing,
    /// Anything else, described for people.
    Foreign(String),
}

/// The checksums that are kept right when bytes of a header change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Checksum {
    /// None covers them.
    None,
    /// That of a transport header, whose pseudo header has the address
    /// (`NFT_PAYLOAD_L4CSUM_PSEUDOHDR`).
    Transport,
    /// That too, and the one of the IPv4 header (`NFT_PAYLOAD_CSUM_INET`).
    Ipv4,
}

impl Checksum {
    /// The one that covers an address of that family.
    pub(super) const fn of_address(family: IpFamily) -> Self {
        match family {
            IpFamily::V4 => Self::Ipv4,
            IpFamily::V6 => Self::Transport,
        }
    }
}

/// A place in the 64 bytes of registers: the number of a 32-bit word.
///
/// The kernel knows each word by `NFT_REG32_00` and up, every fourth one also by `NFT_REG_1` to
/// `NFT_REG_4`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Register(usize);

impl Register {
    /// How many words there are.
    pub(super) const COUNT: usize = 16;
    /// `NFT_REG_1`.
    pub(super) const FIRST: Self = Self(0);

    /// The register of that `enum nft_registers`, if it is one for data.
    pub(super) fn from_number(number: u32) -> Option<Self> {
        let word = match number {
            NFT_REG_1..=NFT_REG_4 => (number - NFT_REG_1) * 4,
            NFT_REG32_00..=NFT_REG32_15 => number - NFT_REG32_00,
            _ => return None,
        };
        usize::try_from(word).ok().map(Self)
    }

    /// The number by which nft(8) would call it.
    pub(super) fn number(self) -> u32 {
        // Words are below 16, so neither sum can overflow.
        let word = u32::try_from(self.0).unwrap_or_default();
        if word % 4 == 0 { NFT_REG_1 + word / 4 } else { NFT_REG32_00 + word }
    }

    /// The register after the value of `len` bytes in this one.
    pub(super) fn after(self, len: usize) -> Self {
        Self(self.0 + len.div_ceil(4))
    }

    /// The number of the 32-bit word.
    pub(super) fn word(self) -> usize {
        self.0
    }
}

/// The offset of the checksum in the IPv4 header (RFC 791 §3.1).
pub(super) const IPV4_CHECKSUM_OFFSET: u32 = 10;

/// The first `len` bits of `bytes` bytes.
pub(super) fn prefix_mask(bytes: usize, len: u8) -> Vec<u8> {
    let mut rest = u32::from(len);
    let mut byte = || {
        let bits = rest.min(8);
        rest -= bits;
        // `bits` is at most 8, so the shift keeps within 16 bits.
        u8::try_from((0xff00_u32 >> bits) & 0xff).unwrap_or_default()
    };
    (0..bytes).map(|_| byte()).collect()
}

/// Where an address of that family is: the offset of its source address in the network header
/// (RFC 791 §3.1, RFC 8200 §3); the destination follows at once.
pub(super) const fn source_offset(family: IpFamily) -> u32 {
    match family {
        IpFamily::V4 => 12,
        IpFamily::V6 => 8,
    }
}

#[cfg(test)]
mod tests {
    use super::Register;

    #[test]
    fn a_register_has_the_number_that_nft_uses() {
        assert_eq!(Register::FIRST.number(), 1);
        assert_eq!(Register::FIRST.after(4).number(), 9, "behind an IPv4 address");
        assert_eq!(Register::FIRST.after(16).number(), 2, "behind an IPv6 address");
        assert_eq!(Register::FIRST.after(16).after(1).number(), 13);
    }

    #[test]
    fn both_names_of_a_register_are_the_same_register() {
        assert_eq!(Register::from_number(8), Register::from_number(1));
        assert_eq!(Register::from_number(12), Register::from_number(2));
        assert_eq!(Register::from_number(0), None, "the verdict is no data");
        assert_eq!(Register::from_number(24), None);
    }
}
