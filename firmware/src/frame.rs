//! One frame of a CAN bus, classic or FD.
//!
//! Invariant: the data never exceed 64 bytes.

use embedded_can::{ExtendedId, Id, StandardId};

/// The most data bytes of a CAN FD frame.
pub const MAX_DATA_LEN: usize = 64;

/// A data frame as it stood on a bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Frame {
    /// The identifier, 11 or 29 bits.
    pub id: Id,
    /// Which of the host's buses, from 0.
    pub bus: u8,
    len: u8,
    data: [u8; MAX_DATA_LEN],
}

impl Frame {
    /// A frame of `data`; `None` if there are more than 64 bytes.
    pub fn new(bus: u8, id: impl Into<Id>, data: &[u8]) -> Option<Self> {
        let mut bytes = [0; MAX_DATA_LEN];
        bytes.get_mut(..data.len())?.copy_from_slice(data);
        Some(Self { id: id.into(), bus, len: data.len() as u8, data: bytes })
    }

    /// The data bytes.
    pub fn data(&self) -> &[u8] {
        self.data.get(..usize::from(self.len)).unwrap_or_default()
    }

    /// The identifier as one number: bit 31 is set for a 29-bit identifier, as `SocketCAN` does.
    pub fn raw_id(&self) -> u32 {
        raw(self.id)
    }
}

/// An identifier as one number: bit 31 is set for a 29-bit identifier.
pub fn raw(id: Id) -> u32 {
    match id {
        Id::Standard(id) => u32::from(id.as_raw()),
        Id::Extended(id) => id.as_raw() | EXTENDED,
    }
}

/// The identifier of a number of [`raw`]; bits that no identifier has are cut off.
pub fn unraw(raw: u32) -> Id {
    if raw & EXTENDED == 0 {
        Id::Standard(StandardId::new((raw & 0x7FF) as u16).unwrap_or(StandardId::ZERO))
    } else {
        Id::Extended(ExtendedId::new(raw & 0x1FFF_FFFF).unwrap_or(ExtendedId::ZERO))
    }
}

/// The bit that marks a 29-bit identifier in [`raw`].
pub const EXTENDED: u32 = 1 << 31;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_survive_as_numbers_and_keep_their_width() {
        for id in [unraw(0x7E8), unraw(0x18DA_F110 | EXTENDED), unraw(0x123 | EXTENDED)] {
            assert_eq!(unraw(raw(id)), id);
        }
        assert_ne!(unraw(0x123), unraw(0x123 | EXTENDED));
    }

    #[test]
    fn more_than_sixty_four_bytes_are_no_frame() {
        assert!(Frame::new(0, unraw(1), &[0; 65]).is_none());
        assert_eq!(Frame::new(0, unraw(1), &[7; 64]).map(|frame| frame.data().len()), Some(64));
    }
}
