//! Safety recalls: the agency's file, which cars it may concern, and the notices that come of it.
//!
//! Invariant: a file is taken whole or not at all, taking it twice changes nothing, and a campaign is told once to each car.

mod flat;
mod import;
mod matching;
mod sweep;

pub use crate::domain::Recall;
pub use flat::{Flat, FlatError, parse};
pub use import::{Imported, RecallsError};
pub use matching::Car;
pub use sweep::keep_telling;

use crate::service::Service;

/// What pages, API and command line may ask about recalls; clones share the service.
#[derive(Debug, Clone)]
pub struct Recalls {
    service: Service,
}

impl Recalls {
    /// The recalls of a service.
    pub fn new(service: Service) -> Self {
        Self { service }
    }
}
