//! Notices as history: what was said, where it was seen, what became of it.

use milepost_protocol::notice::{NoticeState, Surface};

use crate::domain::{Actor, NoticeDoc, Vehicle};
use crate::i18n::{Format, Localizer, title};

/// One notice in a table.
#[derive(Debug, Clone)]
pub(crate) struct NoticeRow {
    pub(crate) title: String,
    pub(crate) raised: String,
    pub(crate) state: String,
    pub(crate) tone: &'static str,
    pub(crate) seen: Vec<SeenLine>,
    pub(crate) changes: Vec<String>,
}

/// Where a notice was seen.
#[derive(Debug, Clone)]
pub(crate) struct SeenLine {
    pub(crate) surface: String,
    pub(crate) when: String,
}

/// All notices, the newest first.
pub(crate) fn notice_rows(vehicle: &Vehicle, format: &Format) -> Vec<NoticeRow> {
    vehicle.newest_notices().into_iter().map(|notice| row(notice, format)).collect()
}

/// Who was told what, in one line; `None` if nobody was.
pub(crate) fn told(vehicle: &Vehicle, format: &Format) -> Option<String> {
    let localizer = format.localizer;
    vehicle.newest_notices().into_iter().find_map(|notice| {
        let last = notice.seen().iter().max_by_key(|seen| seen.at_ms)?;
        Some(localizer.with(
            "queue-told-line",
            [
                ("title", title(localizer, notice).into()),
                ("where", surface(localizer, last.on).into()),
                ("when", format.age(last.at_ms).into()),
            ],
        ))
    })
}

fn row(notice: &NoticeDoc, format: &Format) -> NoticeRow {
    let localizer = format.localizer;
    let line = |transition: &crate::domain::Transition| {
        localizer.with(
            "history-line",
            [
                ("date", format.date_time(transition.at_ms).into()),
                ("who", actor(localizer, &transition.by).into()),
                ("state", state(format, transition.to).into()),
            ],
        )
    };
    NoticeRow {
        title: title(localizer, notice),
        raised: localizer.with("history-raised", [("date", format.date_time(notice.raised_ms()).into())]),
        state: state(format, notice.state()),
        tone: if notice.state().is_final() { "" } else { "accent" },
        seen: notice
            .seen()
            .iter()
            .map(|seen| SeenLine { surface: surface(localizer, seen.on), when: format.date_time(seen.at_ms) })
            .collect(),
        changes: notice.history().iter().map(line).collect(),
    }
}

/// A state in words.
pub(crate) fn state(format: &Format, state: NoticeState) -> String {
    let localizer = format.localizer;
    match state {
        NoticeState::Snoozed { until_ms } => localizer.with("state-snoozed", [("date", format.date(until_ms).into())]),
        NoticeState::Raised => localizer.text("state-raised"),
        NoticeState::Shown { .. } => localizer.text("state-shown"),
        NoticeState::Booked => localizer.text("state-booked"),
        NoticeState::Done => localizer.text("state-done"),
        NoticeState::Refused => localizer.text("state-refused"),
        NoticeState::Expired => localizer.text("state-expired"),
    }
}

/// A surface in words.
pub(crate) fn surface(localizer: Localizer, surface: Surface) -> String {
    localizer.text(match surface {
        Surface::Car => "surface-car",
        Surface::Account => "surface-account",
        Surface::Advisor => "surface-advisor",
    })
}

/// Who caused something, without naming anybody.
pub(crate) fn actor(localizer: Localizer, actor: &Actor) -> String {
    localizer.text(match actor {
        Actor::Car => "actor-car",
        Actor::Owner(_) => "actor-owner",
        Actor::Family(_) => "actor-family",
        Actor::Advisor(_) => "actor-advisor",
        Actor::Engineer(_) => "actor-engineer",
        Actor::System => "actor-system",
        Actor::Forgotten => "actor-forgotten",
    })
}
