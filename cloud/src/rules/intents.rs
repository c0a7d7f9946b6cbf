//! Carrying out what people ask for.

use milepost_engine::plans::Catalogue;
use milepost_protocol::Downlink;
use milepost_protocol::downlink::{Command, Consent, Purposes};
use milepost_protocol::notice::{Actions, Answer};
use milepost_protocol::plan::SafetyClass;
use milepost_protocol::update::UpdateOffer;

use super::answers::{Given, answer};
use super::services::Told;
use super::{Effects, collection, configuration, family, handover, journey, outcomes, planning, services, snoozes};
use crate::domain::{
    Actor, BookItem, ChangeKind, ConsentChange, Intent, IntentError, Moment, NoticeDoc, Profile, Subject, Vehicle,
};

/// The most items of a book that are set by hand.
const MAX_ITEMS: usize = 64;

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
            describe(vehicle, profile, effects);
            match (&vehicle.owner, owner) {
                (Some(before), Some(to)) if before != to => {
                    handover::transfer(vehicle, to, by, now_ms, effects);
                }
                (before, owner) => {
                    if before != owner {
                        vehicle.family.clear();
                        effects.note(ChangeKind::Access);
                    }
                    let is_new = before.is_none() && owner.is_some();
                    vehicle.owner.clone_from(owner);
                    if is_new {
                        journey::begin(vehicle, now_ms);
                    }
                }
            }
            effects.note(ChangeKind::Profile);
            Ok(true)
        }
        Intent::Describe { profile } => {
            if vehicle.profile == *profile {
                return Ok(false);
            }
            describe(vehicle, profile, effects);
            Ok(true)
        }
        Intent::SetPlan { items } => {
            if items.len() > MAX_ITEMS {
                return Err(IntentError::TooManyItems);
            }
            let rules_known =
                items.iter().all(|item| vehicle.book.item(item.rule.item).is_some_and(|known| known.rule == item.rule));
            let known = std::mem::take(&mut vehicle.book.items);
            let set = items.iter().map(|item| {
                let known = known.iter().find(|known| known.rule.item == item.rule.item);
                let mut set = known.cloned().unwrap_or_else(|| BookItem::new(item.rule, item.anchor, true));
                (set.rule, set.start, set.told) = (item.rule, item.anchor, true);
                set
            });
            vehicle.book.items = set.collect();
            vehicle.book.by_hand = !rules_known;
            services::follow(vehicle, None, by, now_ms, effects);
            Ok(true)
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
                outcomes::unbooked(vehicle, *id, now_ms, effects);
                effects.note(ChangeKind::NoticeChanged(*id));
                effects.update_car(vehicle, *id);
            }
            Ok(changed)
        }
        Intent::Fewer { notice: id } => {
            let notice = vehicle.notices.get(id).ok_or(IntentError::UnknownNotice)?;
            let (is_offer, is_closed) = (id.as_offer().is_some(), notice.state().is_final());
            if !is_offer && notice.made.is_none() {
                return Err(IntentError::NotInvited);
            }
            let news = outcomes::fewer(vehicle, *id, now_ms, effects);
            if is_closed {
                return Ok(news);
            }
            let at = Moment::now(now_ms);
            // Nobody refuses advice; it is put away.
            let answer_given = if is_offer { Answer::Refuse } else { Answer::Done };
            let given = Given { notice: *id, answer: answer_given, by: by.clone(), at, odometer_m: None };
            Ok(answer(vehicle, &given, now_ms, effects)? || news)
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
        Intent::Complete { item, at_ms, odometer_m, remarks } => {
            let told = Told { at_ms: *at_ms, odometer_m: *odometer_m, remarks: remarks.clone() };
            services::complete(vehicle, *item, told, services::source(by), by, now_ms, effects)?;
            Ok(true)
        }
        Intent::Undo { item } => {
            services::undo(vehicle, *item, by, now_ms, effects)?;
            Ok(true)
        }
        Intent::Edit { of, at_ms, odometer_m, remarks } => {
            let told = Told { at_ms: *at_ms, odometer_m: *odometer_m, remarks: remarks.clone() };
            services::edit(vehicle, *of, told, by, now_ms, effects)
        }
        Intent::Stand { of, stands } => services::stand(vehicle, *of, *stands, by, now_ms, effects),
        Intent::Snooze { notice, days, reason } => {
            let at = Moment::now(now_ms);
            let changed = snoozes::snooze(vehicle, *notice, *days, *reason, at, by, effects)?;
            if changed {
                effects.update_car(vehicle, *notice);
            }
            Ok(changed)
        }
        Intent::Applies { item, applies } => services::apply(vehicle, *item, *applies, by, now_ms, effects),
        Intent::Import { records } => services::import(vehicle, records, by, now_ms, effects),
        Intent::Transfer { to } => Ok(handover::transfer(vehicle, to, by, now_ms, effects)),
        Intent::Sell => Ok(handover::sell(vehicle, by, now_ms, effects)),
        Intent::Forget { account } => handover::forget(vehicle, account, now_ms, effects),
        Intent::Family { change } => family::change(vehicle, change, now_ms, effects),
        Intent::SetConsent { purposes } => {
            let purposes = purposes.and(Purposes::FUNCTION);
            if vehicle.consent.purposes == purposes {
                return Ok(false);
            }
            let withdraws = vehicle.consent.purposes.contains(Purposes::OFFERS) && !purposes.contains(Purposes::OFFERS);
            vehicle.consent = Consent { version: vehicle.consent.version + 1, purposes };
            if withdraws {
                outcomes::consent_withdrawn(vehicle, now_ms, effects);
            }
            let consent = vehicle.consent;
            if let Some(decided) = vehicle.decided.as_mut().filter(|decided| !decided.had_choice) {
                decided.again_at_ms = decided.again_at_ms.min(now_ms);
            }
            vehicle.consent_history.push(ConsentChange { at_ms: now_ms, by: by.clone(), consent });
            effects.note(ChangeKind::Consent);
            effects.send(vehicle, Downlink::Consent(consent));
            Ok(true)
        }
        Intent::Contact { contact } => {
            let row = crate::journey::take(vehicle, contact);
            let changed = row.is_some();
            effects.contacts.extend(row);
            Ok(changed)
        }
        Intent::TakePart { programme, takes_part } => {
            Ok(journey::take_part(vehicle, programme, *takes_part, now_ms, effects))
        }
        Intent::Reply { question, reply } => Ok(journey::reply(vehicle, *question, *reply, now_ms)),
        Intent::Choose { programme, chosen } => journey::choose(vehicle, programme, chosen),
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
        Intent::Collect { rows } => collection::collect(vehicle, rows, by, now_ms, effects),
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

/// Gives a vehicle that is new to us its service book, and tells the car about plan and consent.
pub fn introduce(vehicle: &mut Vehicle, plans: &Catalogue, now_ms: u64, effects: &mut Effects) {
    planning::replan(vehicle, plans, now_ms);
    let assessments = vehicle.assessments(now_ms);
    planning::tell_car(vehicle, &assessments, now_ms, effects);
    let consent = vehicle.consent;
    vehicle.consent_history.push(ConsentChange { at_ms: now_ms, by: Actor::System, consent });
    effects.send(vehicle, Downlink::Consent(consent));
}

fn describe(vehicle: &mut Vehicle, profile: &Profile, effects: &mut Effects) {
    let registered = vehicle.profile.registered_ms != profile.registered_ms;
    vehicle.profile = profile.clone();
    // Another plan may fit; the next look takes it.
    vehicle.book.planned_ms = 0;
    if registered {
        planning::begin_anew(vehicle);
    }
    effects.note(ChangeKind::Profile);
}
