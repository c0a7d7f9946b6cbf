//! When an offer is decided on, and what follows.

use jiff::Timestamp;
use milepost_engine::experiments::{Holdout, Key, draw};
use milepost_engine::maintenance::Assessment;
use milepost_engine::offers::{Arm, Budget, Caps, Channel, Context, Offer, Outcome, QuietHours, decide};
use milepost_engine::policy::Policy;
use milepost_protocol::NoticeId;
use milepost_protocol::notice::Actions;
use milepost_protocol::plan::{DAY_MS, ItemId, Level, SafetyClass};
use milepost_protocol::trouble::TroubleStatus;

use super::Effects;
use crate::domain::{Actor, ChangeKind, Decided, Moment, NoticeDoc, Subject, Texts, Vehicle};
use crate::store::DecisionRow;

/// How long an offer stands, in days.
const OFFER_DAYS: u64 = 30;

/// What decisions are made with.
#[derive(Debug, Clone)]
pub struct OfferRules {
    /// The installation's secret for assignments.
    pub key: Key,
    /// Who never gets an offer.
    pub holdout: Holdout,
    /// How many contacts an owner gets in a year at most.
    pub contacts_per_year: u32,
    /// How often an owner is asked at most.
    pub caps: Caps,
    /// Hours to leave alone.
    pub quiet: QuietHours,
    /// The policy in force.
    pub policy: Policy,
}

/// Whether a decision is due; vehicles that nobody owns get no offers.
pub(super) fn is_due(vehicle: &Vehicle, now_ms: u64) -> bool {
    let due = vehicle.decided.is_none_or(|decided| now_ms >= decided.again_at_ms);
    vehicle.owner.is_some() && due
}

/// When the next decision is due.
pub(super) fn next_ms(vehicle: &Vehicle) -> Option<u64> {
    vehicle.owner.as_ref()?;
    Some(vehicle.decided.map_or(0, |decided| decided.again_at_ms))
}

/// Decides, stores the decision and raises the notice of what was chosen.
///
/// `contacts_ms` are the owner's contacts about other cars; this car's are in its ledger.
pub(super) fn decide_now(
    vehicle: &mut Vehicle,
    assessments: &[Assessment],
    contacts_ms: &[u64],
    rules: &OfferRules,
    now_ms: u64,
    texts: &dyn Texts,
    effects: &mut Effects,
) {
    let Some(owner) = vehicle.owner.clone() else { return };
    let contacts_ms: Vec<u64> = contacts_ms.iter().copied().chain(vehicle.offers.contacts_ms()).collect();
    let year = now_ms.saturating_sub(365 * DAY_MS);
    let spent = contacts_ms.iter().filter(|at_ms| **at_ms >= year).count() as u32;
    let open_safety = open_safety(vehicle, assessments);
    let number = vehicle.next_decision;
    let context = Context {
        now_ms,
        local_minute: local_minute(now_ms, &vehicle.profile.time_zone),
        consent: vehicle.consent,
        open_safety: &open_safety,
        state: &vehicle.state,
        ledger: &vehicle.offers,
        contacts_ms: &contacts_ms,
        caps: rules.caps,
        quiet: rules.quiet,
        budget: Budget { spent, limit: rules.contacts_per_year },
        holdout: rules.holdout.place(&rules.key, owner.as_str()),
        policy: rules.policy,
    };
    let draw = draw(&rules.key, &format!("{} {number}", vehicle.device));
    let decision = decide(&context, &[Offer::winter_tyres()], draw);
    vehicle.next_decision += 1;
    let had_choice = decision.arms.len() > 1;
    vehicle.decided = Some(Decided { at_ms: now_ms, again_at_ms: decision.again_at_ms, had_choice });
    if let Arm::Offer { offer, channel, .. } = decision.chosen {
        let id = vehicle.offers.present(offer, now_ms);
        let Some((_, serial)) = id.as_offer() else { unreachable!("a presentation's id is an offer's") };
        let (subject, reasons) = (Subject::Offer { offer, serial }, decision.reasons().to_vec());
        let mut notice = NoticeDoc::raised(subject, SafetyClass::Comfort, reasons, Moment::now(now_ms), Actor::System);
        notice.actions = Actions::SNOOZE.and(Actions::BOOK).and(Actions::DONE).and(Actions::REFUSE);
        notice.expires_ms = Some(now_ms + OFFER_DAYS * DAY_MS);
        notice.in_car = channel == Channel::Car;
        notice.decision = Some(number);
        if notice.in_car {
            effects.send_notice(vehicle, &notice, texts);
        }
        vehicle.notices.insert(id, notice);
        effects.note(ChangeKind::NoticeRaised(id));
    }
    effects.decision = Some(DecisionRow { device: vehicle.device.clone(), number, at_ms: now_ms, decision });
}

/// Enters that nobody answered an offer in time.
pub(super) fn expired(vehicle: &mut Vehicle, id: NoticeId, now_ms: u64) {
    vehicle.offers.settle(id, Outcome::Expired, now_ms);
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

/// The minute of the owner's day; an unknown zone counts as UTC.
fn local_minute(now_ms: u64, zone: &str) -> u16 {
    let Ok(now) = Timestamp::from_millisecond(now_ms.cast_signed()) else { return 0 };
    let local = now.to_zoned(crate::zones::zone(zone));
    u16::from(local.hour().unsigned_abs()) * 60 + u16::from(local.minute().unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_follow_the_owners_clock_over_the_change_to_summer_time() {
        // 2026-03-28 and 2026-03-29, 20:30 UTC: half past nine in the evening, and half past ten on the day of the change.
        let (before_ms, after_ms) = (1_774_729_800_000, 1_774_816_200_000);
        assert_eq!(local_minute(before_ms, "Europe/Berlin"), 21 * 60 + 30);
        assert_eq!(local_minute(after_ms, "Europe/Berlin"), 22 * 60 + 30);
        assert_eq!(local_minute(before_ms, "no/zone"), 20 * 60 + 30);
    }
}
