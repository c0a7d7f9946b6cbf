//! The boot loader: swaps in an image that the updater has verified, swaps it back unless it proved itself, and starts what is there.
//!
//! Both images and the progress of a swap lie on the NOR chip. It says nothing, because the log belongs to the image's strings.
//! Invariant: a power cut at any moment of a swap is gone on from, and an image that hangs before it runs its own watchdog is reset.
#![no_std]
#![no_main]

#[path = "../../src/arguments.rs"]
mod arguments;
#[expect(dead_code, reason = "the panel is the image's")]
#[path = "../../src/gram.rs"]
mod gram;
#[path = "../../../nucleo-f767zi/boot/src/jump.rs"]
mod jump;
#[path = "../../src/nor.rs"]
mod nor;
#[path = "../../../nucleo-f767zi/boot/src/prepare.rs"]
mod prepare;
#[expect(dead_code, reason = "most devices of the board are the image's")]
#[path = "../../src/registers.rs"]
mod registers;
#[path = "../../../nucleo-f767zi/boot/src/waited.rs"]
mod waited;
#[expect(dead_code, reason = "it is fed by the image alone")]
#[path = "../../src/watchdog.rs"]
mod watchdog;

use core::cell::RefCell;
use core::panic::PanicInfo;

use cortex_m::peripheral::SCB;
use embassy_sync::blocking_mutex::Mutex;
use milepost_places_mps2_an386 as places;

use crate::arguments::{Arguments, BAD_CALL};
use crate::nor::{Cut, Nor};
use crate::places::{ACTIVE, IMAGE};
use crate::prepare::{Failed, prepare};
use crate::waited::Waited;

/// The exit code of an emulation without an image.
const NO_IMAGE: i32 = 3;

#[cortex_m_rt::entry]
fn main() -> ! {
    watchdog::start();
    let Some(arguments) = Arguments::read() else { semihosting::process::exit(BAD_CALL) };
    if let Some(nor) = Nor::take(Cut { after: arguments.boot_fuel, at: None }) {
        let nor = Mutex::new(RefCell::new(Waited(nor)));
        match prepare(&nor, ACTIVE, &nor) {
            // A state that does not read asks for nothing.
            Ok(_) | Err(Failed::State) => {}
            // The next start goes on where this one ended.
            Err(Failed::Swap) => SCB::sys_reset(),
        }
    }
    if jump::is_startable(IMAGE) {
        jump::start(IMAGE)
    }
    semihosting::process::exit(NO_IMAGE)
}

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    SCB::sys_reset()
}

type Vector = unsafe extern "C" fn();

#[expect(unsafe_code, reason = "the handler has the name that the linker knows")]
// SAFETY: the start-up code defines it with this signature.
unsafe extern "C" {
    fn DefaultHandler();
}

#[expect(unsafe_code, reason = "the linker script takes the table by its section")]
// SAFETY: the section holds nothing else, and the table has an entry for every line of the controller.
#[unsafe(link_section = ".vector_table.interrupts")]
#[unsafe(no_mangle)]
static __INTERRUPTS: [Vector; 32] = [DefaultHandler; 32];

/// The linker script of the board's images asks for a logger; this one drops the boot loader's own words.
#[defmt::global_logger]
struct Silent;

#[expect(unsafe_code, reason = "the trait is unsafe to implement")]
// SAFETY: nothing is acquired, so nothing can be acquired twice.
unsafe impl defmt::Logger for Silent {
    fn acquire() {}
    unsafe fn flush() {}
    unsafe fn release() {}
    unsafe fn write(_: &[u8]) {}
}
