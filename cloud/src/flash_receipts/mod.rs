//! Flash receipts: who put which image and configuration on which device, when, and how it ended.
//!
//! Invariant: a receipt is signed when it is taken in, stored once, and never written again; whoever holds the public key can check
//! one without the service.

mod key;
mod shelf;

pub use key::ReceiptKey;
pub use shelf::{find, keep, list};

use milepost_protocol::DeviceId;
use rustls::SignatureScheme;
use rustls_pki_types::SubjectPublicKeyInfoDer;
use rustls_pki_types::pem::PemObject as _;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::SubjectPublicKeyInfo;

use crate::domain::AccountId;

/// The longest board name or tool version, in bytes.
const MAX_TEXT: usize = 64;

/// How a flashing ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FlashResult {
    /// The image runs, and the device has its own certificate.
    Enrolled,
    /// The image runs; the identity stayed as it was.
    Flashed,
    /// It did not end well; the device is what it was before, or needs a person.
    Failed,
}

impl FlashResult {
    /// The name, as JSON and the signed bytes have it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Enrolled => "enrolled",
            Self::Flashed => "flashed",
            Self::Failed => "failed",
        }
    }
}

/// What the one who flashed tells.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, ToSchema)]
pub struct Flashing {
    /// The device's id.
    #[schema(value_type = String)]
    pub device: DeviceId,
    /// The kind of board.
    pub board: String,
    /// The SHA-256 of the image, 64 hexadecimal digits.
    pub image_sha256: String,
    /// The SHA-256 of the configuration as the device computed it, 64 hexadecimal digits; absent if none was stored.
    #[serde(default)]
    pub configuration_sha256: Option<String>,
    /// The tool and its version.
    pub tool: String,
    /// How it ended.
    pub result: FlashResult,
}

impl Flashing {
    /// Whether every text is of a kind that can be signed line by line.
    pub fn is_valid(&self) -> bool {
        let text = |text: &str| (1..=MAX_TEXT).contains(&text.len()) && text.bytes().all(|b| (0x20..0x7F).contains(&b));
        let hash = |hash: &str| hash.len() == 64 && hash.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        text(&self.board)
            && text(&self.tool)
            && hash(&self.image_sha256)
            && self.configuration_sha256.as_deref().is_none_or(hash)
    }
}

/// A receipt: what was told, by whom, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FlashReceipt {
    /// The receipt's id.
    pub id: String,
    /// The device's id.
    #[schema(value_type = String)]
    pub device: DeviceId,
    /// The kind of board.
    pub board: String,
    /// The SHA-256 of the image in hexadecimal.
    pub image_sha256: String,
    /// The SHA-256 of the configuration in hexadecimal, if one was stored.
    pub configuration_sha256: Option<String>,
    /// The tool and its version.
    pub tool: String,
    /// How it ended.
    pub result: FlashResult,
    /// The account of the one who flashed.
    #[schema(value_type = String)]
    pub by: AccountId,
    /// When the service took it in, in milliseconds of Unix time.
    pub at_ms: u64,
}

impl FlashReceipt {
    /// The bytes that are signed: a line that names the form, then one line a field, `name=value`, in this order, each ended by a
    /// line feed; an absent configuration is empty. No value holds a line feed.
    pub fn canonical(&self) -> String {
        let Self { id, device, board, image_sha256, configuration_sha256, tool, result, by, at_ms } = self;
        let configuration = configuration_sha256.as_deref().unwrap_or_default();
        let result = result.name();
        format!(
            "milepost-flash-receipt-1\nid={id}\ndevice={device}\nboard={board}\nimage_sha256={image_sha256}\n\
             configuration_sha256={configuration}\ntool={tool}\nresult={result}\nby={by}\nat_ms={at_ms}\n"
        )
    }
}

/// A receipt with its signature.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SignedReceipt {
    /// What is signed.
    pub receipt: FlashReceipt,
    /// ECDSA on P-256 with SHA-256 over the canonical bytes, DER, in hexadecimal.
    pub signature: String,
}

/// Why a receipt does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReceiptError {
    /// The key is not a public key on P-256 in PEM.
    #[error("public key is no PEM of a P-256 key")]
    Key,
    /// The signature was made by another key or for other bytes.
    #[error("signature does not match the receipt")]
    Signature,
}

