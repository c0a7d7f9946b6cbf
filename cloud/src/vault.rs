//! A key for each owner, sealed by the service's master key: what is sealed with an owner's key is gone with it, backups included.
//!
//! A new master key takes over by standing first in the configuration with the one before it among the earlier ones: at the next
//! start every owner's key is sealed anew, and after that the earlier one may go.
//! Invariant: no owner's key lies in the store in the clear, and one that was erased never comes back.

use aes_gcm::aead::{Aead as _, Payload};
use aes_gcm::{Aes256Gcm, KeyInit as _, Nonce};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use hkdf::Hkdf;
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::config::{self, Secret};
use crate::domain::AccountId;
use crate::service::Service;
use crate::store::{Collection, Doc, DocKey, DocWrite, Expected, StoreError};

/// Owners' keys, sealed; keys are account ids.
const OWNER_KEYS: Collection = Collection("owner_key");

/// How many keys are read at a time.
const PAGE: usize = 500;

/// The length of a nonce (NIST SP 800-38D §8.2.2: 96 bits at random, for far fewer than 2^32 messages a key).
const NONCE_LEN: usize = 12;

/// Why an owner's key could not be had.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The store failed.
    #[error("failed to reach the owners' keys")]
    Store(#[from] StoreError),
    /// A stored key was sealed by a master key that the configuration does not have.
    #[error("the key of {0} was sealed by another master key than those of the configuration")]
    Master(AccountId),
    /// Something sealed does not open with its owner's key.
    #[error("sealed bytes do not open with their owner's key")]
    Open,
    /// No random bytes could be drawn.
    #[error("failed to draw a key")]
    Random(#[source] rand::rand_core::OsError),
}

/// A key with what it is known by.
#[derive(Clone)]
struct Master {
    name: String,
    cipher: Aes256Gcm,
}

impl Master {
    /// The key that follows from a secret (HKDF-SHA-256, RFC 5869).
    fn new(secret: &Secret) -> Self {
        let derived = Hkdf::<Sha256>::new(Some(b"milepost vault"), secret.expose().as_bytes());
        let (mut key, mut name) = ([0; 32], [0; 8]);
        derived.expand(b"master key", &mut key).expect("32 bytes are far less than HKDF can give");
        derived.expand(b"its name", &mut name).expect("8 bytes are far less than HKDF can give");
        Self { name: crate::pki::hex(&name), cipher: Aes256Gcm::new(&key.into()) }
    }
}

/// The key of one owner.
#[derive(Clone)]
pub struct OwnerKey(Aes256Gcm);

impl std::fmt::Debug for OwnerKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("OwnerKey(…)")
    }
}

impl OwnerKey {
    /// Seals bytes; `place` says where they belong, and they open nowhere else.
    pub fn seal(&self, place: &str, bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
        seal(&self.0, place, bytes)
    }

    /// Opens what was sealed for a place.
    pub fn open(&self, place: &str, sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
        open(&self.0, place, sealed).ok_or(VaultError::Open)
    }
}

fn seal(cipher: &Aes256Gcm, place: &str, bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
    let mut nonce = [0; NONCE_LEN];
    OsRng.try_fill_bytes(&mut nonce).map_err(VaultError::Random)?;
    let payload = Payload { msg: bytes, aad: place.as_bytes() };
    let sealed = cipher.encrypt(Nonce::from_slice(&nonce), payload).expect("AES-GCM seals whatever fits in memory");
    Ok([&nonce[..], &sealed].concat())
}

fn open(cipher: &Aes256Gcm, place: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_at_checked(NONCE_LEN)?;
    cipher.decrypt(Nonce::from_slice(nonce), Payload { msg: sealed, aad: place.as_bytes() }).ok()
}

/// An owner's key, as it is stored.
#[derive(Debug, Serialize, Deserialize)]
struct Sealed {
    /// What the master key is known by.
    master: String,
    /// The key under it, in base64.
    key: String,
}

/// The owners' keys; clones share the service.
#[derive(Clone)]
pub struct Vault {
    service: Service,
    present: Master,
    earlier: Vec<Master>,
}

impl std::fmt::Debug for Vault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Vault").field("present", &self.present.name).finish_non_exhaustive()
    }
}

impl Vault {
    /// Keys over the service's store, under a master secret; `earlier` ones still open.
    pub fn new(service: Service, present: &Secret, earlier: &[Secret]) -> Self {
        Self { service, present: Master::new(present), earlier: earlier.iter().map(Master::new).collect() }
    }

