//! The shapes that several endpoints share: notices, items, vehicles.

use jiff::Timestamp;
use milepost_engine::condition::{Confidence, Input, Wear};
use milepost_engine::due::{Forecast, Reported, stand};
use milepost_engine::maintenance::Assessment;
use milepost_engine::projection::{Deciding, Method};
use milepost_protocol::notice::{Actions, NoticeKind, NoticeState, Reason};
use milepost_protocol::plan::{Level, PlanItem};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::{BookItem, NoticeDoc, Powertrain, Vehicle};
use crate::i18n::{Format, item_name, text, timestamp, title};
use crate::web::view;

/// A value with its two times.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueBody {
    pub(crate) value: f64,
    /// By the device's clock.
    pub(crate) measured_at: Timestamp,
    /// How long ago that was, in seconds.
    pub(crate) age_s: u64,
}

impl ValueBody {
    pub(crate) fn new(value: f64, at_ms: u64, now_ms: u64) -> Self {
        Self { value, measured_at: timestamp(at_ms), age_s: now_ms.saturating_sub(at_ms) / 1000 }
    }
}

/// Why, as data and in words.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReasonBody {
    /// `distance_m`, `time_days`, `engine_s`, `fuel_ml` or a VSS path.
    measure: String,
    used: f64,
    limit: f64,
    text: String,
}

impl ReasonBody {
    pub(crate) fn new(reason: &Reason, format: &Format) -> Self {
        let (measure, used, limit) = match *reason {
            Reason::Distance { used_m, limit_m } => ("distance_m".to_owned(), used_m.into(), limit_m.into()),
            Reason::Time { used_days, limit_days } => ("time_days".to_owned(), used_days.into(), limit_days.into()),
            Reason::EngineTime { used_s, limit_s } => ("engine_s".to_owned(), used_s.into(), limit_s.into()),
            Reason::Fuel { used_ml, limit_ml } => ("fuel_ml".to_owned(), used_ml.into(), limit_ml.into()),
            Reason::Signal { signal, value, limit } => {
                let path = signal.entry().map_or_else(|| signal.0.to_string(), |entry| entry.path.to_owned());
                (path, value.into(), limit.into())
            }
        };
        Self { measure, used, limit, text: crate::i18n::reason(format, reason) }
    }
}

/// How far an item's cycle has come.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum LevelBody {
    Scheduled,
    Upcoming,
    Due,
    Overdue,
}

impl From<Level> for LevelBody {
    fn from(level: Level) -> Self {
        match level {
            Level::Scheduled => Self::Scheduled,
            Level::Upcoming => Self::Upcoming,
            Level::Due => Self::Due,
            Level::Overdue => Self::Overdue,
        }
    }
}

/// A service item, assessed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ItemBody {
    item: u16,
    name: String,
    cycle: u32,
    level: LevelBody,
    /// The share of the nearest bound that is used; 1 at the bound.
    used: f32,
    due_at: Option<Timestamp>,
    due_odometer_m: Option<u32>,
    reasons: Vec<ReasonBody>,
    /// When it will fall due by this car's own use; absent once it is due, and where only a condition knows.
    forecast: Option<ForecastBody>,
    /// How far the part is worn, where that is measured or modelled.
    wear: Option<WearBody>,
    /// What the car's own service computer says of it.
    reported: Vec<ReportedBody>,
    /// Whether it applies to this car; one that does not is never due.
    applies: bool,
    /// The item whose first completion it waits for.
    waits_for: Option<u16>,
    /// Whether the schedule for severe use holds.
    severe: bool,
}

/// When an item will fall due.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ForecastBody {
    /// As likely before as after.
    due: Timestamp,
    /// One time in ten it is before this.
    p10: Timestamp,
    /// One time in ten it is after this.
    p90: Timestamp,
    /// `distance` or `time`: the bound that decides.
    decided_by: &'static str,
    /// What the distance's share rests on: `usual_use`, `thin_history`, `own_use` or `own_seasons`.
    method: Option<&'static str>,
    history_days: Option<u32>,
    per_day_m: Option<f64>,
    /// Since when the car stands longer than its use explains.
    laid_up_since: Option<Timestamp>,
}

