//! Hours at which an owner is left alone.
//!
//! Invariant: the hours may span midnight; the caller gives the local minute, because only it knows zones and summer time.

use serde::{Deserialize, Serialize};

const MINUTES_A_DAY: u16 = 24 * 60;
const MINUTE_MS: u64 = 60_000;

/// From a minute of the local day up to another; equal minutes mean never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct QuietHours {
    /// The first quiet minute of the day, from 0.
    pub from_minute: u16,
    /// The first minute that is not quiet any more.
    pub to_minute: u16,
}

impl Default for QuietHours {
    /// From nine in the evening to eight in the morning.
    fn default() -> Self {
        Self { from_minute: 21 * 60, to_minute: 8 * 60 }
    }
}

impl QuietHours {
    /// When the quiet around `now_ms` ends, in milliseconds of Unix time; `None` if it is not quiet at `local_minute`.
    pub fn until_ms(self, now_ms: u64, local_minute: u16) -> Option<u64> {
        let minute = local_minute % MINUTES_A_DAY;
        let (from, to) = (self.from_minute % MINUTES_A_DAY, self.to_minute % MINUTES_A_DAY);
        let since = |start: u16| (minute + MINUTES_A_DAY - start) % MINUTES_A_DAY;
        let length = (to + MINUTES_A_DAY - from) % MINUTES_A_DAY;
        (since(from) < length).then(|| now_ms.saturating_add(u64::from(length - since(from)) * MINUTE_MS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_span_midnight() {
        let quiet = QuietHours::default();
        for (hour, minute, until_minutes) in [
            (20, 59, None),
            (21, 0, Some(11 * 60)),
            (23, 59, Some(8 * 60 + 1)),
            (0, 0, Some(8 * 60)),
            (7, 59, Some(1)),
            (8, 0, None),
            (12, 0, None),
        ] {
            let until = quiet.until_ms(1_000, hour * 60 + minute);
            assert_eq!(until, until_minutes.map(|minutes: u64| 1_000 + minutes * MINUTE_MS), "{hour}:{minute}");
        }
    }

    #[test]
    fn equal_ends_are_never_quiet_and_a_day_without_midnight_works() {
        assert_eq!(QuietHours { from_minute: 60, to_minute: 60 }.until_ms(0, 60), None);
        let siesta = QuietHours { from_minute: 13 * 60, to_minute: 15 * 60 };
        assert_eq!(siesta.until_ms(0, 14 * 60), Some(60 * MINUTE_MS));
        assert_eq!(siesta.until_ms(0, 16 * 60), None);
    }
}
