//! A signed image as one file: what `milepost firmware sign` writes and `publish` sends.
//!
//! Layout: eight bytes of magic, the manifest's length as two little-endian bytes, the manifest, 64 bytes of signature, the image.

use milepost_protocol::update::{MAX_MANIFEST_LEN, Manifest, SignedManifest};
use sha2::{Digest as _, Sha256};

use super::FirmwareError;

const MAGIC: &[u8; 8] = b"MPIMAGE1";

/// The longest image that is taken, in bytes.
pub const MAX_IMAGE_LEN: usize = 4 << 20;

/// A signed image; its length and hash are those of its manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bundle {
    /// The manifest with its signature.
    pub signed: SignedManifest,
    /// What the manifest says.
    pub manifest: Manifest,
    /// The image.
    pub image: Vec<u8>,
}

impl Bundle {
    /// Puts a signed manifest and its image together.
    pub fn new(signed: SignedManifest, image: Vec<u8>) -> Result<Self, FirmwareError> {
        let manifest = Manifest::decode(&signed.manifest).ok_or(FirmwareError::Bundle("the manifest does not read"))?;
        if manifest.board.is_empty() || !manifest.board.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        {
            return Err(FirmwareError::Bundle("the board's name is not made of letters, digits and dashes"));
        }
        if image.is_empty() || image.len() > MAX_IMAGE_LEN || manifest.len as usize != image.len() {
            return Err(FirmwareError::Bundle("the image's length is not the manifest's"));
        }
        if manifest.sha256 != <[u8; 32]>::from(Sha256::digest(&image)) {
            return Err(FirmwareError::Bundle("the image's hash is not the manifest's"));
        }
        Ok(Self { signed, manifest, image })
    }

    /// The file's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let len = u16::try_from(self.signed.manifest.len()).expect("a manifest has at most 192 bytes");
        [&MAGIC[..], &len.to_le_bytes(), &self.signed.manifest, &self.signed.signature_bytes(), &self.image].concat()
    }

    /// Reads a file; the signature is not looked at.
    pub fn decode(bytes: &[u8]) -> Result<Self, FirmwareError> {
        let short = || FirmwareError::Bundle("it is cut short");
        let rest = bytes.strip_prefix(MAGIC).ok_or(FirmwareError::Bundle("it does not begin like one"))?;
        let (len, rest) = rest.split_first_chunk::<2>().ok_or_else(short)?;
        let len = usize::from(u16::from_le_bytes(*len));
        if len > MAX_MANIFEST_LEN {
            return Err(FirmwareError::Bundle("the manifest is too long"));
        }
        let (manifest, rest) = rest.split_at_checked(len).ok_or_else(short)?;
        let (signature, image) = rest.split_first_chunk::<64>().ok_or_else(short)?;
        let manifest = heapless::Vec::from_slice(manifest).map_err(|_| short())?;
        let signature = SignedManifest::split(*signature);
        Self::new(SignedManifest { manifest, signature }, image.to_vec())
    }
}
