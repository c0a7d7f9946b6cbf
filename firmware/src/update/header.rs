//! What an image says of itself: its board, its version, and the keys whose images may follow it.
//!
//! It is plain bytes behind a mark, so that a bench finds it in the image's bytes and can write another version or other keys into it
//! without a build. Invariant: the mark stands once in an image, and a build with a version or a key that does not read fails.

use milepost_protocol::update::{MAX_BOARD_LEN, Version};

/// How many keys an image can trust.
pub const MAX_KEYS: usize = 2;

const MARK: [u8; 16] = *b"MP\xE1image\xC7header\x01";

/// No key: not the encoding of anybody's.
const NO_KEY: [u8; 32] = [0; 32];

/// What an image says of itself; a board keeps one in flash and reads it with a volatile access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct Header {
    mark: [u8; 16],
    version: [[u8; 2]; 3],
    variant: [u8; 2],
    keys: [[u8; 32]; MAX_KEYS],
    board: [u8; MAX_BOARD_LEN],
}

/// How many bytes it has.
pub const HEADER_LEN: usize = size_of::<Header>();

impl Header {
    /// The header of an image that is being built: `version` is `MAJOR.MINOR.PATCH`, `keys` up to [`MAX_KEYS`] Ed25519 public keys of
    /// 64 hexadecimal digits with commas between them, or nothing.
    ///
    /// # Panics
    ///
    /// If a text does not read; in a constant that is an error of the build.
    pub const fn new(board: &str, version: &str, keys: &str) -> Self {
        let Some(parts) = version_of(version.as_bytes()) else { panic!("the version is not MAJOR.MINOR.PATCH") };
        let Some(keys) = keys_of(keys.as_bytes()) else { panic!("the keys are not each 64 hexadecimal digits") };
        assert!(board.len() <= MAX_BOARD_LEN, "the board's name is too long");
        let mut header = Self { mark: MARK, version: [[0; 2]; 3], variant: [0; 2], keys, board: [0; MAX_BOARD_LEN] };
        let mut at = 0;
        while at < parts.len() {
            header.version[at] = parts[at].to_le_bytes();
            at += 1;
        }
        let mut at = 0;
        while at < board.len() {
            header.board[at] = board.as_bytes()[at];
            at += 1;
        }
        header
    }

    /// The board, as manifests name it.
    pub fn board(&self) -> &str {
        let len = self.board.iter().position(|byte| *byte == 0).unwrap_or(MAX_BOARD_LEN);
        self.board.get(..len).and_then(|name| core::str::from_utf8(name).ok()).unwrap_or_default()
    }

    /// The version.
    pub fn version(&self) -> Version {
        Version(self.version.map(u16::from_le_bytes))
    }

    /// The keys that are trusted.
    pub fn keys(&self) -> &[[u8; 32]] {
        let count = self.keys.iter().position(|key| *key == NO_KEY).unwrap_or(MAX_KEYS);
        self.keys.get(..count).unwrap_or_default()
    }

    /// What tells images apart that are alike otherwise; the board knows what it means, and 0 is the ordinary one.
    pub fn variant(&self) -> u16 {
        u16::from_le_bytes(self.variant)
    }

    /// Writes version, variant and keys of the one header in an image's bytes; `false` if there is not exactly one.
    pub fn rewrite(image: &mut [u8], version: Version, variant: u16, keys: &[[u8; 32]]) -> bool {
        let mut found = image.windows(MARK.len()).enumerate().filter(|(_, bytes)| *bytes == MARK).map(|(at, _)| at);
        let (Some(at), None) = (found.next(), found.next()) else { return false };
        let Some((header, rest)) = image.get_mut(at + MARK.len()..).and_then(<[u8]>::split_first_chunk_mut::<8>) else {
            return false;
        };
        let Some(places) = rest.first_chunk_mut::<{ 32 * MAX_KEYS }>() else { return false };
        let words = version.0.into_iter().chain([variant]);
        for (place, word) in header.chunks_exact_mut(2).zip(words) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        let keys_then_none = keys.iter().chain(core::iter::repeat(&NO_KEY));
        for (place, key) in places.chunks_exact_mut(32).zip(keys_then_none) {
            place.copy_from_slice(key);
        }
        keys.len() <= MAX_KEYS
    }
}

