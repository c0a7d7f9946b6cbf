//! The verdict as one plain sentence.

use milepost_engine::health::{Health as Judged, Verdict, health as judge};
use milepost_protocol::plan::{ItemId, SafetyClass};

use super::due_in_sentence;
use crate::domain::Vehicle;
use crate::i18n::{Format, item_inline, item_name};

/// The sentence with its colour and icon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Health {
    pub(crate) tone: &'static str,
    pub(crate) icon: &'static str,
    pub(crate) sentence: String,
    pub(crate) detail: Option<String>,
}

/// How the car is, in a sentence.
pub(crate) fn health(vehicle: &Vehicle, format: &Format) -> Health {
    let assessments = vehicle.assessments(format.now_ms);
    let judged = judge(&vehicle.state, &vehicle.items(), &assessments, format.now_ms);
    let localizer = format.localizer;
    let named = |key: &str, item: ItemId| localizer.with(key, [("item", item_name(localizer, item).into())]);
    let (tone, icon, sentence) = match judged.verdict {
        Verdict::NotHeardYet => ("unknown", "question", localizer.text("health-unknown")),
        Verdict::Silent { since_ms } => {
            ("unknown", "question", localizer.with("health-silent", [("age", format.age(since_ms).into())]))
        }
        Verdict::Good => ("ok", "check", fine(vehicle, format, &judged)),
        Verdict::Upcoming { item } => {
            let when = assessments.iter().find(|one| one.item == item).map(|one| due_in_sentence(vehicle, format, one));
            let name = item_name(localizer, item);
            (
                "soon",
                "clock",
                localizer.with("health-soon", [("item", name.into()), ("when", when.unwrap_or_default().into())]),
            )
        }
        Verdict::Due { item } => ("due", "alert", named("health-due", item)),
        Verdict::Overdue { item } => ("over", "stop", named("health-overdue", item)),
        Verdict::Unsafe { item } => ("over", "stop", named("health-unsafe", item)),
        Verdict::Fault { code } => {
            ("due", "alert", localizer.with("health-fault", [("code", code.to_string().into())]))
        }
    };
    Health { tone, icon, sentence, detail: detail(vehicle, format, &judged) }
}

fn fine(vehicle: &Vehicle, format: &Format, judged: &Judged) -> String {
    let localizer = format.localizer;
    match &judged.next {
        None => localizer.text("health-fine-nothing"),
        Some(next) => localizer.with(
            "health-fine",
            [
                ("item", item_inline(localizer, next.item).into()),
                ("when", due_in_sentence(vehicle, format, next).into()),
            ],
        ),
    }
}

fn detail(vehicle: &Vehicle, format: &Format, judged: &Judged) -> Option<String> {
    let localizer = format.localizer;
    let is_safety = |item: ItemId| vehicle.item(item).is_some_and(|known| known.rule.safety == SafetyClass::Safety);
    match judged.verdict {
        Verdict::NotHeardYet | Verdict::Silent { .. } => Some(localizer.text("health-detail-unknown")),
        Verdict::Good => Some(localizer.text("health-detail-fine")),
        Verdict::Unsafe { .. } => Some(localizer.text("health-detail-safety")),
        Verdict::Due { item } if is_safety(item) => Some(localizer.text("health-detail-safety")),
        Verdict::Fault { .. } => Some(localizer.text("health-detail-fault")),
        Verdict::Upcoming { .. } | Verdict::Due { .. } | Verdict::Overdue { .. } => {
            let more = judged.open.saturating_sub(1);
            (more > 0).then(|| localizer.with("health-more", [("n", more.into())]))
        }
    }
}
