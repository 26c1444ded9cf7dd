//! As much of SCTP as conntrack wants to see of it: INIT and INIT ACK (RFC 9260 section 3.3).
//!
//! Kernels without SCTP sockets track and translate it all the same, so both ends are raw sockets.

/// The types of chunks.
const INIT: u8 = 1;
const INIT_ACK: u8 = 2;

/// The common header, and one chunk of either type without parameters.
const LENGTH: usize = 32;

/// A packet of one chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sctp {
    pub(crate) source: u16,
    pub(crate) destination: u16,
    /// What each packet to the sender of the chunk has to carry.
    pub(crate) tag: u32,
    answers: bool,
}

impl Sctp {
    /// Asks for an association.
    pub(crate) fn init(source: u16, destination: u16, tag: u32) -> Self {
        Self { source, destination, tag, answers: false }
    }

    /// Whether it asks, rather than answers.
    pub(crate) fn asks(&self) -> bool {
        !self.answers
    }

    /// The answer, with the same tag for the other direction.
    pub(crate) fn answer(&self) -> Self {
        let Self { source, destination, tag, .. } = *self;
        Self { source: destination, destination: source, tag, answers: true }
    }

    pub(crate) fn to_bytes(self) -> [u8; LENGTH] {
        let mut packet = [0; LENGTH];
        packet[0..2].copy_from_slice(&self.source.to_be_bytes());
        packet[2..4].copy_from_slice(&self.destination.to_be_bytes());
        if self.answers {
            packet[4..8].copy_from_slice(&self.tag.to_be_bytes());
        }
        packet[12] = if self.answers { INIT_ACK } else { INIT };
        packet[15] = 20;
        packet[16..20].copy_from_slice(&self.tag.to_be_bytes());
        // A window of 64 KiB, one stream each way, and the first transmission number.
        packet[20..LENGTH].copy_from_slice(&[0, 1, 0, 0, 0, 1, 0, 1, 0, 0, 0, 1]);
        let checksum = crc32c(&packet).to_le_bytes();
        packet[8..12].copy_from_slice(&checksum);
        packet
    }

    /// Reads what [`Sctp::to_bytes`] wrote.
    pub(crate) fn read(packet: &[u8]) -> Option<Self> {
        let word = |at: usize| Some(u16::from_be_bytes([*packet.get(at)?, *packet.get(at + 1)?]));
        let tag = u32::from_be_bytes(packet.get(16..20)?.try_into().ok()?);
        let answers = match *packet.get(12)? {
            INIT => false,
            INIT_ACK => true,
            _ => return None,
        };
        Some(Self { source: word(0)?, destination: word(2)?, tag, answers })
    }
}

/// RFC 9260 appendix A.
fn crc32c(bytes: &[u8]) -> u32 {
    let byte = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg())
        })
    };
    !bytes.iter().fold(u32::MAX, byte)
}
