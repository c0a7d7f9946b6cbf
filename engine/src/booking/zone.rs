//! The clocks on the wall of a place, from what they are set off by.
//!
//! Invariant: a block of hours is never longer than the clocks on the wall show; where they skip or repeat an hour, it begins late and ends early.

use milepost_protocol::plan::DAY_MS;

/// One minute, in milliseconds.
pub(super) const MINUTE_MS: u64 = 60_000;

/// How a place sets its clocks.
pub trait Zone {
    /// How far its clocks run ahead of UTC at `at_ms` of Unix time, in seconds; at most fifteen hours either way.
    fn offset_s(&self, at_ms: u64) -> i32;
}

/// What the clocks of a place show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Local {
    /// Days since 1 January 1970.
    pub day: i32,
    /// Minutes since the clocks showed midnight, below 1440.
    pub minute: u16,
}

impl Local {
    /// The day of the week; 0 is Monday.
    pub fn weekday(self) -> u8 {
        weekday(self.day)
    }
}

/// The day of the week of a day since 1 January 1970, a Thursday; 0 is Monday.
pub(super) fn weekday(day: i32) -> u8 {
    (day.saturating_add(3)).rem_euclid(7) as u8
}

/// What the clocks of a place show at `at_ms`.
pub fn local(zone: &impl Zone, at_ms: u64) -> Local {
    let shown_ms = shown(zone, at_ms);
    let (day_ms, minute_ms) = (DAY_MS.cast_signed(), MINUTE_MS.cast_signed());
    Local { day: shown_ms.div_euclid(day_ms) as i32, minute: (shown_ms.rem_euclid(day_ms) / minute_ms) as u16 }
}

/// Which end of a block of hours is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Opens,
    Closes,
}

/// The moment at which the clocks show `minute` of `day`; 1440 is the next midnight.
pub(super) fn moment(zone: &impl Zone, day: i32, minute: u16, edge: Edge) -> u64 {
    let naive = i64::from(day) * DAY_MS.cast_signed() + i64::from(minute) * MINUTE_MS.cast_signed();
    let by = |around: i64| naive - i64::from(zone.offset_s(u64::try_from(around).unwrap_or(0))) * 1_000;
    // A day before and a day after lie on both sides of a change of the clocks, wherever within the day it is.
    let both = [by(naive - DAY_MS.cast_signed()), by(naive + DAY_MS.cast_signed())];
    let shows = |at: &i64| u64::try_from(*at).is_ok_and(|at_ms| shown(zone, at_ms) == naive);
    let (first, last) = (both[0].min(both[1]), both[0].max(both[1]));
    let at = match (edge, shows(&first), shows(&last)) {
        (Edge::Opens, true, false) | (Edge::Closes, true, _) | (Edge::Closes, false, false) => first,
        _ => last,
    };
    u64::try_from(at).unwrap_or(0)
}

/// What the clocks show, in milliseconds since they would have shown 1 January 1970.
fn shown(zone: &impl Zone, at_ms: u64) -> i64 {
    at_ms.cast_signed() + i64::from(zone.offset_s(at_ms)) * 1_000
}