const fn version_of(text: &[u8]) -> Option<[u16; 3]> {
    let mut parts = [0; 3];
    let (mut part, mut at, mut digits) = (0, 0, 0);
    while at < text.len() {
        match text[at] {
            b'.' if digits > 0 && part < 2 => {
                part += 1;
                digits = 0;
            }
            digit @ b'0'..=b'9' if digits < 5 => {
                let value = parts[part] as u32 * 10 + (digit - b'0') as u32;
                if value > u16::MAX as u32 {
                    return None;
                }
                parts[part] = value as u16;
                digits += 1;
            }
            _ => return None,
        }
        at += 1;
    }
    if part == 2 && digits > 0 { Some(parts) } else { None }
}

const fn keys_of(text: &[u8]) -> Option<[[u8; 32]; MAX_KEYS]> {
    let mut keys = [NO_KEY; MAX_KEYS];
    let (mut key, mut at, mut digits) = (0, 0, 0);
    while at < text.len() {
        let value = match text[at] {
            b',' if digits == 64 && key + 1 < MAX_KEYS => {
                key += 1;
                digits = 0;
                at += 1;
                continue;
            }
            digit @ b'0'..=b'9' => digit - b'0',
            digit @ b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        if digits == 64 {
            return None;
        }
        keys[key][digits / 2] = keys[key][digits / 2] << 4 | value;
        digits += 1;
        at += 1;
    }
    if text.is_empty() || digits == 64 { Some(keys) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "19bf44096984cdfe8541bac167dc3b96c85086aa30b6b6cb0c5c38ad703166e1";

    /// The bytes as they stand in an image, with others around them.
    fn image(header: &Header) -> std::vec::Vec<u8> {
        let Header { mark, version, variant, keys, board } = header;
        [b"code" as &[u8], mark, version.as_flattened(), variant, keys.as_flattened(), board, b"more"].concat()
    }

    #[test]
    fn a_header_says_what_the_build_was_told() {
        const HEADER: Header = Header::new("mps2-an386", "1.20.300", KEY);
        assert_eq!((HEADER.board(), HEADER.version(), HEADER.variant()), ("mps2-an386", Version([1, 20, 300]), 0));
        assert_eq!(HEADER.keys().iter().map(|key| (key[0], key[31])).collect::<std::vec::Vec<_>>(), [(0x19, 0xE1)]);
        assert!(Header::new("b", "0.1.0", "").keys().is_empty());
    }

    #[test]
    fn texts_that_do_not_read_are_refused() {
        for text in ["", "1", "1.2", "1.2.3.4", "1..3", "1.2.", "65536.0.0", "a.b.c", "000001.0.0"] {
            assert_eq!(version_of(text.as_bytes()), None, "{text}");
        }
        let (two, three) = (std::format!("{KEY},{KEY}"), std::format!("{KEY},{KEY},{KEY}"));
        assert!(keys_of(two.as_bytes()).is_some());
        for text in [&three, &KEY[1..], &two[..100], "zz", ","] {
            assert_eq!(keys_of(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn a_rewritten_image_has_the_same_bytes_but_version_variant_and_keys() {
        let header = Header::new("mps2-an386", "1.0.0", KEY);
        let mut bytes = image(&header);
        assert!(Header::rewrite(&mut bytes, Version([1, 2, 3]), 2, &[[5; 32], [6; 32]]));
        let expected =
            Header { version: [[1, 0], [2, 0], [3, 0]], variant: [2, 0], keys: [[5; 32], [6; 32]], ..header };
        assert_eq!(bytes, image(&expected));
    }

    #[test]
    fn an_image_with_no_header_or_with_two_is_left_alone() {
        let twice = image(&Header::new("b", "1.0.0", "")).repeat(2);
        for image in [&b"no header"[..], &twice] {
            let mut bytes = image.to_vec();
            assert!(!Header::rewrite(&mut bytes, Version([2, 0, 0]), 0, &[]));
            assert_eq!(bytes, image);
        }
    }
}
