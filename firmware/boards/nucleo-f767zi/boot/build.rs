//! Writes the linker's view of the memory from the board's account of it.

use std::path::PathBuf;
use std::{env, fs, io};

use milepost_places_nucleo_f767zi::{BOOT_LOADER, RAM, STACK};

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let memory = [("FLASH", BOOT_LOADER), ("RAM", RAM)]
        .map(|(name, place)| format!("  {name} : ORIGIN = {:#010x}, LENGTH = {:#x}\n", place.start, place.len))
        .concat();
    let stack = format!("_stack_start = {:#010x};\n_stack_end = {:#010x};\n", STACK.end(), STACK.start);
    fs::write(out.join("memory.x"), format!("MEMORY\n{{\n{memory}}}\n{stack}"))?;
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
