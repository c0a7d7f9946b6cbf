//! How a run ends that should not: what was said goes into RAM that a reset keeps, and the board starts anew.
//!
//! Invariant: nothing here waits for anything; an image on trial that ends so is swapped back by the boot loader.
#![expect(
    unsafe_code,
    reason = "the crash area has no value that Rust gave it, and the start-up code declares its handlers unsafe"
)]

use core::fmt::{self, Write as _};
use core::mem::MaybeUninit;
use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use cortex_m_rt::{ExceptionFrame, exception};
use milepost_board_kit::crash::{Area, Cause, Crash, MAX_TEXT_LEN, Streak};
use milepost_board_kit::hex;

use crate::stack;

// SAFETY: the section is plain RAM; any bytes are a valid `Area`.
#[unsafe(link_section = ".crash")]
static mut CRASH: MaybeUninit<Area> = MaybeUninit::uninit();

static STREAK: Streak = Streak::new();

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
    with_area(|area| STREAK.take(area))
}

/// This run has proved itself; the next bad end is the first again.
pub(crate) fn settled() {
    STREAK.settled();
}

/// Ends this run.
pub(crate) fn end(cause: Cause, said: &[&str]) -> ! {
    with_area(|area| STREAK.end(area, cause, said));
    SCB::sys_reset()
}

/// Ends this run over an error that only formatting can tell.
pub(crate) fn end_over(what: &str, error: &dyn fmt::Display) -> ! {
    let mut said = heapless::String::<MAX_TEXT_LEN>::new();
    // The piece that does not fit any more is left out.
    let _ = write!(said, "{error}");
    end(Cause::Software, &[what, &said])
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
