//! What time it is, as well as the device can know.
//!
//! The uptime orders everything; Unix time comes from the host, from receipts, or is carried over from before a restart.
//! Invariant: the Unix time that the core answers never goes back, not even across restarts, unless the cloud has contradicted it in
//! [`SESSIONS`] sessions in a row, by an hour or more each, and each an hour or more after the one before by its own clock.
//! So one wrong clock, ours or the cloud's for an afternoon, neither sets the device back nor leaves it years ahead for ever.

use milepost_protocol::envelope::ClockQuality;
use serde::{Deserialize, Serialize};

/// How many sessions in a row have to contradict the device's clock before it goes back.
pub const SESSIONS: u8 = 3;

/// The least by which the cloud's clock lies behind when it contradicts, and what lies between two sessions that count, in milliseconds.
const HOUR_MS: u64 = 3_600_000;

/// The host's clocks at the moment of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since the start, monotone within a boot.
    pub uptime_ms: u64,
    /// Unix time in milliseconds, only if the host's own clock is trustworthy; else the core keeps the cloud's time.
    pub unix_ms: Option<u64>,
}

/// A moment as a record carries it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Milliseconds, counted from what `quality` says.
    pub at_ms: u64,
    /// How far `at_ms` can be trusted.
    pub quality: ClockQuality,
}

#[derive(Debug, Clone, Copy)]
struct Fix {
    unix_ms: u64,
    uptime_ms: u64,
    quality: ClockQuality,
}

/// The device's idea of Unix time.
#[derive(Debug, Clone, Copy, Default)]
pub struct Clock {
    fix: Option<Fix>,
    newest_ms: u64,
}

impl Clock {
    /// A clock after a start at `now`, with the last Unix time that flash remembers.
    pub fn start(remembered_ms: Option<u64>, now: Now) -> Self {
        let mut clock = Self::default();
        if let Some(unix_ms) = remembered_ms {
            clock.fix = Some(Fix { unix_ms, uptime_ms: now.uptime_ms, quality: ClockQuality::Estimated });
            clock.newest_ms = unix_ms;
        }
        clock.observe(now);
        clock
    }

    /// Takes the host's own Unix time, if it has one.
    pub fn observe(&mut self, now: Now) {
        if let Some(unix_ms) = now.unix_ms {
            self.set(unix_ms, now.uptime_ms);
        }
        self.newest_ms = self.newest_ms.max(self.raw_unix_ms(now.uptime_ms).unwrap_or(0));
    }

    /// Takes the cloud's time from a receipt, unless the host knows better.
    pub fn receipt(&mut self, unix_ms: u64, now: Now) {
        if now.unix_ms.is_none() {
            self.set(unix_ms, now.uptime_ms);
        }
        self.observe(now);
    }

    /// Unix time in milliseconds, if any is known.
    pub fn unix_ms(&self, uptime_ms: u64) -> Option<u64> {
        self.raw_unix_ms(uptime_ms).map(|unix_ms| unix_ms.max(self.newest_ms))
    }

    /// The moment `uptime_ms`, for a record.
    pub fn moment(&self, uptime_ms: u64) -> Moment {
        match (self.fix, self.raw_unix_ms(uptime_ms)) {
            (Some(fix), Some(at_ms)) => Moment { at_ms, quality: fix.quality },
            _ => Moment { at_ms: uptime_ms, quality: ClockQuality::SinceBoot },
        }
    }

    /// Goes back to what the cloud says; a host that has a clock of its own is believed from there on.
    fn step_back(&mut self, unix_ms: u64, now: Now) {
        self.newest_ms = unix_ms;
        self.fix = None;
        self.receipt(unix_ms, now);
    }

    fn set(&mut self, unix_ms: u64, uptime_ms: u64) {
        // A host or cloud that steps back is held where the device already was, until it has caught up.
        let unix_ms = unix_ms.max(self.newest_ms);
        self.fix = Some(Fix { unix_ms, uptime_ms, quality: ClockQuality::Network });
    }

    fn raw_unix_ms(&self, uptime_ms: u64) -> Option<u64> {
        let fix = self.fix?;
        // Moments before the fix are answered too: a trip's end may be noticed a minute late.
        Some(if uptime_ms >= fix.uptime_ms {
            fix.unix_ms.saturating_add(uptime_ms - fix.uptime_ms)
        } else {
            fix.unix_ms.saturating_sub(fix.uptime_ms - uptime_ms)
        })
    }
}

/// How long the cloud has contradicted the device's clock; it survives restarts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Dispute {
    sessions: u8,
    /// What the cloud said last.
    claimed_ms: u64,
    #[serde(skip)]
    heard: bool,
}

impl Dispute {
    /// The session ended: the next one counts again.
    pub(crate) fn session_ended(&mut self) {
        self.heard = false;
    }

