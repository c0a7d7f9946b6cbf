//! What stands before a block's bits, and how a block names the one that it continues.
//!
//! A chain begins with a block that stands alone.
//! Each further one holds its number in the chain and a checksum over all blocks before it, so that neither a lost block
//! nor another chain, such as one from before a restart, is taken for its predecessor.
//! Invariant: a head is read without touching any state.

/// How a block stands to the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It decodes by itself, and begins a chain.
    Alone,
    /// It decodes only behind its predecessor.
    Continuing,
}

/// The first byte of a block that stands alone; the upper half is the format's version.
const ALONE: u8 = 0x10;

/// The first byte of a block that continues one.
const CONTINUING: u8 = 0x11;

/// The longest head, in bytes.
pub(super) const MAX_HEAD_LEN: usize = 3 + MAX_VARINT_LEN;

const MAX_VARINT_LEN: usize = 10;

/// What identifies the place behind a block: how many blocks of the chain there were, modulo 256, and their checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Link {
    pub(super) number: u8,
    check: u16,
}

impl Link {
    /// The place before a chain's first block.
    pub(super) const START: Self = Self { number: 0, check: u16::MAX };

    /// The place behind `block`, which stands here.
    pub(super) fn behind(self, block: &[u8]) -> Self {
        // CRC-16/CCITT-FALSE, carried on over all blocks.
        let check = block.iter().fold(self.check, |check, &byte| {
            (0..8).fold(check ^ u16::from(byte) << 8, |check, _| {
                if check & 0x8000 == 0 { check << 1 } else { check << 1 ^ 0x1021 }
            })
        });
        Self { number: self.number.wrapping_add(1), check }
    }
}

/// What a block's head says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// Alone, with samples near a time.
    Alone { near_ms: u64 },
    /// Continuing what stands before this place.
    Continuing(Link),
}

impl Head {
    /// Writes the head with room for the number of samples; answers its length, also if that is more than there is room for.
    pub(super) fn write(self, buffer: &mut [u8]) -> usize {
        let mut len = 0;
        let mut put = |byte: u8| {
            if let Some(place) = buffer.get_mut(len) {
                *place = byte;
            }
            len += 1;
        };
        match self {
            Self::Alone { mut near_ms } => {
                [ALONE, 0, 0].into_iter().for_each(&mut put);
                while near_ms > 0x7F {
                    put(near_ms as u8 | 0x80);
                    near_ms >>= 7;
                }
                put(near_ms as u8);
            }
            Self::Continuing(link) => {
                let [low, high] = link.check.to_le_bytes();
                [CONTINUING, 0, 0, link.number, low, high].into_iter().for_each(put);
            }
        }
        len
    }

    /// Sets the number of samples in a head that is written.
    pub(super) fn set_count(buffer: &mut [u8], count: u16) {
        if let Some(place) = buffer.get_mut(1..3) {
            place.copy_from_slice(&count.to_le_bytes());
        }
    }

    /// Reads a head: what it says, how many samples follow, and their bits.
    pub(super) fn read(block: &[u8]) -> Result<(Self, u16, &[u8]), HeadError> {
        let (&first, rest) = block.split_first().ok_or(HeadError::Short)?;
        if first != ALONE && first != CONTINUING {
            return Err(HeadError::UnknownFormat(first));
        }
        let (count, rest) = rest.split_first_chunk().ok_or(HeadError::Short)?;
        let count = u16::from_le_bytes(*count);
        if first == CONTINUING {
            let (&[number, low, high], rest) = rest.split_first_chunk().ok_or(HeadError::Short)?;
            return Ok((Self::Continuing(Link { number, check: u16::from_le_bytes([low, high]) }), count, rest));
        }
        let mut near_ms = 0;
        for (at, &byte) in rest.iter().enumerate().take(MAX_VARINT_LEN) {
            near_ms |= u64::from(byte & 0x7F) << (7 * at);
            if byte & 0x80 == 0 {
                return Ok((Self::Alone { near_ms }, count, rest.get(at + 1..).unwrap_or_default()));
            }
        }
        Err(HeadError::Short)
    }
}

/// Why bytes are no head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeadError {
    /// The first byte is none that this build reads.
    UnknownFormat(u8),
    /// It is cut short, or its time has no end.
    Short,
}
