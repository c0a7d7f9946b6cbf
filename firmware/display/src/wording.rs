//! A notice in words: what, when, how far, and why.
//!
//! A reminder is worded from its data, so that it needs no network and changes with the driver's language.
//! Of other notices the cloud's words are shown, if there are any and if the faces can show them.
//! Invariant: it reads the notice and nothing else, and every notice has a title and at least one sentence.

use heapless::Vec;
use milepost_protocol::SignalId;
use milepost_protocol::notice::{MAX_REASONS, Notice, NoticeKind, Reason};
use milepost_protocol::plan::{ItemId, Level, SafetyClass};

use crate::display::Settings;
use crate::figures::{DistanceUnit, Figure, bounded, decimal, distance_about, integer, span_about};
use crate::tables::{BODY, Key};
use crate::words::{Language, Words, append};

/// Days of a month and a tenth, times ten: months that are nearly full count as full, as on the owner's pages.
const MONTH_TENTHS: u32 = 304;

/// Engine hours beyond this are a mistake: eleven years without a stop.
const LARGEST_HOURS: u64 = 99_999;

/// One reason as a row: its name, the figures, and the share of the bound that is used up.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: Words,
    pub(crate) figures: Words,
    pub(crate) percent: Option<u32>,
}

/// The notice's title.
pub(crate) fn title(language: Language, notice: &Notice) -> Words {
    let mut words = Words::new();
    if let Some(item) = item(notice) {
        let key = match item {
            ItemId::ENGINE_OIL => Key::Item1,
            ItemId::BRAKE_FLUID => Key::Item2,
            ItemId::TYRES => Key::Item3,
            ItemId::INSPECTION => Key::Item4,
            ItemId::BATTERY_12V => Key::Item5,
            ItemId(_) => Key::ItemOther,
        };
        return language.fill(key, &[("id", &number(item.0))]);
    }
    append(&mut words, readable(&notice.title).unwrap_or_else(|| language.text(own_words(notice).0)));
    words
}

/// The line above the title: how urgent, or what kind of notice.
pub(crate) fn label(language: Language, notice: &Notice) -> &'static str {
    language.text(match notice.kind {
        NoticeKind::Offer => Key::OfferLabel,
        NoticeKind::Information => Key::InformationLabel,
        NoticeKind::Question => Key::QuestionLabel,
        NoticeKind::Reminder => match notice.level.unwrap_or(Level::Upcoming) {
            Level::Scheduled => Key::LevelScheduled,
            Level::Upcoming => Key::LevelUpcoming,
            Level::Due => Key::LevelDue,
            Level::Overdue => Key::LevelOverdue,
        },
    })
}

/// What the notice says: for a reminder when and how far, otherwise its text.
pub(crate) fn text(settings: &Settings, notice: &Notice) -> Words {
    let language = settings.language;
    if item(notice).is_some() {
        return when(settings, notice);
    }
    let mut words = Words::new();
    append(&mut words, readable(&notice.text).unwrap_or_else(|| language.text(own_words(notice).1)));
    words
}

/// What to do about a reminder.
pub(crate) fn advice(language: Language, notice: &Notice) -> Option<&'static str> {
    item(notice)?;
    let unsafe_now = notice.safety == SafetyClass::Safety;
    Some(language.text(match notice.level? {
        Level::Scheduled => return None,
        Level::Upcoming => Key::AdviceUpcoming,
        Level::Due => Key::AdviceDue,
        Level::Overdue if unsafe_now => Key::AdviceSafety,
        Level::Overdue => Key::AdviceOverdue,
    }))
}

/// How much of the interval is used up, in per cent, by the bound that is nearest.
pub(crate) fn used_percent(notice: &Notice) -> Option<u32> {
    item(notice)?;
    notice.reasons.iter().filter_map(percent).max()
}

/// Every reason as a row.
pub(crate) fn rows(settings: &Settings, notice: &Notice) -> Vec<Row, MAX_REASONS> {
    notice.reasons.iter().map(|reason| row(settings, reason)).collect()
}

/// When a reminder's bounds are reached or since when they are passed; the first reason that is passed decides.
fn when(settings: &Settings, notice: &Notice) -> Words {
    let (language, unit) = (settings.language, settings.unit);
    let since = |reason: &Reason| match *reason {
        Reason::Distance { used_m, limit_m } => {
            let past_m = used_m.checked_sub(limit_m).filter(|past_m| unit.whole(*past_m) > 0)?;
            Some(language.fill(Key::WhenSinceDistance, &[("distance", &distance_about(language, unit, past_m))]))
        }
        Reason::Time { used_days, limit_days } => {
            let past_days = used_days.checked_sub(limit_days).filter(|past_days| *past_days > 0)?;
            Some(language.fill(Key::WhenSince, &[("span", &span_about(language, past_days))]))
        }
        _ => None,
    };
    if let Some(words) = notice.reasons.iter().find_map(since) {
        return words;
    }
    let ahead_m = notice.reasons.iter().find_map(|reason| match *reason {
        Reason::Distance { used_m, limit_m } => Some(limit_m.saturating_sub(used_m)),
        _ => None,
    });
    let ahead_days = notice.reasons.iter().find_map(|reason| match *reason {
        Reason::Time { used_days, limit_days } => Some(limit_days.saturating_sub(used_days)),
        _ => None,
    });
    let is_reached = ahead_m.is_some_and(|ahead_m| unit.whole(ahead_m) == 0) || ahead_days == Some(0);
    let is_due = notice.level.is_some_and(|level| level >= Level::Due);
    let measured = notice.reasons.iter().find(|reason| matches!(reason, Reason::Signal { .. }));
    if is_due
        && !is_reached
        && let Some(measured) = measured
    {
        let Row { name, figures, .. } = row(settings, measured);
        return language.fill(Key::WhenMeasured, &[("name", &name), ("figures", &figures)]);
    }
    if is_reached || is_due {
        return language.fill(Key::WhenNow, &[]);
    }
    let distance = ahead_m.map(|ahead_m| distance_about(language, unit, ahead_m));
    let span = ahead_days.map(|ahead_days| span_about(language, ahead_days));
    match (span, distance) {
        (Some(span), Some(distance)) => language.fill(Key::WhenEither, &[("span", &span), ("distance", &distance)]),
        (Some(span), None) => language.fill(Key::WhenAbout, &[("span", &span)]),
        (None, Some(distance)) => language.fill(Key::WhenDistance, &[("distance", &distance)]),
        (None, None) => language.fill(Key::WhyNone, &[]),
    }
}

