//! The linker's view of a memory, as `cortex-m-rt` asks for it in `memory.x`.
//!
//! Invariant: what the linker sees is what the board's account says, and nothing else.

#![expect(clippy::print_stdout, reason = "what a build script prints, cargo reads")]

use std::path::{Path, PathBuf};
use std::string::String;
use std::{env, format, fs, io, println};

use crate::Place;

/// A section of the memory `CRASH` that nobody clears, for what a crash leaves to the next start.
pub const CRASH: &str = "SECTIONS { .crash (NOLOAD) : { KEEP(*(.crash)) } > CRASH } INSERT AFTER .uninit;\n";

/// The account as a linker script: the memories, and where the stack lies if it has a place of its own.
pub fn script(memories: &[(&str, Place)], stack: Option<Place>) -> String {
    let memory = |(name, place): &(&str, Place)| {
        format!("  {name} : ORIGIN = {:#010x}, LENGTH = {:#x}\n", place.start, place.len)
    };
    let ends = |stack: Place| format!("_stack_start = {:#010x};\n_stack_end = {:#010x};\n", stack.end(), stack.start);
    let (memories, ends): (String, String) =
        (memories.iter().map(memory).collect(), stack.map(ends).unwrap_or_default());
    format!("MEMORY\n{{\n{memories}}}\n{ends}")
}

/// Writes files into the folder that cargo gives a build script, and lets the linker look there; for `main` of a build script.
pub fn provide(files: &[(&str, &str)]) -> io::Result<()> {
    let folder = env::var_os("OUT_DIR").map(PathBuf::from).ok_or(io::ErrorKind::NotFound)?;
    write(&folder, files)?;
    println!("cargo::rustc-link-search={}", folder.display());
    println!("cargo::rerun-if-changed=build.rs");
    Ok(())
}

/// Lets the linker make one function of those that have the same code, in an image that compares no addresses of functions.
pub fn fold_functions() {
    println!("cargo::rustc-link-arg-bins=--icf=all");
}

fn write(folder: &Path, files: &[(&str, &str)]) -> io::Result<()> {
    files.iter().try_for_each(|(name, text)| fs::write(folder.join(name), text))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_script_names_every_memory_and_the_stack() {
        let (flash, stack) = (Place { start: 0x0800_0000, len: 0x1000 }, Place { start: 0x2000_0000, len: 0x400 });
        assert_eq!(
            script(&[("FLASH", flash)], Some(stack)),
            "MEMORY\n{\n  FLASH : ORIGIN = 0x08000000, LENGTH = 0x1000\n}\n\
             _stack_start = 0x20000400;\n_stack_end = 0x20000000;\n",
        );
        assert!(!script(&[("FLASH", flash)], None).contains("stack"));
    }
}
