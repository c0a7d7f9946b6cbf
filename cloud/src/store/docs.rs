//! Documents that the store keeps without reading them: accounts, sessions and the like.

use std::fmt;

/// A family of documents; names are lower case and never reused for another shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Collection(pub &'static str);

/// A document's key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DocKey {
    /// The family.
    pub collection: Collection,
    /// The key within it, at most 512 bytes.
    pub key: String,
}

impl DocKey {
    /// The key of `key` in `collection`.
    pub fn new(collection: Collection, key: impl Into<String>) -> Self {
        Self { collection, key: key.into() }
    }
}

impl fmt::Display for DocKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.collection.0, self.key)
    }
}

/// A document with its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doc {
    /// 1 when it was created, one more with every write.
    pub version: u64,
    /// The bytes as they were written.
    pub value: Vec<u8>,
}

/// What the store must hold for a write to take place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// No such document.
    Absent,
    /// The document in this version.
    Version(u64),
    /// Whatever there is.
    Any,
}

impl Expected {
    /// Whether `present`, the stored version, is what was expected.
    pub fn holds(self, present: Option<u64>) -> bool {
        match self {
            Self::Absent => present.is_none(),
            Self::Version(version) => present == Some(version),
            Self::Any => true,
        }
    }
}

/// One document to write or to delete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocWrite {
    /// Which.
    pub key: DocKey,
    /// What must be there now.
    pub expected: Expected,
    /// The new bytes; `None` deletes.
    pub value: Option<Vec<u8>>,
}
