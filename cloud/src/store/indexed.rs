//! What vehicles are found by, the same in every store.
//!
//! Invariant: it is written in the commit of its vehicle; the store on disk keeps it, so fields are only added, with a default.

use serde::{Deserialize, Serialize};

use crate::domain::{AccountId, Vehicle};

/// What a vehicle is found by, kept beside it so that nobody reads whole vehicles to find one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Indexed {
    pub revision: u64,
    pub timer_ms: Option<u64>,
    pub urgency: u16,
    pub owner: Option<AccountId>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub family: Vec<AccountId>,
}

impl Indexed {
    /// Of a vehicle as it is to be stored.
    pub(super) fn of(vehicle: &Vehicle) -> Self {
        Self {
            revision: vehicle.revision,
            timer_ms: vehicle.timer_ms,
            urgency: vehicle.score(),
            owner: vehicle.owner.clone(),
            family: vehicle.family.keys().cloned().collect(),
        }
    }
}
