//! The chip's own account of itself: serial flash discoverable parameters, JEDEC JESD216.
//!
//! Invariant: a table that is cut, foreign or contradictory yields nothing, never a guess.

/// The longest part of the basic table that is read: eleven double words, up to the page size.
pub(crate) const TABLE_LEN: usize = 44;

/// The header and the first parameter header.
pub(crate) const HEADER_LEN: usize = 16;

/// The capacity that 24 address bits reach, in bytes.
const REACH: u32 = 1 << 24;

/// Bytes erased by one block command, as a power of two.
const BLOCK_POWER: u8 = 16;

/// What the driver needs to know of a chip.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Parameters {
    /// Bytes, at most what 24 address bits reach.
    pub(crate) capacity: u32,
    /// The command that erases 4 KiB.
    pub(crate) sector_erase: u8,
    /// The command that erases 64 KiB, if there is one.
    pub(crate) block_erase: Option<u8>,
}

/// Where the basic table stands and how many bytes of it are wanted.
pub(crate) fn locate(header: &[u8; HEADER_LEN]) -> Option<(u32, usize)> {
    let [b'S', b'F', b'D', b'P', _minor, major, _count, _, id, _, _, words, a, b, c, _] = *header else { return None };
    let len = usize::from(words) * 4;
    (major == 1 && id == 0 && len >= 36).then_some((u32::from_le_bytes([a, b, c, 0]), len.min(TABLE_LEN)))
}

/// Reads the basic table.
pub(crate) fn read(table: &[u8]) -> Option<Parameters> {
    let (words, _) = table.as_chunks::<4>();
    let word = |number: usize| words.get(number - 1).copied().map(u32::from_le_bytes);
    let density = word(2)?;
    // Bit 31 set: the lower bits are the power of two of the size in bits.
    let bits = match density >> 31 {
        0 => u64::from(density) + 1,
        _ => 1_u64.checked_shl(density & 0x7FFF_FFFF)?,
    };
    let capacity = u32::try_from(bits / 8).unwrap_or(u32::MAX).min(REACH);
    let erases = words.get(7..9)?.as_flattened().as_chunks::<2>().0;
    let command = |power: u8| erases.iter().find(|[size, _]| *size == power).map(|[_, command]| *command);
    // Tables of the first revision end before the page size; their chips have pages of 256 bytes.
    let page_power = word(11).map_or(8, |word| word >> 4 & 0xF);
    let sound = capacity >= 1 << 16 && capacity.is_multiple_of(1 << 16) && page_power == 8;
    let sector_erase = command(12)?;
    sound.then_some(Parameters { capacity, sector_erase, block_erase: command(BLOCK_POWER) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of a W25Q128JV, after its data sheet.
    const W25Q128: [u8; TABLE_LEN] = [
        0xE5, 0x20, 0xF9, 0xFF, 0xFF, 0xFF, 0xFF, 0x07, 0x44, 0xEB, 0x08, 0x6B, 0x08, 0x3B, 0x42, 0xBB, 0xFE, 0xFF,
        0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x00, 0xFF, 0xFF, 0x40, 0xEB, 0x0C, 0x20, 0x0F, 0x52, 0x10, 0xD8, 0x00, 0x00,
        0x36, 0x02, 0xA6, 0x00, 0x82, 0xEA, 0x14, 0xC2,
    ];

    #[test]
    fn a_w25q128_has_sixteen_mebibytes_and_both_erasures() {
        let found = Parameters { capacity: 16 << 20, sector_erase: 0x20, block_erase: Some(0xD8) };
        assert_eq!(read(&W25Q128), Some(found));
        assert_eq!(read(&W25Q128[..36]), Some(found), "the first revision of the table ends there");
        assert_eq!(read(&W25Q128[..32]), None);
    }

    #[test]
    fn a_chip_beyond_the_address_bits_is_used_as_far_as_they_reach() {
        let mut table = W25Q128;
        table[4..8].copy_from_slice(&(0x8000_0021_u32).to_le_bytes());
        assert_eq!(read(&table).map(|parameters| parameters.capacity), Some(16 << 20));
    }

    #[test]
    fn a_chip_without_small_sectors_or_with_other_pages_is_none() {
        let mut table = W25Q128;
        table[28] = 0;
        assert_eq!(read(&table), None);
        let mut table = W25Q128;
        table[40] = 0x92;
        assert_eq!(read(&table), None);
    }

    #[test]
    fn only_a_header_of_the_basic_table_leads_to_it() {
        let header = *b"SFDP\x06\x01\x00\xFF\x00\x06\x01\x10\x80\x00\x00\xFF";
        assert_eq!(locate(&header), Some((0x80, TABLE_LEN)));
        assert_eq!(locate(&[0xFF; HEADER_LEN]), None);
        assert_eq!(locate(&[0; HEADER_LEN]), None);
    }
}
