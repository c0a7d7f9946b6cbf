//! Where everything stands in the memories of the emulated board: one account for the image, its boot loader, both linker scripts and
//! the bench that flashes it.
//!
//! The boot loader stands where the processor starts; everything that outlives the power stands on the NOR chip, which is the PSRAM.
//! The lower end of the chip is divided by `milepost_firmware::layout`; the images follow it.
//! Invariant: places do not overlap, and those on the chip begin and end on its erase pages.
#![no_std]

pub use milepost_places::Place;

/// Where the processor sees the chip.
pub const NOR_BASE: u32 = 0x2100_0000;

/// The chip's size as the image knows it.
pub const NOR_LEN: u32 = 4 << 20;

/// The chip's erase page, which is the unit in which images are swapped.
pub const SWAP_PAGE: u32 = 16 << 10;

/// The image that runs, as an offset on the chip.
pub const ACTIVE: Place = Place { start: 2 << 20, len: 512 << 10 };

/// The image that is received, as an offset on the chip: one swap page longer than the one that runs.
pub const UPDATE: Place = Place { start: ACTIVE.end(), len: ACTIVE.len + SWAP_PAGE };

/// The boot loader's progress, as an offset on the chip.
pub const BOOT_STATE: Place = Place { start: UPDATE.end(), len: SWAP_PAGE };

/// What the updater remembers, as an offset on the chip.
pub const UPDATE_STATE: Place = Place { start: BOOT_STATE.end(), len: 4 * SWAP_PAGE };

/// The boot loader, as an address.
pub const BOOT_LOADER: Place = Place { start: 0, len: 64 << 10 };

/// The image that runs, as an address.
pub const IMAGE: Place = Place { start: NOR_BASE + ACTIVE.start, len: ACTIVE.len };

/// The image's stack, at the bottom of the memory: one that grows too far leaves it and faults at once.
///
/// The emulator has 4 MiB; stack, variables and what a crash leaves take the 96 KiB that a chip of this class has.
/// `budget.toml` holds all of them.
pub const STACK: Place = Place { start: 0x2000_0000, len: 22 << 10 };

/// The image's variables.
pub const RAM: Place = Place { start: STACK.end(), len: (74 << 10) - CRASH_LEN };

/// The image without TLS and display, as an address.
///
/// It takes the 128 KiB of flash and, with its stack and what a crash leaves, the 40 KiB of memory that a small chip has.
pub const PLAIN_IMAGE: Place = Place { start: IMAGE.start, len: 128 << 10 };

/// Its stack.
pub const PLAIN_STACK: Place = Place { start: STACK.start, len: (8 << 10) - CRASH_LEN };

/// Its variables.
pub const PLAIN_RAM: Place = Place { start: PLAIN_STACK.end(), len: 32 << 10 };

/// What its crash leaves for the next start.
pub const PLAIN_CRASH: Place = Place { start: PLAIN_RAM.end(), len: CRASH_LEN };

/// Where the stack of an image that starts may begin.
pub const IMAGE_RAM: Place = Place { start: STACK.start, len: STACK.len + RAM.len };

/// What a crash leaves for the next start, which nobody clears.
pub const CRASH: Place = Place { start: RAM.end(), len: CRASH_LEN };

/// Room for one crash record.
const CRASH_LEN: u32 = 256;

/// The boot loader's variables and stack, where no image has any.
pub const BOOT_RAM: Place = Place { start: 0x2010_0000, len: 64 << 10 };

const _: () = {
    assert!(ACTIVE.start.is_multiple_of(SWAP_PAGE) && ACTIVE.len.is_multiple_of(SWAP_PAGE));
    assert!(PLAIN_CRASH.end() - PLAIN_STACK.start == 40 << 10 && PLAIN_IMAGE.len <= IMAGE.len);
    assert!(UPDATE_STATE.end() <= NOR_LEN && CRASH.end() <= BOOT_RAM.start);
};
