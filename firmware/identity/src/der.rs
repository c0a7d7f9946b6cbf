//! As much of DER (ITU-T X.690) as requests and certificates of devices take.
//!
//! Invariant: reading never goes beyond the bytes given and never panics; writing goes from back to front, so that lengths are known.

/// Tags that occur.
pub(crate) mod tag {
    pub(crate) const INTEGER: u8 = 0x02;
    pub(crate) const BIT_STRING: u8 = 0x03;
    pub(crate) const OBJECT_ID: u8 = 0x06;
    pub(crate) const UTF8_STRING: u8 = 0x0C;
    pub(crate) const PRINTABLE_STRING: u8 = 0x13;
    pub(crate) const UTC_TIME: u8 = 0x17;
    pub(crate) const GENERALIZED_TIME: u8 = 0x18;
    pub(crate) const SEQUENCE: u8 = 0x30;
    pub(crate) const SET: u8 = 0x31;
    /// `[0]`, constructed.
    pub(crate) const CONTEXT_0: u8 = 0xA0;
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
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The tag and the content of the next value.
    pub(crate) fn any(&mut self) -> Option<(u8, &'a [u8])> {
        let (&tag, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let len = match first {
            0..=0x7F => usize::from(first),
            0x81 | 0x82 => {
                let (bytes, behind) = rest.split_at_checked(usize::from(first & 0x7F))?;
                rest = behind;
                bytes.iter().fold(0, |len, byte| len << 8 | usize::from(*byte))
            }
            // Longer than anything that crosses the air, or not DER.
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

    /// Goes past the next value if it has this tag.
    pub(crate) fn skip_optional(&mut self, tag: u8) -> Option<()> {
        if self.0.first() == Some(&tag) {
            self.any()?;
        }
        Some(())
    }
}

/// Writes from the back of a buffer to its front.
#[derive(Debug)]
pub(crate) struct Writer<'b> {
    buffer: &'b mut [u8],
    at: usize,
}

impl<'b> Writer<'b> {
    pub(crate) fn new(buffer: &'b mut [u8]) -> Self {
        let at = buffer.len();
        Self { buffer, at }
    }

    /// How many bytes stand behind this place.
    pub(crate) fn mark(&self) -> usize {
        self.buffer.len() - self.at
    }

    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Option<()> {
        let start = self.at.checked_sub(bytes.len())?;
        self.buffer.get_mut(start..self.at)?.copy_from_slice(bytes);
        self.at = start;
        Some(())
    }

    /// Puts tag and length in front of everything that was written since `mark`.
    pub(crate) fn wrap(&mut self, tag: u8, mark: usize) -> Option<()> {
        let len = self.mark().checked_sub(mark)?;
        match len {
            0..=0x7F => self.bytes(&[tag, len as u8]),
            0x80..=0xFF => self.bytes(&[tag, 0x81, len as u8]),
            0x100..=0xFFFF => self.bytes(&[tag, 0x82, (len >> 8) as u8, len as u8]),
            _ => None,
        }
    }

    /// A positive number from its digits, big-endian.
    pub(crate) fn positive(&mut self, digits: &[u8]) -> Option<()> {
        let mark = self.mark();
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let digits = digits.get(zeros..)?;
        self.bytes(digits)?;
        if digits.first().is_none_or(|first| *first >= 0x80) {
            self.bytes(&[0])?;
        }
        self.wrap(tag::INTEGER, mark)
    }

    /// A whole value.
    pub(crate) fn value(&mut self, tag: u8, content: &[u8]) -> Option<()> {
        let mark = self.mark();
        self.bytes(content)?;
        self.wrap(tag, mark)
    }

    pub(crate) fn finish(self) -> &'b [u8] {
        let at = self.at;
        self.buffer.get(at..).unwrap_or_default()
    }
}