/// How far a part is worn.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WearBody {
    /// The share of its life that is used.
    used: f64,
    /// `low`, `medium` or `high`.
    confidence: &'static str,
    inputs: Vec<InputBody>,
}

/// An input of a wear model.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct InputBody {
    /// What it is, with its unit.
    quantity: String,
    value: f64,
    /// The share of life that it stands for by itself.
    used: Option<f64>,
}

/// What a counter of the car's own service computer says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReportedBody {
    /// The signal's VSS path.
    path: String,
    /// In the unit below.
    value: f64,
    /// `m`, `s`, `ratio` or `state`.
    unit: &'static str,
    read_at: Timestamp,
}

impl ReportedBody {
    fn new(reported: &Reported) -> Self {
        let signal = reported.counter.signal();
        let entry = signal.entry();
        Self {
            path: entry.map_or_else(|| signal.0.to_string(), |entry| entry.path.to_owned()),
            value: reported.reading.value.into(),
            unit: entry.map_or("", |entry| entry.unit),
            read_at: timestamp(reported.reading.at_ms),
        }
    }
}

impl ForecastBody {
    fn new(forecast: &Forecast) -> Self {
        let basis = forecast.projection.as_ref().map(|projection| &projection.basis);
        Self {
            due: timestamp(forecast.due.median_ms),
            p10: timestamp(forecast.due.p10_ms),
            p90: timestamp(forecast.due.p90_ms),
            decided_by: match forecast.due.deciding {
                Deciding::Distance => "distance",
                Deciding::Time => "time",
            },
            method: basis.map(|basis| match basis.method {
                Method::UsualUse => "usual_use",
                Method::ThinHistory => "thin_history",
                Method::OwnUse => "own_use",
                Method::OwnSeasons => "own_seasons",
            }),
            history_days: basis.map(|basis| basis.history_days),
            per_day_m: basis.map(|basis| basis.per_day_m),
            laid_up_since: basis.and_then(|basis| basis.laid_up_since_ms).map(timestamp),
        }
    }
}

impl WearBody {
    fn new(wear: &Wear) -> Self {
        let input = |input: &Input| InputBody {
            quantity: view::quantity_code(input.quantity).to_owned(),
            value: input.value,
            used: input.used,
        };
        Self {
            used: wear.used,
            confidence: match wear.confidence {
                Confidence::Low => "low",
                Confidence::Medium => "medium",
                Confidence::High => "high",
            },
            inputs: wear.inputs.iter().map(input).collect(),
        }
    }
}

impl ItemBody {
    pub(crate) fn new(item: &PlanItem, vehicle: &Vehicle, format: &Format) -> Self {
        let known = vehicle.book.item(item.rule.item);
        let extra = known.map(|known| known.extra).unwrap_or_default();
        let standing = stand(item, &extra, &vehicle.state, format.now_ms);
        let counts = known.is_none_or(BookItem::counts);
        let forecast = counts.then(|| view::forecast(vehicle, item, &standing, format)).flatten();
        let Assessment { item, cycle, level, reasons, used, due_at_ms, due_odometer_m } = standing.assessment;
        Self {
            item: item.0,
            name: item_name(format.localizer, item),
            cycle,
            // What does not count is never due, whatever its bounds say.
            level: if counts { level.into() } else { LevelBody::Scheduled },
            used,
            due_at: due_at_ms.map(timestamp),
            due_odometer_m,
            reasons: reasons.iter().map(|reason| ReasonBody::new(reason, format)).collect(),
            forecast: forecast.as_ref().map(ForecastBody::new),
            wear: standing.wear.as_ref().map(WearBody::new),
            reported: standing.reported.iter().map(ReportedBody::new).collect(),
            applies: known.is_none_or(|known| known.applies),
            waits_for: known.and_then(|known| known.waits_for).map(|item| item.0),
            severe: known.is_some_and(|known| known.choice.severe),
        }
    }
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum KindBody {
    Reminder,
    Offer,
    Information,
    Question,
}

/// A notice with its state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NoticeBody {
    /// 16 hexadecimal digits.
    id: String,
    kind: KindBody,
    item: Option<u16>,
    level: Option<LevelBody>,
    title: String,
    text: String,
    /// `raised`, `shown`, `snoozed`, `booked`, `done`, `refused` or `expired`.
    state: &'static str,
    snoozed_until: Option<Timestamp>,
    raised_at: Timestamp,
    /// Answers that it invites: `snooze`, `book`, `done`, `refuse`.
    actions: Vec<&'static str>,
    /// Whether it asks for attention now.
    open: bool,
    reasons: Vec<ReasonBody>,
    seen: Vec<SeenBody>,
}

