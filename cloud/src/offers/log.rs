//! The decisions that had a choice, with what came of them: what another policy is judged by.
//!
//! Invariant: each decision of the period is as likely to be read as any other, whoever it was for and however many there were;
//! where not all are read, how many and how they were chosen is told with them.

use milepost_engine::experiments::{Key, position};
use milepost_engine::offers::book::Book;
use milepost_engine::offers::judge::Logged;
use milepost_engine::offers::learner::Learner;
use milepost_engine::offers::{Arm, Outcome, Presentation};
use milepost_protocol::plan::DAY_MS;
use milepost_protocol::{DeviceId, NoticeId};

use crate::config::Evaluation;
use crate::domain::Vehicle;
use crate::service::Service;
use crate::store::{DecisionRow, StoreError};

/// How many ids, and how many cars, are read at once.
const AT_ONCE: usize = 200;

/// How much of the log was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Extent {
    /// How many cars were read, each with all of its decisions of the period.
    pub cars: usize,
    /// How many cars there are.
    pub of_cars: usize,
    /// How many decisions were read.
    pub decisions: usize,
    /// How many of them had a choice; the others say nothing of any policy.
    pub with_choice: usize,
    /// When the period begins, in milliseconds of Unix time.
    pub from_ms: u64,
    /// When it ends, because what came of later decisions is not known yet; in milliseconds of Unix time.
    pub until_ms: u64,
    /// After how many days that is known.
    pub window_days: u32,
}

impl Extent {
    /// Whether every car was read, so that nothing was left to the lot.
    pub fn is_whole(&self) -> bool {
        self.cars == self.of_cars
    }
}

/// Reads the log as `learner` sees it: cars in the order of a lot that is the same at every look, each with all of its decisions,
/// until as many were read as the configuration allows.
///
/// Whole cars are a cluster sample, in which every decision has the chance of its car, so that no weights are needed (Cochran,
/// "Sampling Techniques", 1977, chapter 9); the newest decisions of each car, or the first cars by their ids, would not be.
pub(super) async fn read(service: &Service, learner: &Learner) -> Result<(Vec<Logged>, Extent), StoreError> {
    let Evaluation { cars, decisions, days, window_days } = service.offers().evaluation;
    let until_ms = service.clock().now_ms().saturating_sub(u64::from(window_days) * DAY_MS);
    let from_ms = service.clock().now_ms().saturating_sub(u64::from(days) * DAY_MS);
    let drawn = all(service).await?;
    let mut extent = Extent { of_cars: drawn.len(), from_ms, until_ms, window_days, ..Extent::default() };
    let mut log = Vec::new();
    'reading: for devices in drawn[..drawn.len().min(cars)].chunks(AT_ONCE) {
        for vehicle in service.vehicles(devices).await? {
            if extent.decisions >= decisions {
                break 'reading;
            }
            let rows = service.decided(&vehicle.device, from_ms, until_ms.saturating_add(1)).await?;
            extent.cars += 1;
            extent.decisions += rows.len();
            let with_choice = rows.iter().filter(|row| row.decision.arms.len() > 1);
            log.extend(with_choice.map(|row| logged(&vehicle, row, learner)));
        }
    }
    extent.with_choice = log.len();
    Ok((log, extent))
}

/// All cars in the order of the lot.
async fn all(service: &Service) -> Result<Vec<DeviceId>, StoreError> {
    let mut all = Vec::new();
    loop {
        let devices = service.devices(all.last(), AT_ONCE).await?;
        if devices.is_empty() {
            return Ok(lot(&service.offers().key, all));
        }
        all.extend(devices);
    }
}

/// The order of a lot under the installation's key: whatever stands first is a simple random sample, and the same at every look.
fn lot(key: &Key, devices: Vec<DeviceId>) -> Vec<DeviceId> {
    let of = |device: DeviceId| (position(key, "evaluation of policies", device.as_str()), device);
    let mut drawn: Vec<(f64, DeviceId)> = devices.into_iter().map(of).collect();
    drawn.sort_by(|one, other| one.0.total_cmp(&other.0));
    drawn.into_iter().map(|(_, device)| device).collect()
}

/// A decision as a policy sees it that is to be judged; by the stored facts, because another version may have seen other things.
fn logged(vehicle: &Vehicle, row: &DecisionRow, learner: &Learner) -> Logged {
    let reward = if row.decision.chosen == Arm::Nothing { 0.0 } else { reward(vehicle, row.number) };
    Logged {
        features: learner.features(&row.decision.facts),
        arms: row.decision.arms.clone(),
        chosen: row.decision.chosen,
        reward,
    }
}

/// What came of the presentation that a decision led to; one that was never shown cost and brought nothing.
fn reward(vehicle: &Vehicle, number: u64) -> f64 {
    let of_decision = |known: &&Presentation| known.bet.as_ref().is_some_and(|bet| bet.decision == number);
    let Some(known) = vehicle.offers.presentations.iter().find(of_decision) else { return 0.0 };
    let margin = known.bet.as_ref().map_or(0, |bet| bet.margin);
    let notice = NoticeId::offer(known.offer, known.serial);
    let works = || vehicle.offers.earned.iter().filter(|earned| earned.notice == Some(notice));
    let undone = works().next().is_some() && works().all(|earned| !earned.stands);
    let outcome = known.outcome.map(|(outcome, _)| if undone { Outcome::Expired } else { outcome });
    let complains = vehicle
        .offers
        .fewer
        .iter()
        .any(|fewer| fewer.offer == known.offer && known.outcome.is_some_and(|(_, at_ms)| at_ms == fewer.at_ms));
    Book::reward(outcome, margin, complains)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_car_has_the_same_chance_whatever_its_id() {
        let devices: Vec<DeviceId> = (0..20).map(|at| format!("car-{at:02}").parse().unwrap()).collect();
        let mut read = std::collections::BTreeMap::new();
        for seed in 0..200_u8 {
            let drawn = lot(&Key::new([seed; 16]), devices.clone());
            assert_eq!(
                drawn,
                lot(&Key::new([seed; 16]), devices.iter().rev().cloned().collect()),
                "the order of reading is none"
            );
            for device in &drawn[..5] {
                *read.entry(device.clone()).or_insert(0_u32) += 1;
            }
        }
        // 200 draws of a quarter: 50 each, with a standard deviation of 6.
        assert!(read.len() == 20 && read.values().all(|times| (25..=75).contains(times)), "{read:?}");
    }
}
