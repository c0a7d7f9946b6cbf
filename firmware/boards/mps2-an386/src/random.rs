//! Randomness of the host, which stands for a chip's generator.
//!
//! Invariant: a key is never made of bytes that the host did not give; the run ends instead.

use milepost_board_kit::crash::Cause;
use rand_core::{CryptoRng, Error, RngCore, impls};

use crate::fault;

/// The generator.
#[derive(Debug)]
pub(crate) struct Random;

impl RngCore for Random {
    fn next_u32(&mut self) -> u32 {
        impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        if semihosting::experimental::random::fill_bytes(bytes).is_err() {
            fault::end(Cause::Software, &["no randomness"]);
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Random {}
