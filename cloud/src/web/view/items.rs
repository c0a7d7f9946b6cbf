//! The service plan as a road with stops: what comes next, why, how far off, and what can be answered.

use milepost_engine::due::Standing;
use milepost_engine::maintenance::Assessment;
use milepost_engine::service_book::longest_snooze_ms;
use milepost_protocol::notice::{Actions, NoticeState};
use milepost_protocol::plan::{DAY_MS, ItemId, Level};

use super::reported;
use crate::domain::{Actor, NoticeDoc, Service, Subject, Vehicle};
use crate::i18n::{Format, Localizer, item_name, reason};

/// How long a completion can be taken back on the page, in milliseconds.
const UNDO_FOR_MS: u64 = 7 * DAY_MS;

/// One stop.
#[derive(Debug, Clone)]
pub(crate) struct ItemView {
    pub(crate) id: u16,
    pub(crate) name: String,
    pub(crate) icon: &'static str,
    pub(crate) tone: &'static str,
    pub(crate) level: String,
    /// Whether it asks for nothing, so that its reasons can wait to be asked for.
    pub(crate) calm: bool,
    pub(crate) level_icon: &'static str,
    pub(crate) when: String,
    pub(crate) reasons: Vec<String>,
    pub(crate) used: u8,
    pub(crate) used_label: String,
    pub(crate) status: Option<String>,
    pub(crate) notice: Option<NoticeActions>,
    pub(crate) undo: bool,
}

/// What the open notice of an item can be answered with.
#[derive(Debug, Clone)]
pub(crate) struct NoticeActions {
    pub(crate) id: String,
    pub(crate) snooze: bool,
    pub(crate) snooze_days: Vec<SnoozeChoice>,
    pub(crate) book: bool,
    pub(crate) refuse: bool,
}

/// One length of a snooze.
#[derive(Debug, Clone)]
pub(crate) struct SnoozeChoice {
    pub(crate) days: u16,
    pub(crate) text: String,
}

/// All items, the most urgent first.
pub(crate) fn items(vehicle: &Vehicle, format: &Format) -> Vec<ItemView> {
    let mut standings = vehicle.standings(format.now_ms);
    standings.sort_by(|a, b| {
        let (a, b) = (&a.assessment, &b.assessment);
        b.level.cmp(&a.level).then(b.used.total_cmp(&a.used))
    });
    standings.iter().map(|standing| item(vehicle, format, standing)).collect()
}

/// One item as it stands.
pub(super) fn item(vehicle: &Vehicle, format: &Format, standing: &Standing) -> ItemView {
    let (localizer, assessment) = (format.localizer, &standing.assessment);
    let reasons = assessment.reasons.iter().map(|why| reason(format, why));
    let newest = newest_notice(vehicle, assessment);
    let percent = format.percent(f64::from(assessment.used.clamp(0.0, 9.99)));
    ItemView {
        id: assessment.item.0,
        name: item_name(localizer, assessment.item),
        icon: item_icon(assessment.item),
        tone: tone(assessment.level),
        level: level_word(localizer, assessment.level),
        calm: assessment.level == Level::Scheduled,
        level_icon: level_icon(assessment.level),
        when: due(vehicle, format, assessment, true),
        reasons: reasons.chain(reported::lines(&standing.reported, &assessment.reasons, format)).collect(),
        used: (assessment.used.clamp(0.0, 1.0) * 100.0).round() as u8,
        used_label: localizer.with("used-label", [("percent", percent.into())]),
        status: newest.and_then(|notice| status(format, notice)),
        notice: newest.and_then(|notice| actions(format, notice)),
        undo: can_undo(vehicle, format.now_ms, assessment.item),
    }
}

/// The notice of the item's present cycle with the highest level.
fn newest_notice<'v>(vehicle: &'v Vehicle, assessment: &Assessment) -> Option<&'v NoticeDoc> {
    let of_cycle = |notice: &&NoticeDoc| {
        matches!(notice.subject,
        Subject::Reminder { item, cycle, .. } if item == assessment.item && cycle == assessment.cycle)
    };
    vehicle.notices.values().filter(of_cycle).max_by_key(|notice| notice.id())
}

fn status(format: &Format, notice: &NoticeDoc) -> Option<String> {
    let localizer = format.localizer;
    match notice.state() {
        NoticeState::Snoozed { until_ms } if until_ms > format.now_ms => {
            Some(localizer.with("status-snoozed", [("date", format.date(until_ms).into())]))
        }
        NoticeState::Booked => Some(localizer.text("status-booked")),
        NoticeState::Refused => Some(localizer.text("status-refused")),
        _ => None,
    }
}

