//! The board's watchdog: unfed it raises the non-maskable interrupt, and unfed again it resets the board.
//!
//! Source: Arm DDI 0479, "APB watchdog". Invariant: once started it cannot be stopped by an access that goes astray.

use crate::registers::{CORE_HZ, Registers};

const WATCHDOG: Registers = Registers::WATCHDOG;

const LOAD: usize = 0x000;
const CONTROL: usize = 0x008;
const INTERRUPT_CLEAR: usize = 0x00C;
const LOCK: usize = 0xC00;

const UNLOCK: u32 = 0x1ACC_E551;
const INTERRUPT_ENABLE: u32 = 1 << 0;
const RESET_ENABLE: u32 = 1 << 1;

/// The longest time between two feedings, in seconds.
const BOUND_S: u32 = 10;

/// Starts the watchdog.
pub(crate) fn start() {
    WATCHDOG.write(LOCK, UNLOCK);
    WATCHDOG.write(LOAD, CORE_HZ.saturating_mul(BOUND_S));
    WATCHDOG.write(CONTROL, INTERRUPT_ENABLE | RESET_ENABLE);
    WATCHDOG.write(LOCK, 0);
}

/// Feeds the watchdog.
pub(crate) fn feed() {
    WATCHDOG.write(LOCK, UNLOCK);
    WATCHDOG.write(INTERRUPT_CLEAR, 1);
    WATCHDOG.write(LOCK, 0);
}
