//! How much flash the core takes on a board: an image that calls all of it must stay below a bar.
//!
//! Invariant: what a board would load is counted, code and constants and first values, and nothing that only fills memory.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::MANIFEST_END;
use crate::run::{self, BARE_TARGET};

/// The most flash that the portable core may take, in bytes, with the boards' own build settings. Lower it whenever the core shrinks.
const BAR: u32 = 83_200;

/// The image's program; it is built for the bare target alone.
const IMAGE: &str = include_str!("image.rs");

/// Writes the image's package to `folder`, builds it into `built`, and holds it against the bar.
pub(super) fn check(root: &Path, folder: &Path, built: &Path) -> Result<()> {
    let manifest = format!(
        "[package]\nname = \"image\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [[bin]]\nname = \"image\"\npath = \"image.rs\"\n\n\
         [dependencies]\nmilepost-firmware = {{ path = {:?} }}\nmilepost-protocol = {{ path = {:?} }}\n\
         embedded-can = \"0.4\"\nembedded-storage-async = \"0.4\"\n\n{MANIFEST_END}",
        root.join("firmware").display().to_string(),
        root.join("protocol").display().to_string(),
    );
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(folder.join("Cargo.toml"), manifest).context("cannot write the manifest of the image")?;
    fs::write(folder.join("image.rs"), IMAGE).context("cannot write the source of the image")?;
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).context("cannot copy Cargo.lock")?;
    let mut build = run::cargo(folder);
    build.args(["rustc", "--release", "--target", BARE_TARGET, "--target-dir"]).arg(built);
    run::run(build.args(["--", "-C", "link-arg=--entry=_start", "-C", "link-arg=--gc-sections"]))?;
    let image = built.join(BARE_TARGET).join("release/image");
    let bytes = fs::read(&image).with_context(|| format!("cannot read {}", image.display()))?;
    let flash = flash(&bytes).with_context(|| format!("{} is no ELF image", image.display()))?;
    ensure!(flash <= BAR, "the core takes {flash} bytes of flash, more than its {BAR}");
    println!("milepost-firmware takes {flash} of {BAR} bytes of flash");
    Ok(())
}

/// How many bytes of a 32-bit little-endian ELF image are loaded from flash (TIS ELF 1.2, section headers).
fn flash(elf: &[u8]) -> Option<u32> {
    const NOBITS: u32 = 8;
    const ALLOCATED: u32 = 2;
    if !elf.starts_with(b"\x7FELF\x01\x01") {
        return None;
    }
    let word = |at: usize| elf.get(at..)?.first_chunk().map(|bytes| u32::from_le_bytes(*bytes));
    let half = |at: usize| elf.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes));
    let (table, step, count) = (word(32)? as usize, usize::from(half(46)?), usize::from(half(48)?));
    let mut sum = 0_u32;
    for index in 0..count {
        let section = table.checked_add(index * step)?;
        let (kind, flags, size) = (word(section + 4)?, word(section + 8)?, word(section + 20)?);
        if kind != NOBITS && flags & ALLOCATED != 0 {
            sum = sum.checked_add(size)?;
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_loaded_counts_and_what_only_fills_memory_does_not() {
        let mut elf = vec![0; 52 + 4 * 40];
        elf[..6].copy_from_slice(b"\x7FELF\x01\x01");
        elf[32] = 52;
        elf[46] = 40;
        elf[48] = 4;
        // Code, a debug section, memory without contents, constants.
        for (index, (kind, flags, size)) in [(1, 6, 100), (1, 0, 5000), (8, 3, 900), (1, 2, 20)].into_iter().enumerate()
        {
            let section = 52 + index * 40;
            (elf[section + 4], elf[section + 8]) = (kind, flags);
            elf[section + 20..section + 24].copy_from_slice(&u32::to_le_bytes(size));
        }
        assert_eq!(flash(&elf), Some(120));
        assert_eq!(flash(&elf[..100]), None);
        assert_eq!(flash(b"#!/bin/sh"), None);
    }
}
