//! An entry tried on real cars before anybody is made it.
//!
//! Invariant: only cars whose owners allow personalised offers are looked at, nobody is named, and nothing is changed.

use std::collections::BTreeMap;

use milepost_engine::offers::catalogue::{Entry, Kind};
use milepost_engine::offers::{Rejection, Stage};
use milepost_protocol::DeviceId;

use crate::rules::{Around, OfferRules, tried};
use crate::service::Service;
use crate::store::StoreError;

/// How many cars are looked at.
const MOST: usize = 2_000;

/// How many of each page are read at once.
const AT_ONCE: usize = 200;

/// How many cars are shown one by one.
const SHOWN: usize = 50;

/// One car that was tried.
#[derive(Debug, Clone, PartialEq)]
pub struct Previewed {
    /// The car.
    pub device: DeviceId,
    /// Why it would not be made; `None` if it could be.
    pub rejection: Option<Rejection>,
    /// What it would save its owner, in the hundredth of the currency.
    pub saves: Option<i64>,
}

/// What a preview shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Preview {
    /// How many cars were looked at.
    pub looked_at: usize,
    /// How many of their owners do not allow it.
    pub not_allowed: usize,
    /// How many could be made it now.
    pub fits: usize,
    /// How many fall at each stage.
    pub falls: BTreeMap<Stage, usize>,
    /// Some of them one by one, those that it fits first.
    pub cars: Vec<Previewed>,
}

/// Tries an entry on cars.
pub async fn preview(service: &Service, rules: &OfferRules, entry: &Entry) -> Result<Preview, StoreError> {
    let mut preview = Preview::default();
    let mut after: Option<DeviceId> = None;
    let now_ms = service.clock().now_ms();
    let around = Around { book: service.book(), ..Around::default() };
    while preview.looked_at < MOST {
        let devices = service.devices(after.as_ref(), AT_ONCE).await?;
        let Some(last) = devices.last().cloned() else { break };
        for vehicle in service.vehicles(&devices).await? {
            preview.looked_at += 1;
            if entry.kind == Kind::Offer && !vehicle.consent.purposes.contains(entry.needs) {
                preview.not_allowed += 1;
                continue;
            }
            let (rejection, saves) = tried(&vehicle, entry, rules, &around, now_ms);
            match &rejection {
                None => preview.fits += 1,
                Some(rejection) => *preview.falls.entry(rejection.stage()).or_default() += 1,
            }
            preview.cars.push(Previewed { device: vehicle.device, rejection, saves });
        }
        after = Some(last);
    }
    preview.cars.sort_by_key(|car| car.rejection.is_some());
    preview.cars.truncate(SHOWN);
    Ok(preview)
}
