//! All that a decision on one vehicle is made from, gathered once.
//!
//! Invariant: gathering changes nothing and enrols nobody.

use std::sync::Arc;

use jiff::Timestamp;
use milepost_engine::experiments::Group;
use milepost_engine::maintenance::Assessment;
use milepost_engine::offers::catalogue::{Entry, Kind, Owner};
use milepost_engine::offers::eligibility::Facts;
use milepost_engine::offers::facts::{About, facts};
use milepost_engine::offers::trial::{Part, Trial};
use milepost_engine::offers::trial_book::Enrolled;
use milepost_engine::offers::{Arm, Budget, Context};
use milepost_protocol::downlink::Purposes;
use milepost_protocol::plan::{DAY_MS, ItemId, Level, SafetyClass};
use milepost_protocol::trouble::TroubleStatus;

use super::journey::contacts;
use super::offers::{Around, OfferRules};
use crate::domain::{AccountId, Vehicle};
use crate::offers::Catalogue;
use crate::zones::{minute_of_day, zone};

/// All that a decision on one vehicle is made from.
pub(super) struct Desktop<'a> {
    pub(super) rules: &'a OfferRules,
    pub(super) around: &'a Around,
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) facts: Facts,
    open_safety: Vec<ItemId>,
    contacts_ms: Vec<u64>,
    promotions_ms: Vec<u64>,
    halted: Vec<Arm>,
    local_minute: u16,
    now_ms: u64,
}

impl<'a> Desktop<'a> {
    /// Gathers it: what is gathered without consent serves advice alone.
    pub(super) fn gather(
        vehicle: &Vehicle,
        assessments: &[Assessment],
        rules: &'a OfferRules,
        around: &'a Around,
        now_ms: u64,
    ) -> Self {
        let zone_name = &vehicle.profile.time_zone;
        let about = About {
            state: &vehicle.state,
            assessments,
            ledger: &vehicle.offers,
            powertrain: vehicle.profile.powertrain,
            registered_ms: vehicle.profile.registered_ms,
            zone: zone_name,
            month: local_month(now_ms, zone_name),
            household_cars: around.other_cars.saturating_add(1),
            now_ms,
        };
        let all: Vec<(u64, bool)> = around.contacts.iter().copied().chain(contacts(vehicle)).collect();
        Self {
            rules,
            around,
            catalogue: rules.desk.now(),
            facts: facts(&about),
            open_safety: open_safety(vehicle, assessments),
            contacts_ms: all.iter().map(|(at_ms, _)| *at_ms).collect(),
            promotions_ms: all.iter().filter(|(_, promotes)| *promotes).map(|(at_ms, _)| *at_ms).collect(),
            halted: around.book.halted(),
            local_minute: minute_of_day(&zone(zone_name), now_ms),
            now_ms,
        }
    }

    /// Whether the owner is left alone at this hour, and until when, in milliseconds of Unix time.
    pub(super) fn quiet_until_ms(&self) -> Option<u64> {
        self.rules.quiet.until_ms(self.now_ms, self.local_minute)
    }

    /// Asks something of the engine about one vehicle.
    pub(super) fn ask<T>(&self, vehicle: &Vehicle, ask: impl FnOnce(&Context<'_>) -> T) -> T {
        self.ask_within(vehicle, &[], ask)
    }

    /// The arms that the owner has, or would have, in the experiments that run or whose windows are not over; asking enrols nobody.
    ///
    /// Whoever is held out or has its arms drawn evenly takes part in none, so that those groups stay what they are.
    pub(super) fn parts(&self, vehicle: &Vehicle) -> Vec<Part<'_>> {
        let Some(owner) = vehicle.owner.as_ref().map(AccountId::as_str) else { return Vec::new() };
        let OfferRules { key, holdout, uniform, .. } = self.rules;
        if !matches!(holdout.place(key, owner).group(*uniform), Group::Measured | Group::Rest) {
            return Vec::new();
        }
        let mut parts = Vec::new();
        for trial in self.catalogue.running() {
            let Trial { id, version, segments, .. } = trial;
            let version = *version;
            let belongs = |(name, _): (&str, u64)| segments.iter().any(|segment| segment == name);
            let fits = segments.is_empty() || vehicle.segments.members().any(belongs);
            let same = |one: &&Enrolled| one.exposure.experiment == *id && one.exposure.version == version;
            let enrolled = self.around.enrolled.iter().find(same);
            parts.extend(trial.peek(key, owner, fits, enrolled, self.now_ms));
        }
        parts
    }

