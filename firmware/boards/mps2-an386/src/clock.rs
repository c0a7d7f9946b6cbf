//! Time: timer 0 counts it, and the processor's own timer looks at it a thousand times a second.
//!
//! Source: Arm DDI 0479, "APB timer". A busy host delivers only some of those looks, while the watchdog goes on counting; so a look counts
//! for as long as it took to come. Invariant: the tick count never falls, and an alarm fires with the first look after it is due.

use core::cell::{Cell, RefCell};
use core::task::Waker;

use cortex_m::peripheral::SYST;
use cortex_m::peripheral::syst::SystClkSource;
use critical_section::{CriticalSection, Mutex};
use embassy_time_driver::Driver;
use embassy_time_queue_utils::Queue;

use crate::registers::{CORE_HZ, Registers};

const COUNTS_PER_TICK: u32 = CORE_HZ / 1000;

const CONTROL: usize = 0x00;
const VALUE: usize = 0x04;
const RELOAD: usize = 0x08;
const ENABLE: u32 = 1 << 0;

struct SysTickClock {
    ticks: Mutex<Cell<u64>>,
    /// What timer 0, which counts down, showed when the last whole tick was over.
    counted: Mutex<Cell<u32>>,
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

// All of it is zero until the start, so that no image of the queue lies in flash; an alarm that is due at once does no harm.
embassy_time_driver::time_driver_impl!(static CLOCK: SysTickClock = SysTickClock {
    ticks: Mutex::new(Cell::new(0)),
    counted: Mutex::new(Cell::new(0)),
    alarm: Mutex::new(Cell::new(0)),
    queue: Mutex::new(RefCell::new(Queue::new())),
});

/// Starts the ticks.
pub(crate) fn start(mut timer: SYST) {
    critical_section::with(|section| CLOCK.counted.borrow(section).set(u32::MAX));
    Registers::TIMER.write(RELOAD, u32::MAX);
    Registers::TIMER.write(VALUE, u32::MAX);
    Registers::TIMER.write(CONTROL, ENABLE);
    timer.set_clock_source(SystClkSource::Core);
    timer.set_reload(COUNTS_PER_TICK - 1);
    timer.clear_current();
    timer.enable_interrupt();
    timer.enable_counter();
}

#[cortex_m_rt::exception]
fn SysTick() {
    critical_section::with(|section| {
        let ticks = CLOCK.ticks.borrow(section);
        let counted = CLOCK.counted.borrow(section);
        // The timer runs through all its values, so a difference holds across its end, three minutes from one to the next.
        let passed = counted.get().wrapping_sub(Registers::TIMER.read(VALUE)) / COUNTS_PER_TICK;
        counted.set(counted.get().wrapping_sub(passed.wrapping_mul(COUNTS_PER_TICK)));
        let now = ticks.get().saturating_add(u64::from(passed));
        ticks.set(now);
        if now >= CLOCK.alarm.borrow(section).get() {
            CLOCK.expire(section, now);
        }
    });
}

defmt::timestamp!("{=u64:ms}", CLOCK.now());
