//! Days and hours of virtual time, as far as driving needs them.
//!
//! Invariant: every function here is pure over Unix time; a year has 365.25 days, which is as good as the weather needs.

use milepost_protocol::plan::DAY_MS;

/// Milliseconds of one hour.
pub const HOUR_MS: u64 = 3_600_000;

/// The number of the day that holds a moment, from 1970-01-01.
pub fn day(unix_ms: u64) -> u64 {
    unix_ms / DAY_MS
}

/// The hour of the day, 0 to 24.
pub fn hour(unix_ms: u64) -> f64 {
    (unix_ms % DAY_MS) as f64 / HOUR_MS as f64
}

/// How far the year has come, 0 to 1; 0 is the first of January.
pub fn year_share(unix_ms: u64) -> f64 {
    (unix_ms as f64 / DAY_MS as f64 / 365.25).fract()
}

/// How far the year has come at a day and month of a common year.
pub const fn share_of(month: u32, day: u32) -> f64 {
    const BEFORE: [u32; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    (BEFORE[month as usize - 1] + day - 1) as f64 / 365.0
}

/// The day of the week, 0 for Monday; 1970-01-01 was a Thursday.
pub fn weekday(day: u64) -> u64 {
    (day + 3) % 7
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_days_fall_on_their_weekdays_and_into_their_season() {
        // 2026-11-22 was a Sunday, day 20,779.
        let noon = 20_779 * DAY_MS + 12 * HOUR_MS;
        assert_eq!(day(noon), 20_779);
        assert_eq!(weekday(day(noon)), 6);
        assert!((hour(noon) - 12.0).abs() < 1e-9);
        assert!((year_share(noon) - share_of(11, 22)).abs() < 0.01);
    }
}
