//! The key that signs flash receipts: its own, so that nothing else it signs could pass for one.
//!
//! Invariant: the private half is a file of mode 0600; the public half lies beside it for whoever checks receipts.

use std::path::Path;

use milepost_protocol::DeviceId;
use rcgen::{KeyPair, SigningKey as _};

use super::{FlashReceipt, Flashing, SignedReceipt};
use crate::domain::AccountId;
use crate::pki::{PkiError, files, hex};

/// The key of one installation.
#[derive(Debug)]
pub struct ReceiptKey {
    key: KeyPair,
    public_pem: String,
}

impl ReceiptKey {
    /// Opens `receipts.key` in `folder`, or makes it together with `receipts.pem`.
    pub fn open(folder: &Path) -> Result<Self, PkiError> {
        let (private, public) = (folder.join("receipts.key"), folder.join("receipts.pem"));
        let key = if let Some(pem) = files::read(&private)? {
            KeyPair::from_pem(&pem).map_err(|_| PkiError::ReceiptKey { path: private })?
        } else {
            let key = KeyPair::generate().map_err(|_| PkiError::ReceiptKey { path: private.clone() })?;
            files::write(&private, &key.serialize_pem())?;
            key
        };
        let public_pem = key.public_key_pem();
        if files::read(&public)?.as_ref() != Some(&public_pem) {
            files::write(&public, &public_pem)?;
        }
        Ok(Self { key, public_pem })
    }

    /// The public half, PEM.
    pub fn public_pem(&self) -> &str {
        &self.public_pem
    }

    /// A receipt of what was told, with who and when added.
    pub fn sign(&self, told: Flashing, by: AccountId, at_ms: u64) -> Result<SignedReceipt, rcgen::Error> {
        let Flashing { device, board, image_sha256, configuration_sha256, tool, result } = told;
        let id = id(&device, at_ms);
        let receipt = FlashReceipt { id, device, board, image_sha256, configuration_sha256, tool, result, by, at_ms };
        let signature = hex(&self.key.sign(receipt.canonical().as_bytes())?);
        Ok(SignedReceipt { receipt, signature })
    }
}

/// An id that sorts the newer before the older.
fn id(device: &DeviceId, at_ms: u64) -> String {
    format!("{:016x}-{device}-{:08x}", u64::MAX - at_ms, rand::random::<u32>())
}
