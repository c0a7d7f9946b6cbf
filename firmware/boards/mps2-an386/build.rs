//! Shows the linker the board's account of its memories.

use std::io;

use milepost_places::linker;
use milepost_places_mps2_an386::{CRASH, IMAGE, PLAIN_CRASH, PLAIN_IMAGE, PLAIN_RAM, PLAIN_STACK, RAM, STACK};

fn main() -> io::Result<()> {
    let full = std::env::var_os("CARGO_FEATURE_FULL").is_some();
    let (flash, ram, crash, stack) =
        if full { (IMAGE, RAM, CRASH, STACK) } else { (PLAIN_IMAGE, PLAIN_RAM, PLAIN_CRASH, PLAIN_STACK) };
    let memory = linker::script(&[("FLASH", flash), ("RAM", ram), ("CRASH", crash)], Some(stack)) + linker::CRASH;
    // The vector table stands in `src/interrupts.rs`; the linker script asks for the file of a chip's crate.
    linker::provide(&[("memory.x", &memory), ("device.x", "")])?;
    linker::fold_functions();
    Ok(())
}