    /// Keys as the configuration has them; without a master key there, the one of the data folder.
    pub fn of(service: Service, settings: &config::Receipts) -> Self {
        let pki = std::sync::Arc::clone(service.pki());
        Self::new(service, settings.master_key.as_ref().unwrap_or_else(|| pki.vault()), &settings.earlier_keys)
    }

    /// An owner's key; made at the first time. Durable on `Ok`.
    pub async fn key(&self, owner: &AccountId) -> Result<OwnerKey, VaultError> {
        if let Some(key) = self.existing(owner).await? {
            return Ok(key);
        }
        let mut key = [0; 32];
        OsRng.try_fill_bytes(&mut key).map_err(VaultError::Random)?;
        match self.service.put_docs(vec![self.write(owner, &key, Expected::Absent)?]).await {
            Ok(()) => Ok(OwnerKey(Aes256Gcm::new(&key.into()))),
            // Another request was first; its key is the one.
            Err(error @ StoreError::Conflict { .. }) => self.existing(owner).await?.ok_or(VaultError::Store(error)),
            Err(error) => Err(error.into()),
        }
    }

    /// An owner's key, if there is one.
    pub async fn existing(&self, owner: &AccountId) -> Result<Option<OwnerKey>, VaultError> {
        let Some(doc) = self.service.doc(&DocKey::new(OWNER_KEYS, owner.as_str())).await? else { return Ok(None) };
        let (key, _) = self.unseal(owner, &doc)?;
        Ok(Some(OwnerKey(Aes256Gcm::new(&key.into()))))
    }

    /// What erases an owner's key: nothing that it sealed can be read after that commit.
    pub fn forget(owner: &AccountId) -> DocWrite {
        DocWrite { key: DocKey::new(OWNER_KEYS, owner.as_str()), expected: Expected::Any, value: None }
    }

    /// Seals every key anew that an earlier master key has sealed; answers how many. Durable on `Ok`.
    pub async fn renew(&self) -> Result<usize, VaultError> {
        let (mut renewed, mut after): (usize, Option<String>) = (0, None);
        loop {
            let page = self.service.docs(OWNER_KEYS, "", after.as_deref(), PAGE).await?;
            for (name, doc) in &page {
                let Ok(owner) = name.parse::<AccountId>() else { continue };
                let (key, master) = self.unseal(&owner, doc)?;
                if master == self.present.name {
                    continue;
                }
                match self.service.put_docs(vec![self.write(&owner, &key, Expected::Version(doc.version))?]).await {
                    Ok(()) => renewed += 1,
                    // It was erased meanwhile, and stays so.
                    Err(StoreError::Conflict { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            match page.into_iter().nth(PAGE - 1) {
                Some((last, _)) => after = Some(last),
                None => return Ok(renewed),
            }
        }
    }

    /// A stored key in the clear, and what its master key is known by.
    fn unseal(&self, owner: &AccountId, doc: &Doc) -> Result<([u8; 32], String), VaultError> {
        let Sealed { master, key } = doc.read(&format!("key of {owner}"))?;
        let mut known = std::iter::once(&self.present).chain(&self.earlier);
        let of = known.find(|known| known.name == master).ok_or_else(|| VaultError::Master(owner.clone()))?;
        let sealed = STANDARD_NO_PAD.decode(key).map_err(|_| VaultError::Open)?;
        let opened = open(&of.cipher, owner.as_str(), &sealed).ok_or(VaultError::Open)?;
        Ok((opened.try_into().map_err(|_| VaultError::Open)?, master))
    }

    fn write(&self, owner: &AccountId, key: &[u8; 32], expected: Expected) -> Result<DocWrite, VaultError> {
        let key = STANDARD_NO_PAD.encode(seal(&self.present.cipher, owner.as_str(), key)?);
        let sealed = Sealed { master: self.present.name.clone(), key };
        Ok(DocWrite::json("key", DocKey::new(OWNER_KEYS, owner.as_str()), expected, &sealed)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cipher(text: &str) -> Aes256Gcm {
        Master::new(&Secret::new(text.to_owned())).cipher
    }

    #[test]
    fn what_is_sealed_opens_with_its_key_at_its_place_and_nowhere_else() {
        let sealed = seal(&cipher("one"), "here", b"a receipt").unwrap();
        assert!(!sealed.windows(7).any(|part| part == b"receipt"));
        assert_eq!(open(&cipher("one"), "here", &sealed).unwrap(), b"a receipt");
        assert_eq!(open(&cipher("two"), "here", &sealed), None);
        assert_eq!(open(&cipher("one"), "there", &sealed), None);
        for cut in 0..sealed.len() {
            assert_eq!(open(&cipher("one"), "here", &sealed[..cut]), None);
        }
    }
}
