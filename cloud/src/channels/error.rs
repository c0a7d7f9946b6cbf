//! Why something about the channels failed.
//!
//! Invariant: no error's text holds an address or a secret.

use crate::accounts::AccountsError;
use crate::store::StoreError;

/// Why the channels' rows could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ChannelError {
    /// The store failed.
    #[error("failed to reach the channels' rows")]
    Store(#[from] StoreError),
    /// The account could not be read.
    #[error("failed to read the owner's account")]
    Account(#[from] AccountsError),
    /// A page could not be drawn.
    #[error("failed to put a message into words")]
    Words(#[from] askama::Error),
    /// The random source of the system failed.
    #[error("failed to draw random bytes")]
    Random(#[source] rand::rand_core::OsError),
    /// A letter could not be drawn.
    #[error("failed to draw a letter")]
    Letter(#[from] super::LetterError),
}

/// Why a message did not go out.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// The other side refused for good; another attempt would not help.
    #[error("refused: {0}")]
    Refused(String),
    /// The other side did not take it; another attempt may help.
    #[error("not taken: {0}")]
    NotTaken(String),
    /// Nobody knows whether it was taken; another attempt must carry the same idempotency key.
    #[error("outcome unknown: {0}")]
    Unknown(String),
    /// The recipient does not exist any more.
    #[error("recipient is gone")]
    Gone,
}
