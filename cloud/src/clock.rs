//! The one place that reads time.
//!
//! A [`Clock`] is real, scaled (a demonstration lives a year in a minute) or set by hand in tests.
//! Invariant: nothing else in this crate calls `SystemTime::now` or `Instant::now`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// A source of Unix time in milliseconds.
#[derive(Debug, Clone, Default)]
pub struct Clock(Source);

#[derive(Debug, Clone, Default)]
enum Source {
    #[default]
    Real,
    Scaled {
        epoch_ms: u64,
        started_ms: u64,
        speed: f64,
    },
    Manual(Arc<AtomicU64>),
}

impl Clock {
    /// The machine's own clock.
    pub fn real() -> Self {
        Self(Source::Real)
    }

    /// A clock that stood at `epoch_ms` when the machine's stood at `started_ms`, and runs `speed` times as fast.
    pub fn scaled(epoch_ms: u64, started_ms: u64, speed: f64) -> Self {
        Self(Source::Scaled { epoch_ms, started_ms, speed })
    }

    /// A clock that only moves by [`Clock::set`] and [`Clock::advance`]; clones share it.
    pub fn manual(now_ms: u64) -> Self {
        Self(Source::Manual(Arc::new(AtomicU64::new(now_ms))))
    }

    /// Now, in milliseconds of Unix time.
    pub fn now_ms(&self) -> u64 {
        match &self.0 {
            Source::Real => machine_ms(),
            Source::Scaled { epoch_ms, started_ms, speed } => scale(*epoch_ms, *started_ms, *speed, machine_ms()),
            Source::Manual(now) => now.load(Ordering::SeqCst),
        }
    }

    /// Now, in microseconds of Unix time, for latencies across processes.
    pub fn now_us(&self) -> u64 {
        match &self.0 {
            Source::Real => machine_us(),
            Source::Scaled { .. } | Source::Manual(_) => self.now_ms().saturating_mul(1000),
        }
    }

    /// Moves a manual clock to `now_ms`; other clocks cannot be set and stay as they are.
    pub fn set(&self, now_ms: u64) {
        if let Source::Manual(now) = &self.0 {
            now.store(now_ms, Ordering::SeqCst);
        }
    }

    /// Moves a manual clock forward; other clocks cannot be moved and stay as they are.
    pub fn advance(&self, by: Duration) {
        if let Source::Manual(now) = &self.0 {
            now.fetch_add(u64::try_from(by.as_millis()).unwrap_or(u64::MAX), Ordering::SeqCst);
        }
    }

    /// Milliseconds of this clock per millisecond of the machine's; 1 for a real or a manual clock.
    pub fn speed(&self) -> f64 {
        match self.0 {
            Source::Scaled { speed, .. } => speed,
            Source::Real | Source::Manual(_) => 1.0,
        }
    }

    /// Starts measuring a span of real time, for latency figures only.
    #[expect(clippy::disallowed_methods, reason = "this module is the one that reads time")]
    pub fn stopwatch(&self) -> Stopwatch {
        Stopwatch(Instant::now())
    }
}

/// A running measurement of real time.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// How long it has run.
    pub fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}

/// The present on the scale of the runtime's timers: for deadlines alone, and standing still in tests that pause it.
#[expect(clippy::disallowed_methods, reason = "this module is the one that reads time")]
pub(crate) fn timer_now() -> tokio::time::Instant {
    tokio::time::Instant::now()
}

#[expect(clippy::disallowed_methods, reason = "this module is the one that reads time")]
fn since_epoch() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

fn machine_ms() -> u64 {
    u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX)
}

fn machine_us() -> u64 {
    u64::try_from(since_epoch().as_micros()).unwrap_or(u64::MAX)
}

fn scale(epoch_ms: u64, started_ms: u64, speed: f64, machine_ms: u64) -> u64 {
    let passed = machine_ms.saturating_sub(started_ms) as f64;
    epoch_ms.saturating_add((passed * speed) as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scaled_clock_runs_faster_from_its_epoch() {
        assert_eq!(scale(1_000, 50, 10.0, 50), 1_000);
        assert_eq!(scale(1_000, 50, 10.0, 150), 2_000);
        assert_eq!(scale(1_000, 50, 10.0, 20), 1_000, "before its start it stands still");
    }

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let clock = Clock::manual(5);
        let twin = clock.clone();
        clock.advance(Duration::from_secs(1));
        assert_eq!(twin.now_ms(), 1_005);
    }
}
