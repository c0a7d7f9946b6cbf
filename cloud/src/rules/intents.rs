//! Carrying out what people ask for.

use milepost_engine::maintenance::UNKNOWN_ODOMETER_M;
use milepost_engine::plan::{Powertrain, standard};
use milepost_protocol::Downlink;
use milepost_protocol::downlink::{Command, Consent, Purposes};
use milepost_protocol::notice::Actions;
use milepost_protocol::plan::{Anchor, ItemId, SafetyClass, ServicePlan};
use milepost_protocol::update::UpdateOffer;

use super::answers::{Given, answer};
use super::{Effects, completions, configuration};
use crate::domain::{Actor, ChangeKind, ConsentChange, Intent, IntentError, Moment, NoticeDoc, Subject, Vehicle};

/// Carries an intent out; answers whether anything changed. The vehicle is as before on error.
pub fn carry_out(
    vehicle: &mut Vehicle,
    intent: &Intent,
    by: &Actor,
    now_ms: u64,
    effects: &mut Effects,
) -> Result<bool, IntentError> {
    match intent {
        Intent::Register { profile, owner } => {
            if vehicle.profile == *profile && vehicle.owner == *owner {
                return Ok(false);
            }
            if vehicle.profile.powertrain != profile.powertrain {
                replan(vehicle, profile.powertrain, effects);
            }
            vehicle.profile = profile.clone();
            vehicle.owner.clone_from(owner);
            effects.note(ChangeKind::Profile);
            Ok(true)
        }
        Intent::SetPlan { items } => {
            let items = heapless::Vec::from_slice(items).map_err(|_| IntentError::TooManyItems)?;
            let before = std::mem::replace(&mut vehicle.plan.items, items);
            if effects.send_plan(vehicle) {
                return Ok(true);
            }
            vehicle.plan.items = before;
            vehicle.plan.version -= 1;
            Err(IntentError::TooLong)
        }
        Intent::Answer { notice, answer: given } => {
            let given =
                Given { notice: *notice, answer: *given, by: by.clone(), at: Moment::now(now_ms), odometer_m: None };
            answer(vehicle, &given, now_ms, effects)
        }
        Intent::Unbook { notice: id } => {
            let notice = vehicle.notices.get_mut(id).ok_or(IntentError::UnknownNotice)?;
            let changed = notice.unbook(Moment::now(now_ms), by);
            if changed {
                effects.note(ChangeKind::NoticeChanged(*id));
                effects.update_car(vehicle, *id);
            }
            Ok(changed)
        }
        Intent::Recall { recall } => {
            if vehicle.was_told_of(&recall.campaign) {
                return Ok(false);
            }
            let subject = Subject::Recall { serial: vehicle.next_information };
            vehicle.next_information += 1;
            let at = Moment::now(now_ms);
            let mut notice = NoticeDoc::raised(subject, SafetyClass::Safety, Vec::new(), at, by.clone());
            notice.actions = Actions::SNOOZE.and(Actions::BOOK).and(Actions::DONE);
            notice.recall = Some(recall.clone());
            effects.note(ChangeKind::NoticeRaised(notice.id()));
            vehicle.notices.insert(notice.id(), notice);
            Ok(true)
        }
        Intent::Together { wishes } => {
            let (mut after, mark) = (vehicle.clone(), effects.mark());
            let mut changed = false;
            for wish in wishes {
                match carry_out(&mut after, wish, by, now_ms, effects) {
                    Ok(one) => changed |= one,
                    Err(error) => {
                        effects.back_to(mark);
                        return Err(error);
                    }
                }
            }
            *vehicle = after;
            Ok(changed)
        }
        Intent::Seen { notice: id } => {
            let notice = vehicle.notices.get_mut(id).ok_or(IntentError::UnknownNotice)?;
            let Some(surface) = by.surface() else { return Ok(false) };
            let changed = notice.mark_seen(surface, Moment::now(now_ms), by);
            if changed {
                effects.note(ChangeKind::NoticeChanged(*id));
            }
            Ok(changed)
        }
        Intent::Complete { item, at_ms, odometer_m } => {
            if odometer_m.is_some_and(|told_m| !completions::is_within_cycle(vehicle, *item, told_m)) {
                return Err(IntentError::OutsideCycle);
            }
            completions::done(vehicle, *item, *at_ms, *odometer_m, by, now_ms, effects)?;
            Ok(true)
        }
        Intent::Undo { item } => {
            completions::undo(vehicle, *item, by, now_ms, effects)?;
            Ok(true)
        }
        Intent::SetConsent { purposes } => {
            let purposes = purposes.and(Purposes::FUNCTION);
            if vehicle.consent.purposes == purposes {
                return Ok(false);
            }
            vehicle.consent = Consent { version: vehicle.consent.version + 1, purposes };
            let consent = vehicle.consent;
            if let Some(decided) = vehicle.decided.as_mut().filter(|decided| !decided.had_choice) {
                decided.again_at_ms = decided.again_at_ms.min(now_ms);
            }
            vehicle.consent_history.push(ConsentChange { at_ms: now_ms, by: by.clone(), consent });
            effects.note(ChangeKind::Consent);
            effects.send(vehicle, Downlink::Consent(consent));
            Ok(true)
        }
        Intent::Command { task, valid_ms } => {
            let expires_ms = now_ms.saturating_add(*valid_ms);
            let command = Command { id: vehicle.next_command, expires_ms, task: task.clone() };
            if !effects.send(vehicle, Downlink::Command(command)) {
                return Err(IntentError::TooLong);
            }
            vehicle.next_command += 1;
            Ok(true)
        }
        Intent::Configure { wanted } => configuration::configure(vehicle, *wanted, by, now_ms, effects),
        Intent::OfferUpdate { rollout, version, image, window } => {
            if !vehicle.update.can_be_offered(*rollout, now_ms) {
                return Ok(false);
            }
            let before = vehicle.update.clone();
            let update = vehicle.update.offer(*rollout, *version, now_ms);
            let offer = UpdateOffer { update, image: Some(image.clone()), window: *window };
            if !effects.send(vehicle, Downlink::UpdateOffer(offer)) {
                vehicle.update = before;
                return Err(IntentError::TooLong);
            }
            effects.note(ChangeKind::Update);
            Ok(true)
        }
        Intent::WithdrawUpdate { rollout } => {
            let Some(update) = vehicle.update.withdraw(*rollout) else { return Ok(false) };
            effects.send(vehicle, Downlink::UpdateOffer(UpdateOffer { update, image: None, window: None }));
            effects.note(ChangeKind::Update);
            Ok(true)
        }
    }
}

