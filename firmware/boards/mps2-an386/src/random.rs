//! Randomness, which the emulator brings from its host.
//!
//! Invariant: a board without randomness ends; keys from a generator without a seed would be no keys.

use milepost_board_kit::crash::Cause;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::SeedableRng;

use crate::fault;

/// Fills `bytes` from the host's source.
pub(crate) fn fill(bytes: &mut [u8; 32]) {
    if semihosting::experimental::random::fill_bytes(bytes).is_err() {
        fault::end(Cause::Software, format_args!("no randomness"));
    }
}

/// A generator with a seed of its own.
pub(crate) fn generator() -> ChaCha20Rng {
    let mut seed = [0; 32];
    fill(&mut seed);
    ChaCha20Rng::from_seed(seed)
}
