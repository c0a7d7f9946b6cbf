//! As much of DER (ITU-T X.690) as certificates, requests and signatures take.
//!
//! Invariant: a reader never leaves its bytes and takes only the shortest form of a length, so that equal values have equal bytes.

mod write;

pub(crate) use write::Writer;

/// Tags that occur.
pub mod tag {
    /// A truth value.
    pub const BOOLEAN: u8 = 0x01;
    /// A number.
    pub const INTEGER: u8 = 0x02;
    /// Bits, behind a byte that counts the unused ones.
    pub const BIT_STRING: u8 = 0x03;
    /// Bytes.
    pub const OCTET_STRING: u8 = 0x04;
    /// An object identifier.
    pub const OBJECT_ID: u8 = 0x06;
    /// Text.
    pub(crate) const UTF8_STRING: u8 = 0x0C;
    /// Text of few characters.
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    /// A time whose year has two digits.
    pub const UTC_TIME: u8 = 0x17;
    /// A time whose year has four digits.
    pub const GENERALIZED_TIME: u8 = 0x18;
    /// Values in their order.
    pub const SEQUENCE: u8 = 0x30;
    /// Values in no order.
    pub(crate) const SET: u8 = 0x31;
    /// `[0]`, constructed.
    pub const CONTEXT_0: u8 = 0xA0;
    /// `[3]`, constructed.
    pub const CONTEXT_3: u8 = 0xA3;
}

/// `id-at-commonName`, 2.5.4.3.
pub(crate) const COMMON_NAME: &[u8] = &[0x55, 0x04, 0x03];

/// `id-ecPublicKey` with `prime256v1`, the two as they stand in an algorithm identifier.
pub(crate) const P256_ALGORITHM: &[u8] =
    &[0x06, 0x07, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x02, 0x01, 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07];

/// `ecdsa-with-SHA256` as it stands in an algorithm identifier.
pub(crate) const ECDSA_SHA256: &[u8] = &[0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x04, 0x03, 0x02];

/// Reads one value after the other.
#[derive(Debug, Clone, Copy)]
pub struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    /// A reader of these bytes.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Whether everything was read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands here and was not read yet.
    pub fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The tag and the content of the next value.
    pub fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, rest) = rest.split_first()?;
        let (len, rest) = match first {
            0..=0x7F => (usize::from(first), rest),
            0x81 => rest.split_first().map(|(&len, rest)| (usize::from(len), rest)).filter(|&(len, _)| len >= 0x80)?,
            0x82 => rest
                .split_first_chunk::<2>()
                .map(|(len, rest)| (usize::from(u16::from_be_bytes(*len)), rest))
                .filter(|&(len, _)| len >= 0x100)?,
            // Longer than any certificate that a board has room for, or no DER.
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        Some((tag, content))
    }

    /// The content of the next value, which has to have this tag.
    pub fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, content) = self.any()?;
        (found == tag).then_some(content)
    }

    /// A reader of what is in the next value, which has to have this tag.
    pub fn enter(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(Self)
    }

    /// A truth value that stands for `false` where it is left out.
    pub fn flag(&mut self) -> Option<bool> {
        if self.0.first() != Some(&tag::BOOLEAN) {
            return Some(false);
        }
        match self.take(tag::BOOLEAN)? {
            [0xFF] => Some(true),
            [0] => Some(false),
            _ => None,
        }
    }

    /// The content of a bit string of whole bytes.
    pub fn bits(&mut self) -> Option<&'a [u8]> {
        let (&unused, bits) = self.take(tag::BIT_STRING)?.split_first()?;
        (unused == 0).then_some(bits)
    }

    /// Goes past the next value if it has this tag.
    pub fn skip_optional(&mut self, tag: u8) -> Option<()> {
        if self.0.first() == Some(&tag) {
            self.any()?;
        }
        Some(())
    }
}

/// The content of the one value that `bytes` are, which has to have this tag.
pub fn only(bytes: &[u8], tag: u8) -> Option<Reader<'_>> {
    let mut reader = Reader::new(bytes);
    let inner = reader.enter(tag)?;
    reader.is_empty().then_some(inner)
}

#[cfg(test)]
mod tests {
    use std::vec;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn only_the_shortest_form_of_a_length_is_read() {
        for (header, len, good) in [
            (vec![4, 0x7F], 0x7F, true),
            (vec![4, 0x81, 0x7F], 0x7F, false),
            (vec![4, 0x81, 0x80], 0x80, true),
            (vec![4, 0x82, 0x00, 0xFF], 0xFF, false),
            (vec![4, 0x82, 0x01, 0x00], 0x100, true),
            (vec![4, 0x80], 0, false),
            (vec![4, 0x83, 0, 1, 0], 0x100, false),
        ] {
            let whole: Vec<u8> = header.iter().copied().chain(vec![9; len]).collect();
            assert_eq!(Reader::new(&whole).take(tag::OCTET_STRING).is_some(), good, "{header:x?}");
            assert!(len == 0 || Reader::new(&whole[..whole.len() - 1]).any().is_none(), "a byte is missing");
        }
    }

    #[test]
    fn a_flag_that_is_left_out_is_false_and_one_that_is_neither_is_none() {
        for (bytes, expected) in [
            (&[][..], Some(false)),
            (&[4, 0], Some(false)),
            (&[1, 1, 0], Some(false)),
            (&[1, 1, 0xFF], Some(true)),
            (&[1, 1, 1], None),
            (&[1, 2, 0xFF, 0xFF], None),
            (&[1], None),
        ] {
            assert_eq!(Reader::new(bytes).flag(), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn one_value_is_all_or_it_is_nothing() {
        assert!(only(&[4, 1, 7], tag::OCTET_STRING).is_some());
        assert!(only(&[4, 1, 7, 0], tag::OCTET_STRING).is_none());
        assert!(only(&[5, 1, 7], tag::OCTET_STRING).is_none());
        assert_eq!(Reader::new(&[3, 2, 1, 2]).bits(), None, "a bit is unused");
    }
}
