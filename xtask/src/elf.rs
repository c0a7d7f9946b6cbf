//! What a linked image takes: the sizes of its sections and the borders of its stack, out of a 32-bit little-endian ELF file.
//!
//! Source: Tool Interface Standard, "Executable and Linkable Format", 1.2. Invariant: bytes that are no such file are an error, never a size.

use anyhow::{Context, Result, ensure};

const ALLOCATED: u32 = 1 << 1;
const WRITABLE: u32 = 1 << 0;
const SYMBOLS: u32 = 2;
const WITHOUT_BYTES: u32 = 8;

/// The bytes that an image takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Code, constants, and what variables start from.
    pub(crate) flash: u64,
    /// Variables.
    pub(crate) static_ram: u64,
    /// What the linker leaves for the stack.
    pub(crate) stack: u64,
}

struct Section {
    kind: u32,
    flags: u32,
    offset: usize,
    size: usize,
    link: usize,
}

/// The sizes of an image.
pub(crate) fn sizes(file: &[u8]) -> Result<Sizes> {
    ensure!(file.starts_with(b"\x7fELF\x01\x01"), "no 32-bit little-endian ELF file");
    let sections = sections(file).context("the section headers are cut")?;
    let sum = |wanted: &dyn Fn(&Section) -> bool| {
        sections.iter().filter(|section| wanted(section)).map(|section| section.size as u64).sum()
    };
    let flash = sum(&|section| section.flags & ALLOCATED != 0 && section.kind != WITHOUT_BYTES);
    let static_ram = sum(&|section| section.flags & (ALLOCATED | WRITABLE) == ALLOCATED | WRITABLE);
    let symbol = |name: &str| symbol(file, &sections, name).with_context(|| format!("no symbol {name}"));
    let stack = symbol("_stack_start")?.checked_sub(symbol("_stack_end")?).context("the stack ends above its start")?;
    Ok(Sizes { flash, static_ram, stack: u64::from(stack) })
}

fn word(file: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?))
}

fn half(file: &[u8], at: usize) -> Option<usize> {
    Some(usize::from(u16::from_le_bytes(*file.get(at..)?.first_chunk()?)))
}

fn sections(file: &[u8]) -> Option<Vec<Section>> {
    let (start, size, count) = (word(file, 0x20)? as usize, half(file, 0x2E)?, half(file, 0x30)?);
    (0..count)
        .map(|index| {
            let at = start + index * size;
            let header = file.get(at..at + size)?;
            Some(Section {
                kind: word(header, 4)?,
                flags: word(header, 8)?,
                offset: word(header, 16)? as usize,
                size: word(header, 20)? as usize,
                link: word(header, 24)? as usize,
            })
        })
        .collect()
}

/// The value of a symbol.
fn symbol(file: &[u8], sections: &[Section], name: &str) -> Option<u32> {
    let table = sections.iter().find(|section| section.kind == SYMBOLS)?;
    let names = file.get(sections.get(table.link)?.offset..)?;
    let entries = file.get(table.offset..table.offset + table.size)?.chunks_exact(16);
    entries.into_iter().find_map(|entry| {
        let text = names.get(word(entry, 0)? as usize..)?;
        let is_it = text.starts_with(name.as_bytes()) && text.get(name.len()) == Some(&0);
        is_it.then(|| word(entry, 4))?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file with a section of each kind: code, a variable with a first value, one without, symbols and their names.
    fn image() -> Vec<u8> {
        let names = b"\0_stack_start\0_stack_end\0";
        let mut file = b"\x7fELF\x01\x01".to_vec();
        file.resize(0x34, 0);
        let symbols = file.len();
        for (name, value) in [(1_u32, 0x2000_C000_u32), (14, 0x2000_0000)] {
            file.extend([name, value, 0, 0].iter().flat_map(|word| word.to_le_bytes()));
        }
        let strings = file.len();
        file.extend_from_slice(names);
        let headers = file.len();
        let header = |kind: u32, flags: u32, offset: usize, size: u32, link: u32| {
            [0, kind, flags, 0, offset as u32, size, link, 0, 0, 0].map(u32::to_le_bytes).concat()
        };
        file.extend(header(1, ALLOCATED | 4, 0, 1000, 0));
        file.extend(header(1, ALLOCATED | WRITABLE, 0, 50, 0));
        file.extend(header(WITHOUT_BYTES, ALLOCATED | WRITABLE, 0, 700, 0));
        file.extend(header(1, 0, 0, 9999, 0));
        file.extend(header(SYMBOLS, 0, symbols, 32, 5));
        file.extend(header(3, 0, strings, names.len() as u32, 0));
        file[0x20..0x24].copy_from_slice(&(headers as u32).to_le_bytes());
        file[0x2E..0x32].copy_from_slice(&[40, 0, 6, 0]);
        file
    }

    #[test]
    fn flash_holds_what_has_bytes_and_memory_what_is_written() {
        assert_eq!(sizes(&image()).unwrap(), Sizes { flash: 1050, static_ram: 750, stack: 0xC000 });
    }

    #[test]
    fn a_cut_or_foreign_file_is_an_error() {
        let file = image();
        assert!((0..file.len()).all(|len| sizes(&file[..len]).is_err()));
        assert!(sizes(b"#!/bin/sh").is_err());
    }
}
