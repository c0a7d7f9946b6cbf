//! What time it is, as well as the device can know.
//!
//! The uptime orders everything; Unix time comes from the host, from receipts, or is carried over from before a restart.
//! Invariant: the Unix time that the core answers never goes back, not even across restarts.

use milepost_protocol::envelope::ClockQuality;

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

#[cfg(test)]
mod tests {
    use super::*;

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
