//! The host's own log, as far as the cloud wants to see it: pieces in the bulk lane, at a bounded rate.
//!
//! A line that repeats for ever must not fill the flash nor the link, so pieces are paid for from a purse that refills slowly.
//! Invariant: what is not sent is counted, unless its level was not asked for.

use embedded_storage_async::nor_flash::MultiwriteNorFlash;
use heapless::String;
use milepost_protocol::record::{LogChunk, LogLevel};

use super::Device;
use crate::clock::Now;
use crate::error::Error;

/// The most pieces that may follow on each other at once.
const BURST: u32 = 32;

/// How long a piece takes to be paid for again, in milliseconds.
const REFILL_MS: u64 = 30_000;

/// The longest piece, in bytes.
const MAX_PIECE_LEN: usize = 120;

/// What may be sent of the log.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LogRate {
    /// Spent pieces, in milliseconds of refilling at `spent_at_ms`.
    spent_ms: u32,
    /// In seconds of uptime.
    spent_at_s: u32,
}

impl LogRate {
    /// Pays for one piece, if it can be paid for.
    fn pay(&mut self, uptime_ms: u64) -> bool {
        let now_s = u32::try_from(uptime_ms / 1000).unwrap_or(u32::MAX);
        let refilled_ms = now_s.saturating_sub(self.spent_at_s).saturating_mul(1000);
        let spent_ms = self.spent_ms.saturating_sub(refilled_ms);
        (self.spent_ms, self.spent_at_s) = (spent_ms, now_s);
        let after_ms = spent_ms.saturating_add(REFILL_MS as u32);
        let can = after_ms <= BURST * REFILL_MS as u32;
        if can {
            self.spent_ms = after_ms;
        }
        can
    }
}

impl<S: MultiwriteNorFlash> Device<S> {
    /// Takes a line of the host's own log, such as what ended the run before this one; what of it is sent is durable on return.
    ///
    /// Errors and warnings are sent until the cloud asks for another level. A long line becomes several pieces.
    pub async fn log(&mut self, now: Now, level: LogLevel, text: &str) -> Result<(), Error<S::Error>> {
        self.pass_time(now);
        if level > self.remote.log_level {
            return Ok(());
        }
        let mut rest = text;
        while !rest.is_empty() {
            let (piece, behind) = rest.split_at(rest.floor_char_boundary(MAX_PIECE_LEN));
            rest = behind;
            if self.log.pay(now.uptime_ms) {
                self.tell(now.uptime_ms, LogChunk { level, text: String::try_from(piece).unwrap_or_default() });
                self.keep(now, false).await?;
            } else {
                self.drops.logs = self.drops.logs.saturating_add(1);
            }
        }
        Ok(())
    }
}
