//! Writes the linker's view of the memory from the board's account of it.

use std::path::PathBuf;
use std::{env, fs, io};

use milepost_places_mps2_an386::{CRASH, IMAGE, RAM, STACK};

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let memory = [("FLASH", IMAGE), ("RAM", RAM), ("CRASH", CRASH)]
        .map(|(name, place)| format!("  {name} : ORIGIN = {:#010x}, LENGTH = {:#x}\n", place.start, place.len))
        .concat();
    let script = format!(
        "MEMORY\n{{\n{memory}}}\n_stack_start = {:#010x};\n_stack_end = {:#010x};\n\
         SECTIONS {{ .crash (NOLOAD) : {{ KEEP(*(.crash)) }} > CRASH }} INSERT AFTER .uninit;\n",
        STACK.end(),
        STACK.start,
    );
    fs::write(out.join("memory.x"), script)?;
    // The vector table stands in `src/interrupts.rs`; the linker script asks for the file of a chip's crate.
    fs::write(out.join("device.x"), "")?;
    println!("cargo::rustc-link-search={}", out.display());
    // Functions of the same code become one; nothing here compares their addresses.
    println!("cargo::rustc-link-arg-bins=--icf=all");
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
