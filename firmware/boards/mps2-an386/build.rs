//! Shows the linker the board's account of its memories.

use std::io;

use milepost_places::linker;
use milepost_places_mps2_an386::{CRASH, IMAGE, RAM, STACK};

fn main() -> io::Result<()> {
    let memory = linker::script(&[("FLASH", IMAGE), ("RAM", RAM), ("CRASH", CRASH)], Some(STACK)) + linker::CRASH;
    // The vector table stands in `src/interrupts.rs`; the linker script asks for the file of a chip's crate.
    linker::provide(&[("memory.x", &memory), ("device.x", "")])?;
    linker::fold_functions();
    Ok(())
}
