//! Numbers, dates, distances and spans as one person reads them: language, unit and time zone together.
//!
//! Invariant: SI goes in, text comes out, and no other module writes a number for a person.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use milepost_protocol::plan::DAY_MS;
use serde::{Deserialize, Serialize};

use super::{Currency, Localizer};

/// What distances are shown in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DistanceUnit {
    /// Kilometres.
    #[default]
    Km,
    /// International miles of 1,609.344 m.
    Mi,
}

impl DistanceUnit {
    /// Metres of one unit.
    pub fn metres(self) -> f64 {
        match self {
            Self::Km => 1000.0,
            Self::Mi => 1609.344,
        }
    }

    /// The unit with this code.
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "km" => Some(Self::Km),
            "mi" => Some(Self::Mi),
            _ => None,
        }
    }

    /// The code, as forms and the API write it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Km => "km",
            Self::Mi => "mi",
        }
    }
}

/// How one person reads figures at one moment.
#[derive(Debug, Clone)]
pub struct Format {
    /// The language.
    pub localizer: Localizer,
    /// What distances are shown in.
    pub unit: DistanceUnit,
    /// The zone of dates and times of day.
    pub zone: TimeZone,
    /// The moment that ages and spans count from, in milliseconds of Unix time.
    pub now_ms: u64,
    /// What amounts of money are in; none where none is written.
    pub currency: Option<Currency>,
}

impl Format {
    /// A whole number, grouped.
    pub fn integer(&self, value: i64) -> String {
        let digits = value.unsigned_abs().to_string();
        let group = self.localizer.text("number-group");
        let mut text = String::from(if value < 0 { "−" } else { "" });
        for (index, digit) in digits.chars().enumerate() {
            if index > 0 && (digits.len() - index).is_multiple_of(3) {
                text.push_str(&group);
            }
            text.push(digit);
        }
        text
    }

    /// A number with a fixed count of decimals.
    pub fn decimal(&self, value: f64, decimals: usize) -> String {
        let plain = format!("{:.decimals$}", value.abs());
        let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
        let is_zero = plain.bytes().all(|b| matches!(b, b'0' | b'.'));
        let sign = if value < 0.0 && !is_zero { "−" } else { "" };
        let whole = whole.parse().map_or_else(|_| whole.to_owned(), |whole| self.integer(whole));
        if fraction.is_empty() {
            return format!("{sign}{whole}");
        }
        format!("{sign}{whole}{}{fraction}", self.localizer.text("number-decimal"))
    }

    /// A distance, to the unit; below ten units to a tenth.
    pub fn distance(&self, metres: u64) -> String {
        let value = metres as f64 / self.unit.metres();
        self.with_unit(self.decimal(value, usize::from(value < 10.0)))
    }

    /// An odometer reading: whole units.
    pub fn odometer(&self, metres: u64) -> String {
        self.with_unit(self.integer((metres as f64 / self.unit.metres()) as i64))
    }

    /// A distance that is a forecast: two significant figures.
    pub fn distance_about(&self, metres: u64) -> String {
        let value = metres as f64 / self.unit.metres();
        let step = 10_f64.powf((value.max(1.0).log10().floor() - 1.0).max(0.0));
        self.with_unit(self.integer(((value / step).round() * step) as i64))
    }

    /// What a form's odometer field holds for `metres`.
    pub fn odometer_field(&self, metres: u64) -> u64 {
        (metres as f64 / self.unit.metres()) as u64
    }

    fn with_unit(&self, value: String) -> String {
        let key = match self.unit {
            DistanceUnit::Km => "distance-km",
            DistanceUnit::Mi => "distance-mi",
        };
        self.localizer.with(key, [("value", value.into())])
    }

    /// A calendar date.
    pub fn date(&self, at_ms: u64) -> String {
        let date = self.zoned(at_ms);
        let month = self.localizer.text(&format!("month-{}", date.month()));
        self.localizer.with(
            "date",
            [("day", date.day().to_string().into()), ("month", month.into()), ("year", date.year().to_string().into())],
        )
    }

    /// A calendar date with the time of day.
    pub fn date_time(&self, at_ms: u64) -> String {
        self.localizer.with("date-time", [("date", self.date(at_ms).into()), ("time", self.time(at_ms).into())])
    }

    /// The time of day.
    pub fn time(&self, at_ms: u64) -> String {
        let at = self.zoned(at_ms);
        self.localizer.with(
            "time",
            [("hour", format!("{:02}", at.hour()).into()), ("minute", format!("{:02}", at.minute()).into())],
        )
    }

    /// The date as `<input type="date">` holds it.
    pub fn date_field(&self, at_ms: u64) -> String {
        self.zoned(at_ms).date().to_string()
    }

