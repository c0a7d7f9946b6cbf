//! Shows the linker the board's account of its memories.

use std::io;

use milepost_places::linker;
use milepost_places_nucleo_f767zi::{CRASH, IMAGE, RAM, STACK};

fn main() -> io::Result<()> {
    let memory = linker::script(&[("FLASH", IMAGE), ("RAM", RAM), ("CRASH", CRASH)], Some(STACK)) + linker::CRASH;
    linker::provide(&[("memory.x", &memory)])?;
    linker::fold_functions();
    Ok(())
}
