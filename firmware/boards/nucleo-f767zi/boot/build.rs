//! Shows the linker the board's account of its memories.

use std::io;

use milepost_places::linker;
use milepost_places_nucleo_f767zi::{BOOT_LOADER, RAM, STACK};

fn main() -> io::Result<()> {
    let memory = linker::script(&[("FLASH", BOOT_LOADER), ("RAM", RAM)], Some(STACK));
    linker::provide(&[("memory.x", &memory)])
}
