//! Why a store did not do what it was asked.

use std::path::PathBuf;

/// A store's failure.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The disk has less room than the reserve; nothing was applied, and reads go on.
    #[error("store is full: {free_bytes} bytes free, {reserve_bytes} are kept in reserve")]
    Full {
        /// What the file system has left.
        free_bytes: u64,
        /// What must stay free.
        reserve_bytes: u64,
    },
    /// A version was not the expected one; nothing was applied.
    #[error("{what} changed meanwhile")]
    Conflict {
        /// Which document.
        what: String,
    },
    /// A stored value does not read back.
    #[error("stored {what} does not read back")]
    Corrupt {
        /// Which value.
        what: String,
        /// The reader's error.
        #[source]
        source: serde_json::Error,
    },
    /// A stored key has a shape that this build does not know.
    #[error("stored key {key} has an unknown shape")]
    Key {
        /// The key in hexadecimal.
        key: String,
    },
    /// A value does not serialise.
    #[error("{what} does not serialise")]
    Encode {
        /// Which value.
        what: String,
        /// The writer's error.
        #[source]
        source: serde_json::Error,
    },
    /// The file system refused.
    #[error("{action} {path} failed", path = path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The engine refused.
    #[error("{action} failed in the engine")]
    Engine {
        /// What was tried.
        action: &'static str,
        /// The engine's error.
        #[source]
        source: ::sled::Error,
    },
    /// The store was closed, or its writer died.
    #[error("store has stopped")]
    Stopped,
    /// A test asked for it.
    #[error("store failed as the test asked")]
    Injected,
}

impl StoreError {
    /// A short name for counters.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Full { .. } => "full",
            Self::Conflict { .. } => "conflict",
            Self::Corrupt { .. } | Self::Key { .. } => "corrupt",
            Self::Encode { .. } => "encode",
            Self::Io { .. } => "io",
            Self::Engine { .. } => "engine",
            Self::Stopped => "stopped",
            Self::Injected => "injected",
        }
    }
}
