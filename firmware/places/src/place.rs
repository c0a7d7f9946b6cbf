//! A place in a memory. Invariant: it is plain data; nothing is read or written through it.

/// A place: where it begins and how long it is, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The first byte.
    pub start: u32,
    /// How many.
    pub len: u32,
}

impl Place {
    /// The first byte behind it.
    pub const fn end(self) -> u32 {
        self.start.saturating_add(self.len)
    }
}
