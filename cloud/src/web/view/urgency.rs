//! An advisor's score with its parts in words.

use milepost_engine::urgency::{Cause, Urgency, urgency};
use milepost_protocol::notice::NoticeState;

use super::{level_word, trouble_status};
use crate::domain::Vehicle;
use crate::i18n::{Format, item_name};

/// One part of a score.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartLine {
    pub(crate) text: String,
    pub(crate) tone: &'static str,
}

/// The score of a vehicle now.
pub(crate) fn scored(vehicle: &Vehicle, now_ms: u64) -> Urgency {
    let assessments = vehicle.assessments(now_ms);
    let wanted = vehicle.notices.values().any(|notice| notice.state() == NoticeState::Booked);
    urgency(&vehicle.state, &vehicle.items(), &assessments, wanted, now_ms)
}

/// The colour word of the greatest part.
pub(crate) fn urgency_tone(urgency: &Urgency) -> &'static str {
    urgency.parts.first().map_or("ok", |part| cause_tone(part.cause))
}

/// The parts in words, the greatest first.
pub(crate) fn parts(urgency: &Urgency, format: &Format) -> Vec<PartLine> {
    let localizer = format.localizer;
    let line = |part: &milepost_engine::urgency::Part| {
        let name = match part.cause {
            Cause::Item { item, level, .. } => localizer.with(
                "part-item",
                [
                    ("item", item_name(localizer, item).into()),
                    ("level", level_word(localizer, level).to_lowercase().into()),
                ],
            ),
            Cause::Trouble { code, status } => localizer.with(
                "part-trouble",
                [
                    ("code", code.to_string().into()),
                    ("status", trouble_status(localizer, status).to_lowercase().into()),
                ],
            ),
            Cause::Silent { days } => localizer.with("part-silent", [("n", days.into())]),
            Cause::AppointmentWanted => localizer.text("part-appointment"),
        };
        let arguments = [("name", name.into()), ("points", part.points.to_string().into())];
        PartLine { text: localizer.with("part-line", arguments), tone: cause_tone(part.cause) }
    };
    urgency.parts.iter().map(line).collect()
}

fn cause_tone(cause: Cause) -> &'static str {
    match cause {
        Cause::Item { level, .. } => super::tone(level),
        Cause::Trouble { .. } => "due",
        Cause::AppointmentWanted => "accent",
        Cause::Silent { .. } => "soon",
    }
}
