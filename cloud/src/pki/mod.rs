//! Certificates: a server authority, a device authority, and the register of what was issued and revoked.
//!
//! The two authorities are apart so that no device's certificate can pass for the server's.
//! Invariant: private keys are files of mode 0600, and every change of the register is on disk before it takes effect.

mod answer;
mod authority;
mod enrol;
mod error;
pub(crate) mod files;
mod register;
mod request;
mod serials;
mod watch;

use std::path::{Path, PathBuf};

use milepost_protocol::DeviceId;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use authority::Authority;
use serials::Serials;

use crate::config::Secret;
use crate::flash_receipts::ReceiptKey;

pub use answer::answer;
pub use enrol::{Leaf, Verdict};
pub use error::PkiError;
pub use register::{Issued, Register, Role};
pub use serials::{Enrolled, Expected, Unknown};
pub use watch::{Sets, Watch};

/// How long a device's certificate is valid, in days.
const DEVICE_DAYS: i64 = 3 * 365;

/// How long a batch's claim is valid, in days: a year in store, and another until a board's first start.
const CLAIM_DAYS: i64 = 2 * 365;

/// The certificates of one data folder.
#[derive(Debug)]
pub struct Pki {
    folder: PathBuf,
    server: Authority,
    device: Authority,
    serials: Serials,
    receipts: ReceiptKey,
    channels: Secret,
    vault: Secret,
}

/// What a device needs to connect.
#[derive(Debug)]
pub struct Identity {
    /// Its certificate.
    pub cert_pem: String,
    /// Its private key.
    pub key_pem: String,
    /// The authority that it must expect behind the server's certificate.
    pub ca_pem: String,
    /// The certificate's serial number in hexadecimal.
    pub serial: String,
}

impl Identity {
    /// Writes `ca.pem`, `{device}/cert.pem` and `{device}/key.pem` below `out`, in the layout that `milepost-gateway` reads.
    pub fn write(&self, device: &DeviceId, out: &Path) -> Result<(), PkiError> {
        let folder = out.join(device.as_str());
        files::create_folder(&folder)?;
        files::write(&out.join("ca.pem"), &self.ca_pem)?;
        files::write(&folder.join("cert.pem"), &self.cert_pem)?;
        files::write(&folder.join("key.pem"), &self.key_pem)
    }

    /// Writes `ca.pem`, `cert.pem` and `key.pem` into `out`: a claim, which is not named after a device.
    pub fn write_claim(&self, out: &Path) -> Result<(), PkiError> {
        files::create_folder(out)?;
        files::write(&out.join("ca.pem"), &self.ca_pem)?;
        files::write(&out.join("cert.pem"), &self.cert_pem)?;
        files::write(&out.join("key.pem"), &self.key_pem)
    }
}

impl Issued {
    fn new(device: &DeviceId, role: Role, serial: &str, now_ms: u64, days: i64) -> Self {
        Self {
            device: device.clone(),
            role,
            serial: serial.to_owned(),
            issued_ms: now_ms,
            expires_ms: now_ms + days.cast_unsigned() * 86_400_000,
            revoked_ms: None,
            key_sha256: None,
            replaces: false,
            used_ms: None,
            retires_ms: None,
        }
    }
}

impl Pki {
    /// Opens the certificates in `folder`; the authorities are made at the first time. `now_ms` is the machine's Unix time.
    pub fn open(folder: &Path, now_ms: u64) -> Result<Self, PkiError> {
        files::create_folder(folder)?;
        let server = Authority::open(folder, "server-ca", "Milepost server authority", now_ms)?;
        let device = Authority::open(folder, "device-ca", "Milepost device authority", now_ms)?;
        files::create_folder(&folder.join("issued"))?;
        let serials = Serials::open(folder)?;
        let receipts = ReceiptKey::open(folder)?;
        let channels = secret(folder, "channels")?;
        let vault = secret(folder, "vault")?;
        Ok(Self { folder: folder.to_owned(), server, device, serials, receipts, channels, vault })
    }

    /// The authority that devices must expect behind the server's certificate, as PEM.
    pub fn server_ca_pem(&self) -> &str {
        self.server.pem()
    }

    /// The key that signs flash receipts.
    pub fn receipts(&self) -> &ReceiptKey {
        &self.receipts
    }

