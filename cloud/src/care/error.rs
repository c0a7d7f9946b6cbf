//! Why something was not noted.

use crate::accounts::{AccountsError, RandomError};
use crate::channels::ChannelError;
use crate::store::StoreError;

/// Why a follow-up or a call was not noted or read.
#[derive(Debug, thiserror::Error)]
pub enum CareError {
    /// The store failed.
    #[error("failed to reach the store")]
    Store(#[from] StoreError),
    /// The accounts failed.
    #[error("failed to find the person")]
    Accounts(#[from] AccountsError),
    /// The channels failed.
    #[error("failed to reach the channels")]
    Channels(#[from] ChannelError),
    /// The system gives no random numbers.
    #[error("failed to draw an id")]
    Random(#[from] RandomError),
    /// There is no such follow-up.
    #[error("there is no such follow-up")]
    Unknown,
    /// It was done before.
    #[error("the follow-up is done already")]
    Closed,
    /// The same is open already.
    #[error("the same follow-up is open already")]
    Duplicate,
    /// A text is empty or too long, or the notice is none of the vehicle's.
    #[error("a text is empty or too long, or the notice is not the vehicle's")]
    Request,
    /// The date is past, or more than two years ahead.
    #[error("the date is past or too far ahead")]
    Date,
    /// Nobody of the workshop has this account.
    #[error("the person is not one of the workshop's")]
    Person,
}