    /// Asks something of the engine about one vehicle whose owner takes part in experiments.
    pub(super) fn ask_within<T>(
        &self,
        vehicle: &Vehicle,
        parts: &[Part<'_>],
        ask: impl FnOnce(&Context<'_>) -> T,
    ) -> T {
        let year_ms = self.now_ms.saturating_sub(365 * DAY_MS);
        let spent = self.promotions_ms.iter().filter(|at_ms| **at_ms >= year_ms).count() as u32;
        let languages = [vehicle.profile.locale.as_str(), "en"];
        let owner = vehicle.owner.as_ref().map_or("", |owner| owner.as_str());
        let pace = self.rules.contacts_per_month.map(|limit| self.around.book.pace(limit, self.now_ms));
        ask(&Context {
            now_ms: self.now_ms,
            local_minute: self.local_minute,
            consent: vehicle.consent,
            open_safety: &self.open_safety,
            owner: Owner { dealer: self.rules.dealer.as_deref(), languages: &languages, facts: &self.facts },
            ledger: &vehicle.offers,
            contacts_ms: &self.contacts_ms,
            caps: self.rules.caps,
            quiet: self.rules.quiet,
            budget: Budget { spent, limit: self.rules.contacts_per_year },
            pace,
            holdout: self.rules.holdout.place(&self.rules.key, owner),
            halted: &self.halted,
            parts,
        })
    }

    /// What the policy sees of the car; nothing but itself where its owner does not allow personalised offers.
    pub(super) fn features(&self, vehicle: &Vehicle) -> Vec<f64> {
        let consents = vehicle.consent.purposes.contains(Purposes::OFFERS);
        let learner = &self.around.book.learner;
        if consents { learner.features(&self.facts) } else { learner.features(&Facts::new()) }
    }

    /// The entry as it can be made now: with what is left of it.
    pub(super) fn stocked(&self, entry: &Entry) -> Entry {
        Entry { stock: self.around.book.left(entry.id, entry.stock), ..entry.clone() }
    }

    /// The offers that can be made now.
    pub(super) fn offers(&self) -> Vec<Entry> {
        self.catalogue.live(Kind::Offer).map(|entry| self.stocked(entry)).collect()
    }
}

/// Items of the safety class that are due, and the trouble codes of brakes and chassis count for tyres and brakes alike.
fn open_safety(vehicle: &Vehicle, assessments: &[Assessment]) -> Vec<ItemId> {
    let is_safety = |item: ItemId| vehicle.item(item).is_some_and(|item| item.rule.safety == SafetyClass::Safety);
    let due = assessments.iter().filter(|assessment| assessment.level >= Level::Due && is_safety(assessment.item));
    let mut open: Vec<_> = due.map(|assessment| assessment.item).collect();
    // Chassis codes (SAE J2012: the top bits 01) come from brakes, steering and suspension.
    let chassis = vehicle.state.troubles.iter().any(|trouble| {
        trouble.code.code >> 14 == 1 && matches!(trouble.status, TroubleStatus::Confirmed | TroubleStatus::Permanent)
    });
    if chassis && !open.contains(&ItemId::BRAKE_FLUID) {
        open.push(ItemId::BRAKE_FLUID);
    }
    open
}

/// The month of the owner's calendar; a moment beyond it counts as January.
fn local_month(now_ms: u64, zone_name: &str) -> u8 {
    let Ok(now) = Timestamp::from_millisecond(now_ms.cast_signed()) else { return 1 };
    zone(zone_name).to_datetime(now).month().unsigned_abs()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_follow_the_owners_clock_over_the_change_to_summer_time() {
        // 2026-03-28 and 2026-03-29, 20:30 UTC: half past nine in the evening, and half past ten on the day of the change.
        let (before_ms, after_ms) = (1_774_729_800_000, 1_774_816_200_000);
        let minute = |at_ms, name| minute_of_day(&zone(name), at_ms);
        assert_eq!(minute(before_ms, "Europe/Berlin"), 21 * 60 + 30);
        assert_eq!(minute(after_ms, "Europe/Berlin"), 22 * 60 + 30);
        assert_eq!(minute(before_ms, "no/zone"), 20 * 60 + 30);
    }
}