impl SignedReceipt {
    /// Checks the signature against a public key in PEM.
    pub fn verify(&self, public_key_pem: &str) -> Result<(), ReceiptError> {
        let info = SubjectPublicKeyInfoDer::from_pem_slice(public_key_pem.as_bytes()).map_err(|_| ReceiptError::Key)?;
        let (_, info) = SubjectPublicKeyInfo::from_der(&info).map_err(|_| ReceiptError::Key)?;
        let algorithms = rustls::crypto::ring::default_provider().signature_verification_algorithms;
        let ours = |(scheme, _): &&(SignatureScheme, _)| *scheme == SignatureScheme::ECDSA_NISTP256_SHA256;
        let (_, candidates) = algorithms.mapping.iter().find(ours).ok_or(ReceiptError::Key)?;
        let signature = unhex(&self.signature).ok_or(ReceiptError::Signature)?;
        let text = self.receipt.canonical();
        let point = &info.subject_public_key.data;
        let holds = candidates.iter().any(|one| one.verify_signature(point, text.as_bytes(), &signature).is_ok());
        if holds { Ok(()) } else { Err(ReceiptError::Signature) }
    }
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some((digit(*high)? << 4 | digit(*low)?) as u8),
        _ => None,
    };
    text.as_bytes().chunks(2).map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{AnyStore, MemoryStore, SledSettings, SledStore, Store as _};

    fn flashing() -> Flashing {
        Flashing {
            device: "dev-1".parse().unwrap(),
            board: "mps2-an386".to_owned(),
            image_sha256: "ab".repeat(32),
            configuration_sha256: Some("cd".repeat(32)),
            tool: "xtask 0.1.0".to_owned(),
            result: FlashResult::Enrolled,
        }
    }

    fn key() -> (tempfile::TempDir, ReceiptKey) {
        let folder = tempfile::tempdir().unwrap();
        let key = ReceiptKey::open(folder.path()).unwrap();
        (folder, key)
    }

    #[test]
    fn a_receipt_holds_and_every_change_of_it_is_noticed() {
        let (folder, key) = key();
        let signed = key.sign(flashing(), "emil".parse().unwrap(), 1_700_000_000_000).unwrap();
        let again = ReceiptKey::open(folder.path()).unwrap();
        assert_eq!(signed.verify(again.public_pem()), Ok(()), "the key is kept");
        let forged: [fn(&mut FlashReceipt); 9] = [
            |receipt| receipt.id.push('0'),
            |receipt| receipt.device = "dev-2".parse().unwrap(),
            |receipt| receipt.board.push('x'),
            |receipt| receipt.image_sha256 = "00".repeat(32),
            |receipt| receipt.configuration_sha256 = None,
            |receipt| receipt.tool.push('x'),
            |receipt| receipt.result = FlashResult::Failed,
            |receipt| receipt.by = "anna".parse().unwrap(),
            |receipt| receipt.at_ms += 1,
        ];
        for forge in forged {
            let mut receipt = signed.receipt.clone();
            forge(&mut receipt);
            let forged = SignedReceipt { receipt, ..signed.clone() };
            assert_eq!(forged.verify(key.public_pem()), Err(ReceiptError::Signature), "{:?}", forged.receipt);
        }
        let (_other, other) = self::key();
        assert_eq!(signed.verify(other.public_pem()), Err(ReceiptError::Signature));
        assert_eq!(signed.verify("no key"), Err(ReceiptError::Key));
        let cut = SignedReceipt { signature: signed.signature[1..].to_owned(), ..signed };
        assert_eq!(cut.verify(key.public_pem()), Err(ReceiptError::Signature));
    }

    #[test]
    fn texts_that_could_pose_as_other_lines_are_not_signed() {
        assert!(flashing().is_valid());
        for bad in ["", "a\nresult=enrolled", "ä", &"x".repeat(65)] {
            assert!(!Flashing { board: bad.to_owned(), ..flashing() }.is_valid(), "{bad:?}");
            assert!(!Flashing { tool: bad.to_owned(), ..flashing() }.is_valid(), "{bad:?}");
            assert!(!Flashing { image_sha256: bad.to_owned(), ..flashing() }.is_valid(), "{bad:?}");
            let configuration_sha256 = Some(bad.to_owned());
            assert!(!Flashing { configuration_sha256, ..flashing() }.is_valid(), "{bad:?}");
        }
    }

    #[tokio::test]
    async fn every_store_keeps_receipts_newest_first_and_never_takes_one_twice() {
        let folder = tempfile::tempdir().unwrap();
        let settings = SledSettings { folder: folder.path().join("store"), cache_bytes: 1 << 20, min_free_bytes: 0 };
        let stores = [AnyStore::Memory(MemoryStore::new()), AnyStore::Sled(SledStore::open(settings).unwrap())];
        let (_folder, key) = key();
        for store in stores {
            let mut made = Vec::new();
            for at_ms in [1_700_000_000_000, 1_700_000_000_001, 1_700_000_000_001] {
                let signed = key.sign(flashing(), "emil".parse().unwrap(), at_ms).unwrap();
                keep(&store, &signed).await.unwrap();
                made.push(signed);
            }
            assert!(keep(&store, &made[0]).await.is_err(), "a receipt is never written again");
            let all = list(&store, None, 10).await.unwrap();
            assert_eq!(all.len(), 3);
            assert_eq!(all[2], made[0], "the oldest is last");
            let rest = list(&store, Some(&all[0].receipt.id), 10).await.unwrap();
            assert_eq!(rest, all[1..]);
            assert_eq!(find(&store, &made[1].receipt.id).await.unwrap().as_ref(), Some(&made[1]));
            assert_eq!(find(&store, "nothing").await.unwrap(), None);
            store.close().await.unwrap();
        }
    }
}
