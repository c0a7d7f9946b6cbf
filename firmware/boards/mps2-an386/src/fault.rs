//! How a run ends that should not: what was said goes into RAM that a reset keeps, and the board starts anew.
//!
//! Invariant: after three such ends in a row the emulation stops with a code of its own, so that nobody waits for a board in a loop.

#![expect(unsafe_code, reason = "the start-up code wants its handlers declared unsafe")]

use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use cortex_m_rt::{ExceptionFrame, exception};
use milepost_board_kit::crash::{Area, Cause, Crash, Streak};
use milepost_board_kit::hex;

use crate::stack;

/// How many ends in a row are one too many.
const TOO_MANY: u8 = 3;

/// The exit code of an emulation that gave up.
const GAVE_UP: i32 = 101;

#[expect(unsafe_code, reason = "the linker script leaves this section alone at the start")]
// SAFETY: the section is plain RAM; any bytes are a valid `Area`.
#[unsafe(link_section = ".crash")]
static mut CRASH: MaybeUninit<Area> = MaybeUninit::uninit();

static STREAK: Streak = Streak::new();

fn with_area<T>(work: impl FnOnce(&mut Area) -> T) -> T {
    critical_section::with(|_| {
        #[expect(unsafe_code, reason = "the area has no value that Rust gave it")]
        // SAFETY: the critical section makes this the only reference, and RAM that hardware has filled holds bytes, whichever they are.
        let area = unsafe { (&raw mut CRASH).cast::<Area>().as_mut_unchecked() };
        work(area)
    })
}

/// How the run before this one ended, if it should not have.
pub(crate) fn take() -> Option<Crash> {
    with_area(|area| STREAK.take(area))
}

/// This run has proved itself; the next bad end is the first again.
pub(crate) fn settled() {
    STREAK.settled();
}

/// Ends this run.
pub(crate) fn end(cause: Cause, said: &[&str]) -> ! {
    let in_a_row = with_area(|area| STREAK.end(area, cause, said));
    if in_a_row >= TOO_MANY {
        semihosting::process::exit(GAVE_UP);
    }
    SCB::sys_reset()
}

/// Starts the board anew because it is asked to; that is no bad end.
#[cfg(feature = "full")]
pub(crate) fn restart() -> ! {
    with_area(|area| STREAK.restart(area));
    SCB::sys_reset()
}

// What it says is left aside: an image that reads it holds every panic's text and place.
#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    cortex_m::interrupt::disable();
    end(Cause::Panic, &["panic, called from", &stack::callers().text()])
}

// SAFETY: the handler never returns to what faulted, and touches nothing but the crash area and the reset.
#[exception]
unsafe fn HardFault(frame: &ExceptionFrame) -> ! {
    end(Cause::Fault, &["fault at ", &hex::word(frame.pc()), ", called from ", &hex::word(frame.lr())])
}

// SAFETY: the handler never returns to what it interrupted, and touches nothing but the crash area and the reset.
#[exception]
unsafe fn NonMaskableInt() -> ! {
    end(Cause::Watchdog, &["the watchdog was not fed in time"])
}
