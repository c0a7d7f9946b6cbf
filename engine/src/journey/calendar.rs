//! Days of the owner's calendar, without zones: the caller says which day it is.
//!
//! Invariant: a date's place in the year follows the Gregorian calendar, and the 29th of February is kept on the 28th in other years.

use serde::{Deserialize, Serialize};

/// A local date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Date {
    /// The year.
    pub year: i16,
    /// The month, 1 to 12.
    pub month: u8,
    /// The day of the month, 1 to 31.
    pub day: u8,
}

impl Date {
    /// Days since 1970-01-01 (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
    pub fn days(self) -> i64 {
        let month = i64::from(self.month);
        let year = i64::from(self.year) - i64::from(month <= 2);
        let era = year.div_euclid(400);
        let of_era = year.rem_euclid(400);
        let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + i64::from(self.day) - 1;
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
    }

    /// The same with the day that its month has.
    fn clamped(self) -> Self {
        Self { day: self.day.min(length(self.year, self.month)), ..self }
    }
}

/// How many days from one date to another; 0 if that has passed.
pub fn days_until(today: Date, then: Date) -> u64 {
    u64::try_from(then.days() - today.days()).unwrap_or(0)
}

/// The next day on which a month's `day` comes, behind today.
pub fn next_monthly(today: Date, day: u8) -> Date {
    let this = Date { day, ..today }.clamped();
    if this > today {
        return this;
    }
    let (year, month) = if today.month == 12 { (today.year + 1, 1) } else { (today.year, today.month + 1) };
    Date { year, month, day }.clamped()
}

/// The next anniversary of a day, behind today.
pub fn next_yearly(today: Date, of: Date) -> Date {
    let this = Date { year: today.year, ..of }.clamped();
    if this > today { this } else { Date { year: today.year + 1, ..of }.clamped() }
}

/// Whether today is the anniversary of a day, or up to `days` later; answers how many years.
pub(super) fn anniversary(today: Date, of: Date, days: u64) -> Option<i16> {
    let here = |year: i16| Date { year, ..of }.clamped();
    let last = if here(today.year) <= today { here(today.year) } else { here(today.year - 1) };
    let years = last.year - of.year;
    (years > 0 && days_until(last, today) <= days).then_some(years)
}

fn length(year: i16, month: u8) -> u8 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}
