//! A notice in words: what, when, how far, and why.
//!
//! A reminder is worded from its data, so that it needs no network and changes with the driver's language.
//! Of other notices the cloud's words are shown, if there are any and if the faces can show them.
//! Invariant: it reads the notice and nothing else, and every notice has a title and at least one sentence.

use milepost_protocol::SignalId;
use milepost_protocol::notice::{Notice, NoticeKind, Reason};
use milepost_protocol::plan::{ItemId, Level, SafetyClass};

use crate::display::Settings;
use crate::face::has;
use crate::figures::{Decimals, DistanceUnit, bounded, decimal, distance_about, integer, plain, span_about};
use crate::tables::Key;
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
        return language.fill(key, &[("id", &plain(item.0))]);
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
pub(crate) fn text(settings: Settings, notice: &Notice) -> Words {
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
pub(crate) fn rows(settings: Settings, notice: &Notice) -> impl Iterator<Item = Row> {
    notice.reasons.iter().map(move |reason| row(settings, reason))
}

/// When a reminder's bounds are reached or since when they are passed; the first reason that is passed decides.
fn when(settings: Settings, notice: &Notice) -> Words {
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

fn row(settings: Settings, reason: &Reason) -> Row {
    let Settings { language, unit } = settings;
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
                SignalId::BATTERY_12V => (Key::WhyBattery, Key::FigureVolts, Decimals::Two),
                SignalId::OUTSIDE_TEMPERATURE => (Key::WhyOutside, Key::FigureCelsius, Decimals::None),
                SignalId(_) => (Key::WhySignal, Key::FigurePlain, Decimals::Two),
            };
            let figure = |value| decimal(language, value, decimals);
            let sign = if value < limit { "<" } else { "≥" };
            let values = [("used", &*figure(value)), ("sign", sign), ("limit", &*figure(limit))];
            let figures = language.fill(figures, &values);
            return Row { name: language.fill(name, &[("id", &plain(signal.0))]), figures, percent: None };
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
    Some(text).filter(|text| text.bytes().any(|byte| byte != b' ') && has(text))
}

#[cfg(test)]
mod tests {
    use milepost_protocol::NoticeId;
    use milepost_protocol::notice::Actions;

    use super::*;

    fn reminder(level: Level, reasons: &[Reason]) -> Notice {
        Notice {
            id: NoticeId::reminder(ItemId::ENGINE_OIL, 1, level),
            kind: NoticeKind::Reminder,
            safety: SafetyClass::Wear,
            item: None,
            level: Some(level),
            raised_ms: 0,
            expires_ms: None,
            title: heapless::String::new(),
            text: heapless::String::new(),
            reasons: reasons.iter().copied().collect(),
            actions: Actions::default(),
        }
    }

    fn km(used: u32, limit: u32) -> Reason {
        Reason::Distance { used_m: used * 1000, limit_m: limit * 1000 }
    }

    fn days(used_days: u16, limit_days: u16) -> Reason {
        Reason::Time { used_days, limit_days }
    }

    /// The text with plain spaces.
    fn said(language: Language, notice: &Notice) -> Words {
        let mut plain = Words::new();
        for letter in text(Settings { language, unit: DistanceUnit::Km }, notice).chars() {
            plain.push(if letter == '\u{a0}' { ' ' } else { letter }).unwrap();
        }
        plain
    }

    #[test]
    fn a_reminder_says_when_and_how_far_in_every_language() {
        let table: [(Level, &[Reason], [&str; 3]); 8] = [
            (
                Level::Upcoming,
                &[km(18_100, 20_000), days(709, 730)],
                ["In about 3 weeks or 1,900 km", "In etwa 3 Wochen oder 1.900 km", "约 3 周后或再行驶 1,900 公里"],
            ),
            (Level::Upcoming, &[days(700, 730)], ["In about 4 weeks", "In etwa 4 Wochen", "约 4 周后"]),
            (Level::Upcoming, &[km(19_960, 20_000)], ["In about 40 km", "In etwa 40 km", "再行驶约 40 公里"]),
            (Level::Upcoming, &[km(20_000, 20_000), days(1, 730)], ["Now", "Jetzt", "现在"]),
            (Level::Due, &[km(20_000, 20_000), days(1, 730)], ["Now", "Jetzt", "现在"]),
            (
                Level::Overdue,
                &[km(20_400, 20_000), days(731, 730)],
                ["400 km past the limit", "400 km über der Grenze", "已超出 400 公里"],
            ),
            (Level::Overdue, &[days(731, 730)], ["Since about 1 day", "Seit etwa 1 Tag", "已超期约 1 天"]),
            (
                Level::Due,
                &[Reason::Signal { signal: SignalId::BATTERY_12V, value: 11.82, limit: 12.1 }],
                [
                    "Battery at rest: 11.82 V < 12.10 V",
                    "Ruhespannung: 11,82 V < 12,10 V",
                    "静置电压：11.82 V < 12.10 V",
                ],
            ),
        ];
        for (level, reasons, texts) in table {
            let notice = reminder(level, reasons);
            for (language, text) in Language::ALL.into_iter().zip(texts) {
                assert_eq!(said(language, &notice), text);
            }
        }
    }

    #[test]
    fn an_item_without_a_name_is_called_by_its_number() {
        let mut notice = reminder(Level::Due, &[]);
        assert_eq!(title(Language::German, &notice), "Motoröl");
        notice.item = Some(ItemId(60_000));
        assert_eq!(title(Language::English, &notice), "Service item 60000");
        assert_eq!(title(Language::Chinese, &notice), "保养项目 60000");
    }

    #[test]
    fn the_interval_is_used_up_by_the_bound_that_is_nearest() {
        assert_eq!(used_percent(&reminder(Level::Upcoming, &[km(18_100, 20_000), days(709, 730)])), Some(97));
        assert_eq!(used_percent(&reminder(Level::Overdue, &[km(u32::MAX / 1000, 1)])), Some(999));
        assert_eq!(used_percent(&reminder(Level::Due, &[km(1, 0)])), None, "a bound of nothing has no share");
    }

    #[test]
    fn overdue_safety_has_its_own_advice_and_a_notice_that_is_no_reminder_has_none() {
        let mut notice = reminder(Level::Overdue, &[]);
        assert_eq!(advice(Language::English, &notice), Some("This should not wait any longer."));
        notice.safety = SafetyClass::Safety;
        assert_eq!(advice(Language::English, &notice), Some("Have it looked at before a long drive."));
        notice.kind = NoticeKind::Information;
        assert_eq!(advice(Language::English, &notice), None);
    }

    #[test]
    fn the_clouds_words_are_shown_where_they_can_be_and_ours_elsewhere() {
        let mut notice = reminder(Level::Due, &[]);
        (notice.kind, notice.id) = (NoticeKind::Offer, NoticeId::offer(1, 1));
        assert_eq!(title(Language::German, &notice), "Winterreifen");
        notice.title = "Räderwechsel für 49 €".try_into().unwrap();
        assert_eq!(title(Language::German, &notice), "Räderwechsel für 49 €");
        notice.title = "Смена шин".try_into().unwrap();
        assert_eq!(title(Language::German, &notice), "Winterreifen");
        notice.id = NoticeId::offer(9, 1);
        assert_eq!(title(Language::English, &notice), "An offer for your car");
    }
}
