//! How fast one device may publish: a bucket of tokens that delays and never drops.

use std::time::Duration;

use tokio::time::Instant;

/// A token bucket in debt: a publish is always taken, and the debt it leaves is how long reading pauses.
#[derive(Debug)]
pub(super) struct Bucket {
    per_s: f64,
    burst: f64,
    tokens: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket.
    pub(super) fn new(per_s: f64, burst: u32, now: Instant) -> Self {
        Self { per_s, burst: f64::from(burst), tokens: f64::from(burst), at: now }
    }

    /// Takes one token; answers how long to pause before the next.
    pub(super) fn take(&mut self, now: Instant) -> Option<Duration> {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.at = now;
        self.tokens = (self.tokens + passed * self.per_s).min(self.burst) - 1.0;
        (self.tokens < 0.0).then(|| Duration::from_secs_f64(-self.tokens / self.per_s))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_what_follows_is_spread_out() {
        let start = crate::clock::timer_now();
        let mut bucket = Bucket::new(10.0, 3, start);
        assert_eq!([bucket.take(start), bucket.take(start), bucket.take(start)], [None; 3]);
        assert_eq!(bucket.take(start), Some(Duration::from_millis(100)));
        assert_eq!(bucket.take(start + Duration::from_secs(1)), None, "waiting pays the debt back");
    }
}
