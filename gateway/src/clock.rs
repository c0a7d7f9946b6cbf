//! The one place where the process learns the time.
//!
//! Invariant: nothing else in the crate reads a system clock, so that a test owns time by handing out a [`Clock::manual`].

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Where the time comes from.
#[derive(Debug, Clone)]
pub struct Clock(Source);

#[derive(Debug, Clone)]
enum Source {
    System { origin: tokio::time::Instant },
    Manual(Arc<AtomicU64>),
}

/// The hand of a manual clock; both readings advance together.
#[derive(Debug, Clone)]
pub struct ManualHand(Arc<AtomicU64>);

impl ManualHand {
    /// Moves the clock forward.
    pub fn advance(&self, by: Duration) {
        self.0.fetch_add(by.as_micros() as u64, Ordering::SeqCst);
    }
}

impl Clock {
    /// The machine's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the module that reads the clock")]
    pub fn system() -> Self {
        Self(Source::System { origin: tokio::time::Instant::now() })
    }

    /// A clock that stands until its hand is moved; it starts at `unix_us` microseconds of Unix time.
    pub fn manual(unix_us: u64) -> (Self, ManualHand) {
        let cell = Arc::new(AtomicU64::new(unix_us));
        (Self(Source::Manual(cell.clone())), ManualHand(cell))
    }

    /// Time since an arbitrary origin; it never falls.
    pub fn elapsed(&self) -> Duration {
        match &self.0 {
            Source::System { origin } => origin.elapsed(),
            Source::Manual(us) => Duration::from_micros(us.load(Ordering::SeqCst)),
        }
    }

    /// As [`Clock::elapsed`], in milliseconds.
    pub fn elapsed_ms(&self) -> u64 {
        u64::try_from(self.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Unix time in microseconds.
    #[expect(clippy::disallowed_methods, reason = "this is the module that reads the clock")]
    pub fn unix_us(&self) -> u64 {
        match &self.0 {
            Source::System { .. } => std::time::SystemTime::now()
                .duration_since(std::time::UNIX_EPOCH)
                .map_or(0, |since| since.as_micros() as u64),
            Source::Manual(us) => us.load(Ordering::SeqCst),
        }
    }

    /// Unix time in milliseconds.
    pub fn unix_ms(&self) -> u64 {
        self.unix_us() / 1000
    }
}

/// Time that runs faster than the clock: `epoch + (now − started) · speed`, the same line in the car and in the cloud.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VirtualTime {
    /// Virtual Unix time at the start, in milliseconds.
    pub epoch_ms: u64,
    /// Real Unix time at the start, in milliseconds.
    pub started_ms: u64,
    /// Virtual seconds for each real one.
    pub speed: f64,
}

impl VirtualTime {
    /// The virtual time at a real one, both in Unix time: microseconds in, milliseconds out.
    pub fn at_us(&self, real_us: u64) -> u64 {
        let since_us = real_us.saturating_sub(self.started_ms * 1000);
        self.epoch_ms + (since_us as f64 * self.speed / 1000.0) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_runs_on_its_line_from_the_start_and_stands_before_it() {
        let time = VirtualTime { epoch_ms: 1_000_000, started_ms: 500, speed: 3600.0 };
        for (real_us, expected_ms) in
            [(0, 1_000_000), (500_000, 1_000_000), (501_000, 1_003_600), (1_500_000, 4_600_000)]
        {
            assert_eq!(time.at_us(real_us), expected_ms, "at {real_us} µs");
        }
    }
}
