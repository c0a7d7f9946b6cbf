//! What pages show, as finished text: from the domain's data and a [`Format`] to the fields of a template.
//!
//! Invariant: nothing here reads a clock, awaits or changes anything; the same vehicle and the same format give the same words.

mod consent;
mod device;
mod experience;
mod facts;
mod health;
mod home;
mod items;
mod messages;
mod notices;
mod offers;
mod policy;
mod recalls;
mod reminder;
mod reported;
mod services;
mod tiles;
mod tips;
mod trials;
mod trips;
mod troubles;
mod urgency;

pub(crate) use consent::{ChangeLine, PurposeRow, changes, names, purpose_set, purposes, rows};
pub(crate) use device::{
    Badge, agreement, clock, crash_text, failure, link, log_level, parked_milliamperes, phase, reset, standing, trial,
};
pub(crate) use experience::verdict_words;
pub(crate) use facts::{Fact, RecordLine, facts, firmware, gaps, records};
pub(crate) use health::{Health, health};
pub(crate) use home::{Flash, Home};
pub(crate) use items::{ItemView, due_in_sentence, items, level_word, tone};
pub(crate) use messages::{MessageView, messages};
pub(crate) use notices::{NoticeRow, actor, notice_rows, state, told};
pub(crate) use offers::{DecisionLine, OfferNames, OfferView, decisions, fact_name, ground_words, offers, rejected};
pub(crate) use policy::{
    because_name, because_words, beliefs, change_words, extent_words, methods, support_name, support_words,
};
pub(crate) use recalls::{RecallView, recalls};
pub(crate) use reminder::{Reminder, forecast, quantity_code, reminder, set_aside};
pub(crate) use services::{ServiceLine, services};
pub(crate) use tiles::{TileView, TyreView, tiles, tyres};
pub(crate) use tips::{TipView, tips};
pub(crate) use trials::{Shown, effect_words, intake_name, intake_words, interval, verdict_badge};
pub(crate) use trips::{Day, TripRow, days, recent};
pub(crate) use troubles::{TroubleView, trouble_status, troubles};
pub(crate) use urgency::{PartLine, parts, scored, urgency_tone};

use crate::domain::Vehicle;
use crate::i18n::{Format, Localizer};

/// A value with its age.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    pub(crate) value: String,
    pub(crate) age: String,
    pub(crate) machine: String,
    pub(crate) stale: bool,
}

impl Reading {
    /// A value of `at_ms`, stale from `stale_after_ms` on.
    pub(crate) fn new(format: &Format, value: String, at_ms: u64, stale_after_ms: u64) -> Self {
        let stale = format.now_ms.saturating_sub(at_ms) > stale_after_ms;
        Self { value, age: format.age(at_ms), machine: format.machine(at_ms), stale }
    }
}

/// What people call a vehicle.
pub(crate) fn vehicle_name(localizer: Localizer, vehicle: &Vehicle) -> String {
    match (vehicle.profile.model_name.as_str(), vehicle.profile.model_year) {
        ("", _) => localizer.with("unnamed-vehicle", [("id", vehicle.device.as_str().into())]),
        (model, None) => model.to_owned(),
        (model, Some(year)) => {
            localizer.with("model-with-year", [("model", model.into()), ("year", year.to_string().into())])
        }
    }
}
