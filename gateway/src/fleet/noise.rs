//! Randomness that can be asked for any place and moment without having lived through what came before.
//!
//! Invariant: a value follows from the seed and the labels alone, so that a fleet that was killed goes on as if it had not been.

use rand::SeedableRng;
use rand::rngs::SmallRng;

/// A seed that grows branches: each label gives an independent one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seed(pub u64);

impl Seed {
    /// The branch with a number.
    #[must_use]
    pub fn branch(self, label: u64) -> Self {
        // SplitMix64 (Steele, Lea, Flood: "Fast splittable pseudorandom number generators", 2014).
        let mut z = self.0 ^ label.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self(z ^ (z >> 31))
    }

    /// The branch with a name.
    #[must_use]
    pub fn named(self, label: &str) -> Self {
        label.bytes().fold(self, |seed, byte| seed.branch(u64::from(byte) + 1))
    }

    /// A number in [0, 1).
    pub fn unit(self) -> f64 {
        (self.branch(0).0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number in [low, high).
    pub fn between(self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// Whether an event of this probability happens.
    pub fn chance(self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// A smooth wander in [-1, 1] over `at`; it takes new directions at each whole number.
    pub fn wander(self, at: f64) -> f64 {
        let whole = at.floor();
        let fraction = at - whole;
        let blend = fraction * fraction * (3.0 - 2.0 * fraction);
        let knot = |index: f64| 2.0 * self.branch((index as i64).cast_unsigned()).unit() - 1.0;
        knot(whole) * (1.0 - blend) + knot(whole + 1.0) * blend
    }

    /// A generator for a sequence of draws.
    pub fn random(self) -> SmallRng {
        SmallRng::seed_from_u64(self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_repeatable_and_differ() {
        let seed = Seed(42);
        assert_eq!(seed.named("tyres").unit().to_bits(), seed.named("tyres").unit().to_bits());
        assert_ne!(seed.named("tyres").0, seed.named("faults").0);
        assert_ne!(seed.branch(1).0, seed.branch(2).0);
    }

    #[test]
    fn a_wander_is_smooth_and_bounded() {
        let seed = Seed(3);
        for step in 0..10_000 {
            let at = f64::from(step) / 100.0;
            assert!(seed.wander(at).abs() <= 1.0);
            assert!((seed.wander(at) - seed.wander(at + 0.01)).abs() < 0.05);
        }
    }
}