/// Gives a vehicle that is new to us its plan, and tells the car about plan and consent.
pub fn introduce(vehicle: &mut Vehicle, now_ms: u64, effects: &mut Effects) {
    let start = Anchor { cycle: 1, at_ms: now_ms, odometer_m: UNKNOWN_ODOMETER_M, engine_s: 0, fuel_ml: 0 };
    let ServicePlan { items, .. } = standard(vehicle.profile.powertrain, start);
    vehicle.plan = ServicePlan { version: 0, items };
    effects.send_plan(vehicle);
    let consent = vehicle.consent;
    vehicle.consent_history.push(ConsentChange { at_ms: now_ms, by: Actor::System, consent });
    effects.send(vehicle, Downlink::Consent(consent));
}

/// Adds or takes away what the kind of drive needs.
fn replan(vehicle: &mut Vehicle, powertrain: Powertrain, effects: &mut Effects) {
    let start = vehicle.plan.items.first().map_or_else(Anchor::default, |item| item.anchor);
    let known = std::mem::take(&mut vehicle.plan.items);
    for mut item in standard(powertrain, start).items {
        if let Some(before) = known.iter().find(|before| before.rule.item == item.rule.item) {
            item = *before;
        }
        vehicle.plan.items.push(item).expect("the standard plan has fewer items than a plan holds");
    }
    for item in known {
        let has_it = vehicle.plan.items.iter().any(|planned| planned.rule.item == item.rule.item);
        if !has_it && item.rule.item != ItemId::ENGINE_OIL {
            // A plan of the maker's own may be full; what does not fit was never part of the standard one.
            let _ = vehicle.plan.items.push(item);
        }
    }
    effects.send_plan(vehicle);
}