    /// The authority that devices' certificates come from.
    pub fn device_ca(&self) -> Result<CertificateDer<'static>, PkiError> {
        self.device.der()
    }

    /// A fresh server certificate for `names`, with its key. It lives as long as the process.
    pub fn server_identity(
        &self,
        names: &[String],
        now_ms: u64,
    ) -> Result<(CertificateDer<'static>, PrivateKeyDer<'static>), PkiError> {
        self.server.server_certificate(names, now_ms)
    }

    /// Issues a certificate with a key that is made here, and enters it in the register.
    pub fn issue(&self, device: &DeviceId, role: Role, now_ms: u64) -> Result<Identity, PkiError> {
        let days = if role == Role::Claim { CLAIM_DAYS } else { DEVICE_DAYS };
        let signed = self.device.client_certificate(device, role, now_ms, days)?;
        let _lock = self.lock()?;
        let mut register = self.register()?;
        register.issued.push(Issued::new(device, role, &signed.serial, now_ms, days));
        register.write(&self.register_path())?;
        let ca_pem = self.server.pem().to_owned();
        Ok(Identity { cert_pem: signed.cert_pem, key_pem: signed.key_pem, ca_pem, serial: signed.serial })
    }

    /// Revokes every certificate of a device or an engineer; answers how many were valid until now.
    pub fn revoke(&self, device: &DeviceId, now_ms: u64) -> Result<usize, PkiError> {
        self.revoke_where(now_ms, |issued| issued.device == *device && issued.role != Role::Claim)
    }

    /// A secret of this installation, 32 hexadecimal digits; it is made at the first time.
    pub fn secret(&self, name: &str) -> Result<Secret, PkiError> {
        secret(&self.folder, name)
    }

    /// The secret over the owners' keys, where the configuration names none.
    pub fn vault(&self) -> &Secret {
        &self.vault
    }

    /// The secret that links and keys of the channels follow from.
    pub fn channels(&self) -> &Secret {
        &self.channels
    }

    /// What was issued and revoked.
    pub fn register(&self) -> Result<Register, PkiError> {
        Register::read(&self.register_path())
    }

    /// Where the register is; a running service looks here for changes by other processes.
    pub fn register_path(&self) -> PathBuf {
        self.folder.join("devices.json")
    }
}

fn secret(folder: &Path, name: &str) -> Result<Secret, PkiError> {
    let path = folder.join(format!("{name}.secret"));
    if let Some(text) = files::read(&path)? {
        return Ok(Secret::new(text.trim().to_owned()));
    }
    let text = format!("{:032x}", rand::random::<u128>());
    files::write(&path, &text)?;
    Ok(Secret::new(text))
}

/// Bytes as hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_reopened_folder_keeps_its_authorities_and_register() {
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::open(folder.path(), 1_700_000_000_000).unwrap();
        let ca = pki.server_ca_pem().to_owned();
        let device: DeviceId = "dev-1".parse().unwrap();
        pki.issue(&device, Role::Device, 1_700_000_000_000).unwrap();
        drop(pki);
        let pki = Pki::open(folder.path(), 1_700_000_000_001).unwrap();
        assert_eq!(pki.server_ca_pem(), ca);
        assert_eq!(pki.register().unwrap().issued.len(), 1);
        assert_eq!(pki.revoke(&device, 5).unwrap(), 1);
        assert_eq!(pki.revoke(&device, 6).unwrap(), 0, "a second time there is nothing to revoke");
        assert_eq!(pki.register().unwrap().refused(6).len(), 1);
    }

    #[test]
    fn private_keys_are_readable_by_their_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        Pki::open(folder.path(), 1_700_000_000_000).unwrap();
        for name in ["server-ca.key", "device-ca.key"] {
            let mode = std::fs::metadata(folder.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn a_device_certificate_is_small_enough_for_a_microcontroller() {
        let folder = tempfile::tempdir().unwrap();
        let pki = Pki::open(folder.path(), 1_700_000_000_000).unwrap();
        let id = "0123456789012345678901234567890123456789".parse().unwrap();
        let identity = pki.issue(&id, Role::Device, 1_700_000_000_000).unwrap();
        assert!(identity.cert_pem.len() < 800, "{}", identity.cert_pem.len());
        let (server, _) = pki.server_identity(&["localhost".to_owned()], 1_700_000_000_000).unwrap();
        assert!(server.len() < 600, "{}", server.len());
    }
}
