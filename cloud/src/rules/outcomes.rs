//! What comes of offers: answers, silence, complaints, and work that was done without one.
//!
//! Invariant: whatever is entered in a vehicle's ledger is an event of the book in the same commit, once.

use std::collections::BTreeMap;

use milepost_engine::offers::book::Book;
use milepost_engine::offers::catalogue::{Entry, Kind};
use milepost_engine::offers::event::Event;
use milepost_engine::offers::{Earned, Outcome};
use milepost_engine::service_book::EventId;
use milepost_protocol::NoticeId;
use milepost_protocol::plan::{DAY_MS, ItemId};

use super::Effects;
use super::offers::OfferRules;
use crate::domain::Vehicle;

/// A contact for which somebody takes the consent back so soon was one too many, in days.
const TAKEN_BACK_DAYS: u64 = 7;

/// Silence is counted in steps of at least so much, so that a car that is looked at often costs no more.
const LEAST_SILENCE: f64 = 0.1;

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
    let booked_ago_ms = known.outcome.map(|(_, booked_ms)| at_ms.saturating_sub(booked_ms));
    let (bet, counted) = (known.bet.clone(), known.counted);
    let waited_ms = at_ms.saturating_sub(known.at_ms);
    if vehicle.offers.settle(id, outcome, at_ms) {
        effects.offers.push(Event::Settled { bet, outcome, booked_ago_ms, counted, waited_ms });
    }
}

/// Enters that an appointment for an offer does not take place.
pub(super) fn unbooked(vehicle: &mut Vehicle, id: NoticeId, now_ms: u64, effects: &mut Effects) {
    let known = vehicle.offers.presentation(id);
    let booked_ms = known.and_then(|known| known.outcome).map_or(now_ms, |(_, at_ms)| at_ms);
    let bet = known.and_then(|known| known.bet.clone());
    if vehicle.offers.unbook(id)
        && let Some(bet) = bet
    {
        effects.offers.push(Event::Unbooked { bet, ago_ms: now_ms.saturating_sub(booked_ms) });
    }
}

/// Lets silence count: of each presentation that nobody has answered as much as the time since then says.
pub(super) fn count_silence(vehicle: &mut Vehicle, book: &Book, now_ms: u64, effects: &mut Effects) {
    for known in vehicle.offers.presentations.iter_mut().filter(|known| known.outcome.is_none()) {
        let Some(bet) = &known.bet else { continue };
        let (from, to) = (known.counted, book.waited(now_ms.saturating_sub(known.at_ms)));
        if to - from >= LEAST_SILENCE {
            effects.offers.push(Event::Waited { bet: bet.clone(), from, to });
            known.counted = to;
        }
    }
}

/// Enters that somebody wants fewer offers or tips like one; answers whether that is news.
pub(super) fn fewer(vehicle: &mut Vehicle, id: NoticeId, now_ms: u64, effects: &mut Effects) -> bool {
    if id.as_offer().is_none() {
        // A tip is no arm of any policy, so there is nobody to complain about.
        let tip = vehicle.notices.get(&id).and_then(|notice| notice.made.as_ref()).map(|made| made.entry);
        return tip.is_some_and(|tip| vehicle.offers.want_fewer(tip, now_ms));
    }
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
    let (items, stood) = (std::mem::take(&mut effects.completed), std::mem::take(&mut effects.stood));
    if !items.is_empty() {
        enter_work(vehicle, &items, rules, now_ms, effects);
    }
    for (record, stands) in stood {
        reverse_work(vehicle, record, stands, now_ms, effects);
    }
}

fn enter_work(
    vehicle: &mut Vehicle,
    items: &[(ItemId, EventId)],
    rules: &OfferRules,
    now_ms: u64,
    effects: &mut Effects,
) {
    let catalogue = rules.desk.now();
    let by_item: BTreeMap<ItemId, &Entry> =
        catalogue.live(Kind::Offer).filter_map(|entry| Some((entry.remedies?, entry))).collect();
    for (item, record) in items {
        let Some(entry) = by_item.get(item) else { continue };
        let prompted = vehicle.offers.of(entry.id).find(|known| {
            let recent = |at_ms: u64| now_ms.saturating_sub(at_ms) < PROMPTED_DAYS * DAY_MS;
            matches!(known.outcome, Some((Outcome::Booked | Outcome::Done, at_ms)) if recent(at_ms))
        });
        let notice = prompted.map(|known| NoticeId::offer(known.offer, known.serial));
        let margin = prompted.and_then(|known| known.bet.as_ref()).map_or(entry.margin, |bet| bet.margin);
        vehicle.offers.earn(Earned { record: record.0, notice, margin, at_ms: now_ms, stands: true });
        if notice.is_none() {
            effects.offers.push(Event::Unprompted { margin });
        }
    }
}

/// Enters what work earned the other way when its record no longer stands, and again when it does: an entry of its own, so that
/// nothing that was entered is ever taken out.
fn reverse_work(vehicle: &mut Vehicle, record: EventId, stands: bool, now_ms: u64, effects: &mut Effects) {
    let Some(Earned { notice, margin, at_ms, .. }) = vehicle.offers.stand(record.0, stands) else { return };
    // An offer that two records speak of has earned once.
    let same = |other: &&Earned| other.record != record.0 && other.stands && notice.is_some() && other.notice == notice;
    if vehicle.offers.earned.iter().find(same).is_some() {
        return;
    }
    let bet = notice.and_then(|id| vehicle.offers.presentation(id)).and_then(|known| known.bet.clone());
    if notice.is_some() && bet.is_none() {
        // A presentation from before policies learnt was entered with no arm, so there is none to correct.
        return;
    }
    let ago_ms = now_ms.saturating_sub(at_ms);
    effects.offers.push(Event::Reversed { bet, margin, restored: stands, ago_ms });
}
