//! One durable unit: what a group of work adds up to.

use milepost_protocol::DeviceId;

use super::docs::DocWrite;
use super::rows::{DecisionRow, Message, QuarantineRow, TelemetryRow};
use crate::domain::Vehicle;

/// A vehicle's document as it shall be.
#[derive(Debug, Clone)]
pub struct VehicleWrite {
    /// The revision that the store must hold before; `None` if it must not know the vehicle.
    pub expected: Option<u64>,
    /// The document.
    pub vehicle: Vehicle,
}

/// Everything of one group; applied whole or not at all.
#[derive(Debug, Clone, Default)]
pub struct Commit {
    /// Documents to write, at most one a vehicle.
    pub vehicles: Vec<VehicleWrite>,
    /// Envelopes to keep.
    pub telemetry: Vec<TelemetryRow>,
    /// Messages to vehicles.
    pub messages: Vec<Message>,
    /// Messages that vehicles have acknowledged: device and number.
    pub delivered: Vec<(DeviceId, u64)>,
    /// Decisions on offers.
    pub decisions: Vec<DecisionRow>,
    /// Envelopes to set aside.
    pub quarantine: Vec<QuarantineRow>,
    /// Documents of accounts, sessions and the like.
    pub docs: Vec<DocWrite>,
}

impl Commit {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.vehicles.is_empty()
            && self.telemetry.is_empty()
            && self.messages.is_empty()
            && self.delivered.is_empty()
            && self.decisions.is_empty()
            && self.quarantine.is_empty()
            && self.docs.is_empty()
    }

    /// Whether it only takes things away, so that it may go on when the disk is full.
    pub fn only_frees(&self) -> bool {
        self.vehicles.is_empty()
            && self.telemetry.is_empty()
            && self.messages.is_empty()
            && self.decisions.is_empty()
            && self.quarantine.is_empty()
            && self.docs.iter().all(|write| write.value.is_none())
    }
}
