//! One service item with everything behind it: when, how far, why, by which figures, and what was put off.

use milepost_engine::condition::{Confidence, Quantity};
use milepost_engine::due::{Forecast, Standing, history, stand};
use milepost_engine::plans::Hardship;
use milepost_engine::projection::{Deciding, Method};
use milepost_engine::service_book::{Reason, Snooze, longest_snooze_ms};
use milepost_protocol::plan::{DAY_MS, ItemId, PlanItem};

use super::facts::Fact;
use super::items::{ItemView, item};
use super::reported;
use super::services::{ServiceLine, services};
use crate::domain::{BookItem, Vehicle};
use crate::i18n::{Format, item_inline, item_name};

/// The page of one item.
#[derive(Debug, Clone)]
pub(crate) struct Reminder {
    pub(crate) item: ItemView,
    pub(crate) applies: bool,
    pub(crate) waits_for: Option<String>,
    pub(crate) band: Option<String>,
    pub(crate) basis: Vec<String>,
    pub(crate) inputs: Vec<Fact>,
    pub(crate) longest_snooze: String,
    pub(crate) snoozes: Vec<String>,
    pub(crate) services: Vec<ServiceLine>,
}

/// Everything about an item; `None` if the vehicle has no such item.
pub(crate) fn reminder(vehicle: &Vehicle, id: ItemId, format: &Format) -> Option<Reminder> {
    let planned = vehicle.item(id)?;
    let known = vehicle.book.item(id);
    let extra = known.map(|known| known.extra).unwrap_or_default();
    let standing = stand(&planned, &extra, &vehicle.state, format.now_ms);
    let counts = known.is_none_or(BookItem::counts);
    let found = counts.then(|| forecast(vehicle, &planned, &standing, format)).flatten();
    let localizer = format.localizer;
    let level = standing.assessment.level;
    let longest = longest_snooze_ms(planned.rule.safety, level) / DAY_MS;
    let book = vehicle.book.fold(vehicle.profile.registered_ms, format.now_ms);
    let snoozes = book.items.get(&id).map(|state| state.snoozes.clone()).unwrap_or_default();
    Some(Reminder {
        item: item(vehicle, format, &standing),
        applies: known.is_none_or(|known| known.applies),
        waits_for: known.and_then(|known| known.waits_for).map(|waits| item_inline(localizer, waits)),
        band: found.as_ref().map(|found| band(found, format)),
        basis: basis(found.as_ref(), known, vehicle, format),
        inputs: inputs(&standing, format),
        longest_snooze: localizer.with("snooze-longest", [("span", format.span_about(longest).into())]),
        snoozes: snoozes.iter().rev().map(|snooze| snooze_line(snooze, format)).collect(),
        services: services(vehicle, &[], format, Some(id.0)),
    })
}

/// When an item falls due by this car's own use, in the reader's time zone.
pub(crate) fn forecast(vehicle: &Vehicle, item: &PlanItem, standing: &Standing, format: &Format) -> Option<Forecast> {
    let offset_s = format.zone.to_offset(crate::i18n::timestamp(format.now_ms)).seconds();
    let past = history(&vehicle.state, format.now_ms, offset_s);
    milepost_engine::due::forecast(item, standing, &vehicle.state, &past, format.now_ms)
}

fn band(found: &Forecast, format: &Format) -> String {
    let due = &found.due;
    if due.p10_ms == due.p90_ms {
        return format.localizer.with("forecast-day", [("date", format.date(due.median_ms).into())]);
    }
    format.localizer.with(
        "forecast-band",
        [
            ("date", format.date(due.median_ms).into()),
            ("from", format.date(due.p10_ms).into()),
            ("to", format.date(due.p90_ms).into()),
        ],
    )
}

