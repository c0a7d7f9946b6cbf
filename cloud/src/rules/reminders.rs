//! Reminders: raised once for each (item, cycle, level), the later level in place of the earlier.

use milepost_engine::due::stand;
use milepost_engine::maintenance::Assessment;
use milepost_protocol::NoticeId;
use milepost_protocol::notice::{Actions, NoticeState};
use milepost_protocol::plan::{ItemId, Level, SafetyClass};
use milepost_protocol::record::NoticeRaised;

use super::Effects;
use crate::domain::{Actor, ChangeKind, Moment, NoticeDoc, Subject, Texts, Vehicle};

/// What a reminder invites; what concerns safety cannot be waved away.
fn actions(safety: SafetyClass) -> Actions {
    let always = Actions::SNOOZE.and(Actions::BOOK).and(Actions::DONE);
    if safety == SafetyClass::Safety { always } else { always.and(Actions::REFUSE) }
}

/// Raises what is due and not raised yet.
pub(super) fn raise_due(
    vehicle: &mut Vehicle,
    assessments: &[Assessment],
    now_ms: u64,
    texts: &dyn Texts,
    effects: &mut Effects,
) {
    if vehicle.book.sold {
        return;
    }
    for assessment in assessments.iter().filter(|assessment| assessment.level > Level::Scheduled) {
        let Assessment { item, cycle, level, .. } = *assessment;
        let id = NoticeId::reminder(item, cycle, level);
        if vehicle.notices.contains_key(&id) || is_settled(vehicle, item, cycle, level) {
            continue;
        }
        let Some(safety) = vehicle.item(item).map(|item| item.rule.safety) else { continue };
        let subject = Subject::Reminder { item, cycle, level };
        let reasons = assessment.reasons.to_vec();
        let mut notice = NoticeDoc::raised(subject, safety, reasons, Moment::now(now_ms), Actor::System);
        notice.actions = actions(safety);
        notice.in_car = true;
        effects.send_notice(vehicle, &notice, texts);
        vehicle.notices.insert(id, notice);
        effects.note(ChangeKind::NoticeRaised(id));
        expire_earlier(vehicle, item, cycle, level, now_ms, effects);
    }
}

/// Whether a raised or answered notice of the same cycle speaks for this level too.
///
/// An appointment stands for everything short of overdue; a higher level has taken the lower one's place for good.
fn is_settled(vehicle: &Vehicle, item: ItemId, cycle: u32, level: Level) -> bool {
    vehicle.notices.values().any(|notice| match notice.subject {
        Subject::Reminder { item: of, cycle: within, level: at } if (of, within) == (item, cycle) => {
            at > level || (notice.state() == NoticeState::Booked && level < Level::Overdue)
        }
        _ => false,
    })
}

/// Ends what a later level or cycle has overtaken; an appointment stays.
fn expire_earlier(vehicle: &mut Vehicle, item: ItemId, cycle: u32, level: Level, now_ms: u64, effects: &mut Effects) {
    let overtaken = |notice: &NoticeDoc| match notice.subject {
        Subject::Reminder { item: of, cycle: within, level: at } => {
            of == item && (within, at) < (cycle, level) && notice.state() != NoticeState::Booked
        }
        _ => false,
    };
    let ids: Vec<_> = vehicle.notices.values().filter(|notice| overtaken(notice)).map(NoticeDoc::id).collect();
    for id in ids {
        let expired =
            vehicle.notices.get_mut(&id).is_some_and(|notice| notice.expire(Moment::now(now_ms), &Actor::System));
        if expired {
            effects.note(ChangeKind::NoticeChanged(id));
            effects.update_car(vehicle, id);
        }
    }
}

/// Takes in a reminder that the car raised by itself; it is the same notice as ours.
pub(super) fn raised_by_car(
    vehicle: &mut Vehicle,
    raised: &NoticeRaised,
    at: Moment,
    now_ms: u64,
    effects: &mut Effects,
) {
    let NoticeRaised { item, cycle, level, .. } = *raised;
    let id = NoticeId::reminder(item, cycle, level);
    if level == Level::Scheduled {
        return;
    }
    if let Some(notice) = vehicle.notices.get_mut(&id) {
        if notice.raised_in_car(at) {
            effects.note(ChangeKind::NoticeChanged(id));
        }
        return;
    }
    let Some(known) = vehicle.book.item(item) else {
        vehicle.counts.stray_answers += 1;
        return;
    };
    let (planned, extra) = (known.planned(), known.extra);
    let over = vehicle.book.sold || !known.counts() || cycle != planned.anchor.cycle;
    let stale = over || is_settled(vehicle, item, cycle, level);
    let reasons = stand(&planned, &extra, &vehicle.state, now_ms).assessment.reasons.to_vec();
    let safety = planned.rule.safety;
    let mut notice = NoticeDoc::raised(Subject::Reminder { item, cycle, level }, safety, reasons, at, Actor::Car);
    notice.actions = actions(safety);
    if stale {
        notice.expire(Moment::now(now_ms), &Actor::System);
    }
    vehicle.notices.insert(id, notice);
    effects.note(ChangeKind::NoticeRaised(id));
    if stale {
        effects.update_car(vehicle, id);
    } else {
        expire_earlier(vehicle, item, cycle, level, now_ms, effects);
    }
}
