//! Full-jitter exponential back-off: the wait is uniform between nothing and a bound that doubles up to a cap.
//!
//! Source: AWS Architecture Blog, "Exponential Backoff and Jitter"; a fleet that loses its cloud at one moment must not come back at one moment.
//! Invariant: the waits follow from the seed alone.

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

    /// How long to wait before the next attempt, in milliseconds.
    pub fn next(&mut self, base_ms: u32, cap_ms: u32) -> u32 {
        let bound_ms = base_ms.saturating_mul(1_u32.checked_shl(self.failures).unwrap_or(u32::MAX)).min(cap_ms);
        self.failures = self.failures.saturating_add(1).min(20);
        // The upper half of the product is uniform up to the bound.
        ((u64::from(bound_ms) * (self.draw() >> 32)) >> 32) as u32
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
        for bound_ms in [100, 200, 400, 800, 1600, 3000, 3000] {
            assert!(backoff.next(100, 3000) <= bound_ms);
        }
        backoff.reset();
        assert!(backoff.next(100, 3000) <= 100);
    }

    #[test]
    fn waits_are_spread_over_all_of_the_bound() {
        let waits_ms: [u32; 256] = core::array::from_fn(|seed| Backoff::new(seed as u64).next(3_600_000, 3_600_000));
        let below = |bound_ms| waits_ms.iter().filter(|wait_ms| **wait_ms < bound_ms).count();
        assert!((40..=88).contains(&below(900_000)) && (104..=152).contains(&below(1_800_000)), "{waits_ms:?}");
    }

    #[test]
    fn a_seed_gives_the_same_waits_again_and_another_seed_gives_others() {
        let waits = |seed| {
            let mut backoff = Backoff::new(seed);
            [(); 8].map(|()| backoff.next(1000, 60_000))
        };
        assert_eq!(waits(1), waits(1));
        assert_ne!(waits(1), waits(2));
    }

    #[test]
    fn a_year_of_failures_does_not_overflow_the_bound() {
        let mut backoff = Backoff::new(1);
        for _ in 0..100_000 {
            assert!(backoff.next(1000, 60_000) <= 60_000);
        }
    }
}
