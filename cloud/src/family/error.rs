//! Why an invitation was not made, or not taken.

use crate::accounts::{AccountsError, RandomError};
use crate::channels::ChannelError;
use crate::domain::IntentError;
use crate::store::StoreError;

/// Why an invitation was not made, or not taken.
#[derive(Debug, thiserror::Error)]
pub enum FamilyError {
    /// The store failed.
    #[error("failed to reach the invitations")]
    Store(#[from] StoreError),
    /// The mail was not written down.
    #[error("failed to have the mail sent")]
    Channel(#[from] ChannelError),
    /// The vehicle was not changed.
    #[error("failed to change the family")]
    Vehicle(#[from] IntentError),
    /// The account was not made.
    #[error("failed to make the account")]
    Account(#[from] AccountsError),
    /// No random id could be drawn.
    #[error("failed to draw an invitation's id")]
    Random(#[from] RandomError),
    /// There is no such invitation, it has ended, or somebody has taken it.
    #[error("invitation does not count")]
    Gone,
    /// The vehicle has as many members and invitations as it can.
    #[error("vehicle's family is full")]
    Full,
    /// The account has invited too often.
    #[error("too many invitations; the next is allowed in {retry_after_ms} ms")]
    Limited {
        /// When the next is allowed, in milliseconds from now.
        retry_after_ms: u64,
    },
    /// The account that would take it has this name already.
    #[error("name of the new account is taken")]
    NameTaken,
    /// The account that would take it owns no cars.
    #[error("account is none of an owner's")]
    Role,
}