    /// RFC 3339 in UTC, for `datetime` attributes.
    pub fn machine(&self, at_ms: u64) -> String {
        timestamp(at_ms).to_string()
    }

    /// The moment of a date from a form: noon in the person's zone.
    pub fn parse_date(&self, text: &str) -> Option<u64> {
        let date: jiff::civil::Date = text.parse().ok()?;
        let noon = date.at(12, 0, 0, 0).to_zoned(self.zone.clone()).ok()?;
        u64::try_from(noon.timestamp().as_millisecond()).ok()
    }

    /// How long ago something was.
    pub fn age(&self, at_ms: u64) -> String {
        let age_s = self.now_ms.saturating_sub(at_ms) / 1000;
        let (key, count) = match age_s {
            0..60 => ("age-now", 0),
            60..3600 => ("age-minutes", age_s / 60),
            3600..86_400 => ("age-hours", age_s / 3600),
            86_400..5_184_000 => ("age-days", age_s / 86_400),
            _ => return self.localizer.with("age-since", [("date", self.date(at_ms).into())]),
        };
        self.localizer.with(key, [("n", count.into())])
    }

    /// A span ahead, in the unit that suits its length.
    pub fn span_about(&self, days: u64) -> String {
        let (key, count) = match days {
            0 => ("span-today", 0),
            1..14 => ("span-days", days),
            14..70 => ("span-weeks", (days + 3) / 7),
            70..700 => ("span-months", (days * 10 + 152) / 304),
            _ => ("span-years", (days * 2 + 365) / 730),
        };
        self.localizer.with(key, [("n", count.into())])
    }

    /// Days from now until `at_ms`, negative when past.
    pub fn days_until(&self, at_ms: u64) -> i64 {
        (at_ms.cast_signed() - self.now_ms.cast_signed()).div_euclid(DAY_MS.cast_signed())
    }

    /// A duration in hours and minutes.
    pub fn duration(&self, ms: u64) -> String {
        let minutes = (ms + 30_000) / 60_000;
        if minutes < 60 {
            return self.localizer.with("duration-minutes", [("m", minutes.into())]);
        }
        self.localizer.with("duration-hours", [("h", (minutes / 60).into()), ("m", (minutes % 60).into())])
    }

    /// A tyre pressure in bar, from pascals relative to the surroundings.
    pub fn pressure(&self, pascals: f64) -> String {
        self.localizer.with("pressure-bar", [("value", self.decimal(pascals / 100_000.0, 1).into())])
    }

    /// A current in milliamperes.
    pub fn milliamperes(&self, milliamperes: f64) -> String {
        self.localizer.with("milliamperes", [("value", self.decimal(milliamperes, 2).into())])
    }

    /// A number of bytes, in the unit that suits it.
    pub fn bytes(&self, count: u64) -> String {
        if count < 10_000 {
            return self.localizer.with("bytes", [("value", self.integer(count.cast_signed()).into())]);
        }
        self.localizer.with("kibibytes", [("value", self.integer((count / 1024).cast_signed()).into())])
    }

    /// The time of day to the second, with the date where it is not today.
    pub fn moment(&self, at_ms: u64) -> String {
        let at = self.zoned(at_ms);
        let part = |number: i8| format!("{number:02}");
        let time = self.localizer.with(
            "time-seconds",
            [
                ("hour", part(at.hour()).into()),
                ("minute", part(at.minute()).into()),
                ("second", part(at.second()).into()),
            ],
        );
        if at.date() == self.zoned(self.now_ms).date() {
            return time;
        }
        self.localizer.with("date-time", [("date", self.date(at_ms).into()), ("time", time.into())])
    }

    /// A voltage, from millivolts.
    pub fn volts(&self, millivolts: f64) -> String {
        self.localizer.with("volts", [("value", self.decimal(millivolts / 1000.0, 2).into())])
    }

    /// A temperature in degrees Celsius.
    pub fn celsius(&self, degrees: f64) -> String {
        self.localizer.with("celsius", [("value", self.decimal(degrees, 0).into())])
    }

    /// A share from 0 to 1, as per cent; one that is above nothing is never told as nothing.
    pub fn percent(&self, share: f64) -> String {
        let value = share * 100.0;
        let decimals = usize::from((0.05..0.95).contains(&value));
        let value = if (f64::MIN_POSITIVE..0.05).contains(&value) {
            format!("< {}", self.decimal(0.1, 1))
        } else {
            self.decimal(value, decimals)
        };
        self.localizer.with("percent", [("value", value.into())])
    }

