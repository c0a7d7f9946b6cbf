//! The one link of a car's certificate: whoever has its address may read it.
//!
//! Invariant: the store has only the hash of the address's secret and names nobody, and a car has at most one.

use serde::{Deserialize, Serialize};

use crate::accounts::{RandomError, Token};
use crate::domain::Vehicle;
use crate::pdf::PdfError;
use crate::service::Service;
use crate::store::{CERTIFICATES, DocKey, DocWrite, Expected, StoreError};

/// For how long a link is worth something, in milliseconds.
const LASTS_MS: u64 = 30 * 86_400_000;

/// A link that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shared {
    /// Since when the car has had the owner who shares it, in milliseconds of Unix time; so that nobody has to be named.
    since_ms: u64,
    /// The hash of its secret, in hexadecimal.
    hash: String,
    /// When it ends, in milliseconds of Unix time.
    pub until_ms: u64,
}

/// Why a certificate was not made or shared.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// The system has no random numbers.
    #[error("no secret could be drawn")]
    Random(#[from] RandomError),
    /// The store failed.
    #[error("store failed")]
    Store(#[from] StoreError),
    /// It could not be drawn.
    #[error("certificate could not be drawn")]
    Pdf(#[from] PdfError),
}

/// A handle on links; clones share the service.
#[derive(Debug, Clone)]
pub struct Certificates {
    service: Service,
}

impl Certificates {
    /// A handle.
    pub fn new(service: Service) -> Self {
        Self { service }
    }

    /// Makes a link for a car's owner; the one before it is worth nothing any more. Durable on `Ok`.
    pub async fn share(&self, vehicle: &Vehicle) -> Result<(Token, Shared), CertificateError> {
        let secret = Token::random()?;
        let until_ms = self.service.clock().now_ms().saturating_add(LASTS_MS);
        let shared = Shared { since_ms: vehicle.book.owned_since_ms, hash: secret.id().to_string(), until_ms };
        let value = serde_json::to_vec(&shared).expect("a link is plain data with text keys");
        self.put(vehicle, Some(value)).await?;
        Ok((secret, shared))
    }

    /// Ends a car's link. Durable on `Ok`.
    pub async fn end(&self, vehicle: &Vehicle) -> Result<(), CertificateError> {
        self.put(vehicle, None).await
    }

    /// The link that stands for a car, if its present owner has made one that has not ended.
    pub async fn shared(&self, vehicle: &Vehicle) -> Result<Option<Shared>, CertificateError> {
        let Some(doc) = self.service.doc(&key(vehicle)).await? else { return Ok(None) };
        let shared: Shared = doc.read(&format!("certificate of {}", vehicle.device))?;
        let is_owners = vehicle.owner.is_some() && vehicle.book.owned_since_ms == shared.since_ms;
        let stands = is_owners && self.service.clock().now_ms() < shared.until_ms;
        Ok(stands.then_some(shared))
    }

    /// The car that a link opens; none if it opens nothing, or no longer.
    pub async fn open(&self, device: &str, secret: &Token) -> Result<Option<Vehicle>, CertificateError> {
        let Ok(device) = device.parse() else { return Ok(None) };
        let Some(vehicle) = self.service.vehicle(&device).await? else { return Ok(None) };
        let shared = self.shared(&vehicle).await?;
        // Of two hashes, comparing tells nothing that could be built upon.
        let opens = shared.is_some_and(|shared| shared.hash == secret.id().to_string());
        Ok(opens.then_some(vehicle))
    }

    async fn put(&self, vehicle: &Vehicle, value: Option<Vec<u8>>) -> Result<(), CertificateError> {
        let write = DocWrite { key: key(vehicle), expected: Expected::Any, value };
        Ok(self.service.put_docs(vec![write]).await?)
    }
}

fn key(vehicle: &Vehicle) -> DocKey {
    DocKey::new(CERTIFICATES, vehicle.device.as_str())
}
