//! Moments by the owner's own clock, over midnight and over the changes to and from summer time.
//!
//! A zone is a function from Unix time in milliseconds to the minute of the local day.
//! Invariant: every moment is found by asking the zone minute by minute, so that no change of its offset is missed.

use crate::offers::QuietHours;

const MINUTE_MS: u64 = 60_000;
const MINUTES_A_DAY: u16 = 24 * 60;

/// How far ahead is looked: two days, which is more than any zone has ever skipped.
const LOOK_AHEAD_MINUTES: u64 = 2 * 24 * 60;

/// When the quiet around `now_ms` ends; `None` if it is not quiet then.
pub fn quiet_until(quiet: QuietHours, zone: &dyn Fn(u64) -> u16, now_ms: u64) -> Option<u64> {
    quiet.until_ms(now_ms, zone(now_ms))?;
    let ends = whole_minutes(now_ms).find(|at_ms| quiet.until_ms(*at_ms, zone(*at_ms)).is_none());
    // Hours that never end hold for the whole of what was looked at, and are looked at again then.
    Some(ends.unwrap_or(now_ms.saturating_add(LOOK_AHEAD_MINUTES * MINUTE_MS)))
}

/// The first moment at or after `from_ms` at which the local day reaches `minute`; where a change skips the minute, the moment of the change.
pub fn next_minute(minute: u16, zone: &dyn Fn(u64) -> u16, from_ms: u64) -> u64 {
    let wanted = minute % MINUTES_A_DAY;
    let mut last = zone(from_ms);
    if last == wanted {
        return from_ms;
    }
    for at_ms in whole_minutes(from_ms) {
        let now = zone(at_ms);
        let forward = (now + MINUTES_A_DAY - last) % MINUTES_A_DAY;
        let to_wanted = (wanted + MINUTES_A_DAY - last) % MINUTES_A_DAY;
        // A clock that is put back runs through the same minutes again, which reaches nothing.
        let is_put_back = forward > MINUTES_A_DAY / 2;
        if now == wanted || (!is_put_back && to_wanted <= forward) {
            return at_ms;
        }
        last = now;
    }
    from_ms.saturating_add(LOOK_AHEAD_MINUTES * MINUTE_MS)
}

/// The beginnings of the minutes behind `from_ms`.
fn whole_minutes(from_ms: u64) -> impl Iterator<Item = u64> {
    let first = from_ms / MINUTE_MS + 1;
    (first..first.saturating_add(LOOK_AHEAD_MINUTES)).map(|minute| minute.saturating_mul(MINUTE_MS))
}
