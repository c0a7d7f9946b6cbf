//! Why the chip started.
//!
//! Invariant: the flags are read once and cleared, so that the next start sees only its own.

use embassy_stm32::pac::RCC;
use milepost_protocol::record::ResetReason;

/// The reason, as the chip's flags tell it.
pub(crate) fn take() -> ResetReason {
    let flags = RCC.csr().read();
    RCC.csr().modify(|register| register.set_rmvf(true));
    // Every reset pulls the reset pin too, and power that comes also counts as a brown-out: the most telling flag first.
    if flags.wdgrstf() || flags.wwdgrstf() {
        ResetReason::Watchdog
    } else if flags.sftrstf() {
        ResetReason::Software
    } else if flags.porrstf() || flags.borrstf() {
        ResetReason::PowerOn
    } else {
        ResetReason::Unknown
    }
}
