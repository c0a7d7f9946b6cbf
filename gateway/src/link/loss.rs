//! Why there is no connection, with the words of the library that noticed.
//!
//! Invariant: what follows from a loss is decided by the link's machine, from its kind alone.

use milepost_firmware::link::{self, Stuck};

/// Why there is no connection.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Loss {
    /// Nobody answers at the address.
    #[error("the cloud is unreachable: {0}")]
    Unreachable(String),
    /// The server's certificate is not one that this device trusts.
    #[error("the server's certificate is not trusted: {0}")]
    Untrusted(String),
    /// The connection opened and closed again before CONNACK.
    #[error("the connection closed before it was accepted")]
    ClosedEarly,
    /// The server refuses this device's certificate, client id or topics.
    #[error("the identity is refused: {0}")]
    Refused(String),
    /// An established connection broke.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// The watchdog abandoned it.
    #[error("the connection made no progress: {0}")]
    Stuck(Stuck),
}

impl Loss {
    /// What the machine needs to know of it.
    pub(super) fn kind(&self) -> link::Loss {
        match self {
            Self::Unreachable(_) => link::Loss::Unreachable,
            Self::Untrusted(_) => link::Loss::Untrusted,
            Self::ClosedEarly => link::Loss::ClosedEarly,
            Self::Refused(_) => link::Loss::Refused,
            Self::Broken(_) => link::Loss::Broken,
            Self::Stuck(stuck) => link::Loss::Stuck(*stuck),
        }
    }
}
