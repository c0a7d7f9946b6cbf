//! The two levels above the thread: what takes frames from the bus, and what runs the core.
//!
//! Each is an executor in the interrupt of a serial port that is not used. Invariant: nobody but its interrupt polls an executor.
#![expect(unsafe_code, reason = "an executor is polled by its interrupt, and asked by its tasks")]

use embassy_executor::{InterruptExecutor, SendSpawner, Spawner};
use embassy_stm32::interrupt;
use embassy_stm32::interrupt::{InterruptExt, Priority};

/// Takes frames from the controller, which holds three at a time.
static BUS: InterruptExecutor = InterruptExecutor::new();

/// Runs the core and its flash.
static CORE: InterruptExecutor = InterruptExecutor::new();

/// Starts both levels, once: the bus's, and below it the core's.
pub(crate) fn start() -> (SendSpawner, SendSpawner) {
    interrupt::UART5.set_priority(Priority::P5);
    interrupt::UART4.set_priority(Priority::P6);
    (BUS.start(interrupt::UART5), CORE.start(interrupt::UART4))
}

/// The level that the calling task runs on; other tasks of it need not be sendable.
pub(crate) async fn mine() -> Spawner {
    // SAFETY: only tasks call it, and every task runs on an executor.
    unsafe { Spawner::for_current_executor() }.await
}

#[interrupt]
unsafe fn UART4() {
    // SAFETY: the interrupt is on only once the executor was started.
    unsafe { CORE.on_interrupt() }
}

#[interrupt]
unsafe fn UART5() {
    // SAFETY: as above.
    unsafe { BUS.on_interrupt() }
}
