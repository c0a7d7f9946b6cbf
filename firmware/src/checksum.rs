//! CRC-32 as in IEEE 802.3, for what boards keep and what travels over a serial line.
//!
//! Invariant: no table; a page of flash and a short frame are small enough for a loop over bits.

/// The checksum of `bytes`: reflected polynomial 0xEDB88320, all ones at the start and the end.
pub fn crc32(bytes: &[u8]) -> u32 {
    let mut crc = u32::MAX;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0xEDB8_8320 & 0_u32.wrapping_sub(crc & 1));
        }
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_of_the_catalogue_comes_out() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b""), 0);
    }
}
