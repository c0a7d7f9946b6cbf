//! Why a receipt was not taken, or cannot be shown.

use crate::accounts::RandomError;
use crate::store::StoreError;
use crate::vault::VaultError;

/// Why a receipt was not taken, or cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum AttachmentError {
    /// The store failed.
    #[error("failed to reach the receipts")]
    Store(#[from] StoreError),
    /// The owner's key could not be had, or does not open what it sealed.
    #[error("failed to use the owner's key")]
    Vault(#[from] VaultError),
    /// No random id could be drawn.
    #[error("failed to draw a receipt's id")]
    Random(#[from] RandomError),
    /// The bytes are neither a PDF document nor a JPEG or PNG picture.
    #[error("receipt is neither PDF nor JPEG nor PNG")]
    Kind,
    /// It is larger than is taken.
    #[error("receipt is longer than {most} bytes")]
    TooLong {
        /// The most bytes.
        most: usize,
    },
    /// The vehicle has as many receipts as it can.
    #[error("vehicle has {most} receipts already")]
    Full {
        /// The most receipts.
        most: usize,
    },
}
