//! Who belongs to which group, for ever and without a table.
//!
//! Invariant: a position is a keyed hash of the account alone, so that it cannot be guessed from outside, two cars of one
//! household share it, and asking enrols nobody.

use core::fmt;
use core::hash::Hasher;

use alloc::string::String;
use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

/// The installation's secret for assignments. Its `Debug` shows nothing of it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Key([u8; 16]);

impl Key {
    /// A key from 16 secret random bytes.
    pub fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(secret)")
    }
}

/// The position of `unit` in the randomisation `salt`: uniform in [0, 1), the same at each call.
///
/// SipHash-2-4 (Aumasson and Bernstein, 2012) over the salt's length as eight little-endian bytes, the salt and the unit;
/// the top 53 bits, so that every value is exact as `f64`. The length keeps ("ab", "c") apart from ("a", "bc").
pub fn position(key: &Key, salt: &str, unit: &str) -> f64 {
    let mut hasher = SipHasher24::new_with_key(&key.0);
    hasher.write(&(salt.len() as u64).to_le_bytes());
    hasher.write(salt.as_bytes());
    hasher.write(unit.as_bytes());
    (hasher.finish() >> 11) as f64 / (1u64 << 53) as f64
}

/// The draw for one decision: replayable from its id, independent of every other draw.
pub fn draw(key: &Key, decision: &str) -> f64 {
    position(key, "decision draw", decision)
}

/// A group of accounts that receives reminders and safety notices but never an offer, so that what offers bring can be measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holdout {
    /// The programme, such as `holdout-2026`; another programme draws another group.
    pub program: String,
    /// The share of all accounts, from 0 to 1.
    pub share: f64,
}

impl Default for Holdout {
    fn default() -> Self {
        Self { program: String::from("holdout-2026"), share: 0.05 }
    }
}

/// Where an account lies in a holdout's randomisation.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Placement {
    /// Uniform in [0, 1).
    pub position: f64,
    /// Positions below it are held out.
    pub share: f64,
}

/// What a placement means for an account, for as long as the programme lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// Receives no offers.
    HeldOut,
    /// As many as those; treated as everybody is, and what the held-out are compared with.
    Measured,
    /// Has its arms drawn evenly, so that any policy can be judged by what comes of it.
    Uniform,
    /// Everybody else.
    Rest,
}

impl Placement {
    /// Whether the account is held out.
    pub fn is_held_out(self) -> bool {
        self.position < self.share
    }

    /// The account's group, where a share of `uniform` has its arms drawn evenly.
    pub fn group(self, uniform: f64) -> Group {
        if self.is_held_out() {
            Group::HeldOut
        } else if self.position < 2.0 * self.share {
            Group::Measured
        } else if self.position < 2.0 * self.share + uniform {
            Group::Uniform
        } else {
            Group::Rest
        }
    }
}

impl Holdout {
    /// Where `account` lies.
    pub fn place(&self, key: &Key, account: &str) -> Placement {
        Placement { position: position(key, &self.program, account), share: self.share }
    }
}

#[cfg(test)]
mod tests {
    use core::array;
    use std::format;
    use std::vec::Vec;

    use super::*;

    fn key() -> Key {
        Key::new(array::from_fn(|at| at as u8))
    }

    #[test]
    fn the_hash_is_siphash_2_4_as_its_authors_publish_it() {
        let mut hasher = SipHasher24::new_with_key(&key().0);
        hasher.write(&array::from_fn::<u8, 15, _>(|at| at as u8));
        assert_eq!(hasher.finish(), 0xa129_ca61_49be_45e5);
    }

    /// Positions in units of 2⁻⁵³, computed apart from this code from the definition of SipHash-2-4.
    const PINNED: [(&str, &str, u64); 2] =
        [("holdout-2026", "account-1", 1_317_168_842_672_062), ("", "", 2_034_580_292_112_080)];

    fn exact(salt: &str, unit: &str) -> u64 {
        (position(&key(), salt, unit) * (1u64 << 53) as f64) as u64
    }

    #[test]
    fn positions_are_pinned_because_groups_must_outlive_every_release() {
        for (salt, unit, expected) in PINNED {
            assert_eq!(exact(salt, unit), expected, "{salt} {unit}");
        }
    }

    #[test]
    fn positions_are_uniform_and_five_percent_are_held_out() {
        let holdout = Holdout::default();
        let n = 100_000;
        let placements: Vec<_> = (0..n).map(|at| holdout.place(&key(), &format!("account-{at}"))).collect();
        let mut buckets = [0u32; 20];
        for placement in &placements {
            buckets[(placement.position * 20.0) as usize] += 1;
        }
        let expected = n as f64 / 20.0;
        let chi2: f64 = buckets.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum();
        assert!(chi2 < 43.8, "chi-squared {chi2} has a probability below 0.001 at 19 degrees of freedom");
        let held_out = placements.iter().filter(|placement| placement.is_held_out()).count();
        assert_eq!(held_out as u32, buckets[0], "the lowest twentieth and nobody else");
    }

    #[test]
    fn as_many_are_measured_as_are_held_out_and_a_tenth_is_drawn_evenly() {
        let group = |position| Placement { position, share: 0.05 }.group(0.1);
        let found = [0.0, 0.049, 0.05, 0.099, 0.1, 0.199, 0.2, 0.999].map(group);
        let expected = [Group::HeldOut, Group::Measured, Group::Uniform, Group::Rest];
        assert!(
            found.iter().zip(expected.iter().flat_map(|group| [group; 2])).all(|(found, expected)| found == expected)
        );
        assert_eq!(Placement { position: 0.0, share: 0.0 }.group(0.0), Group::Rest);
    }

    #[test]
    fn two_programmes_and_two_keys_draw_independent_groups() {
        let old = Holdout::default();
        let new = Holdout { program: "holdout-2027".into(), ..Holdout::default() };
        let other = Key::new([9; 16]);
        let both = |first: &dyn Fn(&str) -> bool, second: &dyn Fn(&str) -> bool| {
            (0..20_000).map(|at| format!("account-{at}")).filter(|unit| first(unit) && second(unit)).count()
        };
        // One in 400 is expected: 50 of 20,000, with a standard deviation of 7.
        let programmes = both(&|u| old.place(&key(), u).is_held_out(), &|u| new.place(&key(), u).is_held_out());
        let keys = both(&|u| old.place(&key(), u).is_held_out(), &|u| old.place(&other, u).is_held_out());
        for shared in [programmes, keys] {
            assert!((15..=85).contains(&shared), "{shared}");
        }
    }

    #[test]
    fn salt_and_unit_do_not_run_together() {
        assert_ne!(exact("ab", "c"), exact("a", "bc"));
    }

    #[test]
    fn the_key_is_not_printed() {
        assert_eq!(format!("{:?}", key()), "Key(secret)");
    }
}
