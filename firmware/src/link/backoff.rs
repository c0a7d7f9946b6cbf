//! Full-jitter exponential back-off: the wait is uniform between nothing and a bound that doubles up to a cap.
//!
//! Source: AWS Architecture Blog, "Exponential Backoff and Jitter"; a fleet that loses its cloud at one moment must not come back at one moment.
//! Invariant: the waits follow from the seed alone.

use core::time::Duration;

/// The waits between attempts.
#[derive(Debug, Clone)]
pub struct Backoff {
    state: u64,
    failures: u32,
}

impl Backoff {
    /// A sequence of waits that follows from `seed`.
    pub fn new(seed: u64) -> Self {
        Self { state: seed, failures: 0 }
    }

    /// How long to wait before the next attempt.
    pub fn next(&mut self, base: Duration, cap: Duration) -> Duration {
        let bound = base.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX)).min(cap);
        self.failures = self.failures.saturating_add(1).min(20);
        // The upper half of the product is uniform below the bound.
        let wait_us = (bound.as_micros().min(u128::from(u64::MAX)) * u128::from(self.draw())) >> 64;
        Duration::from_micros(wait_us as u64)
    }

    /// A connection proved good; the next failure starts from the base again.
    pub fn reset(&mut self) {
        self.failures = 0;
    }

    /// `SplitMix64`, from Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014. It spreads devices, it keeps no secret.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
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