fn actions(format: &Format, notice: &NoticeDoc) -> Option<NoticeActions> {
    if notice.state().is_final() {
        return None;
    }
    let allows = |action| notice.actions.contains(action);
    let level = notice.subject.level().unwrap_or(Level::Scheduled);
    let longest = longest_snooze_ms(notice.safety, level) / DAY_MS;
    let choices = [(1, "snooze-day"), (7, "snooze-week"), (30, "snooze-month")];
    let choice = |(days, key)| SnoozeChoice { days, text: format.localizer.text(key) };
    Some(NoticeActions {
        id: notice.id().to_string(),
        snooze: allows(Actions::SNOOZE),
        snooze_days: choices.into_iter().filter(|(days, _)| u64::from(*days) <= longest).map(choice).collect(),
        book: allows(Actions::BOOK) && notice.state() != NoticeState::Booked,
        refuse: allows(Actions::REFUSE),
    })
}

fn can_undo(vehicle: &Vehicle, now_ms: u64, item: ItemId) -> bool {
    let began_with = vehicle.book.item(item).and_then(|known| known.began_with);
    let is_recent = |service: &Service| {
        matches!(service.by, Actor::Owner(_) | Actor::Family(_) | Actor::Car | Actor::Advisor(_))
            && now_ms.saturating_sub(service.told_ms) < UNDO_FOR_MS
    };
    began_with.is_some_and(|id| vehicle.book.services().iter().any(|service| service.id == id && is_recent(service)))
}

/// When an item falls due, for the middle of a sentence.
pub(crate) fn due_in_sentence(vehicle: &Vehicle, format: &Format, assessment: &Assessment) -> String {
    due(vehicle, format, assessment, false)
}

fn due(vehicle: &Vehicle, format: &Format, assessment: &Assessment, title: bool) -> String {
    let localizer = format.localizer;
    let key = |key: &str| if title { format!("{key}-title") } else { key.to_owned() };
    let days = assessment.due_at_ms.map(|at_ms| format.days_until(at_ms));
    let left_m = assessment.due_odometer_m.zip(vehicle.state.usage().odometer_m);
    let left_m = left_m.map(|(due_m, odometer_m)| i64::from(due_m) - i64::from(odometer_m));
    let span = |days: i64| format.span_about(days.unsigned_abs());
    let distance = |metres: i64| format.distance_about(metres.unsigned_abs());

    if assessment.level >= Level::Due {
        return match (days, left_m) {
            (Some(days), _) if days < 0 => localizer.with(&key("when-since"), [("span", span(days).into())]),
            (_, Some(left)) if left < 0 => {
                localizer.with(&key("when-since-distance"), [("distance", distance(left).into())])
            }
            _ => localizer.text(&key("when-now")),
        };
    }
    match (days.filter(|days| *days > 0), left_m.filter(|left| *left > 0)) {
        (Some(days), Some(left)) => {
            localizer.with(&key("when-either"), [("span", span(days).into()), ("distance", distance(left).into())])
        }
        (Some(days), None) => localizer.with(&key("when-about"), [("span", span(days).into())]),
        (None, Some(left)) => localizer.with(&key("when-distance"), [("distance", distance(left).into())]),
        (None, None) => localizer.text(&key("when-open")),
    }
}

fn item_icon(item: ItemId) -> &'static str {
    match item {
        ItemId::ENGINE_OIL => "oil",
        ItemId::BRAKE_FLUID => "brake",
        ItemId::TYRES => "tyre",
        ItemId::INSPECTION => "inspect",
        ItemId::BATTERY_12V => "battery",
        _ => "wrench",
    }
}

/// The colour word of a level in the style sheet.
pub(crate) fn tone(level: Level) -> &'static str {
    match level {
        Level::Scheduled => "ok",
        Level::Upcoming => "soon",
        Level::Due => "due",
        Level::Overdue => "over",
    }
}

fn level_icon(level: Level) -> &'static str {
    match level {
        Level::Scheduled => "check",
        Level::Upcoming => "clock",
        Level::Due => "alert",
        Level::Overdue => "stop",
    }
}

/// The word of a level.
pub(crate) fn level_word(localizer: Localizer, level: Level) -> String {
    localizer.text(match level {
        Level::Scheduled => "level-scheduled",
        Level::Upcoming => "level-upcoming",
        Level::Due => "level-due",
        Level::Overdue => "level-overdue",
    })
}
