//! Tells cars of the recalls that may concern them.
//!
//! Invariant: a car is asked about through the committer alone, which tells a campaign once.

use std::time::Duration;

use milepost_protocol::DeviceId;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;

use super::import::RECALLS;
use super::{Car, Recall, Recalls, RecallsError};
use crate::domain::{Actor, Intent, IntentError, Vehicle};
use crate::events;

/// How often cars that have become known since are looked for.
const EVERY: Duration = Duration::from_hours(1);

/// How many cars are loaded at a time.
const AT_ONCE: usize = 200;

/// The most recalls of one make and year that are looked through.
const MAX_OF_YEAR: usize = 20_000;

impl Recalls {
    /// The recalls that may concern a car.
    pub async fn of(&self, car: &Car) -> Result<Vec<Recall>, RecallsError> {
        let docs = self.service.docs(RECALLS, &car.prefix(), None, MAX_OF_YEAR).await?;
        let recalls: Result<Vec<Recall>, RecallsError> = docs.iter().map(|(_, doc)| Ok(doc.read("recall")?)).collect();
        Ok(recalls?.into_iter().filter(|recall| car.is_concerned(recall)).collect())
    }

    /// Raises a notice for every campaign that a car was not told of; answers how many were raised.
    pub async fn tell(&self) -> Result<usize, RecallsError> {
        let mut raised = 0;
        let mut after: Option<DeviceId> = None;
        loop {
            let devices = self.service.devices(after.as_ref(), AT_ONCE).await?;
            let Some(last) = devices.last() else { return Ok(raised) };
            after = Some(last.clone());
            for vehicle in self.service.vehicles(&devices).await? {
                raised += self.tell_one(&vehicle).await?;
            }
        }
    }

    async fn tell_one(&self, vehicle: &Vehicle) -> Result<usize, RecallsError> {
        let year = vehicle.profile.model_year;
        let Some(car) = year.and_then(|year| Car::of_name(&vehicle.profile.model_name, year)) else { return Ok(0) };
        let mut raised = 0;
        for recall in self.of(&car).await? {
            if vehicle.was_told_of(&recall.campaign) {
                continue;
            }
            match self.service.submit(&vehicle.device, Intent::Recall { recall }, Actor::System).await {
                Ok(outcome) => raised += usize::from(outcome.changed),
                // It was erased meanwhile.
                Err(IntentError::UnknownVehicle) => return Ok(raised),
                Err(error) => return Err(error.into()),
            }
        }
        Ok(raised)
    }
}

/// Tells cars that have become known, or learnt their model, since the last file was taken.
pub async fn keep_telling(recalls: Recalls, stop: CancellationToken) {
    let mut interval = tokio::time::interval(EVERY);
    interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = interval.tick() => {}
        }
        if let Err(error) = recalls.tell().await {
            tracing::error!(error = events::chain(&error), "telling cars of recalls failed");
        }
    }
}