/// What the date rests on, in sentences.
fn basis(found: Option<&Forecast>, known: Option<&BookItem>, vehicle: &Vehicle, format: &Format) -> Vec<String> {
    let localizer = format.localizer;
    let mut lines = Vec::new();
    if let Some(found) = found {
        lines.push(localizer.text(match found.due.deciding {
            Deciding::Distance => "forecast-by-distance",
            Deciding::Time => "forecast-by-time",
        }));
        if let Some(basis) = found.projection.as_ref().map(|projection| &projection.basis) {
            let key = match basis.method {
                Method::UsualUse => "forecast-usual",
                Method::ThinHistory => "forecast-thin",
                Method::OwnUse => "forecast-own",
                Method::OwnSeasons => "forecast-seasons",
            };
            let days = format.integer(basis.history_days.into());
            let rate = format.distance(basis.per_day_m.max(0.0) as u64);
            lines.push(localizer.with(key, [("days", days.into()), ("rate", rate.into())]));
            if let Some(since_ms) = basis.laid_up_since_ms {
                lines.push(localizer.with("forecast-laid-up", [("date", format.date(since_ms).into())]));
            }
        }
    }
    if let Some(frozen_m) = vehicle.state.odometer.frozen_m() {
        let distance = format.distance_about(frozen_m.into());
        lines.push(localizer.with("odometer-frozen", [("distance", distance.into())]));
    }
    if let Some(fault) = vehicle.state.odometer.faults.back() {
        let key = match fault.fault {
            milepost_engine::usage::OdometerFault::Fell => "odometer-fell",
            milepost_engine::usage::OdometerFault::Leapt => "odometer-leapt",
        };
        let (read, known) = (format.odometer(fault.read_m.into()), format.odometer(fault.known_m.into()));
        let date = format.date(fault.at_ms);
        lines.push(localizer.with(key, [("read", read.into()), ("known", known.into()), ("date", date.into())]));
    }
    if let Some(known) = known.filter(|known| known.choice.severe) {
        let counting = known.choice.findings.iter().filter(|finding| finding.counts);
        let names: Vec<String> = counting.map(|finding| localizer.text(hardship(finding.hardship))).collect();
        lines.push(localizer.with("plan-severe", [("why", names.join(", ").into())]));
    }
    if let Some(plan) = vehicle.book.plan.as_ref().filter(|_| !vehicle.book.by_hand) {
        lines.push(localizer.with("plan-from", [("plan", plan.name.clone().into())]));
    }
    lines
}

fn hardship(hardship: Hardship) -> &'static str {
    match hardship {
        Hardship::ShortTrips => "hardship-short-trips",
        Hardship::Idle => "hardship-idle",
        Hardship::Dust => "hardship-dust",
        Hardship::Towing => "hardship-towing",
        Hardship::Cold => "hardship-cold",
        Hardship::Heat => "hardship-heat",
    }
}

fn inputs(standing: &Standing, format: &Format) -> Vec<Fact> {
    let localizer = format.localizer;
    let mut facts = Vec::new();
    if let Some(wear) = &standing.wear {
        let trust = localizer.text(match wear.confidence {
            Confidence::Low => "trust-low",
            Confidence::Medium => "trust-medium",
            Confidence::High => "trust-high",
        });
        let used = format.percent(wear.used);
        let value = localizer.with("wear-used", [("used", used.into()), ("trust", trust.into())]);
        facts.push(Fact { name: localizer.text("wear-title"), value });
        for input in &wear.inputs {
            let decimals = usize::from(input.value.abs() < 100.0) * 2;
            let name = localizer.text(&format!("quantity-{}", quantity_code(input.quantity).replace('_', "-")));
            facts.push(Fact { name, value: format.decimal(input.value, decimals) });
        }
    }
    facts.extend(reported::facts(&standing.reported, format));
    if let Some(charges) = standing.charges {
        let (used, limit) = (format.decimal(charges.used, 0), format.integer(charges.limit.into()));
        let value = localizer.with("charges-used", [("used", used.into()), ("limit", limit.into())]);
        facts.push(Fact { name: localizer.text("charges-title"), value });
    }
    facts
}

/// A quantity's name in the API; texts have it with hyphens.
pub(crate) fn quantity_code(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::WeightedRevolutions => "weighted_revolutions",
        Quantity::Revolutions => "revolutions",
        Quantity::FuelLitres => "fuel_l",
        Quantity::Kilometres => "km",
        Quantity::Days => "days",
        Quantity::Hours => "hours",
        Quantity::WearPercent => "wear_percent",
        Quantity::OilLifePercent => "oil_life_percent",
        Quantity::WearPercentPerThousandKm => "wear_percent_per_1000_km",
        Quantity::RestVolts => "rest_v",
        Quantity::CrankingVolts => "cranking_v",
        Quantity::TreadMillimetres => "tread_mm",
        Quantity::KilopascalsADay => "kilopascals_a_day",
        Quantity::HealthPercent => "health_percent",
        Quantity::DustPercent => "dust_percent",
        Quantity::SootPercent => "soot_percent",
        Quantity::AshGrams => "ash_g",
        Quantity::KilometresBetweenRegenerations => "km_between_regenerations",
    }
}

fn snooze_line(snooze: &Snooze, format: &Format) -> String {
    let localizer = format.localizer;
    let why = localizer.text(match snooze.reason {
        Reason::NoTime => "snooze-no-time",
        Reason::Appointment => "snooze-appointment",
        Reason::AwaitingPart => "snooze-awaiting-part",
        Reason::Cost => "snooze-cost",
        Reason::Advised => "snooze-advised",
    });
    localizer.with(
        "snooze-line",
        [("at", format.date(snooze.at_ms).into()), ("until", format.date(snooze.until_ms).into()), ("why", why.into())],
    )
}

/// Items that do not apply or wait for another one, for the history page.
pub(crate) fn set_aside(vehicle: &Vehicle, format: &Format) -> Vec<(u16, String)> {
    let items = vehicle.book.items.iter().filter(|item| !item.applies);
    items.map(|item| (item.rule.item.0, item_name(format.localizer, item.rule.item))).collect()
}
