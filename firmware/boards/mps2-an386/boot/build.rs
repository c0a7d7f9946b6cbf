//! Shows the linker the board's account of its memories.

use std::io;

use milepost_places::linker;
use milepost_places_mps2_an386::{BOOT_LOADER, BOOT_RAM};

fn main() -> io::Result<()> {
    let memory = linker::script(&[("FLASH", BOOT_LOADER), ("RAM", BOOT_RAM)], None);
    // The vector table stands in `src/main.rs`; the linker script asks for the file of a chip's crate.
    linker::provide(&[("memory.x", &memory), ("device.x", "")])
}
