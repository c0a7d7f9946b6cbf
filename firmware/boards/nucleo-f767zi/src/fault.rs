//! How a run ends that should not: what was said goes into RAM that a reset keeps, and the board starts anew.
//!
//! Invariant: nothing here waits for anything; an image on trial that ends so is swapped back by the boot loader.
#![expect(
    unsafe_code,
    reason = "the crash area has no value that Rust gave it, and the start-up code declares its handlers unsafe"
)]

use core::fmt::Arguments;
use core::mem::MaybeUninit;
use core::panic::PanicInfo;
use core::sync::atomic::{AtomicU8, Ordering};

use cortex_m::peripheral::SCB;
use cortex_m_rt::{ExceptionFrame, exception};
use milepost_board_kit::crash::{self, Area, Cause, Crash};

use crate::stack;

// SAFETY: the section is plain RAM; any bytes are a valid `Area`.
#[unsafe(link_section = ".crash")]
static mut CRASH: MaybeUninit<Area> = MaybeUninit::uninit();

/// How many runs in a row ended before this one.
static IN_A_ROW: AtomicU8 = AtomicU8::new(0);

fn with_area<T>(work: impl FnOnce(&mut Area) -> T) -> T {
    critical_section::with(|_| {
        let area = (&raw mut CRASH).cast::<Area>();
        // SAFETY: the critical section makes this the only reference, and RAM that hardware has filled holds bytes, whichever they are.
        let area = unsafe { &mut *area };
        work(area)
    })
}

/// How the run before this one ended, if it should not have.
pub(crate) fn take() -> Option<Crash> {
    let crash = with_area(crash::take)?;
    IN_A_ROW.store(crash.in_a_row, Ordering::Relaxed);
    Some(crash)
}

/// This run has proved itself; the next bad end is the first again.
pub(crate) fn settled() {
    IN_A_ROW.store(0, Ordering::Relaxed);
}

/// Ends this run.
pub(crate) fn end(cause: Cause, said: Arguments<'_>) -> ! {
    let in_a_row = IN_A_ROW.load(Ordering::Relaxed).saturating_add(1);
    with_area(|area| crash::write(area, cause, in_a_row, said));
    SCB::sys_reset()
}

// What it says is left aside: an image that reads it holds every panic's text and place.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    end(Cause::Panic, format_args!("panic, called from{}", stack::callers()))
}

// SAFETY: the handler never returns to what faulted, and touches nothing but the crash area and the reset.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    end(Cause::Fault, format_args!("fault at {:#010x}, called from {:#010x}", frame.pc(), frame.lr()))
}
