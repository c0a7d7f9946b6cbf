//! Notices in words: for the car's display, and, from the same files, for the pages.
//!
//! Invariant: the car's texts fit the wire by their own length in every language; a test measures all of them.

use milepost_engine::journey::Message;
use milepost_engine::plan::Powertrain;
use milepost_protocol::SignalId;
use milepost_protocol::notice::Reason;
use milepost_protocol::plan::{ItemId, Level};

use super::{DistanceUnit, Format, Language, Localizer};
use crate::domain::{Figures, NoticeDoc, NoticeText, Profile, Recall, Subject, Texts};
use crate::zones::zone;

/// Renders notices for the car in the language of its profile.
#[derive(Debug, Clone, Copy, Default)]
pub struct CarTexts;

impl Texts for CarTexts {
    fn notice(&self, profile: &Profile, notice: &NoticeDoc) -> NoticeText {
        let localizer = Language::from_code(&profile.locale).unwrap_or(Language::DEFAULT).localizer();
        let format = Format {
            localizer,
            unit: DistanceUnit::Km,
            zone: zone(&profile.time_zone),
            now_ms: notice.raised_ms(),
            currency: None,
        };
        NoticeText { title: title(localizer, notice), text: text(&format, notice) }
    }
}

/// A notice's title.
pub(crate) fn title(localizer: Localizer, notice: &NoticeDoc) -> String {
    if let Some(words) = notice.made.as_ref().and_then(|made| made.words(localizer.language().code())) {
        return words.title.clone();
    }
    match notice.subject {
        Subject::Reminder { item, level, .. } => {
            let key = match level {
                Level::Scheduled | Level::Upcoming => "reminder-upcoming-title",
                Level::Due => "reminder-due-title",
                Level::Overdue => "reminder-overdue-title",
            };
            localizer.with(key, [("item", item_name(localizer, item).into())])
        }
        Subject::Offer { .. } => localizer.text("offer-other-title"),
        Subject::Recall { .. } => localizer.text("recall-title"),
        Subject::Information { .. } => localizer.text("information-title"),
        Subject::Programme { message, .. } => localizer.text(&format!("programme-{}-title", message.name())),
    }
}

/// A notice's text: what to do, and the first reason.
pub(crate) fn text(format: &Format, notice: &NoticeDoc) -> String {
    let localizer = format.localizer;
    if let Some(words) = notice.made.as_ref().and_then(|made| made.words(localizer.language().code())) {
        return words.body.clone();
    }
    match notice.subject {
        Subject::Reminder { level, .. } => {
            let key = match level {
                Level::Scheduled | Level::Upcoming => "reminder-upcoming-text",
                Level::Due => "reminder-due-text",
                Level::Overdue => "reminder-overdue-text",
            };
            let first = notice.reasons.first().map_or_else(|| localizer.text("reason-none"), |why| reason(format, why));
            localizer.with(key, [("reason", first.into())])
        }
        Subject::Offer { .. } => localizer.text("offer-other-text"),
        Subject::Recall { .. } => match &notice.recall {
            Some(recall) => recall_text(localizer, recall),
            None => localizer.text("information-text"),
        },
        Subject::Information { .. } => localizer.text("information-text"),
        Subject::Programme { message, .. } => {
            let step = notice.programme.clone().unwrap_or_default();
            told(format, message, &step.figures)
        }
    }
}

/// The longest name of a component that fits beside the agency's warning, in characters.
const MAX_COMPONENT: usize = 60;

/// What a recall is about, behind what the agency warns of.
fn recall_text(localizer: Localizer, recall: &Recall) -> String {
    let component: String = recall.component.chars().take(MAX_COMPONENT).collect();
    let about = [("component", component.into()), ("campaign", recall.campaign.as_str().into())];
    let about = localizer.with("recall-text", about);
    let warning = match recall {
        Recall { do_not_drive: true, .. } => "recall-do-not-drive",
        Recall { park_outside: true, .. } => "recall-park-outside",
        _ => return about,
    };
    format!("{} {about}", localizer.text(warning))
}

/// What a programme tells, with the car's own figures.
fn told(format: &Format, message: Message, figures: &Figures) -> String {
    let text = figured(format, &format!("programme-{}-text", message.name()), figures);
    if message != Message::MonthlyReport {
        return text;
    }
    let mut sentences = vec![text];
    if figures.fuel_ml > 0 && figures.distance_m > 0 {
        sentences.push(figured(format, "programme-monthly-report-fuel", figures));
    }
    // What to advise follows from how the car was driven, and then from what waits to be done.
    let advice = match figures {
        Figures { short_trips, trips, .. } if short_trips * 2 > *trips => "programme-advice-short",
        Figures { open: 1.., .. } => "programme-advice-open",
        _ => "programme-advice-pressure",
    };
    sentences.push(figured(format, advice, figures));
    sentences.join(" ")
}

