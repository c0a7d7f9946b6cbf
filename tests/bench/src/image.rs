//! An image as a factory handles it: out of its ELF file, and onto the chip in the slot that the boot loader starts.
//!
//! Invariant: what is flashed is byte for byte what an update of the same file would bring.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use milepost_gateway::chip;
use milepost_places_mps2_an386::{ACTIVE, BOOT_STATE, IMAGE, SWAP_PAGE, UPDATE, UPDATE_STATE};

/// The chip's erase page, in bytes.
pub(crate) const PAGE: usize = SWAP_PAGE as usize;

/// A segment that is loaded (Tool Interface Standard, "Executable and Linkable Format", 1.2).
const LOADED: u32 = 1;

/// The boot loader beside an image.
pub(crate) fn loader(image: &Path) -> PathBuf {
    image.with_file_name("mps2-an386-boot")
}

/// The bytes of an image from the beginning of its slot on, as they stand in flash.
pub(crate) fn flat(image: &Path) -> Result<Vec<u8>> {
    let file = std::fs::read(image).with_context(|| format!("cannot read the image, {}", image.display()))?;
    ensure!(file.starts_with(b"\x7fELF\x01\x01"), "no 32-bit little-endian ELF file, {}", image.display());
    segments(&file).with_context(|| format!("no image for the slot at {:#x}, {}", IMAGE.start, image.display()))
}

fn segments(file: &[u8]) -> Option<Vec<u8>> {
    let word = |at: usize| Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?));
    let half = |at: usize| Some(usize::from(u16::from_le_bytes(*file.get(at..)?.first_chunk()?)));
    let (start, size, count) = (word(0x1C)? as usize, half(0x2A)?, half(0x2C)?);
    let mut flat = Vec::new();
    for header in (0..count).map(|index| start + index * size) {
        let (offset, address, len) = (word(header + 4)? as usize, word(header + 12)?, word(header + 16)? as usize);
        if word(header)? != LOADED || len == 0 {
            continue;
        }
        let at = address.checked_sub(IMAGE.start)? as usize;
        let end = at.checked_add(len).filter(|&end| end <= IMAGE.len as usize)?;
        if flat.len() < end {
            flat.resize(end, 0xFF);
        }
        flat.get_mut(at..end)?.copy_from_slice(file.get(offset..offset + len)?);
    }
    (!flat.is_empty()).then_some(flat)
}

/// Makes a chip at `path` as it leaves the factory: erased, and with an image in the slot that starts.
pub(crate) fn fresh(path: &Path, image: &Path) -> Result<()> {
    chip::create(path)?;
    flash(path, &flat(image)?)
}

/// Writes an image into the slot that starts, and forgets what the boot loader was about to do.
pub(crate) fn flash(path: &Path, flat: &[u8]) -> Result<()> {
    let file = File::options().write(true).open(path).with_context(|| format!("no chip, {}", path.display()))?;
    let mut slot = flat.to_vec();
    slot.resize(ACTIVE.len as usize, 0xFF);
    let state = vec![0xFF; BOOT_STATE.len as usize];
    let written = file.write_all_at(&slot, ACTIVE.start.into());
    let written = written.and_then(|()| file.write_all_at(&state, BOOT_STATE.start.into()));
    written.with_context(|| format!("the chip cannot be written, {}", path.display()))
}

/// Erases what the updater remembers.
pub(crate) fn forget(path: &Path) -> Result<()> {
    let file = File::options().write(true).open(path).with_context(|| format!("no chip, {}", path.display()))?;
    let written = file.write_all_at(&vec![0xFF; UPDATE_STATE.len as usize], UPDATE_STATE.start.into());
    written.with_context(|| format!("the chip cannot be written, {}", path.display()))
}

/// The first `len` bytes of the slot that starts.
pub(crate) fn active(path: &Path, len: usize) -> Result<Vec<u8>> {
    let file = File::open(path).with_context(|| format!("no chip, {}", path.display()))?;
    let mut bytes = vec![0; len];
    file.read_exact_at(&mut bytes, ACTIVE.start.into()).with_context(|| format!("short chip, {}", path.display()))?;
    Ok(bytes)
}

/// The board's argument that cuts the power when this byte of an image is to be received, at the beginning of a word.
pub(crate) fn cut(offset: usize) -> String {
    format!("cut={}", UPDATE.start as usize + offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with segments of `(address, bytes)`.
    fn elf(segments: &[(u32, &[u8])]) -> Vec<u8> {
        let mut file = b"\x7fELF\x01\x01".to_vec();
        file.resize(0x34, 0);
        file[0x1C..0x20].copy_from_slice(&0x34_u32.to_le_bytes());
        file[0x2A..0x2E].copy_from_slice(&[32, 0, segments.len() as u8, 0]);
        let mut offset = (0x34 + 32 * segments.len()) as u32;
        for (address, bytes) in segments {
            let len = bytes.len() as u32;
            let words = [LOADED, offset, 0, *address, len, len, 0, 0];
            file.extend(words.iter().flat_map(|word| word.to_le_bytes()));
            offset += len;
        }
        file.extend(segments.iter().flat_map(|(_, bytes)| bytes.iter()));
        file
    }

    #[test]
    fn segments_stand_where_the_linker_put_them_with_erased_flash_between() {
        let file = elf(&[(IMAGE.start, b"code"), (IMAGE.start + 6, b"data"), (0x2000_0000, b"")]);
        assert_eq!(segments(&file).unwrap(), b"code\xFF\xFFdata");
    }

    #[test]
    fn an_image_for_another_place_and_a_cut_file_are_none() {
        assert_eq!(segments(&elf(&[(IMAGE.start - 4, b"code")])), None);
        assert_eq!(segments(&elf(&[(IMAGE.start + IMAGE.len - 2, b"code")])), None);
        assert_eq!(segments(&elf(&[])), None);
        let file = elf(&[(IMAGE.start, b"code")]);
        assert!((0..file.len()).all(|len| segments(&file[..len]).is_none()));
    }
}
