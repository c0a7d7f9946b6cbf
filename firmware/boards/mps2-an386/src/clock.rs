//! Time from the processor's own timer: one tick a millisecond.
//!
//! Invariant: the tick count never falls, and an alarm fires in the tick in which it is due.

use core::cell::{Cell, RefCell};
use core::task::Waker;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use critical_section::{CriticalSection, Mutex};
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

use crate::registers::CORE_HZ;

struct SysTickClock {
    ticks: Mutex<Cell<u64>>,
    alarm: Mutex<Cell<u64>>,
    queue: Mutex<RefCell<Queue>>,
}

impl SysTickClock {
    fn expire(&self, section: CriticalSection<'_>, now: u64) {
        let next = self.queue.borrow_ref_mut(section).next_expiration(now);
        self.alarm.borrow(section).set(next);
    }
}

impl Driver for SysTickClock {
    fn now(&self) -> u64 {
        critical_section::with(|section| self.ticks.borrow(section).get())
    }

    fn schedule_wake(&self, at: u64, waker: &Waker) {
        critical_section::with(|section| {
            let changed = self.queue.borrow_ref_mut(section).schedule_wake(at, waker);
            if changed {
                self.expire(section, self.ticks.borrow(section).get());
            }
        });
    }
}

embassy_time_driver::time_driver_impl!(static CLOCK: SysTickClock = SysTickClock {
    ticks: Mutex::new(Cell::new(0)),
    alarm: Mutex::new(Cell::new(u64::MAX)),
    queue: Mutex::new(RefCell::new(Queue::new())),
});

/// Starts the ticks.
pub(crate) fn start(mut timer: SYST) {
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(CORE_HZ / 1000 - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

#[cortex_m_rt::exception]
fn SysTick() {
    critical_section::with(|section| {
        let ticks = CLOCK.ticks.borrow(section);
        let now = ticks.get().saturating_add(1);
        ticks.set(now);
        if now >= CLOCK.alarm.borrow(section).get() {
            CLOCK.expire(section, now);
        }
    });
}

defmt::timestamp!("{=u64:ms}", CLOCK.now());
