//! Where everything stands in the memories of the board: one account for the image, its boot loader and both linker scripts.
//!
//! The chip's flash is in single-bank mode: four sectors of 32 KiB, one of 128 KiB, seven of 256 KiB.
//! The lower end of the NOR chip is divided by `milepost_firmware::layout`; updates take its upper end.
//! Invariant: places do not overlap, and each begins and ends where its memory can be erased; a board that is out there keeps them.
#![no_std]

pub use milepost_places::Place;

/// Where the processor sees the chip's flash.
pub const FLASH_BASE: u32 = 0x0800_0000;

/// The largest sector of the chip's flash: the unit in which images are swapped.
pub const SWAP_PAGE: u32 = 256 << 10;

/// The boot loader, as an address: the four small sectors.
pub const BOOT_LOADER: Place = Place { start: FLASH_BASE, len: 128 << 10 };

/// The image that runs, as an address: the first two large sectors; the sector below them is free.
pub const IMAGE: Place = Place { start: FLASH_BASE + (256 << 10), len: 2 * SWAP_PAGE };

/// The stack, at the bottom of the tightly coupled memory: one that grows too far leaves the memory and faults at once.
///
/// A handshake takes 36 KiB of it, the core, which interrupts it, 16 KiB more, and frames and interrupts the rest.
pub const STACK: Place = Place { start: 0x2000_0000, len: 64 << 10 };

/// Static variables, behind the stack; the upper part lies in the chip's ordinary RAM, which follows without a gap.
pub const RAM: Place = Place { start: STACK.end(), len: 95 << 10 };

/// Where the stack of an image that starts may begin.
pub const IMAGE_RAM: Place = Place { start: STACK.start, len: STACK.len + RAM.len };

/// What a crash leaves for the next start, which neither image clears.
pub const CRASH: Place = Place { start: RAM.end(), len: 1 << 10 };

/// The NOR chip's size that the places below need.
pub const NOR_LEN: u32 = 16 << 20;

/// The image that is received, as an offset on the NOR chip: one swap page longer than the one that runs.
pub const UPDATE: Place = Place { start: NOR_LEN - (1 << 20), len: IMAGE.len + SWAP_PAGE };

/// The boot loader's progress, as an offset on the NOR chip.
pub const BOOT_STATE: Place = Place { start: UPDATE.end(), len: 4 << 10 };

/// What the updater remembers, as an offset on the NOR chip.
pub const UPDATE_STATE: Place = Place { start: BOOT_STATE.end(), len: 32 << 10 };

const _: () = {
    assert!(BOOT_LOADER.end() <= IMAGE.start && IMAGE.start.is_multiple_of(SWAP_PAGE));
    assert!(CRASH.end() <= STACK.start.saturating_add(512 << 10), "the chip has no more RAM");
    assert!(UPDATE.start.is_multiple_of(SWAP_PAGE) && UPDATE_STATE.end() <= NOR_LEN);
};
