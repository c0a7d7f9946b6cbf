//! Writes the linker's view of the memory from the board's account of it.

use std::path::PathBuf;
use std::{env, fs, io};

use milepost_places_mps2_an386::{BOOT_LOADER, BOOT_RAM};

fn main() -> io::Result<()> {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or(io::ErrorKind::NotFound)?);
    let memory = [("FLASH", BOOT_LOADER), ("RAM", BOOT_RAM)]
        .map(|(name, place)| format!("  {name} : ORIGIN = {:#010x}, LENGTH = {:#x}\n", place.start, place.len))
        .concat();
    fs::write(out.join("memory.x"), format!("MEMORY\n{{\n{memory}}}\n"))?;
    // The vector table stands in `src/main.rs`; the linker script asks for the file of a chip's crate.
    fs::write(out.join("device.x"), "")?;
    println!("cargo::rustc-link-search={}", out.display());
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}