/// Where and when a notice was first seen.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SeenBody {
    /// `car`, `account` or `advisor`.
    surface: &'static str,
    at: Timestamp,
}

impl NoticeBody {
    pub(crate) fn new(notice: &NoticeDoc, format: &Format) -> Self {
        let reminder = notice.id().as_reminder();
        let actions = [
            (Actions::SNOOZE, "snooze"),
            (Actions::BOOK, "book"),
            (Actions::DONE, "done"),
            (Actions::REFUSE, "refuse"),
        ];
        let seen = |seen: &crate::domain::Seen| SeenBody { surface: surface_name(seen.on), at: timestamp(seen.at_ms) };
        Self {
            id: notice.id().to_string(),
            kind: match notice.subject.kind() {
                NoticeKind::Reminder => KindBody::Reminder,
                NoticeKind::Offer => KindBody::Offer,
                NoticeKind::Information => KindBody::Information,
                NoticeKind::Question => KindBody::Question,
            },
            item: reminder.map(|(item, _, _)| item.0),
            level: reminder.map(|(_, _, level)| level.into()),
            title: title(format.localizer, notice),
            text: text(format, notice),
            state: notice.state().name(),
            snoozed_until: match notice.state() {
                NoticeState::Snoozed { until_ms } => Some(timestamp(until_ms)),
                _ => None,
            },
            raised_at: timestamp(notice.raised_ms()),
            actions: actions
                .iter()
                .filter(|(action, _)| notice.actions.contains(*action))
                .map(|(_, name)| *name)
                .collect(),
            open: notice.state().is_open(format.now_ms),
            reasons: notice.reasons.iter().map(|reason| ReasonBody::new(reason, format)).collect(),
            seen: notice.seen().iter().map(seen).collect(),
        }
    }
}

fn surface_name(surface: milepost_protocol::notice::Surface) -> &'static str {
    use milepost_protocol::notice::Surface;
    match surface {
        Surface::Car => "car",
        Surface::Account => "account",
        Surface::Advisor => "advisor",
    }
}

/// A vehicle in a list.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VehicleSummary {
    id: String,
    name: String,
    revision: u64,
    /// `combustion`, `hybrid` or `electric`.
    powertrain: &'static str,
    /// One sentence about its health.
    health: String,
    last_contact_at: Option<Timestamp>,
    odometer_m: Option<u32>,
}

impl VehicleSummary {
    pub(crate) fn new(vehicle: &Vehicle, format: &Format) -> Self {
        let contact_ms = vehicle.state.last_received_ms;
        Self {
            id: vehicle.device.to_string(),
            name: view::vehicle_name(format.localizer, vehicle),
            revision: vehicle.revision,
            powertrain: match vehicle.profile.powertrain {
                Powertrain::Combustion => "combustion",
                Powertrain::Hybrid => "hybrid",
                Powertrain::Electric => "electric",
            },
            health: view::health(vehicle, format).sentence,
            last_contact_at: (contact_ms > 0).then(|| timestamp(contact_ms)),
            odometer_m: vehicle.state.totals.odometer_m,
        }
    }
}