    /// Takes the authenticated cloud's time; answers whether what survives has changed.
    pub(crate) fn hear(&mut self, clock: &mut Clock, unix_ms: u64, now: Now) -> bool {
        let before = (self.sessions, self.claimed_ms);
        let ahead_ms = clock.unix_ms(now.uptime_ms).map_or(0, |own_ms| own_ms.saturating_sub(unix_ms));
        if ahead_ms < HOUR_MS {
            clock.receipt(unix_ms, now);
            (self.sessions, self.claimed_ms) = (0, 0);
        } else if unix_ms < self.claimed_ms {
            // The cloud contradicts itself.
            (self.sessions, self.claimed_ms) = (1, unix_ms);
        } else if !self.heard && (self.sessions == 0 || unix_ms - self.claimed_ms >= HOUR_MS) {
            (self.sessions, self.claimed_ms) = (self.sessions.saturating_add(1), unix_ms);
            if self.sessions >= SESSIONS {
                clock.step_back(unix_ms, now);
                (self.sessions, self.claimed_ms) = (0, 0);
            }
        }
        self.heard = true;
        before != (self.sessions, self.claimed_ms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE_MS: u64 = 1_760_000_000_000;
    const YEARS_MS: u64 = 5 * 365 * 86_400_000;

    /// A clock that stands years ahead, and what becomes of it in sessions that begin so many milliseconds after `HERE_MS`.
    fn sessions(begin_ms: &[u64]) -> (Clock, Dispute) {
        let mut clock = Clock::start(Some(HERE_MS + YEARS_MS), at(0));
        let mut dispute = Dispute::default();
        for since_ms in begin_ms {
            // Many receipts come in one session.
            for later_ms in [0, 1_000, 2 * HOUR_MS] {
                dispute.hear(&mut clock, HERE_MS + since_ms + later_ms, at(since_ms + later_ms));
            }
            dispute.session_ended();
        }
        (clock, dispute)
    }

    #[test]
    fn a_clock_that_stands_years_ahead_comes_back_when_three_sessions_agree() {
        let day = 24 * HOUR_MS;
        let (clock, _) = sessions(&[0, day]);
        assert!(clock.unix_ms(day).is_some_and(|now| now >= HERE_MS + YEARS_MS), "two are not enough");
        let (clock, dispute) = sessions(&[0, day, 2 * day]);
        assert_eq!(clock.moment(2 * day), Moment { at_ms: HERE_MS + 2 * day, quality: ClockQuality::Network });
        assert_eq!(dispute.sessions, 0);
    }

    #[test]
    fn sessions_of_one_hour_count_once_and_a_cloud_that_agrees_again_ends_the_dispute() {
        let (clock, _) = sessions(&[0, 60_000, 120_000, 180_000]);
        assert!(clock.unix_ms(0).is_some_and(|now| now >= HERE_MS + YEARS_MS));
        let day = 24 * HOUR_MS;
        let (mut clock, mut dispute) = sessions(&[0, day]);
        dispute.hear(&mut clock, HERE_MS + YEARS_MS + 2 * day, at(2 * day));
        dispute.session_ended();
        dispute.hear(&mut clock, HERE_MS + 3 * day, at(3 * day));
        assert_eq!(dispute.sessions, 1, "the count begins anew");
        dispute.session_ended();
        assert!(dispute.hear(&mut clock, HERE_MS, at(4 * day)), "a cloud that goes back itself begins anew, too");
        assert_eq!(dispute.sessions, 1);
    }

    #[test]
    fn a_host_whose_own_clock_was_mended_is_believed_after_the_dispute() {
        let day = 24 * HOUR_MS;
        let mut clock = Clock::start(Some(HERE_MS + YEARS_MS), at(0));
        let mut dispute = Dispute::default();
        let own = |since_ms| Now { uptime_ms: since_ms, unix_ms: Some(HERE_MS + since_ms) };
        for since_ms in [0, day, 2 * day] {
            clock.observe(own(since_ms));
            dispute.hear(&mut clock, HERE_MS + since_ms, own(since_ms));
            dispute.session_ended();
        }
        assert_eq!(clock.unix_ms(2 * day), Some(HERE_MS + 2 * day));
    }

    fn at(uptime_ms: u64) -> Now {
        Now { uptime_ms, unix_ms: None }
    }

    #[test]
    fn a_restart_carries_the_last_time_on_as_an_estimate() {
        let clock = Clock::start(Some(1_000_000), at(500));
        assert_eq!(clock.moment(1_500), Moment { at_ms: 1_001_000, quality: ClockQuality::Estimated });
    }

    #[test]
    fn without_any_time_moments_count_from_the_start() {
        let clock = Clock::start(None, at(500));
        assert_eq!(clock.moment(700), Moment { at_ms: 700, quality: ClockQuality::SinceBoot });
        assert_eq!(clock.unix_ms(700), None);
    }

    #[test]
    fn time_never_goes_back_when_the_cloud_steps_back() {
        let mut clock = Clock::start(Some(5_000_000), at(0));
        clock.observe(at(1_000));
        clock.receipt(4_000_000, at(1_000));
        assert!(clock.unix_ms(1_000).is_some_and(|now| now >= 5_001_000));
        assert_eq!(clock.moment(1_000).quality, ClockQuality::Network);
    }

    #[test]
    fn a_host_with_its_own_clock_is_not_set_by_receipts() {
        let now = Now { uptime_ms: 0, unix_ms: Some(7_000) };
        let mut clock = Clock::start(None, now);
        clock.receipt(9_000_000, now);
        assert_eq!(clock.unix_ms(0), Some(7_000));
    }
}
