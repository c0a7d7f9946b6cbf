//! Keys and certificates as files: PEM for people and other programs, written whole or not at all.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use milepost_identity::Key;
use p256::pkcs8::der::pem;
use p256::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use rand::TryRngCore as _;
use rand::rngs::OsRng;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// Why an identity is not read, written or made.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// A file does not read or write.
    #[error("{action} {} failed", path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file does not hold what it should.
    #[error("no {what}, {}", path.display())]
    Content {
        /// What was looked for.
        what: &'static str,
        /// Where.
        path: PathBuf,
    },
    /// The system has no randomness.
    #[error("drawing a key failed")]
    Random,
}

/// A new key from the system's random source.
pub(super) fn draw() -> Result<Key, IdentityError> {
    let mut failed = false;
    let key = Key::random(|bytes| failed |= OsRng.try_fill_bytes(bytes).is_err());
    key.filter(|_| !failed).ok_or(IdentityError::Random)
}

/// The key as PKCS #8, DER.
pub(super) fn pkcs8(key: &Key) -> Option<PrivateKeyDer<'static>> {
    let secret = p256::SecretKey::from_slice(&key.to_bytes()).ok()?;
    let der = secret.to_pkcs8_der().ok()?;
    Some(PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der.as_bytes().to_vec())))
}

pub(super) fn write_key(path: &Path, key: &Key) -> Result<(), IdentityError> {
    let secret = p256::SecretKey::from_slice(&key.to_bytes()).ok();
    let text = secret.and_then(|secret| secret.to_pkcs8_pem(LineEnding::LF).ok());
    let text = text.ok_or_else(|| content("P-256 key", path))?;
    write(path, text.as_bytes())
}

/// The key in a file; `None` if there is no file.
pub(super) fn read_key(path: &Path) -> Result<Option<Key>, IdentityError> {
    let Some(bytes) = read(path)? else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|_| content("P-256 key in PKCS #8", path))?;
    let secret = p256::SecretKey::from_pkcs8_pem(&text).ok();
    let key = secret.and_then(|secret| Key::from_bytes(&secret.to_bytes().into()));
    key.map(Some).ok_or_else(|| content("P-256 key in PKCS #8", path))
}

pub(super) fn write_certificate(path: &Path, der: &[u8]) -> Result<(), IdentityError> {
    let text = pem::encode_string("CERTIFICATE", LineEnding::LF, der).map_err(|_| content("certificate", path))?;
    write(path, text.as_bytes())
}

pub(super) fn read_certificate(path: &Path) -> Result<CertificateDer<'static>, IdentityError> {
    CertificateDer::from_pem_file(path).map_err(|_| content("certificate", path))
}

pub(super) fn create_folder(path: &Path) -> Result<(), IdentityError> {
    DirBuilder::new().recursive(true).mode(0o700).create(path).map_err(io("creating", path))
}

pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, IdentityError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(io("reading", path)(error)),
    }
}

/// Replaces a file whole, for its owner alone; durable on `Ok`.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), IdentityError> {
    let draft = path.with_extension("new");
    let write = || {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&draft, path)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()
    };
    write().map_err(io("writing", path))
}

pub(super) fn remove(path: &Path) -> Result<(), IdentityError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(io("removing", path)(error)),
        _ => Ok(()),
    }
}

fn io(action: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> IdentityError {
    let path = path.to_owned();
    move |source| IdentityError::Io { action, path, source }
}

fn content(what: &'static str, path: &Path) -> IdentityError {
    IdentityError::Content { what, path: path.to_owned() }
}
