//! Full-jitter exponential back-off: the wait is uniform between nothing and a bound that doubles up to a cap.
//!
//! Source: AWS Architecture Blog, "Exponential Backoff and Jitter"; a fleet that loses its cloud at one moment must not come back at one moment.
//! Invariant: the waits follow from the seed alone.

use std::time::Duration;

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};

/// The waits between attempts.
#[derive(Debug)]
pub struct Backoff {
    random: SmallRng,
    failures: u32,
}

impl Backoff {
    /// A sequence of waits that follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { random: SmallRng::seed_from_u64(seed), failures: 0 }
    }

    /// How long to wait before the next attempt.
    pub fn next(&mut self, base: Duration, cap: Duration) -> Duration {
        let bound = base.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX)).min(cap);
        self.failures = (self.failures + 1).min(20);
        bound.mul_f64(self.random.random::<f64>())
    }

    /// A connection proved good; the next failure starts from the base again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_below_a_bound_that_doubles_up_to_the_cap() {
        let mut backoff = Backoff::new(7);
        let (base, cap) = (Duration::from_millis(100), Duration::from_secs(3));
        for bound_ms in [100, 200, 400, 800, 1600, 3000, 3000] {
            assert!(backoff.next(base, cap) <= Duration::from_millis(bound_ms));
        }
        backoff.reset();
        assert!(backoff.next(base, cap) <= base);
    }

    #[test]
    fn a_seed_gives_the_same_waits_again_and_another_seed_gives_others() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            [(); 8].map(|()| backoff.next(Duration::from_secs(1), Duration::from_mins(1)))
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }

    #[test]
    fn a_year_of_failures_does_not_overflow_the_bound() {
        let mut backoff = Backoff::new(1);
        for _ in 0..100_000 {
            assert!(backoff.next(Duration::from_secs(1), Duration::from_mins(1)) <= Duration::from_mins(1));
        }
    }
}