    /// An amount of money, from the hundredth of the currency.
    pub fn money(&self, hundredths: i64) -> String {
        let amount = hundredths as f64 / 100.0;
        let Some(currency) = &self.currency else { return self.decimal(amount, 2) };
        let sign = currency.sign();
        let key = if sign.is_ascii() && sign.len() > 1 { "money-code" } else { "money-sign" };
        let amount = self.decimal(amount.abs(), 2);
        let text = self.localizer.with(key, [("amount", amount.into()), ("sign", sign.to_owned().into())]);
        if hundredths < 0 { format!("−{text}") } else { text }
    }

    /// An amount of money that was worked out, in the currency's own unit.
    pub fn worth(&self, amount: f64) -> String {
        self.money((amount * 100.0).round() as i64)
    }

    fn zoned(&self, at_ms: u64) -> jiff::Zoned {
        timestamp(at_ms).to_zoned(self.zone.clone())
    }
}

/// The moment as jiff has it; what lies past its range is its last moment.
pub(crate) fn timestamp(at_ms: u64) -> Timestamp {
    i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::i18n::Language;

    const NOW_MS: u64 = 1_772_366_400_000; // 2026-03-01 12:00 UTC

    fn format(unit: DistanceUnit) -> Format {
        Format { localizer: Language::DEFAULT.localizer(), unit, zone: TimeZone::UTC, now_ms: NOW_MS, currency: None }
    }

    #[test]
    fn distances_follow_the_unit() {
        let (km, mi) = (format(DistanceUnit::Km), format(DistanceUnit::Mi));
        assert_eq!(km.odometer(48_213_900), "48,213 km");
        assert_eq!(mi.odometer(48_213_900), "29,958 mi");
        assert_eq!(km.distance(3_240), "3.2 km");
        assert_eq!(km.distance_about(1_912_000), "1,900 km");
        assert_eq!(km.distance_about(0), "0 km");
        assert_eq!(km.distance_about(87_400), "87 km");
    }

    #[test]
    fn numbers_are_grouped_and_a_rounded_zero_has_no_sign() {
        let format = format(DistanceUnit::Km);
        assert_eq!(format.integer(-1_234_567), "−1,234,567");
        assert_eq!(format.decimal(-0.04, 1), "0.0");
        assert_eq!(format.celsius(-6.6), "−7 °C");
        assert_eq!(format.volts(12_640.0), "12.64 V");
    }

    #[test]
    fn a_share_above_nothing_is_never_told_as_nothing() {
        let format = format(DistanceUnit::Km);
        let told = [0.0, 0.0001, 0.002, 0.005, 0.0096, 0.254, 1.0].map(|share| format.percent(share));
        assert_eq!(told, ["0 %", "< 0.1 %", "0.2 %", "0.5 %", "1 %", "25 %", "100 %"]);
    }

    #[test]
    fn money_is_in_the_currency_of_the_installation_as_the_language_writes_it() {
        let told = |language: &str, code: &str| {
            let localizer = Language::from_code(language).unwrap().localizer();
            let currency = Some(Currency::try_from(code.to_owned()).unwrap());
            Format { localizer, currency, ..format(DistanceUnit::Km) }.money(-123_450)
        };
        assert_eq!(told("en", "EUR"), "−€1,234.50");
        assert_eq!(told("en", "CHF"), "−CHF 1,234.50");
        assert_eq!(told("de", "EUR"), "−1.234,50 €");
        assert_eq!(told("zh-Hans", "CNY"), "−¥1,234.50");
        assert_eq!(format(DistanceUnit::Km).money(50), "0.50");
    }

    #[test]
    fn spans_take_the_unit_that_suits_their_length() {
        let format = format(DistanceUnit::Km);
        for (days, text) in
            [(0, "today"), (1, "1 day"), (6, "6 days"), (42, "6 weeks"), (92, "3 months"), (730, "2 years")]
        {
            assert_eq!(format.span_about(days), text);
        }
    }

    #[test]
    fn ages_count_from_now_and_long_ones_name_the_date() {
        let format = format(DistanceUnit::Km);
        assert_eq!(format.age(NOW_MS + 5_000), "just now");
        assert_eq!(format.age(NOW_MS - 12 * 60_000), "12 min ago");
        assert_eq!(format.age(NOW_MS - 3 * DAY_MS), "3 days ago");
        assert_eq!(format.age(NOW_MS - 90 * DAY_MS), "since 1 Dec 2025");
    }

    #[test]
    fn a_form_date_survives_the_round_trip() {
        let format = format(DistanceUnit::Km);
        assert_eq!(format.date_field(NOW_MS), "2026-03-01");
        assert_eq!(format.parse_date("2026-03-01"), Some(NOW_MS));
        assert_eq!(format.parse_date("2026-02-31"), None);
        assert_eq!(format.parse_date("-9999-01-01"), None);
    }
}
