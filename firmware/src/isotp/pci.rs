//! What a frame is: the protocol control information in its first bytes.
//!
//! With extended or mixed addressing the caller takes the address byte off first.
//! Invariant: data that are no frame of ISO 15765-2 are `Other`, never a guess.

/// A frame's kind and what it carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pci<'d> {
    /// A whole message.
    Single(&'d [u8]),
    /// The beginning of a message of `len` bytes.
    First {
        /// The length of the whole message, in bytes.
        len: usize,
        /// Its first bytes.
        data: &'d [u8],
    },
    /// The next part of a message, padding included.
    Consecutive {
        /// 1 to 15, then 0, and so on.
        index: u8,
        /// The bytes.
        data: &'d [u8],
    },
    /// The receiver tells the sender how to go on; [`super::FlowControl`] reads it.
    FlowControl,
    /// No frame of the protocol.
    Other,
}

/// The least data bytes of a first frame: a full classic one, less the address byte of extended addressing.
const MIN_FIRST: usize = 7;

impl<'d> Pci<'d> {
    /// Reads the kind of a frame.
    #[inline(never)]
    pub fn parse(data: &'d [u8]) -> Self {
        match *data {
            // CAN FD: a single frame whose length stands in the second byte.
            [0x00, len, ref rest @ ..] if rest.len() > 5 => {
                rest.get(..usize::from(len)).filter(|part| !part.is_empty()).map_or(Pci::Other, Pci::Single)
            }
            [first @ 0x01..=0x07, ref rest @ ..] => rest.get(..usize::from(first)).map_or(Pci::Other, Pci::Single),
            // The escape: a length of 32 bits.
            [0x10, 0x00, a, b, c, d, ref rest @ ..] => {
                let len = usize::try_from(u32::from_be_bytes([a, b, c, d])).unwrap_or(usize::MAX);
                if len > 4095 { Pci::First { len, data: rest } } else { Pci::Other }
            }
            [first @ 0x10..=0x1F, low, ref rest @ ..] => {
                let len = usize::from(first & 0x0F) << 8 | usize::from(low);
                if len >= MIN_FIRST && data.len() >= MIN_FIRST { Pci::First { len, data: rest } } else { Pci::Other }
            }
            [first @ 0x20..=0x2F, ref rest @ ..] if !rest.is_empty() => {
                Pci::Consecutive { index: first & 0x0F, data: rest }
            }
            [0x30..=0x32, _, _, ..] => Pci::FlowControl,
            _ => Pci::Other,
        }
    }
}

/// Whether a frame opens a message of more than one frame.
pub(crate) fn begins_more(data: &[u8]) -> bool {
    matches!(Pci::parse(data), Pci::First { .. })
}

/// The message of a frame that holds a whole one.
pub(crate) fn single(data: &[u8]) -> Option<&[u8]> {
    match Pci::parse(data) {
        Pci::Single(message) => Some(message),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_frame_is_told_by_its_first_bytes() {
        assert_eq!(Pci::parse(&[2, 0x3E, 0, 0x55]), Pci::Single(&[0x3E, 0]));
        assert_eq!(Pci::parse(&[0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0]), Pci::Single(&[1, 2, 3, 4, 5, 6, 7, 8, 9]));
        assert_eq!(Pci::parse(&[0x10, 20, 1, 2, 3, 4, 5, 6]), Pci::First { len: 20, data: &[1, 2, 3, 4, 5, 6] });
        assert_eq!(Pci::parse(&[0x10, 0, 0, 0, 0x10, 0, 1, 2]), Pci::First { len: 4096, data: &[1, 2] });
        assert_eq!(Pci::parse(&[0x2F, 1]), Pci::Consecutive { index: 15, data: &[1] });
        assert_eq!(Pci::parse(&[0x31, 0, 0]), Pci::FlowControl);
    }

    #[test]
    fn what_breaks_the_rules_is_no_frame() {
        for data in [
            &[][..],
            &[0],
            &[0, 0, 0, 0, 0, 0, 0, 0],
            &[3, 1, 2],
            &[0x0F, 1],
            &[0x10, 0, 0, 0, 0x0F, 0xFF, 1, 2],
            &[0x10, 5, 1, 2, 3, 4, 5, 6],
            &[0x10, 20, 1, 2],
            &[0x20],
            &[0x33, 0, 0],
            &[0x30, 0],
            &[0x40, 0],
            &[0xFF; 8],
        ] {
            assert_eq!(Pci::parse(data), Pci::Other, "{data:02X?}");
        }
    }
}