/// A text with the figures that it asks for.
fn figured(format: &Format, key: &str, figures: &Figures) -> String {
    let litres = figures.fuel_ml as f64 / 1_000.0;
    let a_hundred_km = figures.distance_m.max(1) as f64 / 100_000.0;
    format.localizer.with(
        key,
        [
            ("distance", format.odometer(figures.distance_m).into()),
            ("trips", format.integer(figures.trips.into()).into()),
            ("short", format.integer(figures.short_trips.into()).into()),
            ("years", format.integer(figures.years.into()).into()),
            ("cars", format.integer(figures.cars.into()).into()),
            ("records", format.integer(figures.records.into()).into()),
            ("open", figures.open.into()),
            ("fuel", format.decimal(litres, 1).into()),
            ("rate", format.decimal(litres / a_hundred_km, 1).into()),
        ],
    )
}

/// A piece of a pack that an owner chose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Piece {
    pub(crate) name: String,
    /// What it says; `None` for one of an installation's own, which comes some other way.
    pub(crate) text: Option<String>,
}

/// A piece's name; one of an installation's own goes by the name of the programme's file.
pub(crate) fn pack_name(localizer: Localizer, name: &str) -> String {
    let key = format!("pack-{name}");
    if localizer.has(&key) { localizer.text(&key) } else { name.to_owned() }
}

/// What a notice of a programme brings along: the pieces that its owner chose, for the car as it is driven.
pub(crate) fn pack(localizer: Localizer, notice: &NoticeDoc, powertrain: Powertrain) -> Vec<Piece> {
    let chosen = notice.programme.as_ref().map_or(&[][..], |step| &step.chosen);
    let piece = |name: &String| {
        let electric = format!("pack-{name}-electric");
        let usual = format!("pack-{name}-text");
        let keys = [Some(electric).filter(|_| powertrain == Powertrain::Electric), Some(usual)];
        let key = keys.into_iter().flatten().find(|key| localizer.has(key));
        Piece { name: pack_name(localizer, name), text: key.map(|key| localizer.text(&key)) }
    };
    chosen.iter().map(piece).collect()
}

/// A service item's name as a title.
pub(crate) fn item_name(localizer: Localizer, item: ItemId) -> String {
    known(localizer, &format!("item-{}", item.0), "item-other", Some(item))
}

/// A service item's name within a sentence.
pub(crate) fn item_inline(localizer: Localizer, item: ItemId) -> String {
    known(localizer, &format!("item-{}-inline", item.0), "item-other-inline", Some(item))
}

/// Why, as data in words.
pub(crate) fn reason(format: &Format, reason: &Reason) -> String {
    let localizer = format.localizer;
    let (key, used, limit) = match *reason {
        Reason::Distance { used_m, limit_m } => {
            ("reason-distance", format.odometer(used_m.into()), format.odometer(limit_m.into()))
        }
        Reason::Time { used_days, limit_days } if limit_days < 60 => {
            ("reason-days", format.integer(used_days.into()), format.integer(limit_days.into()))
        }
        Reason::Time { used_days, limit_days } => {
            ("reason-months", format.integer(months(used_days)), format.integer(months(limit_days)))
        }
        Reason::EngineTime { used_s, limit_s } => {
            ("reason-engine-time", format.integer(i64::from(used_s) / 3600), format.integer(i64::from(limit_s) / 3600))
        }
        Reason::Fuel { used_ml, limit_ml } => {
            ("reason-fuel", format.integer(i64::from(used_ml) / 1000), format.integer(i64::from(limit_ml) / 1000))
        }
        Reason::Signal { signal: SignalId::DISTANCE_TO_SERVICE, value, .. } => {
            return said_by_car(localizer, value, &metres_left(format, value));
        }
        Reason::Signal { signal: SignalId::TIME_TO_SERVICE | SignalId::OIL_TIME_REMAINING, value, .. } => {
            return said_by_car(localizer, value, &days_left(format, value));
        }
        Reason::Signal { signal: SignalId::SERVICE_DUE, .. } => return localizer.text("reason-car-asks"),
        Reason::Signal { signal, value, limit } => {
            let (name, value, limit) = signal_words(format, signal, value, limit);
            return localizer
                .with("reason-signal", [("signal", name.into()), ("value", value.into()), ("limit", limit.into())]);
        }
    };
    localizer.with(key, [("used", used.into()), ("limit", limit.into())])
}

