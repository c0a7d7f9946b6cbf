//! Writing DER.
//!
//! Invariant: writing goes from back to front, so that lengths are known when they are written.

use super::tag;

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
