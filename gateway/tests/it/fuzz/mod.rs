//! Inputs that no tool wrote: valid ones, damaged by a seeded generator, fed to everything that reads what others send.
//!
//! `cargo xtask fuzz` runs as many as one likes; the tests run a few of each.
//! Invariant: a case follows from target, seed and number alone, so that what was found once is found again.

mod damage;
mod inputs;
#[path = "../../../../protocol/tests/it/oracle.rs"]
mod oracle;
mod targets;

use std::ops::Range;
use std::panic::catch_unwind;

use rand::SeedableRng;
use rand::rngs::SmallRng;

pub(crate) use targets::{TARGETS, Target};

/// A case that panicked.
#[derive(Debug)]
pub(crate) struct Failure {
    /// Its number.
    pub(crate) case: u64,
    /// What was fed.
    pub(crate) input: Vec<u8>,
}

/// The input of one case.
pub(crate) fn input(valid: &[Vec<u8>], seed: u64, case: u64) -> Vec<u8> {
    // The generator's own seeding spreads neighbouring numbers.
    let mut random = SmallRng::seed_from_u64(seed.rotate_left(32) ^ case);
    damage::damaged(valid, &mut random)
}

/// Runs the cases of a target up to the first that panics; answers how many inputs were taken in spite of their damage.
pub(crate) fn run(target: &Target, seed: u64, cases: Range<u64>) -> Result<u64, Failure> {
    let valid = (target.valid)();
    let mut taken = 0;
    for case in cases {
        let input = input(&valid, seed, case);
        match catch_unwind(|| (target.feed)(&input)) {
            Ok(some) => taken += u64::from(some),
            Err(_) => return Err(Failure { case, input }),
        }
    }
    Ok(taken)
}