/// What the car's own service computer says; `left` is without its sign.
fn said_by_car(localizer: Localizer, value: f32, left: &str) -> String {
    let key = if value < 0.0 { "reason-car-behind" } else { "reason-car-left" };
    localizer.with(key, [("left", left.to_owned().into())])
}

/// A distance to service without its sign, from metres.
pub(crate) fn metres_left(format: &Format, metres: f32) -> String {
    format.distance_about(metres.abs() as u64)
}

/// A time to service without its sign, from seconds.
pub(crate) fn days_left(format: &Format, seconds: f32) -> String {
    format.span_about((seconds.abs() / 86_400.0).round() as u64)
}

/// Whole months of a count of days, so that both ends of a comparison have one unit; what is not full yet does not count as full.
fn months(days: u16) -> i64 {
    (f64::from(days) / 30.4375 + 0.1).floor() as i64
}

fn signal_words(format: &Format, signal: SignalId, value: f32, limit: f32) -> (String, String, String) {
    let localizer = format.localizer;
    match signal {
        SignalId::BATTERY_12V => {
            let volts = |volts: f32| format.volts(f64::from(volts) * 1000.0);
            (localizer.text("signal-battery-rest"), volts(value), volts(limit))
        }
        SignalId::STATE_OF_HEALTH => {
            let percent = |share: f32| format.percent(share.into());
            (localizer.text("signal-health"), percent(value), percent(limit))
        }
        SignalId::OIL_LIFE_REMAINING => {
            let percent = |share: f32| format.percent(share.into());
            (localizer.text("signal-oil-life"), percent(value), percent(limit))
        }
        SignalId::PAD_WEAR_FRONT_LEFT
        | SignalId::PAD_WEAR_FRONT_RIGHT
        | SignalId::PAD_WEAR_REAR_LEFT
        | SignalId::PAD_WEAR_REAR_RIGHT => {
            let percent = |share: f32| format.percent(share.into());
            (localizer.text("signal-pad-wear"), percent(value), percent(limit))
        }
        SignalId::OUTSIDE_TEMPERATURE => {
            let celsius = |degrees: f32| format.celsius(degrees.into());
            (localizer.text("signal-outside"), celsius(value), celsius(limit))
        }
        other => {
            let name = other.entry().map_or_else(|| format!("{:#06x}", other.0), |entry| entry.path.to_owned());
            (name, format.decimal(value.into(), 2), format.decimal(limit.into(), 2))
        }
    }
}

fn known(localizer: Localizer, key: &str, other: &str, item: Option<ItemId>) -> String {
    if Language::DEFAULT.localizer().has(key) {
        return localizer.text(key);
    }
    localizer.with(other, item.map(|item| ("id", item.0.into())))
}

#[cfg(test)]
mod tests {
    use milepost_protocol::plan::SafetyClass;

    use super::*;
    use crate::domain::{Actor, Moment};

    fn notice(subject: Subject, reasons: Vec<Reason>) -> NoticeDoc {
        let at = Moment::now(1_772_366_400_000);
        NoticeDoc::raised(subject, SafetyClass::Wear, reasons, at, Actor::System)
    }

    #[test]
    fn the_monthly_report_says_what_was_used_and_advises_by_how_the_car_was_driven() {
        let localizer = Language::from_code("en").unwrap().localizer();
        let now_ms = 1_772_366_400_000;
        let format = Format { localizer, unit: DistanceUnit::Km, zone: zone("UTC"), now_ms, currency: None };
        let far = Figures { distance_m: 800_000, trips: 20, short_trips: 4, fuel_ml: 48_000, ..Figures::default() };
        let report = |figures: Figures| told(&format, Message::MonthlyReport, &figures);
        let text = report(far);
        assert!(text.contains("20 trips") && text.contains("48.0 l of fuel, 6.0 l for each 100 km"), "{text}");
        assert!(text.ends_with("once a month."), "{text}");
        assert!(!report(Figures { fuel_ml: 0, ..far }).contains("fuel"), "an electric car uses none");
        let waits = report(Figures { open: 2, ..far });
        assert!(waits.contains("2 services wait"), "{waits}");
        let short = report(Figures { short_trips: 11, open: 2, ..far });
        assert!(short.contains("a longer drive now and then") && !short.contains("wait"), "{short}");
    }

