//! As much of DER (ITU-T X.690) as the server's certificate and its signatures take.
//!
//! Invariant: a reader never leaves its bytes and takes only the shortest form of a length, so that equal values have equal bytes.

/// Tags that occur.
pub(crate) mod tag {
    pub(crate) const BOOLEAN: u8 = 0x01;
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OCTET_STRING: u8 = 0x04;
    pub(crate) const OBJECT_ID: u8 = 0x06;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const SEQUENCE: u8 = 0x30;
    /// `[0]`, constructed.
    pub(crate) const CONTEXT_0: u8 = 0xA0;
    /// `[3]`, constructed.
    pub(crate) const CONTEXT_3: u8 = 0xA3;
}

/// Reads one value after the other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What stands here and was not read yet.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// The tag and the content of the next value.
    pub(crate) fn any(&mut self) -> Option<(u8, &'a [u8])> {
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
    pub(crate) fn take(&mut self, tag: u8) -> Option<&'a [u8]> {
        let (found, content) = self.any()?;
        (found == tag).then_some(content)
    }

    /// A reader of what is in the next value, which has to have this tag.
    pub(crate) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.take(tag).map(Self)
    }

    /// A truth value that stands for `false` where it is left out.
    pub(crate) fn flag(&mut self) -> Option<bool> {
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
    pub(crate) fn bits(&mut self) -> Option<&'a [u8]> {
        let (&unused, bits) = self.take(tag::BIT_STRING)?.split_first()?;
        (unused == 0).then_some(bits)
    }
}

/// The content of the one value that `bytes` are, which has to have this tag.
pub(crate) fn only(bytes: &[u8], tag: u8) -> Option<Reader<'_>> {
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
