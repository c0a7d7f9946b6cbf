//! Images in the store: one document of what an image is, and its bytes in parts.
//!
//! Invariant: document and parts are written in one commit and never again.

use milepost_protocol::update::{Manifest, SignedManifest, Version};
use serde::{Deserialize, Serialize};

use super::{Bundle, Firmware, FirmwareError, trusts};
use crate::domain::AccountId;
use crate::events::ImagePublished;
use crate::store::{Collection, DocKey, DocWrite, Expected, StoreError};

const IMAGES: Collection = Collection("firmware");
const PARTS: Collection = Collection("firmware_part");

/// How many bytes one stored part has.
const PART_LEN: usize = 64 << 10;

/// The most images that are listed.
const MAX_IMAGES: usize = 1_000;

/// An image that was published.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageDoc {
    /// The manifest as it was signed, with its signature.
    pub signed: SignedManifest,
    /// Who published it.
    pub published_by: AccountId,
    /// When, in milliseconds of Unix time.
    pub published_ms: u64,
}

impl ImageDoc {
    /// What the manifest says.
    pub fn manifest(&self) -> Result<Manifest, FirmwareError> {
        Manifest::decode(&self.signed.manifest).ok_or(FirmwareError::Bundle("the manifest does not read"))
    }
}

fn key_of(board: &str, version: Version) -> String {
    let [major, minor, patch] = version.0;
    format!("{board}/{major:05}.{minor:05}.{patch:05}")
}

impl Firmware {
    /// Keeps a signed image; durable on `Ok`. The same image again is no error.
    pub async fn publish(&self, bundle: Bundle, by: AccountId) -> Result<ImageDoc, FirmwareError> {
        if !trusts(&self.keys, &bundle.signed) {
            return Err(FirmwareError::Untrusted);
        }
        let key = key_of(&bundle.manifest.board, bundle.manifest.version);
        let published_ms = self.service.clock().now_ms();
        let image = ImageDoc { signed: bundle.signed, published_by: by, published_ms };
        let parts = bundle.image.chunks(PART_LEN).enumerate().map(|(number, bytes)| DocWrite {
            key: DocKey::new(PARTS, format!("{key}/{number:05}")),
            expected: Expected::Any,
            value: Some(bytes.to_vec()),
        });
        let head = DocWrite::json("image", DocKey::new(IMAGES, &key), Expected::Absent, &image)?;
        match self.service.put_docs(std::iter::once(head).chain(parts).collect()).await {
            Ok(()) => {
                let manifest = &bundle.manifest;
                ImagePublished { board: &manifest.board, version: manifest.version, by: &image.published_by }.emit();
                Ok(image)
            }
            Err(StoreError::Conflict { .. }) => {
                let known = self.image(&bundle.manifest.board, bundle.manifest.version).await?;
                if known.manifest()? == bundle.manifest { Ok(known) } else { Err(FirmwareError::VersionTaken) }
            }
            Err(error) => Err(error.into()),
        }
    }

    /// One image.
    pub async fn image(&self, board: &str, version: Version) -> Result<ImageDoc, FirmwareError> {
        let doc = self.service.doc(&DocKey::new(IMAGES, key_of(board, version))).await?;
        Ok(doc.ok_or(FirmwareError::UnknownImage)?.read("image")?)
    }

    /// All images, by board and version.
    pub async fn images(&self) -> Result<Vec<ImageDoc>, FirmwareError> {
        self.service.docs(IMAGES, "", None, MAX_IMAGES).await?.iter().map(|(_, doc)| Ok(doc.read("image")?)).collect()
    }

    /// The bytes of an image.
    pub(super) async fn bytes(&self, board: &str, version: Version) -> Result<Vec<u8>, FirmwareError> {
        let prefix = format!("{}/", key_of(board, version));
        let parts = self.service.docs(PARTS, &prefix, None, usize::MAX).await?;
        Ok(parts.into_iter().flat_map(|(_, doc)| doc.value).collect())
    }
}
