//! The credentials of a running gateway, and their replacement before they expire.
//!
//! The truth is one file beside the key, written whole; certificate and key as PEM are copies of what is in use, for people and for
//! the next start. Invariant: whatever the process acts on is on disk, and a power cut at any moment leaves credentials that connect.

use std::path::PathBuf;
use std::sync::Arc;

use milepost_identity::rotation::{Unusable, Which};
use milepost_identity::{Certificate, Credentials, Rotation};
use milepost_protocol::certificate::CertificateRequest;
use milepost_protocol::{DeviceId, Downlink};
use rustls::ClientConfig;
use rustls::pki_types::CertificateDer;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::files::{self, IdentityError};
use crate::link::{Identity, Loss, TlsError, client_config_of};

/// More than two keys and two certificates of the greatest length take.
const MAX_KEPT: usize = 2048;

/// What is on disk.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    rotation: Rotation,
    /// The SHA-256 of the certificate that lies as PEM beside it, as it was last written from here.
    exported: [u8; 32],
}

/// Keeps a gateway's credentials.
#[derive(Debug)]
pub struct Keeper {
    identity: Identity,
    server_name: String,
    path: PathBuf,
    kept: Kept,
    /// Which credentials the link was given last.
    shown: Which,
    /// Whether this process has sent the request that is outstanding.
    asked: bool,
}

impl Keeper {
    /// Opens the credentials of `device`. Ones that somebody put into the PEM files count more than what was kept beside them.
    pub fn open(identity: Identity, server_name: &str, device: &DeviceId) -> Result<Self, IdentityError> {
        let path = identity.key.with_extension("rotation");
        let kept = files::read(&path)?.and_then(|bytes| postcard::from_bytes::<Kept>(&bytes).ok());
        let certificate = files::read_certificate(&identity.certificate);
        let key = files::read_key(&identity.key);
        let kept = match kept {
            Some(kept) if kept.rotation.device() == device => {
                let found = certificate.as_ref().ok().map(|der| hash(der));
                let ours = found == Some(kept.exported) || found == Some(hash(&kept.rotation.in_use().certificate));
                let replaced = !ours && fit(certificate.as_ref().ok(), key.as_ref().ok().and_then(Option::as_ref));
                (!replaced).then_some(kept)
            }
            _ => None,
        };
        let kept = match kept {
            Some(kept) => kept,
            None => begin(&identity, device, &certificate?, key?)?,
        };
        let mut keeper =
            Self { identity, server_name: server_name.to_owned(), path, kept, shown: Which::Current, asked: false };
        keeper.export()?;
        Ok(keeper)
    }

    /// The TLS settings for the next connection.
    pub fn tls(&mut self) -> Result<Arc<ClientConfig>, TlsError> {
        let (which, Credentials { key, certificate }) = self.kept.rotation.credentials();
        let key = files::pkcs8(key).ok_or_else(|| TlsError::Client {
            path: self.identity.key.clone(),
            source: "the key has no PKCS #8 form".into(),
        })?;
        let certificate = CertificateDer::from(certificate.to_vec());
        let config = client_config_of(&self.identity, &self.server_name, certificate, key)?;
        self.shown = which;
        Ok(config)
    }

    /// The certificate that a connection is to show next.
    pub fn certificate(&self) -> &[u8] {
        &self.kept.rotation.credentials().1.certificate
    }

    /// Whether nothing is under way: no request and no trial.
    pub fn is_settled(&self) -> bool {
        self.kept.rotation.is_settled()
    }

    /// A request that has to be handed to the core now: because it is time, or because an earlier process did not get its answer.
    pub fn request(&mut self, unix_ms: Option<u64>) -> Result<Option<CertificateRequest>, IdentityError> {
        if self.kept.rotation.is_due(unix_ms) {
            self.renew()?;
        }
        if self.asked {
            return Ok(None);
        }
        self.asked = true;
        Ok(self.kept.rotation.outstanding())
    }

    /// Makes a new key, whether it is time or not; its request is what [`Keeper::request`] answers next.
    pub fn renew(&mut self) -> Result<(), IdentityError> {
        self.kept.rotation.begin(files::draw()?);
        self.asked = false;
        self.persist()
    }

    /// Looks into a message for the cloud's answer; `true` if there are new credentials to connect with.
    /// What follows from it is durable on return, so the message may be acknowledged then.
    pub fn message(&mut self, payload: &[u8], unix_ms: Option<u64>) -> Result<bool, IdentityError> {
        let mut new = false;
        for message in Downlink::parse(payload).into_iter().flatten() {
            let Downlink::Certificate(answer) = message else { continue };
            match self.kept.rotation.answered(&answer, unix_ms) {
                Ok(()) => new = true,
                Err(Unusable::Stray) => continue,
                Err(why) => tracing::warn!(%why, "no new certificate"),
            }
            self.persist()?;
        }
        Ok(new)
    }

    /// The connection was accepted.
    pub fn connected(&mut self) -> Result<(), IdentityError> {
        if self.kept.rotation.connected(self.shown) {
            tracing::info!("the new certificate is in use");
            self.shown = Which::Current;
            self.persist()?;
            self.export()?;
        }
        Ok(())
    }

    /// The connection was lost; answers whether the next one should take its settings from [`Keeper::tls`] again.
    pub fn lost(&mut self, loss: &Loss, unix_ms: Option<u64>) -> Result<bool, IdentityError> {
        let changed = matches!(loss, Loss::Refused(_)) && self.kept.rotation.refused(self.shown, unix_ms);
        if changed {
            tracing::warn!(%loss, "the new certificate was refused");
            self.persist()?;
        }
        Ok(changed)
    }

    fn persist(&self) -> Result<(), IdentityError> {
        let mut buffer = [0; MAX_KEPT];
        let bytes = postcard::to_slice(&self.kept, &mut buffer).expect("two keys and two certificates fit");
        files::write(&self.path, bytes)
    }

    /// Writes what is in use as PEM, the key first: a certificate without its key is noticed at the next start, and written again.
    fn export(&mut self) -> Result<(), IdentityError> {
        let in_use = self.kept.rotation.in_use();
        let exported = hash(&in_use.certificate);
        if exported != self.kept.exported {
            files::write_key(&self.identity.key, &in_use.key)?;
            files::write_certificate(&self.identity.certificate, &in_use.certificate)?;
            self.kept.exported = exported;
            self.persist()?;
        }
        Ok(())
    }
}

fn begin(
    identity: &Identity,
    device: &DeviceId,
    certificate: &CertificateDer<'static>,
    key: Option<milepost_identity::Key>,
) -> Result<Kept, IdentityError> {
    let missing = |what, path: &PathBuf| IdentityError::Content { what, path: path.clone() };
    let key = key.ok_or_else(|| missing("P-256 key in PKCS #8", &identity.key))?;
    let read = Certificate::check(certificate, &key, device, None);
    read.map_err(|_| missing("certificate of this device and key", &identity.certificate))?;
    let exported = hash(certificate);
    let certificate = heapless::Vec::from_slice(certificate);
    let certificate = certificate.map_err(|_| missing("certificate of at most 576 bytes", &identity.certificate))?;
    Ok(Kept { rotation: Rotation::new(device.clone(), Credentials { key, certificate }), exported })
}

fn fit(certificate: Option<&CertificateDer<'static>>, key: Option<&milepost_identity::Key>) -> bool {
    let (Some(certificate), Some(key)) = (certificate, key) else { return false };
    Certificate::read(certificate).is_ok_and(|read| read.public == key.public())
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
