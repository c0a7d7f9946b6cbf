//! Why something about an appointment was not done.

use milepost_engine::booking::NotNow;

use crate::accounts::RandomError;
use crate::domain::IntentError;
use crate::store::StoreError;

/// Why a visit was not booked, moved or marked, or a calendar not read.
#[derive(Debug, thiserror::Error)]
pub enum BookingError {
    /// The store failed.
    #[error("failed to reach the store")]
    Store(#[from] StoreError),
    /// The vehicle does not take it.
    #[error("failed to change the vehicle")]
    Vehicle(#[from] IntentError),
    /// The system gives no random numbers.
    #[error("failed to draw an id")]
    Random(#[from] RandomError),
    /// There is no such workshop, or it takes no visits any more.
    #[error("there is no such workshop")]
    UnknownWorkshop,
    /// There is no such visit.
    #[error("there is no such visit")]
    UnknownVisit,
    /// No item of the vehicle's plan is meant, or a text is too long.
    #[error("the request names no work that can be done, or a text is too long")]
    Request,
    /// The time is not free, too soon, too far ahead or outside of opening hours.
    #[error("the time is not free")]
    Taken,
    /// The visit does not stand where this could be asked of it.
    #[error(transparent)]
    Turn(#[from] NotNow),
}
