//! Appointments: workshops, visits, and the calendars that show them.
//!
//! What can be booked is decided by `milepost_engine::booking`; here it is read from the store and written back.
//! Invariant: a visit, its bay and the answer to its reminder are one commit, and two visits never get one bay, whoever books at the same time.

mod band;
mod calendar;
mod error;
mod feed;
mod read;
mod shelf;
mod turns;
mod visit;
mod workshop;

pub use calendar::{Entry, calendar};
pub use error::BookingError;
pub(crate) use read::day_number;
pub use read::{Board, Choice};
pub use turns::{Request, Work};
pub use visit::{Step, Visit, VisitId};
pub use workshop::{Clocks, WorkshopDoc, WorkshopId, WorkshopIdError, publish};

use crate::service::Service;

/// What pages and API may ask about appointments; clones share the service.
#[derive(Debug, Clone)]
pub struct Booking {
    service: Service,
}

impl Booking {
    /// The appointments of a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}
