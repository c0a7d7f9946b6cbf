//! What a file is, by what stands in it: names and types that browsers send prove nothing.

use serde::{Deserialize, Serialize};

/// What is taken as a receipt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// ISO 32000.
    Pdf,
    /// ITU-T T.81.
    Jpeg,
    /// ISO/IEC 15948.
    Png,
}

/// How far from its end a document's last mark may lie, in bytes: writers append a little.
const TAIL: usize = 2_048;

impl Kind {
    /// What the bytes are, if they begin and end as one of these does.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        let tail = &bytes[bytes.len().saturating_sub(TAIL)..];
        let ends_with = |mark: &[u8]| tail.windows(mark.len()).any(|part| part == mark);
        if bytes.starts_with(b"%PDF-") && ends_with(b"%%EOF") {
            Some(Self::Pdf)
        } else if bytes.starts_with(&[0xFF, 0xD8, 0xFF]) && ends_with(&[0xFF, 0xD9]) {
            Some(Self::Jpeg)
        } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") && ends_with(b"IEND\xAE\x42\x60\x82") {
            Some(Self::Png)
        } else {
            None
        }
    }

    /// The media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Pdf => "application/pdf",
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
        }
    }

    /// What its files are called.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_it_begins_and_ends_as() {
        let png = [&b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"[..], &[0; 40], b"IEND\xAE\x42\x60\x82"].concat();
        for (bytes, kind) in [
            (&b"%PDF-1.7\n...\n%%EOF\n"[..], Some(Kind::Pdf)),
            (&[0xFF, 0xD8, 0xFF, 0xE0, 1, 2, 0xFF, 0xD9], Some(Kind::Jpeg)),
            (&png, Some(Kind::Png)),
            (b"%PDF-1.7 that was cut short", None),
            (&png[..30], None),
            (b"<html>%PDF- %%EOF</html>", None),
            (b"MZ\x90", None),
            (b"", None),
        ] {
            assert_eq!(Kind::of(bytes), kind, "{bytes:?}");
        }
    }
}