    #[test]
    fn a_pack_says_what_suits_the_car_and_an_installations_own_piece_goes_by_its_name() {
        let mut notice = notice(Subject::Programme { message: Message::WelcomePack, serial: 1 }, Vec::new());
        let chosen = ["care-guide", "car-and-app", "our-own"].map(str::to_owned).to_vec();
        notice.programme = Some(crate::domain::ProgrammeStep { chosen, ..Default::default() });
        for language in Language::all() {
            let of = |powertrain| pack(language.localizer(), &notice, powertrain);
            let (electric, combustion) = (of(Powertrain::Electric), of(Powertrain::Combustion));
            assert_ne!(electric[0].text, combustion[0].text, "{}", language.code());
            assert!(electric[1].text.is_some() && electric[1] == combustion[1]);
            assert_eq!(electric[2], Piece { name: "our-own".to_owned(), text: None });
        }
    }

    #[test]
    fn every_text_for_the_car_fits_the_wire_in_every_language() {
        let reasons = [
            Reason::Distance { used_m: 4_000_000_000, limit_m: 4_000_000_000 },
            Reason::Time { used_days: 65_000, limit_days: 65_000 },
            Reason::EngineTime { used_s: u32::MAX, limit_s: u32::MAX },
            Reason::Fuel { used_ml: u32::MAX, limit_ml: u32::MAX },
            Reason::Signal { signal: SignalId::BATTERY_12V, value: 12.345, limit: 12.345 },
            Reason::Signal { signal: SignalId::OUTSIDE_TEMPERATURE, value: -40.0, limit: -40.0 },
            Reason::Signal { signal: SignalId::DISTANCE_TO_SERVICE, value: -99_999_000.0, limit: 0.0 },
            Reason::Signal { signal: SignalId::TIME_TO_SERVICE, value: 300_000_000.0, limit: 0.0 },
            Reason::Signal { signal: SignalId::SERVICE_DUE, value: 1.0, limit: 1.0 },
            Reason::Signal { signal: SignalId::OIL_LIFE_REMAINING, value: 0.123, limit: 0.05 },
            Reason::Signal { signal: SignalId::PAD_WEAR_REAR_RIGHT, value: 0.987, limit: 0.8 },
        ];
        let items = (0..=18).chain([60_000]).map(ItemId);
        let levels = [Level::Scheduled, Level::Upcoming, Level::Due, Level::Overdue];
        let mut subjects: Vec<Subject> =
            items.flat_map(|item| levels.map(|level| Subject::Reminder { item, cycle: 1, level })).collect();
        subjects.extend([1, 2].map(|offer| Subject::Offer { offer, serial: 1 }));
        subjects.push(Subject::Information { serial: 1 });
        subjects.extend(Message::ALL.map(|message| Subject::Programme { message, serial: 1 }));
        for language in Language::all() {
            let profile = Profile { locale: language.code().to_owned(), ..Profile::default() };
            for subject in &subjects {
                for reason in reasons {
                    let words = CarTexts.notice(&profile, &notice(*subject, vec![reason]));
                    assert!(words.title.len() <= 64, "{}: {}", words.title.len(), words.title);
                    assert!(words.text.len() <= 200, "{}: {}", words.text.len(), words.text);
                    assert!(!words.title.contains('{') && !words.text.contains('{'), "{words:?}");
                }
            }
        }
    }

    #[test]
    fn the_words_of_a_recall_fit_the_wire_in_every_language_however_long_its_component_is() {
        for language in Language::all() {
            for (do_not_drive, park_outside) in [(true, false), (false, true), (false, false)] {
                let recall = Recall {
                    campaign: "26V100000".to_owned(),
                    component: "X".repeat(128),
                    do_not_drive,
                    park_outside,
                    ..Recall::default()
                };
                let mut notice = notice(Subject::Recall { serial: 1 }, Vec::new());
                notice.recall = Some(recall);
                let profile = Profile { locale: language.code().to_owned(), ..Profile::default() };
                let words = CarTexts.notice(&profile, &notice);
                assert!(words.title.len() <= 64 && words.text.len() <= 200, "{words:?}");
                assert!(words.text.contains("26V100000"), "{words:?}");
            }
        }
    }

    #[test]
    fn a_reminder_says_what_to_do_and_why() {
        let subject = Subject::Reminder { item: ItemId::BRAKE_FLUID, cycle: 0, level: Level::Due };
        let words = CarTexts
            .notice(&Profile::default(), &notice(subject, vec![Reason::Time { used_days: 730, limit_days: 730 }]));
        assert_eq!(words.title, "Brake fluid due");
        assert_eq!(words.text, "Have it done now. 24 of 24 months since last time.");
    }

    #[test]
    fn an_item_of_a_newer_plan_still_has_a_name() {
        assert_eq!(item_name(Language::DEFAULT.localizer(), ItemId(77)), "Service item 77");
    }
}