fn row(settings: &Settings, reason: &Reason) -> Row {
    let Settings { language, unit } = *settings;
    let whole = |number: u64| integer(language, number);
    let (name, figures, used, limit) = match *reason {
        Reason::Distance { used_m, limit_m } => {
            let figures = match unit {
                DistanceUnit::Km => Key::FigureKm,
                DistanceUnit::Mi => Key::FigureMi,
            };
            (Key::WhyDistance, figures, whole(unit.whole(used_m)), whole(unit.whole(limit_m)))
        }
        Reason::Time { used_days, limit_days } if limit_days < 60 => {
            (Key::WhyTime, Key::FigureDays, whole(used_days.into()), whole(limit_days.into()))
        }
        Reason::Time { used_days, limit_days } => {
            let months = |days: u16| whole(((u32::from(days) * 10 + MONTH_TENTHS / 10) / MONTH_TENTHS).into());
            (Key::WhyTime, Key::FigureMonths, months(used_days), months(limit_days))
        }
        Reason::EngineTime { used_s, limit_s } => {
            let hours = |seconds: u32| bounded(language, (seconds / 3600).into(), LARGEST_HOURS);
            (Key::WhyEngine, Key::FigureHours, hours(used_s), hours(limit_s))
        }
        Reason::Fuel { used_ml, limit_ml } => {
            (Key::WhyFuel, Key::FigureLitres, whole((used_ml / 1000).into()), whole((limit_ml / 1000).into()))
        }
        Reason::Signal { signal, value, limit } => {
            let (name, figures, decimals) = match signal {
                SignalId::BATTERY_12V => (Key::WhyBattery, Key::FigureVolts, 2),
                SignalId::OUTSIDE_TEMPERATURE => (Key::WhyOutside, Key::FigureCelsius, 0),
                SignalId(_) => (Key::WhySignal, Key::FigurePlain, 2),
            };
            let figure = |value| decimal(language, value, decimals);
            let sign = if value < limit { "<" } else { "≥" };
            let values = [("used", &*figure(value)), ("sign", sign), ("limit", &*figure(limit))];
            let figures = language.fill(figures, &values);
            return Row { name: language.fill(name, &[("id", &number(signal.0))]), figures, percent: None };
        }
    };
    Row {
        name: language.fill(name, &[]),
        figures: language.fill(figures, &[("used", &used), ("limit", &limit)]),
        percent: percent(reason),
    }
}

/// The share of a bound that is used up; a measurement against a threshold has none.
fn percent(reason: &Reason) -> Option<u32> {
    let (used, limit) = match *reason {
        Reason::Distance { used_m, limit_m } => (used_m, limit_m),
        Reason::Time { used_days, limit_days } => (used_days.into(), limit_days.into()),
        Reason::EngineTime { used_s, limit_s } => (used_s, limit_s),
        Reason::Fuel { used_ml, limit_ml } => (used_ml, limit_ml),
        Reason::Signal { .. } => return None,
    };
    let percent = (u64::from(used) * 100).checked_div(limit.into())?;
    Some(percent.min(999) as u32)
}

/// The service item that a reminder is about.
pub(crate) fn item(notice: &Notice) -> Option<ItemId> {
    if notice.kind != NoticeKind::Reminder {
        return None;
    }
    notice.item.or_else(|| notice.id.as_reminder().map(|(item, ..)| item))
}

/// Title and text for a notice that comes without words that can be shown.
fn own_words(notice: &Notice) -> (Key, Key) {
    match notice.kind {
        NoticeKind::Offer => match notice.id.as_offer() {
            Some((1, _)) => (Key::Offer1Title, Key::Offer1Text),
            _ => (Key::OfferOtherTitle, Key::OfferOtherText),
        },
        NoticeKind::Question => (Key::QuestionTitle, Key::QuestionText),
        NoticeKind::Information | NoticeKind::Reminder => (Key::InformationTitle, Key::InformationText),
    }
}

/// The cloud's words, unless there are none or a letter cannot be shown.
fn readable(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.trim().is_empty() && BODY.has(text))
}

/// An identifier, without grouping.
fn number(id: u16) -> Figure {
    let mut figure = Figure::new();
    // A u16 has at most five digits.
    let _ = core::fmt::write(&mut figure, format_args!("{id}"));
    figure
}
