//! What comes of offers: answers, silence, complaints, and work that was done without one.
//!
//! Invariant: whatever is entered in a vehicle's ledger is an event of the book in the same commit, once.

use std::collections::BTreeMap;

use milepost_engine::offers::Outcome;
use milepost_engine::offers::book::Event;
use milepost_engine::offers::catalogue::{Entry, Kind};
use milepost_protocol::NoticeId;
use milepost_protocol::plan::{DAY_MS, ItemId};

use super::Effects;
use super::offers::OfferRules;
use crate::domain::Vehicle;

/// A contact for which somebody takes the consent back so soon was one too many, in days.
const TAKEN_BACK_DAYS: u64 = 7;

/// A piece of work counts as one that nobody offered if no such offer was booked for so many days.
const PROMPTED_DAYS: u64 = 120;

/// Enters that nobody answered an offer in time; silence to what promotes nothing says nothing.
pub(super) fn expired(vehicle: &mut Vehicle, id: NoticeId, now_ms: u64, effects: &mut Effects) {
    let step = vehicle.notices.get(&id).and_then(|notice| notice.programme.as_ref());
    if step.is_some_and(|step| !step.promotes) {
        return;
    }
    settle(vehicle, id, Outcome::Expired, now_ms, effects);
}

/// Enters what came of an offer, in the vehicle's ledger and in the book; and of a programme's step, as far as it tells how
/// welcome the next contact is.
pub(super) fn settle(vehicle: &mut Vehicle, id: NoticeId, outcome: Outcome, at_ms: u64, effects: &mut Effects) {
    if vehicle.notices.get(&id).is_some_and(|notice| notice.programme.is_some()) {
        vehicle.offers.settle_other(outcome, at_ms);
        return;
    }
    let Some(known) = vehicle.offers.presentation(id) else { return };
    let (bet, before) = (known.bet.clone(), known.outcome);
    if vehicle.offers.settle(id, outcome, at_ms) {
        effects.offers.push(Event::Settled { bet, outcome, booked_before: before.is_some() });
    }
}

/// Enters that an appointment for an offer does not take place.
pub(super) fn unbooked(vehicle: &mut Vehicle, id: NoticeId, effects: &mut Effects) {
    let bet = vehicle.offers.presentation(id).and_then(|known| known.bet.clone());
    if vehicle.offers.unbook(id)
        && let Some(bet) = bet
    {
        effects.offers.push(Event::Unbooked { bet });
    }
}

/// Enters that somebody wants fewer offers like one; answers whether that is news.
pub(super) fn fewer(vehicle: &mut Vehicle, id: NoticeId, now_ms: u64, effects: &mut Effects) -> bool {
    let Some(known) = vehicle.offers.presentation(id) else { return false };
    let (offer, bet) = (known.offer, known.bet.clone());
    if !vehicle.offers.want_fewer(offer, now_ms) {
        return false;
    }
    effects.offers.extend(bet.map(|bet| Event::Complained { bet }));
    true
}

/// Enters that the owner took the consent to offers back: what waits is let go, and the contact before it was one too many.
pub(super) fn consent_withdrawn(vehicle: &mut Vehicle, now_ms: u64, effects: &mut Effects) {
    vehicle.planned = None;
    leave_segments(vehicle, effects);
    let recent = |at_ms: u64| now_ms.saturating_sub(at_ms) < TAKEN_BACK_DAYS * DAY_MS;
    let last = vehicle.offers.presentations.iter().rfind(|known| recent(known.at_ms));
    let bet = last.and_then(|known| known.bet.clone());
    effects.offers.extend(bet.map(|bet| Event::Complained { bet }));
}

/// Leaves every segment.
pub(super) fn leave_segments(vehicle: &mut Vehicle, effects: &mut Effects) {
    effects.offers.extend(vehicle.segments.leave_all().into_iter().map(Event::Moved));
}

/// Books the margin of work that was done without an offer: the same for those who get offers and those who do not.
pub(super) fn account_for_work(vehicle: &mut Vehicle, rules: &OfferRules, now_ms: u64, effects: &mut Effects) {
    let items = std::mem::take(&mut effects.completed);
    if items.is_empty() {
        return;
    }
    let catalogue = rules.desk.now();
    let by_item: BTreeMap<ItemId, &Entry> =
        catalogue.live(Kind::Offer).filter_map(|entry| Some((entry.remedies?, entry))).collect();
    for item in items {
        let Some(entry) = by_item.get(&item) else { continue };
        let prompted = vehicle.offers.of(entry.id).any(|known| {
            let recent = |at_ms: u64| now_ms.saturating_sub(at_ms) < PROMPTED_DAYS * DAY_MS;
            matches!(known.outcome, Some((Outcome::Booked | Outcome::Done, at_ms)) if recent(at_ms))
        });
        if !prompted {
            effects.offers.push(Event::Unprompted { margin: entry.margin });
        }
    }
}
