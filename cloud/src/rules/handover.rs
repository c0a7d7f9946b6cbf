//! A car that changes hands.
//!
//! Invariant: the service book, the odometer and the plan are the car's and go along; trips, consent, offers, the journey and
//! what was told are the person's and do not, and whom the person had let in is out.

use milepost_engine::journey::Journey;
use milepost_engine::offers::Ledger;
use milepost_engine::service_book::Kind;
use milepost_engine::usage::Trips;
use milepost_protocol::Downlink;
use milepost_protocol::downlink::{Consent, Purposes};

use super::{Effects, journey, outcomes, services};
use crate::domain::{AccountId, Actor, Asked, ChangeKind, ConsentChange, IntentError, Remarks, Vehicle};

/// Hands the car to another owner; answers whether anything changed.
pub(super) fn transfer(vehicle: &mut Vehicle, to: &AccountId, by: &Actor, now_ms: u64, effects: &mut Effects) -> bool {
    if vehicle.owner.as_ref() == Some(to) {
        return false;
    }
    vehicle.book.enter(now_ms, Kind::Transferred, by, Remarks::default());
    leave(vehicle, by, now_ms, effects);
    vehicle.owner = Some(to.clone());
    journey::begin(vehicle, now_ms);
    true
}

/// Notes that the car was sold to somebody who is not with us; answers whether anything changed.
pub(super) fn sell(vehicle: &mut Vehicle, by: &Actor, now_ms: u64, effects: &mut Effects) -> bool {
    if vehicle.book.sold {
        return false;
    }
    vehicle.book.enter(now_ms, Kind::Sold, by, Remarks::default());
    leave(vehicle, by, now_ms, effects);
    vehicle.owner = None;
    true
}

/// Lets the car forget somebody; if it was theirs, it is nobody's from now on. The car is as before on error.
pub(super) fn forget(
    vehicle: &mut Vehicle,
    account: &AccountId,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<bool, IntentError> {
    // What cannot be written without the name cannot be stored at all.
    vehicle.without(account).map_err(|_| IntentError::Store)?;
    if vehicle.owner.as_ref() == Some(account) {
        vehicle.book.enter(now_ms, Kind::Transferred, &Actor::Forgotten, Remarks::default());
        leave(vehicle, &Actor::Forgotten, now_ms, effects);
        vehicle.owner = None;
    }
    *vehicle = vehicle.without(account).map_err(|_| IntentError::Store)?;
    effects.note(ChangeKind::Profile);
    effects.note(ChangeKind::Access);
    Ok(true)
}

fn leave(vehicle: &mut Vehicle, by: &Actor, now_ms: u64, effects: &mut Effects) {
    services::forget_reminders(vehicle, now_ms, effects);
    let offers: Vec<_> = vehicle.notices.keys().copied().collect();
    for id in offers {
        if let Some(notice) = vehicle.notices.get_mut(&id)
            && notice.expire(crate::domain::Moment::now(now_ms), by)
        {
            effects.note(ChangeKind::NoticeChanged(id));
            effects.update_car(vehicle, id);
        }
    }
    vehicle.notices.clear();
    vehicle.family.clear();
    effects.note(ChangeKind::Access);
    vehicle.state.trips = Trips::default();
    outcomes::leave_segments(vehicle, effects);
    vehicle.offers = Ledger::default();
    vehicle.planned = None;
    vehicle.decided = None;
    vehicle.journey = Journey::default();
    vehicle.asked = Asked::default();
    let consent = Consent { version: vehicle.consent.version + 1, purposes: Purposes::FUNCTION };
    vehicle.consent = consent;
    vehicle.consent_history = vec![ConsentChange { at_ms: now_ms, by: Actor::System, consent }];
    effects.send(vehicle, Downlink::Consent(consent));
    effects.note(ChangeKind::Consent);
    effects.note(ChangeKind::Profile);
    services::follow(vehicle, None, by, now_ms, effects);
}
